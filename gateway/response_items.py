"""Find what matters in a response: items by their type, never by their position.

Shapes as recorded from the API up to October 2026: an image call may be followed by
a message of empty text, its status may still be `generating` in a finished response,
and `tool_usage` may be missing. Gateways behind OPENAI_BASE_URL leave out more, and the SDK hands
over whatever type a field has: one of another type counts as left out.
"""

import base64
from collections.abc import Mapping
from typing import Any

from gateway.api_errors import GatewayError, explain, quote
from gateway.api_fault import ApiFault, filtered_categories
from gateway.image_stream import StreamedImage, decode
from gateway.prices import Usage

UNFINISHED = {"queued", "in_progress"}
"""States of a response that is still worked on."""


def text_of(thing: Any, name: str) -> str:
    """A field that is text; empty where there is none."""
    value = getattr(thing, name, None)
    return value if isinstance(value, str) else ""


def rows_of(thing: Any, name: str) -> list[Any]:
    """A field that is a list; empty where there is none."""
    value = getattr(thing, name, None)
    return value if isinstance(value, list) else []


def _tokens(thing: Any, name: str) -> int:
    value = getattr(thing, name, None)
    return value if isinstance(value, int) else 0


def require_response(answer: Any) -> None:
    """Raise where an answer is no response: the SDK hands over what is no JSON as text."""
    if not hasattr(answer, "output"):
        raise GatewayError("no_api", detail=quote(ApiFault.read(str(answer)).message))


def raise_for_status(response: Any, *, paid: bool) -> None:  # SDK object, unvalidated
    """Raise what a finished response reports as its own failure."""
    error, status = getattr(response, "error", None), text_of(response, "status")
    response_id = text_of(response, "id")
    if status == "failed" or (error and not response.output):
        progress = read_usage(response).image_reported
        raise explain(ApiFault.read(error, response_id=response_id, progress=progress), paid=paid)
    if status in {"cancelled", "canceled"}:
        raise GatewayError("cancelled", response_id=response_id)


def answer_text(response: Any) -> str:
    """The text of a talking turn.

    Raises for a refusal, an answer cut off by its token limit or by a filter, and an
    empty one.
    """
    if reason := _reason_for_less(response):
        raise reason
    if not (text := output_text(response)):
        raise _misread(response) or GatewayError("empty", response_id=text_of(response, "id"))
    return text


def output_text(response: Any) -> str:
    """All text that the messages of a response hold."""
    parts = _message_parts(response)
    return "".join(
        text_of(part, "text") for part in parts if text_of(part, "type") == "output_text"
    )


def refusal(response: Any) -> str:
    """The words of a refusal, empty if there is none."""
    parts = [part for part in _message_parts(response) if text_of(part, "type") == "refusal"]
    return " ".join(text_of(part, "refusal") for part in parts)


def picture_item(output: list[Any]) -> Any | None:
    """The image call of a response: of several the last that holds a picture."""
    calls = [one for one in output if text_of(one, "type") == "image_generation_call"]
    return next((call for call in reversed(calls) if call.result), calls[-1] if calls else None)


def decode_picture(item: Any, images: Mapping[str, StreamedImage]) -> bytes:
    """The bytes of an image call, exactly as OpenAI made them.

    Judged by the result: the status of a good one may still read `generating`. The result
    is base64, or the key in `images` of a picture that was taken out of its stream.
    """
    image = images.get(text_of(item, "result"))
    return image.read() if image else decode(str(item.result))


def missing_picture(response: Any, item: Any | None) -> GatewayError:
    """Why a finished response holds no picture, from everything that is in it."""
    if error := getattr(item, "error", None):
        fault = ApiFault.read(error, response_id=text_of(response, "id"))
        return explain(fault, paid=True)
    if reason := _reason_for_less(response) or _misread(response):
        return reason
    words = quote(output_text(response))
    case = "failed_picture" if text_of(item, "status") == "failed" and not words else None
    return GatewayError(
        case or "no_picture",
        detail=f"It said: {words}" if words else "",
        response_id=text_of(response, "id"),
    )


def _misread(response: Any) -> GatewayError | None:
    """That an answer without what was asked for is none that OpenAI's documents know."""
    output, response_id = response.output, text_of(response, "id")
    items = [*rows_of(response, "output"), *_message_parts(response)]
    contents = [getattr(one, "content", None) for one in items]
    if (
        all(isinstance(one, list | None) for one in (output, *contents))
        and isinstance(response.status, str | None)
        and all(text_of(one, "type") for one in items)
    ):
        return None
    detail = f"OpenAI keeps it as {response_id}." if response_id else ""
    return GatewayError("unreadable", detail=detail, response_id=response_id)


def _reason_for_less(response: Any) -> GatewayError | None:
    """Why a response may hold less than was asked for: refused, filtered, or cut off."""
    response_id = text_of(response, "id")
    if words := refusal(response):
        return GatewayError("refusal", detail=f"It said: {quote(words)}", response_id=response_id)
    filters = [one for one in rows_of(response, "content_filters") if _blocks(one)]
    reason = getattr(getattr(response, "incomplete_details", None), "reason", None)
    if filters or reason == "content_filter":
        results = [one.get("content_filter_results") for one in filters]
        categories = [name for result in results for name in filtered_categories(result)]
        objection = f"It objected to: {', '.join(categories)}." if categories else ""
        return GatewayError("filtered", detail=objection, response_id=response_id)
    if text_of(response, "status") == "incomplete":
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
    tokens = _tokens(image, "output_tokens")
    return Usage(
        input_tokens=_tokens(usage, "input_tokens"),
        cached_tokens=_tokens(details, "cached_tokens"),
        output_tokens=_tokens(usage, "output_tokens"),
        image_reported=bool(tokens),
        image_text_tokens=_tokens(of_image, "text_tokens"),
        image_input_tokens=_tokens(of_image, "image_tokens"),
        image_output_tokens=tokens,
    )


def response_of(event: Any) -> Any | None:
    """The response of an event; one of a type that the SDK does not know brings it as a dict."""
    from openai.types.responses import Response

    response = getattr(event, "response", None)
    if isinstance(response, dict):
        return Response.construct(**response)
    return response if isinstance(response, Response) else None


def partial_picture(event: Any) -> bytes | None:
    """An unfinished picture, if the event brings one that can be read."""
    try:
        return base64.b64decode(text_of(event, "partial_image_b64"), validate=True) or None
    except ValueError:  # binascii.Error, or letters beyond ASCII
        return None


def image_model_of(response: Any) -> str | None:
    """The model that drew, as the server echoes it in the tool's settings."""
    for tool in rows_of(response, "tools"):
        if text_of(tool, "type") == "image_generation":
            return text_of(tool, "model") or None
    return None


def _message_parts(response: Any) -> list[Any]:
    items = [one for one in rows_of(response, "output") if text_of(one, "type") == "message"]
    return [part for item in items for part in rows_of(item, "content")]
