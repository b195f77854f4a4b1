"""The command `serve`: settings, logging and the server, joined to one transport."""

from typing import TYPE_CHECKING, Literal

from transports.ending import ending_on_signals

if TYPE_CHECKING:
    from fastmcp import FastMCP

    from settings import Settings

HOST = "127.0.0.1"
"""This machine alone: nobody else can connect where nothing else is said."""


def serve(
    *,
    transport: Literal["stdio", "http"] = "stdio",
    host: str = HOST,
    port: int = 8000,
    sandbox: bool = False,
) -> None:
    """Serve the tools to an MCP client, over stdin and stdout unless told otherwise.

    Args:
        transport: stdio for a client that starts this process; http for one that
            connects to http://HOST:PORT/mcp.
        host: Where http listens. Beyond this machine it needs IMAGE_CONSULTANT_HTTP_TOKEN,
            which clients then send as their bearer token.
        port: Where http listens.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    if transport == "http":
        _serve_http(host, port, sandbox)
    else:
        _serve_stdio(sandbox)


def _serve_stdio(sandbox: bool) -> None:
    import anyio

    from transports.stdio_pipe import claim_pipe

    pipe = claim_pipe()  # before FastMCP is imported: what prints meanwhile must not reach a client
    server = _create(_settings(sandbox))

    from transports.stdio import run_stdio

    with ending_on_signals():
        anyio.run(run_stdio, server, pipe)


def _serve_http(host: str, port: int, sandbox: bool) -> None:
    from transports.http import listen, resolve, run_http

    settings = _settings(sandbox)
    # Who calls from elsewhere has no business in the Desktop of whoever runs this.
    settings.input_dirs = settings.input_dirs or [settings.images_dir]
    address = resolve(host, port, settings.http_token)
    listener = listen(address)
    with ending_on_signals():
        run_http(_create(settings), address, listener, settings)


def _settings(sandbox: bool) -> "Settings":
    from cli import logs
    from settings import load_settings

    settings = load_settings(sandbox=True) if sandbox else load_settings()
    logs.configure(settings)
    return settings


def _create(settings: "Settings") -> "FastMCP":
    from server import create_server

    return create_server(settings)
