"""How answers leave: JSON, server-sent events at a pace, and connections that drop."""

import asyncio
import json
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.errors import ApiError, Json
from sandbox.state import mint


async def refusal(_request: Request, error: Exception) -> Response:
    """Return an error as OpenAI sends it."""
    if not isinstance(error, ApiError):
        raise error
    headers = {
        "x-request-id": mint("req"),
        "openai-version": "2020-10-01",
        "openai-processing-ms": "1",
        **error.headers,
    }
    return JSONResponse(error.body, error.status, headers)


class EventStream(Response):
    """Server-sent events.

    `delay` seconds are spread over the events a person would wait for. With `cut_after` the
    connection drops right after that event, as when a proxy gives up.
    """

    media_type = "text/event-stream"
    _WAITED_FOR = (
        "response.image_generation_call.partial_image",
        "response.image_generation_call.completed",
        "response.content_part.added",
    )

    def __init__(
        self, events: Iterable[Json], delay: float = 0, cut_after: str | None = None
    ) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._events = list(events)
        self._cut_after = cut_after
        waits = sum(event["type"] in self._WAITED_FOR for event in self._events)
        self._pause = delay / max(waits, 1)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the events; returning early makes the server drop the connection."""
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        cut = None
        for number, event in enumerate(self._events):
            if self._pause and event["type"] in self._WAITED_FOR:
                await asyncio.sleep(self._pause)
            data = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
            chunk = f"event: {event['type']}\ndata: {data}\n\n".encode()
            self._events[number] = {"type": event["type"]}
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            cut = _cut_here(event, self._cut_after)
            if cut:
                return
        await send({"type": "http.response.body", "body": b""})


def _cut_here(event: Json, cut_after: str | None) -> bool:
    if cut_after == "response.output_item.done":
        ended: str = event.get("item", {}).get("type", "")
        return event["type"] == cut_after and ended in ("image_generation_call", "message")
    return bool(event["type"] == cut_after)


class Dropped(Response):
    """A connection that closes before the promised body has come."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Promise a byte and send none."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
