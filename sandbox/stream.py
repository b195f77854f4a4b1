"""A finished response told again as the events OpenAI streams, in their recorded order.

The answer is complete and stored before its first event goes out: a client that hangs up in
mid-stream loses nothing and can retrieve it.
"""

import secrets
from collections.abc import Iterator

from sandbox.errors import Json
from sandbox.state import Record

_CHUNK = 12
_IMAGE = "response.image_generation_call"


def events(record: Record, *, azure: bool = False) -> Iterator[Json]:
    """Yield every event of a response, numbered from 0."""
    for number, event in enumerate(_unnumbered(record, azure=azure)):
        yield {"type": event.pop("type"), "sequence_number": number, **event}


def _unnumbered(record: Record, *, azure: bool) -> Iterator[Json]:
    begun, final = record.begun, record.final
    yield {"type": "response.created", "response": begun}
    if final["background"]:
        yield {"type": "response.queued", "response": begun}
    yield {"type": "response.in_progress", "response": {**begun, "status": "in_progress"}}
    if record.error:
        yield {"type": "error", "error": record.error.detail}
    else:
        for index, item in enumerate(record.output):
            yield from _item(record, index, item, azure=azure)
    yield {"type": f"response.{final['status']}", "response": final}


def _item(record: Record, index: int, item: Json, *, azure: bool) -> Iterator[Json]:
    place: Json = {"output_index": index}
    yield {"type": "response.output_item.added", **place, "item": _opened(item)}
    if item["type"] == "image_generation_call":
        yield from _image(record, {**place, "item_id": item["id"]}, item, azure=azure)
    elif item["type"] == "message":
        options = record.request.get("stream_options") or {}
        padded = options.get("include_obfuscation") is not False
        where = {"item_id": item["id"], **place, "content_index": 0}
        yield from _message(where, item["content"][0], padded=padded)
    yield {"type": "response.output_item.done", **place, "item": item}


def _opened(item: Json) -> Json:
    """Return an item as it looks when it is announced."""
    if item["type"] == "message":
        return {**item, "status": "in_progress", "content": []}
    if item["type"] == "image_generation_call":
        return {"id": item["id"], "type": item["type"], "status": "in_progress"}
    return item


def _image(record: Record, where: Json, item: Json, *, azure: bool) -> Iterator[Json]:
    yield {"type": f"{_IMAGE}.in_progress", **where}
    yield {"type": f"{_IMAGE}.generating", **where}
    for number, partial in enumerate(record.partials):
        yield {
            "type": f"{_IMAGE}.partial_image",
            **where,
            "partial_image_index": number,
            "partial_image_b64": partial,
            **{key: item[key] for key in ("size", "quality", "background", "output_format")},
        }
    if not azure and item["status"] == "completed":
        yield {"type": f"{_IMAGE}.completed", **where}


def _message(where: Json, part: Json, *, padded: bool) -> Iterator[Json]:
    field = "refusal" if part["type"] == "refusal" else "text"
    event = "response.refusal" if field == "refusal" else "response.output_text"
    logprobs: Json = {} if field == "refusal" else {"logprobs": []}
    text = part[field]
    yield {"type": "response.content_part.added", **where, "part": {**part, field: ""}}
    for start in range(0, len(text), _CHUNK):
        delta = text[start : start + _CHUNK]
        noise = {"obfuscation": secrets.token_hex(8)[len(delta) :]} if padded else {}
        yield {"type": f"{event}.delta", **where, "delta": delta, **logprobs, **noise}
    yield {"type": f"{event}.done", **where, field: text, **logprobs}
    yield {"type": "response.content_part.done", **where, "part": part}
