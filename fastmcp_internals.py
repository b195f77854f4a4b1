"""What is private in FastMCP and used all the same; mypy fails here where it moves.

Private methods that are overridden stand where they do that, marked `override` for mypy.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastmcp import FastMCP
from mcp.server.lowlevel import Server

if TYPE_CHECKING:
    from fastmcp.server.http import StarletteWithLifespan


def sdk_server(server: FastMCP) -> Server[Any]:
    """The SDK's server within.

    FastMCP lends it to streams through run_stdio_async() alone, which runs a single loop, and
    leaves what it declares out of the answers to legacy clients.
    """
    return server._mcp_server


def limit_sessions(app: "StarletteWithLifespan", most: int) -> None:
    """Let an HTTP app have at most so many sessions open.

    FastMCP tells the SDK how long one may be idle, and not how many there may be. It begins with
    a new manager of them in each lifespan.
    """
    from fastmcp.server.http import StreamableHTTPASGIApp  # stdio has no use for it

    ends = [getattr(route, "endpoint", None) for route in app.routes]
    ends = [getattr(end, "app", end) for end in ends]  # within what asks for the token
    (served,) = [end for end in ends if isinstance(end, StreamableHTTPASGIApp)]
    begin = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        async with begin(app) as state:
            if served.session_manager:
                served.session_manager.max_sessions = most
            yield state

    app.router.lifespan_context = lifespan
