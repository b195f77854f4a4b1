"""The request for one picture: the image tool is forced, and every option is explicit."""

import base64
from pathlib import Path
from typing import Any

from gateway.errors import failure
from generation.options import Options
from prompts.template import Template
from storage.tables import Image


def build_request(
    prompt: str,
    options: Options,
    *,
    template: Template,
    conversation_id: str,
    previous_response_id: str | None,
) -> dict[str, Any]:
    """The body of the call.

    Instructions and tools are sent on every turn, since `previous_response_id` carries
    neither over. One tool call at most: a second picture would be paid for, too.
    """
    tool: dict[str, Any] = {
        "type": "image_generation",
        "action": "edit" if previous_response_id else "generate",
        "model": options.image_model,
        "size": options.size,
        "quality": options.quality,
        "background": options.background,
        "output_format": options.output_format,
        "moderation": "auto",
    }
    if options.compression is not None:
        tool["output_compression"] = options.compression
    request: dict[str, Any] = {
        "model": options.assistant_model,
        "instructions": template.render(edits=previous_response_id is not None),
        "input": [{"role": "user", "content": [{"type": "input_text", "text": prompt}]}],
        "tools": [tool],
        "tool_choice": {"type": "image_generation"},
        "max_tool_calls": 1,
        "stream_options": {"include_obfuscation": False},
        "metadata": {
            "conversation": conversation_id,
            "templates": f"{template.name}@{template.fingerprint}",
        },
    }
    if previous_response_id:
        request["previous_response_id"] = previous_response_id
    return request


def with_picture(request: dict[str, Any], image: Image) -> dict[str, Any]:
    """The request with the kept file in place of the earlier response. Raises `GatewayError`."""
    try:
        data = Path(image.path).read_bytes()
    except OSError:
        raise failure("previous_response", detail=f"The file {image.path} is gone, too.") from None
    encoded = base64.b64encode(data).decode()
    media = "jpeg" if image.format == "jpg" else image.format
    picture = {
        "type": "input_image",
        "image_url": f"data:image/{media};base64,{encoded}",
        "detail": "auto",
    }
    (message,) = request["input"]
    return {
        **{key: value for key, value in request.items() if key != "previous_response_id"},
        "input": [{**message, "content": [*message["content"], picture]}],
    }
