"""The request for one picture: the image tool is forced, and every option is explicit."""

from typing import Any

from generation.change import kept_dimensions, read_change
from generation.options import Options
from generation.plan import Plan
from generation.variations import Variation
from prompts.source import fingerprint
from prompts.store import PromptStore
from prompts.template import Rendering
from prompts.word_lists import VARIATIONS
from storage.tables import Conversation

DRAW, REFINE, VARY = "generation/draw", "generation/refine", "generation/vary"

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
    edits = previous is not None or mask is not None
    request: dict[str, Any] = {
        "model": options.assistant_model,
        "instructions": instructions,
        "input": [message(plan.prompt, pictures)],
        "tools": [_tool(options, "edit" if edits else "auto" if pictures else "generate", mask)],
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
    pictures: int,
    has_mask: bool,
    variation: Variation | None,
) -> tuple[str, dict[str, str]]:
    """What the assistant model is told, and the fingerprints of the templates that say it.

    `pictures` is how many come with the words. The words themselves travel as input.
    """
    if plan.parent is not None:
        parts = [_refine(plan, conversation, prompt_store, has_mask=has_mask)]
    else:
        parts = [prompt_store.render(DRAW, pictures=pictures)]
    templates = {part.name: part.fingerprint for part in parts}
    if variation is not None:
        parts.append(prompt_store.render(VARY, say=variation.say, strategy=variation.thing))
        templates |= {parts[-1].name: parts[-1].fingerprint, VARIATIONS: fingerprint(variation.say)}
    return "\n\n".join(part.text for part in parts), templates


def _refine(
    plan: Plan,
    conversation: Conversation,
    prompt_store: PromptStore,
    *,
    has_mask: bool,
) -> Rendering:
    change = read_change(plan.prompt, prompt_store.changes())
    image_type = prompt_store.image_types().get(conversation.image_type)
    dimensions = set(image_type.dimensions) if image_type else set()
    return prompt_store.render(
        REFINE,
        direction=change.direction,
        strength=change.strength,
        keep=kept_dimensions(conversation, dimensions),
        masked=has_mask,
    )


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
