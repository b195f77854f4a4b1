"""One call of the image tool: the item it leaves, its unfinished stages, its tokens."""

import base64
from dataclasses import dataclass, field

from sandbox import fault_errors, picture, reading, spoil, usage, wire
from sandbox.errors import Json
from sandbox.picture import Made
from sandbox.sources import Sources
from sandbox.state import Call, mint


@dataclass
class Drawn:
    """What an image call adds to a response."""

    item: Json
    partials: list[str] = field(default_factory=list)
    tool_usage: Json = field(default_factory=usage.tool_usage)


def draw(call: Call, tool: Json, sources: Sources) -> Drawn:
    """Return the picture a call asks for, and mark the call as paid.

    Raises:
        ApiError: a source is no picture, or the mask does not fit it.
    """
    if call.meets("moderation_item"):
        return Drawn(_blocked())
    prompt, effective = reading.painted(call.body), wire.echoed(tool)
    partials = (tool.get("partial_images") or 0) if call.stream else 0
    made = picture.make(prompt, effective, sources, partials)
    call.paid = True
    used = usage.tool_usage(
        usage.text_tokens(prompt),
        sources.count * usage.TOKENS_PER_SOURCE if sources.picture else 0,
        usage.picture_tokens(effective["model"], made.quality, made.width, made.height, partials),
    )
    stages = [base64.b64encode(stage).decode() for stage in made.partials]
    return Drawn(_item(call, made, effective, sources), stages, used)


def _item(call: Call, made: Made, tool: Json, sources: Sources) -> Json:
    prompt = reading.painted(call.body)
    return {
        "id": mint("ig"),
        "type": "image_generation_call",
        "status": "generating" if call.meets("no_completed_event") else "completed",
        "action": "edit" if sources.picture else "generate",
        "background": made.background,
        "output_format": tool["output_format"],
        "quality": made.quality,
        "result": spoil.result(call, made.content),
        "revised_prompt": f"A placeholder painted by the sandbox, after the words: {prompt}",
        "size": f"{made.width}x{made.height}",
    }


def _blocked() -> Json:
    return {
        "id": mint("ig"),
        "type": "image_generation_call",
        "status": "failed",
        "error": fault_errors.item_error(),
        "result": None,
    }
