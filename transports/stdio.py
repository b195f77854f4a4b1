"""MCP over stdin and stdout for clients that change the protocol era midway.

mcp 2.3 takes the era of a stdio connection from its first request and refuses the
other one from then on, yet Claude Code 2.1.280 and Copilot CLI 1.0.81 probe with
`server/discover` and then send `initialize` (claude-code#96183, copilot-cli#4525).
Here each era has an SDK loop of its own and every message goes to the loop it
belongs to. Both write to the one stdout, and both live until stdin ends.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self

import anyio
from fastmcp import FastMCP
from fastmcp.server.context import set_transport
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    PROTOCOL_VERSION_META_KEY,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

from fastmcp_internals import sdk_server
from transports.process import Pipe, claim_pipe

GRACE_SECONDS = 1.0
"""How long replies may still leave once stdin has ended; clients kill after two."""

CANCELLED = "notifications/cancelled"

Era = Literal["legacy", "modern"]

logger = logging.getLogger(__name__)


async def run_stdio(server: FastMCP, pipe: Pipe | None = None) -> None:
    """Serve until the client closes stdin, then let the server's lifespan finish."""
    requests, replies = pipe or claim_pipe()
    sdk = sdk_server(server)
    set_transport("stdio")
    try:
        async with (
            sdk.lifespan(sdk),
            stdio_server(requests, replies) as (incoming, outlet),
            outlet,
        ):
            logger.info("Serving MCP on stdin and stdout.")
            await _route(sdk, incoming, outlet)
    except* BrokenPipeError:
        logger.info("The client closed its end before the last reply.")
    finally:
        with suppress(BrokenPipeError):  # Python 3.13 reports what fails at the very end
            await replies.aclose()


async def _route(sdk: Server[Any], incoming: Any, outlet: Any) -> None:
    loops: dict[Era, _Loop] = {}
    async with anyio.create_task_group() as tasks:
        async for item in incoming:
            if isinstance(item, Exception):
                await outlet.send(SessionMessage(_refusal(item)))
                continue
            era = _era_of(item.message, loops)
            if era not in loops:
                loops[era] = _Loop(outlet)
                tasks.start_soon(loops[era].run, sdk)
            await loops[era].deliver(item)
        with anyio.move_on_after(GRACE_SECONDS):
            for loop in loops.values():
                await loop.settle()
        for loop in loops.values():
            loop.inbox.close()


def _refusal(error: Exception) -> JSONRPCError:
    """The answer to a line that is no message, with its id where it has one.

    A client whose message was cut waits for its time-out otherwise.
    """
    faults = error.errors(include_url=False) if isinstance(error, ValidationError) else []
    is_json = not any(fault["type"] == "json_invalid" for fault in faults)
    logger.warning("A line on stdin is no JSON-RPC message; it was answered with an error.")
    ids = [
        fault["input"]["id"]
        for fault in faults
        if isinstance(fault["input"], dict) and type(fault["input"].get("id")) in (int, str)
    ]
    code, words = (
        (INVALID_REQUEST, "The line is JSON, but no JSON-RPC message.")
        if is_json
        else (PARSE_ERROR, "The line is no JSON; a message is one whole line in UTF-8.")
    )
    return JSONRPCError(
        jsonrpc="2.0", id=ids[0] if ids else None, error=ErrorData(code=code, message=words)
    )


def _era_of(message: JSONRPCMessage, loops: "Mapping[Era, _Loop]") -> Era:
    if isinstance(message, JSONRPCRequest | JSONRPCNotification):
        parameters = message.params or {}
        if message.method == "initialize":
            return "legacy"
        if message.method == CANCELLED:
            for era, loop in loops.items():
                if str(parameters.get("requestId")) in loop.open_requests:
                    return era
        meta = parameters.get("_meta")
        if isinstance(meta, Mapping) and PROTOCOL_VERSION_META_KEY in meta:
            return "modern"
    return "modern" if "modern" in loops and "legacy" not in loops else "legacy"


class _Loop:
    """One SDK loop: its inbox, and the stream on which its replies leave."""

    def __init__(self, outlet: Any) -> None:
        self.inbox, self._messages = anyio.create_memory_object_stream[SessionMessage | Exception]()
        self.open_requests: set[str] = set()
        self._outlet = outlet
        self._closing = anyio.Event()

    async def run(self, sdk: Server[Any]) -> None:
        await sdk.run(self._messages, self, sdk.create_initialization_options())

    async def deliver(self, item: SessionMessage) -> None:
        """Hand a message to the loop."""
        message = item.message
        if isinstance(message, JSONRPCRequest):
            self.open_requests.add(str(message.id))
        await self.inbox.send(item)
        if isinstance(message, JSONRPCNotification) and message.method == CANCELLED:
            self._close((message.params or {}).get("requestId"))

    async def send(self, item: SessionMessage) -> None:
        """Let a message of the loop leave."""
        await self._outlet.send(item)
        if isinstance(item.message, JSONRPCResponse | JSONRPCError):
            self._close(item.message.id)

    async def settle(self) -> None:
        """Wait until each request has its answer."""
        while self.open_requests:
            self._closing = anyio.Event()
            await self._closing.wait()

    def _close(self, request_id: object) -> None:
        self.open_requests.discard(str(request_id))
        self._closing.set()

    async def aclose(self) -> None:
        """Keep the outlet open: the other loop may still write."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
