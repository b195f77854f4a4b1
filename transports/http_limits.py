"""What an HTTP client may take of the server, and what one that is refused is told."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from h11 import LocalProtocolError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from settings import variable_of

HEADERS_SECONDS = 20.0
"""For the lines before a body; nothing that means well takes longer."""
BODY_SECONDS = 25.0
"""For a whole body, of 4 MB at the most."""
MOST_CONNECTIONS = 500
"""At once; uvicorn answers 503 beyond. A client holds two or three."""
MOST_SESSIONS = 1_000
"""Open at once, of clients that begin with `initialize`: left ones hold some 50 kB each."""
SESSION_SECONDS = 1800.0
"""Without a request or an open stream: one may think about a question for a while. The client is
told 404 then, and begins a new one."""

MCP = b"mcp-"
"""How the names of MCP's headers begin; ASGI gives them in lower case."""

LATE = 408, "The body did not arrive in time."

ADVICE = {
    401: (
        "Send the header `Authorization: Bearer TOKEN` with the token that "
        f"{variable_of('http_token')} is set to on the server."
    ),
    421: (
        "The server is not known by the Host of this request. Add that name to "
        f"{variable_of('http_hosts')} on the server, or use its IP address."
    ),
    403: "Pages of other sites may not call this server.",
    503: (
        "Too many sessions are open. End those that are done with DELETE, or wait: each ends "
        f"{SESSION_SECONDS / 60:.0f} minutes after its last request."
    ),
}


@dataclass
class Guarded:
    """An ASGI app whose refusals say what to do, and that waits for no body without end."""

    app: ASGIApp
    advice: Mapping[int, str]
    patience: Mapping[str, float]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seconds = self.patience.get(scope["path"], BODY_SECONDS)
        exchange = _Exchange(receive, send, self.advice, seconds)
        if not all(value.isascii() for name, value in scope["headers"] if name.startswith(MCP)):
            # The SDK raises where it repeats such a one in the headers of its answer.
            await exchange.refuse(400, "A header of MCP holds more than ASCII.")
            return
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            if not exchange.is_late:
                raise
            await exchange.refuse(*LATE)


class _Exchange:
    """A request and its answer."""

    def __init__(
        self, receive: Receive, send: Send, advice: Mapping[int, str], seconds: float
    ) -> None:
        self._receive, self._send, self._advice = receive, send, advice
        self._until = asyncio.get_running_loop().time() + seconds
        self._is_whole = False
        self._is_answered = False
        self._passes_on = False
        self.is_late = False

    async def receive(self) -> Message:
        """The next part of the body; behind it, the client's going away, in its own time."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            raise
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """A part of the answer, or our own for a refusal that says nothing."""
        if message["type"] != "http.response.start":
            if self._passes_on:
                await self._send(message)
        elif self.is_late:
            await self.refuse(*LATE)
        elif words := self._advice.get(message["status"]):
            await self.refuse(message["status"], words, message["headers"])
        else:
            self._is_answered = self._passes_on = True
            await self._send(message)

    async def refuse(self, status: int, words: str, headers: Any = ()) -> None:
        """Answer with an error in words, once."""
        if self._is_answered:
            return
        self._is_answered = True
        body = json.dumps({"error": words}).encode()
        rest = [(name, value) for name, value in headers if name.lower() == b"www-authenticate"]
        own = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        closing = [(b"connection", b"close")] if self.is_late else []
        start = {"type": "http.response.start", "status": status}
        await self._send({**start, "headers": [*own, *rest, *closing]})
        await self._send({"type": "http.response.body", "body": body})


class TimedHeaders(H11Protocol):
    """uvicorn's protocol, which waits for the end of a request's headers for ever.

    It also refuses what is no HTTP while an answer is under way, which raises twice.
    """

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect_request()

    @override
    def on_response_complete(self) -> None:
        """Wait for the next one."""
        super().on_response_complete()
        self._expect_request()

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and close."""
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True  # or the answer under way meets a closed connection
            self.cycle.message_event.set()
        with suppress(LocalProtocolError):  # the answer has begun, or may have no body
            super().send_400_response(msg)
        self.transport.close()

    def _expect_request(self) -> None:
        self.loop.call_later(HEADERS_SECONDS, self._close_unheard, self.cycle)

    def _close_unheard(self, cycle: Any) -> None:
        is_idle = self.cycle is cycle and (cycle is None or cycle.response_complete)
        if is_idle and not self.transport.is_closing():
            self.transport.close()
