"""A server over HTTP in a thread of its own, and the chat host that speaks to it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from pydantic import SecretStr

from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests import folders
from tests.browser.host import Host, serve_host
from transports.http import build_http_server, listen, resolve


def settings_in(folder: Path, sandbox: Sandbox, **others: Any) -> Settings:
    """Settings of a server on the sandbox that shows unfinished pictures."""
    settings = folders.settings_in(folder, sandbox.base_url)
    return settings.model_copy(update={"partial_images": 2, **others})


@contextmanager
def serve_mcp(
    settings: Settings, port: int = 0, token: SecretStr | None = None, **options: Any
) -> Iterator[int]:
    """Run a server with these settings; its port, which may be chosen to have it once more."""
    address = resolve("127.0.0.1", port, token)
    listener = listen(address)
    web = build_http_server(create_server(settings), address, token, **options)
    with run_web(web, listener):
        yield listener.getsockname()[1]


@contextmanager
def run_web(web: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    """Have a server serve in a thread, until the end."""
    thread = threading.Thread(target=anyio.run, args=(web.serve, [listener]))
    thread.start()
    while not web.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        web.should_exit = True
        thread.join()


@contextmanager
def serve_chat(settings: Settings) -> Iterator[Host]:
    """A chat host of a server with these settings, which serves until the end."""
    with serve_mcp(settings) as port, serve_host(f"http://127.0.0.1:{port}") as running:
        yield running
