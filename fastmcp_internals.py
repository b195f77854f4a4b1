"""What is private in FastMCP and used all the same; mypy fails here where it moves.

Private methods that are overridden stand where they do that, marked `override` for mypy.
"""

from typing import Any

from fastmcp import FastMCP
from mcp.server.lowlevel import Server


def sdk_server(server: FastMCP) -> Server[Any]:
    """The SDK's server within.

    FastMCP lends it to streams through run_stdio_async() alone, which runs a single loop, and
    leaves what it declares out of the answers to legacy clients.
    """
    return server._mcp_server
