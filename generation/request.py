"""The request for one picture: the image tool is forced, and every option is explicit."""

from typing import Any

from generation.options import Options
from prompts.template import Template


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
