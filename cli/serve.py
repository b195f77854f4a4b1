"""The command `serve`: settings, logging and the server, joined to one transport."""

import signal
import socket
from typing import TYPE_CHECKING, Literal

from problems import Problem

if TYPE_CHECKING:
    from fastmcp import FastMCP

HOST = "127.0.0.1"


def serve(
    *, transport: Literal["stdio", "http"] = "stdio", port: int = 8000, sandbox: bool = False
) -> None:
    """Serve the tools to an MCP client, over stdin and stdout unless told otherwise.

    Args:
        transport: stdio for a client that starts this process; http for one that
            connects to http://127.0.0.1:PORT/mcp, from this machine only.
        port: Where http listens.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    if transport == "http":
        _serve_http(_listen(port), sandbox)
    else:
        _serve_stdio(sandbox)


def _serve_stdio(sandbox: bool) -> None:
    import anyio

    from cli.wire import claim_wire

    wire = claim_wire()
    server = _create(sandbox)

    from cli.stdio import run_stdio

    _end_like_ctrl_c()
    anyio.run(run_stdio, server, wire)


def _serve_http(listener: socket.socket, sandbox: bool) -> None:
    import anyio

    server = _create(sandbox)

    async def run() -> None:
        await server.run_http_async(
            show_banner=False,
            host=HOST,
            port=listener.getsockname()[1],
            sockets=[listener],
            host_origin_protection=True,
            uvicorn_config={"log_config": None},
        )

    anyio.run(run)


def _create(sandbox: bool) -> "FastMCP":
    from cli import logs
    from settings import load_settings

    settings = load_settings(sandbox=True) if sandbox else load_settings()
    logs.configure(settings)

    from server import create_server

    return create_server(settings)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except (OSError, OverflowError):
        raise Problem(
            f"Port {port} on {HOST} cannot be opened: it is taken or not allowed. "
            "Choose another with --port."
        ) from None


def _end_like_ctrl_c() -> None:
    """Let SIGTERM, with which clients end a server, pass through the lifespan too."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
