"""The request for one picture: the image tool is forced, and every option is explicit."""

from typing import TYPE_CHECKING, Any

from generation.options import Options
from generation.plan import Plan
from generation.variations import Variation
from prompts.source import fingerprint
from prompts.store import PromptStore
from prompts.wording import VARIATIONS
from storage.tables import Conversation

if TYPE_CHECKING:
    from generation.input_images import InputImages

DRAW, REFINE, AGAIN = "generation/draw", "generation/refine", "generation/again"
REFERENCES, VARY = "generation/references", "generation/vary"

Part = dict[str, Any]
"""A picture as the API takes it, or a mask."""


def build_request(
    plan: Plan,
    options: Options,
    *,
    conversation_id: str,
    instructions: str,
    templates: dict[str, str],
    pictures: list[Part],
    mask: Part | None,
) -> dict[str, Any]:
    """The body of the call.

    Instructions and tools are sent on every turn, since `previous_response_id` carries
    neither over. One tool call at most: a second picture would be paid for, too. With a
    mask the picture it belongs to is sent again, so that both are of one request.
    """
    previous = plan.parent.response_id if plan.parent and not mask else None
    edits = plan.parent is not None or mask is not None
    request: dict[str, Any] = {
        "model": options.assistant_model,
        "instructions": instructions,
        "input": [message(plan.prompt, pictures)],
        "tools": [_tool(options, "edit" if edits else "generate", mask)],
        "tool_choice": {"type": "image_generation"},
        "max_tool_calls": 1,
        "stream_options": {"include_obfuscation": False},
        "metadata": {
            "conversation": conversation_id,
            "templates": " ".join(f"{name}@{mark}" for name, mark in templates.items()),
        },
    }
    if previous:
        request["previous_response_id"] = previous
    return request


def message(prompt: str, pictures: list[Part]) -> dict[str, Any]:
    """The person's words and pictures."""
    return {"role": "user", "content": [{"type": "input_text", "text": prompt}, *pictures]}


def with_picture(request: dict[str, Any], picture: Part) -> dict[str, Any]:
    """The request with the file on disk in place of the earlier response."""
    (turn,) = request["input"]
    text, *pictures = turn["content"]
    return {
        **{key: value for key, value in request.items() if key != "previous_response_id"},
        "input": [{**turn, "content": [text, picture, *pictures]}],
    }


def instruct(
    plan: Plan,
    conversation: Conversation,
    prompt_store: PromptStore,
    *,
    inputs: "InputImages",
    variation: Variation,
) -> tuple[str, dict[str, str]]:
    """What the assistant model is told, and the fingerprints of the templates that say it.

    The words themselves travel as input.
    """
    masked, purposes = inputs.mask is not None, inputs.purposes
    first = len(inputs.pictures) - len(purposes)
    if plan.parent is None:
        parts = [prompt_store.render(DRAW, pictures=first)]
    elif plan.is_change:
        decisions = _decided_dimensions(conversation, prompt_store)
        parts = [prompt_store.render(REFINE, decisions=decisions, masked=masked)]
    else:
        parts = [prompt_store.render(AGAIN, masked=masked)]
    if purposes:
        parts.append(prompt_store.render(REFERENCES, first=first + 1, purposes=purposes))
    templates = {part.name: part.fingerprint for part in parts}
    if variation.say:
        parts.append(
            prompt_store.render(
                VARY, say=variation.say, strategy=variation.thing, instead=variation.instead
            )
        )
        templates |= {parts[-1].name: parts[-1].fingerprint, VARIATIONS: fingerprint(variation.say)}
    return "\n\n".join(part.text for part in parts), templates


def _decided_dimensions(conversation: Conversation, prompt_store: PromptStore) -> list[str]:
    """The names of what is decided for a picture: those of its type, never the person's words."""
    image_type = prompt_store.image_types().get(conversation.image_type)
    known = set(image_type.dimensions) if image_type else set()
    decided = [entry["dimension"] for entry in conversation.entries if entry["source"] != "open"]
    return [name for name in decided if name in known]


def _tool(options: Options, action: str, mask: Part | None) -> dict[str, Any]:
    tool: dict[str, Any] = {
        "type": "image_generation",
        "action": action,
        "model": options.image_model,
        "size": options.size,
        "quality": options.quality,
        "background": options.background,
        "output_format": options.output_format,
        "moderation": options.moderation,
    }
    if options.compression is not None:
        tool["output_compression"] = options.compression
    if options.complexity is not None:
        tool["complexity"] = options.complexity
    if options.partial_images:
        tool["partial_images"] = options.partial_images
    if mask is not None:
        tool["input_image_mask"] = {
            key: value for key, value in mask.items() if key in {"file_id", "image_url"}
        }
    return tool
