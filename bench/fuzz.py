"""Input that no friend sends, for a time: lines, requests, pictures, templates, imports.

Run: `python -m bench.fuzz [TARGET...] [--seconds 15] [--seed 7]`, all targets sharing the time.
The same seed gives the same inputs. What breaks is printed with its input, to be kept as a case
of a test, and ends it with 1.
"""

import argparse
import asyncio
import json
import os
import re
import select
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from bench.start import ROOT
from errors import Problem
from tests.rpc import ENVELOPE, HANDSHAKE, Server

PATIENCE = 5.0
"""Seconds in which a server says that it lives, whatever came before."""
HALF_SENT_SECONDS = 30.0
MOST_OPEN = 60
"""Half-sent requests at once."""
TOKEN = "0123456789abcdef-token"
BUG = re.compile(r"traceback=|level=(?:ERROR|CRITICAL)|^Traceback")
HARMLESS = "_terminate_graceful_close"
"""SQLAlchemy closing the connection of a call that was cancelled; asyncio tells of its task."""

Find = tuple[str, bytes]
"""What went wrong, and the input."""

NASTY: list[Any] = [
    None, True, -1, 0, 2**63, 10**400, 1.5, float("nan"), "", " ", "\0", "\ud800", "\u202e\x1b[2J",
    "x" * 70_000, "*a" * 30_000, "../../etc/passwd", "{{ 7 * 7 }}", "' OR 1=1 --", "%00", "[]",
    [], {}, [[]] * 50, {"a": {"b": {}}}, ["x"] * 2000, {"": ""},
]  # fmt: skip
TOKENS = [
    b"\0", b"\xff\xfe", b'"', b"\\", b"{", b"]", b"\n", b"\r\n", b"9" * 400, b"-", b"NaN",
    b"\\ud800",    b"\x1b[2J", b"{{", b"%}", b"---\n", b": ", b"- ", b"&a *a", b"!!python/object",
    b"\xf3\xb0\x80\x80",
]  # fmt: skip


def bent(data: bytes, dice: Random) -> bytes:
    """The bytes with a few of them changed, doubled, cut out or put in."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(made) + 1)
        end = min(at + dice.choice((1, 2, 8, 64, 4096)), len(made))
        match dice.randrange(5):
            case 0 if at < len(made):
                made[at] ^= 1 << dice.randrange(8)
            case 1:
                del made[at:end]
            case 2:
                made[at:at] = made[at:end] * dice.choice((1, 3, 200))
            case 3:
                made[at:at] = dice.choice(TOKENS)
            case _:
                made[at:end] = dice.randbytes(end - at)
    return bytes(made)


def warped(value: Any, dice: Random) -> Any:
    """JSON with one of its values, or names, replaced."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        if dice.random() < 0.1:
            return {**value, str(dice.choice(NASTY))[:300]: dice.choice(NASTY)}
        return {**value, name: warped(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], warped(value[at], dice), *value[at + 1 :]]
    return dice.choice(NASTY)


def as_line(value: Any) -> bytes:
    """JSON on one line."""
    return json.dumps(value).encode()


TOOLS: dict[str, dict[str, Any]] = {
    "openai_image_consultation": {
        "message": "a fox", "mode": "guided", "answers": [{"question_id": "q1", "answer": "a"}],
        "reference_images": ["a.png"], "template": "product_hero", "finish": True,
        "conversation_id": "conv_0000000000000000",
    },
    "openai_conversational_image": {
        "prompt": "a fox", "dialogue_mode": "skip", "size": "wide", "input_images": ["a.png"],
        "mask": "a.png", "image_model": "gpt-image-2", "compression": 5, "variations": 2,
        "from_image": "img_0000000000000000", "redraw": True,
    },
    "openai_list_conversations": {
        "query": "fox", "since": "2026-01-01", "cursor": "YQpiCmM=", "limit": 5, "rating": 3,
    },
    "openai_generate_image": {"prompt": "a fox", "size": "tall"},
    "openai_search_conversations": {"query": "fox", "limit": 3},
    "openai_rate_image": {"image_id": "img_0000000000000000", "rating": "5", "title": "a"},
    "openai_delete_conversation": {"conversation_id": "conv_0000000000000000", "confirm": True},
    "openai_status": {},
}  # fmt: skip
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    *(("tools/call", {"name": name, "arguments": one}) for name, one in TOOLS.items()),
    ("tools/list", {"cursor": "a"}),
    ("resources/list", {}),
    ("resources/read", {"uri": "image://img_0000000000000000"}),
    ("resources/read", {"uri": "template://product_hero"}),
    ("prompts/get", {"name": "product_hero", "arguments": {"product": "a kettle"}}),
    ("completion/complete", {
        "ref": {"type": "ref/prompt", "name": "product_hero"},
        "argument": {"name": "product", "value": "a"},
    }),
    ("initialize", HANDSHAKE),
    ("server/discover", {}),
    ("logging/setLevel", {"level": "debug"}),
    ("notifications/cancelled", {"requestId": 1}),
    ("subscriptions/listen", {"notifications": {}}),
]  # fmt: skip


def message(dice: Random) -> dict[str, Any]:
    """A request of either era, as a client means it."""
    method, parameters = dice.choice(REQUESTS)
    envelope = {"_meta": ENVELOPE} if dice.random() < 0.5 else {}
    body = {"jsonrpc": "2.0", "method": method, "params": {**parameters, **envelope}}
    return body if method.startswith("notifications") else {**body, "id": dice.randrange(1000)}


def hostile(dice: Random) -> bytes:
    """A request with a value replaced, or a few bytes of it."""
    asked = message(dice)
    return as_line(warped(asked, dice)) if dice.random() < 0.7 else bent(as_line(asked), dice)


def environment(folder: Path) -> dict[str, str]:
    """A server's, away from whoever runs this."""
    foreign = ("OPENAI_", "IMAGE_CONSULTANT_", "FASTMCP_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    ours = {
        "DATA_DIR": folder / "data",
        "IMAGES_DIR": folder,
        "HTTP_TOKEN": TOKEN,
        "TOOLSETS": "all",
    }
    return {
        **kept,
        "HOME": str(folder),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        **{f"IMAGE_CONSULTANT_{name}": str(value) for name, value in ours.items()},
    }


class Errors:
    """What a server writes to stderr, from where it was read last."""

    def __init__(self, server: Server) -> None:
        self._server, self._read = server, 0

    def bug(self) -> str | None:
        """The first new line that tells of a bug."""
        new = self._server.errors()[self._read :]
        self._read += len(new)
        for line in new.splitlines():
            if BUG.search(line) and HARMLESS not in line:
                return f"{line[:300]} ... {line[-900:]}"
        return None


def stdio(dice: Random, seconds: float, folder: Path) -> Iterator[Find]:
    """Lines to one server, which answers a ping behind each."""
    command = [sys.executable, str(ROOT / "__main__.py"), "serve", "--sandbox"]
    tries = 0
    with Server(command, environment(folder)) as server:
        server.open("discover, then initialize")
        errors = Errors(server)
        pipe: Any = server.process.stdin
        until = time.monotonic() + seconds  # a slow start takes nothing from it
        while time.monotonic() < until:
            line = hostile(dice).replace(b"\n", b" ")
            tries += 1
            pipe.buffer.write(line + b"\n")
            pipe.buffer.flush()
            if not _lives(server, f"alive-{tries}"):
                yield "no ping was answered", line
                return
            if bug := errors.bug():
                yield bug, line
    print(f"stdio: {tries} lines")


def _lives(server: Server, number: str) -> bool:
    server.send({"jsonrpc": "2.0", "id": number, "method": "ping"})
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        try:
            if server.receive().get("id") == number:
                return True
        except EOFError:
            return False
    return False


def http(dice: Random, seconds: float, folder: Path) -> Iterator[Find]:
    """Requests to one server, some left half sent, some opening sessions that nobody closes."""
    command = [sys.executable, str(ROOT / "__main__.py"), "serve", "--sandbox"]
    with Server([*command, "--transport", "http", "--port", "0"], environment(folder)) as server:
        port, errors = _port(server), Errors(server)
        opened: list[tuple[float, socket.socket]] = []
        tries, before = 0, 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            tries += 1
            data = request(dice)
            connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
            if len(opened) < MOST_OPEN and dice.random() < 0.1:
                with suppress(OSError):  # it may be refused before half of it is there
                    connection.sendall(data[: dice.randrange(len(data))])
                opened.append((time.monotonic(), connection))
            else:
                _answer(connection, data)
            if tries % 20 == 0 and not _answer(_connected(port), HEALTH).startswith(
                b"HTTP/1.1 200"
            ):
                yield "the server is deaf", data
                return
            if bug := errors.bug():
                yield bug, data
            before = before or (_memory(server) if tries == 500 else 0)
            for at, half in [
                one for one in opened if time.monotonic() > one[0] + HALF_SENT_SECONDS
            ]:
                opened.remove((at, half))
                if not _is_closed(half):
                    yield "half a request is waited for", b""
        for _, half in opened:
            half.close()
        print(f"http: {tries} requests; {before} MB after 500, {_memory(server)} MB at the end")


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


def request(dice: Random) -> bytes:
    """An HTTP request: mostly well-formed, with what is in it not so."""
    draw = dice.random()
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


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def _answer(connection: socket.socket, data: bytes) -> bytes:
    """The beginning of what is answered, if anything is at once: a stream may go on for long."""
    with connection:
        try:
            connection.sendall(data)
            ready, _, _ = select.select([connection], [], [], 0.3 if data != HEALTH else PATIENCE)
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
    status = Path(f"/proc/{server.process.pid}/status")
    return int(status.read_text().split("VmRSS:")[1].split()[0]) // 1024 if status.exists() else 0


def pictures(dice: Random, seconds: float, _folder: Path) -> Iterator[Find]:
    """Bytes that were pictures, to be drawn from and to be looked at."""
    from PIL import Image

    from bench.pictures import FORMATS, encoded, noise
    from storage.input_pictures import check_picture, shrink

    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # such are refused
    good = [encoded(noise("RGB", 40), kind) for kind in FORMATS if kind != "GIF"]
    good += [encoded(noise("P", 40), kind) for kind in ("PNG", "GIF")]
    yield from _try(dice, seconds, good, {"check": check_picture, "shrink": shrink})


def templates(dice: Random, seconds: float, _folder: Path) -> Iterator[Find]:
    """Prompt files that an author saved in between, parsed and filled in."""
    from prompts.library_template import parse_library_template
    from prompts.template import parse_template

    def library(data: bytes, _name: str) -> None:
        template = parse_library_template("kettle", "art", data.decode(errors="replace"))
        template.render(dict.fromkeys(template.parameters, "a"))

    def text(data: bytes, _name: str) -> None:
        parse_template("kettle", data.decode(errors="replace")).render()

    shipped = [path.read_bytes() for path in sorted((ROOT / "prompts").rglob("*")) if path.is_file()
               and path.suffix in {".yaml", ".j2"}]  # fmt: skip
    yield from _try(dice, seconds, shipped, {"library": library, "text": text})


def imports(dice: Random, seconds: float, folder: Path) -> Iterator[Find]:
    """Records of elsewhere, of this program and of the one before it."""
    from storage.database import Database
    from storage.export import import_document
    from storage.legacy_import import convert_legacy

    database = Database(folder / "imports")
    runner = asyncio.Runner()

    def current(data: bytes, _name: str) -> None:
        runner.run(import_document(database, data.decode(errors="replace")))

    def legacy(data: bytes, _name: str) -> None:
        runner.run(import_document(database, convert_legacy(data.decode(errors="replace"))))

    with runner:
        exported = runner.run(_exported(folder))
        older = as_line({
            "conversation_id": "c1", "created_at": "2025-03-01T10:00:00", "messages": [
                {"role": "user", "content": "a fox", "timestamp": "2025-03-01T10:00:00"},
                {"role": "assistant", "content": "Which style?"},
            ], "generated_images": [{"path": "a.png", "prompt": "a fox"}],
        })  # fmt: skip
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            one, how = dice.choice([(exported, current), (older, legacy)])
            yield from _try(dice, 0, [one], {how.__name__: how}, json_too=True)
        runner.run(database.close())


async def _exported(folder: Path) -> bytes:
    """A conversation as it leaves: asked, answered, drawn."""
    from fastmcp import Client

    from server import create_server
    from settings import Settings
    from storage.export import as_json

    settings = Settings(sandbox=True, data_dir=folder / "source", images_dir=folder / "pictures")
    server = create_server(settings)
    async with Client(server) as client:
        asked = await client.call_tool(
            "openai_image_consultation", {"message": "a fox", "finish": True}
        )
        key = (asked.structured_content or {})["conversation_id"]
        await client.call_tool("openai_conversational_image", {"conversation_id": key})
    from storage.database import Database
    from storage.records import Records

    database = Database(folder / "source")
    text = as_json(await Records(database).load(key), [])
    await database.close()
    return text.encode()


def _try(
    dice: Random,
    seconds: float,
    good: list[bytes],
    ways: dict[str, Callable[[bytes, str], object]],
    *,
    json_too: bool = False,
) -> Iterator[Find]:
    """Bend good inputs until the time is up, once at least; a `Problem` is a good answer."""
    tries, until = 0, time.monotonic() + seconds
    while tries == 0 or time.monotonic() < until:
        tries += 1
        one, name = dice.choice(good), dice.choice(list(ways))
        is_json = json_too and dice.random() < 0.7
        data = as_line(warped(json.loads(one), dice)) if is_json else bent(one, dice)
        began = time.monotonic()
        try:
            ways[name](data, "a")
        except Problem as problem:
            if len(str(problem)) > 2000:
                yield f"{name}: an error of {len(str(problem))} letters", data
        except Exception as error:  # what else is raised is the find
            yield f"{name}: {type(error).__name__}: {str(error)[:300]}", data
        if time.monotonic() > began + PATIENCE:
            yield f"{name}: took {time.monotonic() - began:.0f} s", data
    if not json_too:
        print(f"{'/'.join(ways)}: {tries} inputs")


TARGETS: dict[str, Callable[[Random, float, Path], Iterator[Find]]] = {
    "stdio": stdio, "http": http, "pictures": pictures, "templates": templates, "imports": imports,
}  # fmt: skip


def main() -> int:
    """Try each target for its share of the time; 1 where something broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    share = options.seconds / len(options.targets)
    finds: dict[str, Find] = {}
    for target in options.targets:
        with tempfile.TemporaryDirectory() as place:
            for words, data in TARGETS[target](Random(options.seed), share, Path(place)):
                kind = f"{target}: {re.sub(r'[0-9]+', '0', words)[-200:]}"
                if kind not in finds:
                    finds[kind] = (words, data)
                    print(f"FOUND {target}: {words}\n  by {data[:1000]!r}", flush=True)
    print(f"{len(finds)} finds")
    return int(bool(finds))


if __name__ == "__main__":
    sys.exit(main())
