"""Serve a chat's page and its frame on two origins, passing MCP on to a real server."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

HERE = Path(__file__).parent
DEFAULT_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; connect-src 'none'"
)
"""What MCP Apps has hosts set for a view that asks for nothing; `frame-src` is the proxy's own."""
HEADERS = ("content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name")


class Host:
    """A running chat host."""

    def __init__(self, server: str, page: str, frame: str) -> None:
        self.server, self._page, self._frame = server, page, frame

    def address(self, tool: str = "", args: Any = None, **given: Any) -> str:
        """Where the chat shows the view of one call."""
        facts = {"tool": tool, "args": args or {}, "proxy": self._frame, **given}
        return f"{self._page}#{quote(json.dumps(facts))}"


def _handler(server: str, policy: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            name = "proxy.html" if policy else "host.html"
            self._send((HERE / name).read_bytes(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name: self.headers[name] for name in HEADERS if self.headers[name]}
            request = urllib.request.Request(f"{server}/mcp", body, headers)
            try:
                with urllib.request.urlopen(request) as answer:
                    data = answer.read()
            except (OSError, HTTPException):
                error = {"code": -32000, "message": "The server does not answer."}
                data = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
            with suppress(ConnectionError):  # a page that was left
                self._send(data, "application/json")

        def _send(self, data: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            if policy:
                self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serve_host(server: str, policy: str = DEFAULT_POLICY) -> Iterator[Host]:
    """A chat host of a server at this address; the frame has the policy, and another origin."""
    page = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server, None))
    frame = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server, policy))
    threads = [threading.Thread(target=one.serve_forever, daemon=True) for one in (page, frame)]
    for thread in threads:
        thread.start()
    try:
        yield Host(
            server,
            f"http://127.0.0.1:{page.server_port}/",
            f"http://localhost:{frame.server_port}/",
        )
    finally:
        for one in (page, frame):
            one.shutdown()
            one.server_close()
