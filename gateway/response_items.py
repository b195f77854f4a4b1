"""Find what matters in a response: items by their type, never by their position.

Shapes as recorded from the API up to October 2026: an image call may be followed by
a message of empty text, its status may still be `generating` in a finished response,
and `tool_usage` may be missing. Gateways behind OPENAI_BASE_URL leave out more.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gateway.api_errors import GatewayError, explain, quote
from gateway.api_fault import ApiFault, filtered_categories
from gateway.image_stream import StreamedImage, decode
from gateway.prices import Usage

UNFINISHED = {"queued", "in_progress"}
"""States of a response that is still worked on."""


def require_response(answer: Any) -> None:
    """Raise where an answer is no response: the SDK hands over what is no JSON as text."""
    if not hasattr(answer, "output"):
        raise GatewayError("no_api", detail=quote(ApiFault.read(str(answer)).message))


def raise_for_status(response: Any, *, paid: bool) -> None:  # SDK object, unvalidated
    """Raise what a finished response reports as its own failure."""
    error = getattr(response, "error", None)
    if response.status == "failed" or (error and not response.output):
        progress = read_usage(response).image_reported
        raise explain(ApiFault.read(error, response_id=response.id, progress=progress), paid=paid)
    if response.status in {"cancelled", "canceled"}:
        raise GatewayError("cancelled", response_id=response.id)


def answer_text(response: Any) -> str:
    """The text of a talking turn.

    Raises for a refusal, an answer cut off by its token limit or by a filter, and an
    empty one.
    """
    if reason := _reason_for_less(response):
        raise reason
    if not (text := output_text(response)):
        raise GatewayError("empty", response_id=response.id)
    return text


def output_text(response: Any) -> str:
    """All text that the messages of a response hold."""
    parts = _message_parts(response)
    return "".join(part.text for part in parts if part.type == "output_text" and part.text)


def refusal(response: Any) -> str:
    """The words of a refusal, empty if there is none."""
    return " ".join(part.refusal for part in _message_parts(response) if part.type == "refusal")


def picture_item(output: list[Any] | None) -> Any | None:
    """The image call of a response: of several the last that holds a picture."""
    calls = [one for one in output or [] if getattr(one, "type", "") == "image_generation_call"]
    return next((call for call in reversed(calls) if call.result), calls[-1] if calls else None)


def decode_picture(item: Any, images: Mapping[str, StreamedImage]) -> bytes:
    """The bytes of an image call, exactly as OpenAI made them.

    Judged by the result: the status of a good one may still read `generating`. The result
    is base64, or the key in `images` of a picture that was taken out of its stream.
    """
    if item.result in images:
        return images[item.result].read()
    return decode(str(item.result))


def missing_picture(response: Any, item: Any | None) -> GatewayError:
    """Why a finished response holds no picture, from everything that is in it."""
    if error := getattr(item, "error", None):
        return explain(ApiFault.read(error, response_id=response.id), paid=True)
    if reason := _reason_for_less(response):
        return reason
    words = quote(output_text(response))
    case = "failed_picture" if getattr(item, "status", "") == "failed" and not words else None
    return GatewayError(
        case or "no_picture",
        detail=f"It said: {words}" if words else "",
        response_id=response.id,
    )


def _reason_for_less(response: Any) -> GatewayError | None:
    """Why a response may hold less than was asked for: refused, filtered, or cut off."""
    response_id = response.id
    if words := refusal(response):
        return GatewayError("refusal", detail=f"It said: {quote(words)}", response_id=response_id)
    filters = [one for one in getattr(response, "content_filters", None) or [] if _blocks(one)]
    reason = getattr(getattr(response, "incomplete_details", None), "reason", None)
    if filters or reason == "content_filter":
        results = [one.get("content_filter_results") or {} for one in filters]
        categories = [name for result in results for name in filtered_categories(result)]
        objection = f"It objected to: {', '.join(categories)}." if categories else ""
        return GatewayError("filtered", detail=objection, response_id=response_id)
    if response.status == "incomplete":
        return GatewayError("truncated", response_id=response_id)
    return None


def _blocks(content_filter: Any) -> bool:
    """Whether an entry of Azure's `content_filters` stopped something."""
    return isinstance(content_filter, dict) and content_filter.get("blocked") is True


def read_usage(response: Any) -> Usage:
    """The tokens of a response; fields that the API left out count as 0."""
    usage = getattr(response, "usage", None)
    details = getattr(usage, "input_tokens_details", None)
    image = getattr(getattr(response, "tool_usage", None), "image_gen", None)
    of_image = getattr(image, "input_tokens_details", None)
    tokens = getattr(image, "output_tokens", 0) or 0
    return Usage(
        input_tokens=getattr(usage, "input_tokens", 0) or 0,
        cached_tokens=getattr(details, "cached_tokens", 0) or 0,
        output_tokens=getattr(usage, "output_tokens", 0) or 0,
        image_reported=bool(tokens),
        image_text_tokens=getattr(of_image, "text_tokens", 0) or 0,
        image_input_tokens=getattr(of_image, "image_tokens", 0) or 0,
        image_output_tokens=tokens,
    )


def response_of(event: Any) -> Any | None:
    """The response of an event; one of a type that the SDK does not know brings it as a dict."""
    from openai.types.responses import Response

    response = getattr(event, "response", None)
    return Response.construct(**response) if isinstance(response, dict) else response


def partial_picture(event: Any) -> bytes | None:
    """An unfinished picture, if the event brings one that can be read."""
    try:
        return base64.b64decode(getattr(event, "partial_image_b64", ""), validate=True) or None
    except binascii.Error:
        return None


def image_model_of(response: Any) -> str | None:
    """The model that drew, as the server echoes it in the tool's settings."""
    for tool in getattr(response, "tools", None) or []:
        if getattr(tool, "type", None) == "image_generation":
            return getattr(tool, "model", None)
    return None


def _message_parts(response: Any) -> list[Any]:
    items = [one for one in response.output or [] if getattr(one, "type", "") == "message"]
    return [part for item in items for part in item.content or []]
