"""A finished response as the events OpenAI streams, in their recorded order and at their pace.

The answer is complete and stored before its first event goes out: a client that hangs up in
mid-stream loses nothing and can retrieve it.
"""

import asyncio
import json
import secrets
from collections.abc import Iterable, Iterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.memory import ResponseRecord
from sandbox.openai_errors import Json

PIECE = 12
"""Characters of a delta: OpenAI sends a word or two."""

IMAGE = "response.image_generation_call"
SLOW_EVENTS = (f"{IMAGE}.partial_image", f"{IMAGE}.completed", "response.content_part.added")
"""The events that a person would wait for; all others come at once."""


class EventStream(Response):
    """Server-sent events.

    `delay` seconds are spread over the slow events. With `cut_after` the connection drops right
    after that event, as when a proxy gives up.
    """

    media_type = "text/event-stream"

    def __init__(
        self, parts: Iterable[Json], delay: float = 0, cut_after: str | None = None
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._events = list(parts)
        self._cut_after = cut_after
        pauses = sum(event["type"] in SLOW_EVENTS for event in self._events)
        self._pause = delay / max(pauses, 1)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the events; returning early makes the server drop the connection."""
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, event in enumerate(self._events):
            if self._pause and event["type"] in SLOW_EVENTS:
                await asyncio.sleep(self._pause)
            data = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
            chunk = f"event: {event['type']}\ndata: {data}\n\n".encode()
            # A picture of 20 MB is not held any longer than until it is on its way.
            self._events[number] = {"type": event["type"]}
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if _is_cut(event, self._cut_after):
                return
        await send({"type": "http.response.body", "body": b""})


def _is_cut(event: Json, cut_after: str | None) -> bool:
    item: str = event.get("item", {}).get("type", "")
    return event["type"] == cut_after and item != "reasoning"


def events(record: ResponseRecord, *, azure: bool = False) -> Iterator[Json]:
    """Every event of a response, numbered from 0; Azure leaves out that a picture is complete."""
    for number, event in enumerate(_unnumbered(record, azure=azure)):
        yield {"type": event.pop("type"), "sequence_number": number, **event}


def _unnumbered(record: ResponseRecord, *, azure: bool) -> Iterator[Json]:
    opening, final = record.opening, record.final
    yield {"type": "response.created", "response": opening}
    if final["background"]:
        yield {"type": "response.queued", "response": opening}
    yield {"type": "response.in_progress", "response": {**opening, "status": "in_progress"}}
    if record.error:
        yield {"type": "error", "error": record.error.detail}
    else:
        for index, item in enumerate(record.output):
            yield from _item(record, index, item, azure=azure)
    yield {"type": f"response.{final['status']}", "response": final}


def _item(record: ResponseRecord, index: int, item: Json, *, azure: bool) -> Iterator[Json]:
    place: Json = {"output_index": index}
    yield {"type": "response.output_item.added", **place, "item": _announcement(item)}
    if item["type"] == "image_generation_call":
        yield from _image(record, {**place, "item_id": item["id"]}, item, azure=azure)
    elif item["type"] == "message":
        options = record.request.get("stream_options") or {}
        pads = options.get("include_obfuscation") is not False
        where = {"item_id": item["id"], **place, "content_index": 0}
        yield from _message(where, item["content"][0], pads=pads)
    yield {"type": "response.output_item.done", **place, "item": item}


def _announcement(item: Json) -> Json:
    """An item as it looks when it is announced."""
    if item["type"] == "message":
        return {**item, "status": "in_progress", "content": []}
    if item["type"] == "image_generation_call":
        # The API really leaves the result out; its published schema requires it.
        return {"id": item["id"], "type": item["type"], "status": "in_progress", "result": None}
    return item


def _image(record: ResponseRecord, where: Json, item: Json, *, azure: bool) -> Iterator[Json]:
    yield {"type": f"{IMAGE}.in_progress", **where}
    yield {"type": f"{IMAGE}.generating", **where}
    for number, partial in enumerate(record.partials):
        yield {
            "type": f"{IMAGE}.partial_image",
            **where,
            "partial_image_index": number,
            "partial_image_b64": partial,
            **{key: item[key] for key in ("size", "quality", "background", "output_format")},
        }
    if not azure and item["status"] == "completed":
        yield {"type": f"{IMAGE}.completed", **where}


def _message(where: Json, part: Json, *, pads: bool) -> Iterator[Json]:
    field = "refusal" if part["type"] == "refusal" else "text"
    event = "response.refusal" if field == "refusal" else "response.output_text"
    logprobs: Json = {} if field == "refusal" else {"logprobs": []}
    text = part[field]
    yield {"type": "response.content_part.added", **where, "part": {**part, field: ""}}
    for start in range(0, len(text), PIECE):
        delta = text[start : start + PIECE]
        noise = {"obfuscation": secrets.token_hex(8)[len(delta) :]} if pads else {}
        yield {"type": f"{event}.delta", **where, "delta": delta, **logprobs, **noise}
    yield {"type": f"{event}.done", **where, field: text, **logprobs}
    yield {"type": "response.content_part.done", **where, "part": part}
