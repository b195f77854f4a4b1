"""HTTP requests that no friend sends, many at once, some by half; and sessions that nobody ends."""

import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from random import Random

from bench.fuzzed_server import PATIENCE, TOKEN, Errors, Find, environment
from bench.hostile_input import as_line, bent, hostile, message
from bench.measurement import memory
from tests.rpc import HANDSHAKE, SERVE, Server

AT_ONCE = 16
"""Requests under way: many wait for an answer that never comes, such as one to a longer body."""
HALF_SENT_SECONDS = 30.0
MOST_OPEN = 60
"""Half-sent requests at once."""
SETTLED = 500
"""Requests after which a server has loaded all that it loads."""
MOST_GROWTH = 40
"""Megabytes from then on, the sessions that are left among them."""
ANSWER_SECONDS = 0.3
"""For the beginning of an answer."""


def http(dice: Random, seconds: float, folder: Path) -> Iterator[Find]:
    """Requests to one server, some left half sent, some opening sessions that nobody closes."""
    command = [*SERVE, "--sandbox", "--transport", "http", "--port", "0"]
    with Server(command, environment(folder)) as server, ThreadPoolExecutor(AT_ONCE) as pool:
        flood, errors = Flood(_port(server), pool, dice), Errors(server)
        tries, before = 0, 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            tries += 1
            data = request(dice)
            flood.send(data)
            if tries % 20 == 0 and not flood.is_heard():
                yield "the server is deaf", data
                return
            if bug := errors.bug():
                yield bug, data
            before = before or (_memory(server) if tries == SETTLED else 0)
            if flood.close_halves():
                yield "half a request is waited for", b""
        flood.end()
        after = _memory(server)
        print(f"http: {tries} requests; {before} MB after {SETTLED}, {after} MB at the end")
        if before and after > before + MOST_GROWTH:
            yield f"the server grew from {before} MB to {after}", b""


class Flood:
    """Requests on their way to a port."""

    def __init__(self, port: int, pool: ThreadPoolExecutor, dice: Random) -> None:
        self._port, self._pool, self._dice = port, pool, dice
        self._waiting: set[Future[bytes]] = set()
        self._halves: list[tuple[float, socket.socket]] = []

    def send(self, data: bytes) -> None:
        """Send a request, or half of it, once there is room for one more."""
        connection = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        if len(self._halves) < MOST_OPEN and self._dice.random() < 0.1:
            with suppress(OSError):  # it may be refused before half of it is there
                connection.sendall(data[: self._dice.randrange(len(data))])
            self._halves.append((time.monotonic(), connection))
            return
        self._waiting.add(self._pool.submit(_answer, connection, data, ANSWER_SECONDS))
        if len(self._waiting) >= AT_ONCE:
            self._waiting = wait(self._waiting, return_when=FIRST_COMPLETED).not_done

    def is_heard(self) -> bool:
        """Whether the server answers somebody else meanwhile."""
        connection = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
        return _answer(connection, HEALTH, PATIENCE).startswith(b"HTTP/1.1 200")

    def close_halves(self) -> bool:
        """Look at half requests that are old enough; whether the server waits for one still."""
        old = [one for one in self._halves if time.monotonic() > one[0] + HALF_SENT_SECONDS]
        self._halves = [one for one in self._halves if one not in old]
        are_closed = [_is_closed(half) for _, half in old]
        return not all(are_closed)

    def end(self) -> None:
        """Wait for the answers, and leave the halves."""
        wait(self._waiting)
        for _, half in self._halves:
            half.close()


HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
HEADERS: dict[str, list[str]] = {
    "Host": ["127.0.0.1", "127.0.0.1", "evil.example", "127.0.0.1.evil.example", "", "x" * 9000],
    "Authorization": [f"Bearer {TOKEN}"] * 4
    + [f"Bearer {TOKEN[:-1]}", "Bearer ", "Basic eDp5", ""],
    "Content-Type": ["application/json"] * 4 + ["text/plain", "multipart/form-data", ""],
    "Accept": ["application/json, text/event-stream"] * 4 + ["text/html", "*/*", ""],
    "Origin": [""] * 6 + ["https://evil.example", "null", "http://127.0.0.1"],
    "MCP-Protocol-Version": [""] * 4 + ["2025-11-25", "2026-07-28", "1999-01-01", "\xff"],
    "Mcp-Session-Id": [""] * 5 + ["0" * 32, "x" * 5000],
    "X-Forwarded-For": [""] * 5 + ["10.0.0.1", "x" * 5000],
    "Transfer-Encoding": [""] * 9 + ["chunked", "gzip"],
}


def _opening() -> bytes:
    """A request that opens a session, all of it right."""
    body = as_line({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE})
    lines = [
        "POST /mcp HTTP/1.1",
        *(f"{name}: {some[0]}" for name, some in HEADERS.items() if some[0]),
    ]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


OPENING = _opening()


def request(dice: Random) -> bytes:
    """An HTTP request: mostly well-formed, with what is in it not so."""
    draw = dice.random()
    if draw < 0.1:
        return OPENING
    body = as_line(message(dice)) if draw < 0.3 else hostile(dice)
    if draw > 0.99:
        body = b" " * 5_000_000
    method = dice.choice(["POST"] * 8 + ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "BREW", "get"])
    path = dice.choice(
        ["/mcp"] * 8 + ["/", "/health", "/mcp/", "/../etc/passwd", "/" + "*" * 60_000]
    )
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, some in HEADERS.items() if (value := dice.choice(some))]
    length = dice.choice([len(body)] * 8 + [len(body) + 9, max(len(body) - 9, 0), -1, 10**12])
    lines += [f"Content-Length: {length}", "Connection: close", "", ""]
    data = "\r\n".join(lines).encode("latin-1") + body
    return bent(data, dice) if dice.random() < 0.2 else data


def _answer(connection: socket.socket, data: bytes, seconds: float) -> bytes:
    """The beginning of what is answered, if anything is at once: a stream may go on for long."""
    with connection:
        try:
            connection.sendall(data)
            ready, _, _ = select.select([connection], [], [], seconds)
            return connection.recv(65536) if ready else b""
        except OSError:  # it was closed before all was sent
            return b""


def _is_closed(connection: socket.socket) -> bool:
    with connection:
        connection.settimeout(1)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
    return True


def _port(server: Server) -> int:
    for _ in range(2400):
        if "startup complete" in server.errors():
            return int(server.errors().split("http://127.0.0.1:")[1].split("/mcp")[0])
        time.sleep(0.05)
    raise AssertionError(server.errors())


def _memory(server: Server) -> int:
    """Megabytes that it holds; none once it has died, which is found elsewhere."""
    return round(memory(server.process.pid)) if server.process.poll() is None else 0
