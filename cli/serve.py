"""The commands `serve` and `sandbox`: the server on one transport, and the stand-in for OpenAI."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from transports.process import ending_on_signals

if TYPE_CHECKING:
    from fastmcp import FastMCP

    from settings import Settings

HOST = "127.0.0.1"
"""This machine alone: nobody else can connect where nothing else is said."""

SANDBOX_PORT = 8765
"""Neither 8000 nor 8080, which other servers of a developer's machine listen on."""

FOR_PEOPLE = (
    "This serves an MCP client, which starts it by itself. `image-consultant --help` lists the "
    "commands; Ctrl-C ends this one.\n"
)


def serve(
    *,
    transport: Literal["stdio", "http"] = "stdio",
    host: str = HOST,
    port: int = 8000,
    input_dirs: Sequence[str] = (),
    sandbox: bool = False,
) -> None:
    """Serve the tools to an MCP client, over stdin and stdout unless told otherwise.

    Args:
        transport: stdio for a client that starts this process; http for one that
            connects to http://HOST:PORT/mcp.
        host: Where http listens. Beyond this machine it needs IMAGE_CONSULTANT_HTTP_TOKEN,
            which clients then send as their bearer token.
        port: Where http listens.
        input_dirs: A folder that input pictures may come from, in place of those of
            IMAGE_CONSULTANT_INPUT_DIRS; once for each.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    options: dict[str, Any] = {"sandbox": sandbox}
    # Of a form that was left blank a client hands on the placeholder.
    if folders := [folder for folder in input_dirs if not folder.startswith("${")]:
        options["input_dirs"] = folders
    if transport == "http":
        _serve_http(host, port, options)
    else:
        _serve_stdio(options)


def _serve_stdio(options: dict[str, Any]) -> None:
    import anyio

    from transports.process import claim_pipe

    if sys.stdin.isatty():
        sys.stderr.write(FOR_PEOPLE)
    pipe = claim_pipe()  # before FastMCP is imported: what prints meanwhile must not reach a client
    server = _create(_settings(options))

    from transports.stdio import run_stdio

    with ending_on_signals():
        anyio.run(run_stdio, server, pipe)


def _serve_http(host: str, port: int, options: dict[str, Any]) -> None:
    from transports.http import keep_to_images, listen, resolve, run_http

    settings = _settings(options)
    keep_to_images(settings)
    address = resolve(host, port, settings.http_token)
    listener = listen(address)
    with ending_on_signals():
        run_http(_create(settings), address, listener, settings)


def _settings(options: dict[str, Any]) -> "Settings":
    from cli import logs
    from settings import load_settings

    settings = load_settings(**options)
    logs.configure(settings)
    return settings


def _create(settings: "Settings") -> "FastMCP":
    from cli import logs
    from server import create_server

    logs.start(settings)
    return create_server(settings)


def sandbox(*, port: int = SANDBOX_PORT) -> None:
    """Serve OpenAI's wire format on http://127.0.0.1:PORT/v1, until Ctrl-C.

    Any key is accepted. GET /sandbox/faults lists the failures it can play.

    Args:
        port: Where it listens, on this machine only.
    """
    from errors import Problem
    from sandbox.loopback import serve as answer

    sys.stderr.write(
        f"The sandbox answers on http://127.0.0.1:{port}/v1. Set OPENAI_BASE_URL to that, and "
        "OPENAI_API_KEY to any word.\n"
    )
    try:
        answer(port)
    except OSError:
        raise Problem(f"Port {port} cannot be opened. Choose another with --port.") from None
