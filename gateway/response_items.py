"""Find what matters in a response: items by their type, never by their position.

Shapes as recorded from the API up to October 2026: an image call may be followed by
a message of empty text, its status may still be `generating` in a finished response,
and `tool_usage` may be missing.
"""

import binascii
from collections.abc import Mapping
from typing import Any

from gateway.api_errors import failure
from gateway.error_mapper import ApiFault, explain
from gateway.image_stream import StreamedImage
from gateway.prices import Usage

TEXT_LENGTH = 300
"""Characters of what a model said instead of drawing: enough to see why."""


def raise_for_status(response: Any, *, paid: bool) -> None:  # SDK object, unvalidated
    """Raise what a finished response reports as its own failure."""
    if response.status == "failed":
        fault = ApiFault.read(response.error, response_id=response.id)
        raise explain(fault, paid=paid)
    if response.status == "cancelled":
        raise failure("unclear", response_id=response.id)


def answer_text(response: Any) -> str:
    """The text of a talking turn.

    Raises for a refusal, an answer cut off by its token limit or by a filter, and an
    empty one.
    """
    if words := refusal(response.output):
        raise failure("refusal", detail=f"It said: {words}", response_id=response.id)
    if response.status == "incomplete":
        reason = getattr(response.incomplete_details, "reason", None)
        case = "moderation" if reason == "content_filter" else "truncated"
        raise failure(case, response_id=response.id)
    if not (text := output_text(response.output)):
        raise failure("empty", response_id=response.id)
    return text


def output_text(output: list[Any]) -> str:
    """All text that the messages of a response hold."""
    return "".join(
        part.text for part in _message_parts(output) if part.type == "output_text" and part.text
    )


def refusal(output: list[Any]) -> str:
    """The words of a refusal, empty if there is none."""
    return " ".join(part.refusal for part in _message_parts(output) if part.type == "refusal")


def picture_item(output: list[Any]) -> Any | None:
    """The image call of a response, the last if there are several."""
    calls = [item for item in output if item.type == "image_generation_call"]
    return calls[-1] if calls else None


def decode_picture(item: Any, response_id: str, images: Mapping[str, StreamedImage]) -> bytes:
    """The bytes of an image call, exactly as OpenAI made them.

    Judged by the result: the status of a good one may still read `generating`. The result
    is base64, or the key in `images` of a picture that was taken out of its stream.
    """
    if not item.result:
        if error := getattr(item, "error", None):
            raise explain(ApiFault.read(error, response_id=response_id), paid=True)
        raise failure("no_picture", response_id=response_id)
    try:
        if item.result in images:
            return images[item.result].read()
        return binascii.a2b_base64(item.result, strict_mode=True)
    except ValueError:  # binascii.Error, or letters beyond ASCII
        error = failure("not_a_picture", response_id=response_id)
        rest = images[item.result].rest if item.result in images else item.result.encode()
        error.content = rest
        raise error from None


def missing_picture(response: Any) -> Exception:
    """The error for a finished response that holds no image call."""
    if words := refusal(response.output):
        return failure("refusal", detail=f"It said: {words}", response_id=response.id)
    text = output_text(response.output)[:TEXT_LENGTH]
    return failure("no_picture", detail=f"It said: {text}" if text else "", response_id=response.id)


def read_usage(response: Any) -> Usage:
    """The tokens of a response; fields that the API left out count as 0."""
    usage = response.usage
    details = getattr(usage, "input_tokens_details", None)
    image = getattr(getattr(response, "tool_usage", None), "image_gen", None)
    of_image = getattr(image, "input_tokens_details", None)
    return Usage(
        input_tokens=getattr(usage, "input_tokens", 0) or 0,
        cached_tokens=getattr(details, "cached_tokens", 0) or 0,
        output_tokens=getattr(usage, "output_tokens", 0) or 0,
        image_reported=bool(image and image.output_tokens),
        image_text_tokens=getattr(of_image, "text_tokens", 0) or 0,
        image_input_tokens=getattr(of_image, "image_tokens", 0) or 0,
        image_output_tokens=getattr(image, "output_tokens", 0) or 0,
    )


def _message_parts(output: list[Any]) -> list[Any]:
    return [part for item in output if item.type == "message" for part in item.content]
