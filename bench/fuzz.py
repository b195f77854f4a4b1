"""Input that no friend sends, for a time: lines, requests, pictures, templates, imports.

Run: `python -m bench.fuzz [TARGET...] [--seconds 15] [--seed 7]`, all targets sharing the time.
The same seed gives the same inputs. What breaks is printed with its input, to be kept as a case
of a test, and ends it with 1.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from bench.fuzzed_server import PATIENCE, Errors, Find, environment
from bench.hostile_input import as_line, bent, hostile, warped
from bench.http_flood import http
from errors import Problem
from tests.conftest import ROOT
from tests.rpc import SERVE, Server


def stdio(dice: Random, seconds: float, folder: Path) -> Iterator[Find]:
    """Lines to one server, which answers a ping behind each."""
    tries = 0
    with Server([*SERVE, "--sandbox"], environment(folder)) as server:
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
    text = as_json(await Records(database).load(key))
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
