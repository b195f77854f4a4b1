"""The request for one picture: the image tool is forced, and every option is explicit."""

from dataclasses import dataclass, field, replace
from typing import Any

from gateway.api_errors import GatewayError
from generation.input_images import InputImages, InputResolver, Part
from generation.options import Options
from generation.plan import Plan
from generation.variations import Variation
from prompts.source import fingerprint
from prompts.store import PromptStore
from prompts.template import Rendering
from prompts.wording import VARIATIONS
from storage.tables import Conversation
from styles.style_use import text_of

DRAW, REFINE, AGAIN = "generation/draw", "generation/refine", "generation/again"
REFERENCES, VARY, STYLE = "generation/references", "generation/vary", "generation/style"

NO_RESPONSE = "No response of the earlier picture is known, so its kept file was uploaded instead."
OTHER_MODEL = (
    "Another assistant model drew the earlier picture, so its kept file was uploaded instead of "
    "its response."
)

MASK_FIELDS = {"file_id", "image_url"}
"""What a mask has of a picture's fields."""

Request = dict[str, Any]
"""The body of a call."""


@dataclass(frozen=True)
class PurchaseOrder:
    """All that one picture needs to be asked for."""

    conversation: Conversation
    plan: Plan
    options: Options
    inputs: InputImages
    verify: bool
    instructions: str = ""
    templates: dict[str, str] = field(default_factory=dict)

    @property
    def has_words_beside(self) -> bool:
        """Whether a style's words go along as a text of their own."""
        return bool(self.plan.styles) and not self.plan.styled


async def drawing_request(
    order: PurchaseOrder, inputs: InputResolver, *, anew: bool = False
) -> tuple[Request, str | None]:
    """The body of the call, and a note where it does not start as one would expect.

    `anew` uploads pictures even where OpenAI should have them. Raises a `Problem`.
    """
    pictures = [await inputs.part(one, anew=anew) for one in order.inputs.pictures]
    mask = await inputs.part(order.inputs.mask, anew=anew) if order.inputs.mask else None
    request = _body(order, pictures, mask)
    parent = order.plan.parent
    if parent is None or mask is not None:
        return request, None
    if "previous_response_id" not in request:
        return with_picture(request, await inputs.part_of(parent), order), NO_RESPONSE
    if _is_of_other_assistant(order):
        return with_picture(request, await inputs.part_of(parent), order), OTHER_MODEL
    return request, None


async def request_with_bytes(
    request: Request, order: PurchaseOrder, inputs: InputResolver, error: GatewayError
) -> Request | None:
    """The request with the bytes themselves, where OpenAI lost what it referred to."""
    parent = order.plan.parent
    is_lost = error.case in {"previous_response", "zero_retention", "not_found"}
    if is_lost and parent is not None and "previous_response_id" in request:
        return with_picture(request, await inputs.part_of(parent), order)
    (turn,) = request["input"]
    if error.case == "input_image" and any("file_id" in part for part in turn["content"]):
        return (await drawing_request(order, inputs, anew=True))[0]
    return None


def with_picture(request: Request, picture: Part, order: PurchaseOrder) -> Request:
    """The request with the file on disk in place of the earlier response."""
    (turn,) = request["input"]
    content = [*turn["content"]]
    # Last where there is a style: its samples are named by their numbers.
    content.insert(len(content) if order.plan.styles else 1, picture)
    return {
        **{key: value for key, value in request.items() if key != "previous_response_id"},
        "input": [{**turn, "content": content}],
    }


def with_instructions(
    order: PurchaseOrder, variation: Variation, prompt_store: PromptStore
) -> PurchaseOrder:
    """The order for one picture of several: with its own prompt, if it has one, what the assistant
    model is told, and the fingerprints of the templates that say it.

    The words themselves travel as input.
    """
    masked, purposes = order.inputs.mask is not None, order.inputs.purposes("reference")
    first = len(order.inputs.purposes("picture"))
    if order.plan.parent is None:
        parts = [prompt_store.render(DRAW, pictures=first)]
    elif order.plan.is_change:
        decisions = _decided_dimensions(order.conversation, prompt_store)
        parts = [prompt_store.render(REFINE, decisions=decisions, masked=masked)]
    else:
        parts = [prompt_store.render(AGAIN, masked=masked)]
    if purposes:
        parts.append(prompt_store.render(REFERENCES, first=first + 1, purposes=purposes))
    if order.has_words_beside or order.inputs.purposes("sample"):
        parts.append(_say_style(order, first + len(purposes) + 1, prompt_store))
    templates = {part.name: part.fingerprint for part in parts}
    if variation.say:
        parts.append(
            prompt_store.render(
                VARY, say=variation.say, strategy=variation.thing, instead=variation.instead
            )
        )
        templates |= {parts[-1].name: parts[-1].fingerprint, VARIATIONS: fingerprint(variation.say)}
    plan = replace(order.plan, prompt=variation.prompt or order.plan.prompt)
    instructions = "\n\n".join(part.text for part in parts)
    return replace(order, plan=plan, instructions=instructions, templates=templates)


def _body(order: PurchaseOrder, pictures: list[Part], mask: Part | None) -> Request:
    """The body of the call.

    Instructions and tools are sent on every turn, since `previous_response_id` carries
    neither over. One tool call at most: a second picture would be paid for, too. With a
    mask the picture it belongs to is sent again, so that both are of one request.
    """
    parent = order.plan.parent
    previous = parent.response_id if parent and not mask else None
    action = "edit" if parent is not None or mask is not None else "generate"
    words = [{"type": "input_text", "text": order.plan.prompt}]
    if order.has_words_beside:
        words.append({"type": "input_text", "text": text_of(order.plan.styles)})
    templates = " ".join(f"{name}@{mark}" for name, mark in order.templates.items())
    request: Request = {
        "model": order.options.assistant_model,
        "instructions": order.instructions,
        "input": [{"role": "user", "content": [*words, *pictures]}],
        "tools": [_tool(order.options, action, mask)],
        "tool_choice": {"type": "image_generation"},
        "max_tool_calls": 1,
        "stream_options": {"include_obfuscation": False},
        "metadata": {"conversation": order.conversation.id, "templates": templates},
    }
    if previous:
        request["previous_response_id"] = previous
    return request


def _say_style(order: PurchaseOrder, first: int, prompt_store: PromptStore) -> Rendering:
    """What the assistant model is told of the styles; `first` is the number of the first sample."""
    return prompt_store.render(
        STYLE,
        degree=order.plan.styles[0].step.degree,
        beside=order.has_words_beside,
        first=first,
        purposes=order.inputs.purposes("sample"),
    )


def _is_of_other_assistant(order: PurchaseOrder) -> bool:
    """Whether another assistant model holds the earlier turn."""
    parent = order.plan.parent
    models = {job.id: job.options.get("assistant_model") for job in order.conversation.jobs}
    return parent is not None and models.get(parent.job_id) != order.options.assistant_model


def _decided_dimensions(conversation: Conversation, prompt_store: PromptStore) -> list[str]:
    """The names of what is decided for a picture: those of its type, never the person's words."""
    image_type = prompt_store.image_type(conversation.image_type)
    known = set(image_type.dimensions) if image_type else set()
    decided = [entry["dimension"] for entry in conversation.entries if entry["source"] != "open"]
    return [name for name in decided if name in known]


def _tool(options: Options, action: str, mask: Part | None) -> Request:
    """The image tool with all that is set."""
    tool: Request = {
        "type": "image_generation",
        "action": action,
        "model": options.image_model,
        "size": options.size,
        "quality": options.quality,
        "background": options.background,
        "output_format": options.output_format,
        "moderation": options.moderation,
        "output_compression": options.compression,
        "complexity": options.complexity,
        "partial_images": options.partial_images or None,
        "input_image_mask": mask and {key: mask[key] for key in mask.keys() & MASK_FIELDS},
    }
    return {name: value for name, value in tool.items() if value is not None}
