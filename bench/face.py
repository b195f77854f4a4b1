"""What the view and the studio cost: their pages, their answers, their first sight.

Run: `python -m bench.face`. A server process is asked over stdio about the sandbox's pictures. The
time of an answer is the processor time of the server, the mean of 50: other work on the machine
adds little to it; so does that of what the studio reads of 10,000 conversations. With Chromium and
the dependency group `browser` a chat shows the view; without them that is said. Exits with 1 where
a bar is missed. Linux only: time and memory are from /proc.
"""

import argparse
import asyncio
import base64
import gzip
import io
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from app import App
from bench.author import COMMON, RARE, fill
from bench.measurement import Measurement, peak, processor, report
from sandbox.loopback import Sandbox
from storage.stamps import before
from studio import assembler
from studio.routes import ASSETS
from tests.folders import environment_in, settings_in
from tests.rpc import SERVE, Server
from tools.studio import costs
from tools.studio_state import OVERLAP, gallery_page, pulse

CONSULT, DRAW = "openai_image_consultation", "openai_conversational_image"
IDEA = {"message": "a lighthouse in a storm"}
PICTURES = 24
"""A page of the gallery."""
AT_ONCE = 8
CALLS = 50
CONVERSATIONS = 10_000
SIGHTS = 5
"""Frames of which the quickest counts; here other work adds."""


def page() -> Iterator[Measurement]:
    """The view as hosts load it."""
    data = assembler.page("view.js", "The view").encode()
    vendored = (assembler.MODULES / "vendor" / "preact.js").stat().st_size
    yield Measurement("the view, one file", len(data) / 1000, "kB", 80)
    yield Measurement("the view, compressed", len(gzip.compress(data)) / 1000, "kB", 28)
    yield Measurement("vendored code", vendored / 1000, "kB", 16)


def tools() -> Iterator[Measurement]:
    """The list of tools of the core toolset, and what a model reads of it."""
    for opening in ("initialize", "discover"):
        with tempfile.TemporaryDirectory() as folder, _server(folder, "http://127.0.0.1:9") as one:
            result = one.ask("tools/list", modern=one.open(opening))["result"]
        yield Measurement(f"list of tools after {opening}", _size(result) / 1000, "kB", 12)
    words = [
        {name: tool[name] for name in ("name", "description", "inputSchema")}
        for tool in result["tools"]
    ]
    yield Measurement("what a model reads of it", _size(words) / 1000, "kB", 6.5)


def answers() -> Iterator[Measurement]:
    """What the view reads and keeps, in milliseconds and bytes, and the memory for it."""
    with (
        Sandbox() as sandbox,
        tempfile.TemporaryDirectory() as folder,
        _server(folder, sandbox.base_url) as server,
    ):
        server.open("initialize")
        asked = _call(server, CONSULT, **IDEA)["conversation_id"]
        drawn = [
            _call(server, DRAW, prompt=f"a fox, take {take}", dialogue_mode="skip")
            for take in range(PICTURES)
        ]
        image, place = drawn[-1]["images"][0], drawn[-1]["conversation_id"]
        mask = _painted(image["width"], image["height"])
        before = peak(server.process.pid)
        yield from _answer(server, "state of a dialogue", 50, what="state", id=asked)
        yield from _answer(server, "state of a picture", 50, what="state", id=place)
        yield from _answer(server, "progress", 50, what="progress", id=place)
        yield from _answer(server, f"{PICTURES} thumbnails", 300, what="list")
        yield from _answer(server, "picture", 300, what="picture", id=image["image_id"])
        yield from _answer(server, "costs", 50, what="costs")
        kept = {"what": "mask", "id": image["image_id"], "value": mask}
        yield Measurement("mask kept", _time(server, "view_keep", kept), "ms", 300)
        added = peak(server.process.pid) - before
        yield Measurement("memory that the view's calls add", added, "MB", 60)
        for take in range(AT_ONCE):
            sandbox.fail("delay=60", kind="image")
            words = {"prompt": f"a hen, take {take}", "dialogue_mode": "skip"}
            server.request("tools/call", {"name": DRAW, "arguments": words})
        running = {"what": "progress", "query": f"a hen, take {AT_ONCE - 1}"}
        while _try(server, running).get("status") != "working":
            time.sleep(0.1)
        while_drawn = _time(server, "view_read", running)
        yield Measurement(f"progress while {AT_ONCE} are drawn", while_drawn, "ms", 50)


def sight() -> Iterator[Measurement]:
    """From a result that is there to the questions, in a chat in Chromium, and their height."""
    from tests.browser import chat
    from tests.browser.host import serve_host
    from tests.browser.server import serve_mcp

    if not (chat.chromium() and find_spec("playwright")):
        print("Not measured: the view in a chat. It needs Chromium and `--group browser`.")
        return
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), sandbox.base_url)
        with (
            serve_mcp(settings) as port,
            serve_host(f"http://127.0.0.1:{port}") as host,
            chat.open_browser() as browser,
        ):
            one = chat.Chat(browser.new_page(viewport={"width": 640, "height": 1600}), host)
            one.show(CONSULT, IDEA).get_by_role("radio").first.wait_for()
            times = [_seen_again(one) for _ in range(SIGHTS)]
            height = one.view.evaluate("document.body.getBoundingClientRect().height")
    yield Measurement("result to questions", min(times), "ms", 300)
    yield Measurement("height of the questions", height, "px", 500)


def _seen_again(one: Any) -> float:
    """Milliseconds until a frame that is built anew, and told the result, shows the questions."""
    one.remount()
    began = time.perf_counter()
    one.view.get_by_role("radio").first.wait_for()
    return (time.perf_counter() - began) * 1000


def _server(folder: str, base_url: str) -> Server:
    return Server(SERVE, environment_in(Path(folder), base_url))


def _try(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    """What `view_read` answers as data; nothing yet where it is an error."""
    given = {"name": "view_read", "arguments": arguments}
    return dict(server.ask("tools/call", given)["result"].get("structuredContent") or {})


def _call(server: Server, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers as data."""
    result = server.ask("tools/call", {"name": tool, "arguments": arguments})["result"]
    if result.get("isError"):
        raise SystemExit(f"{tool}: {result['content']}")
    return dict(result["structuredContent"])


def _answer(server: Server, name: str, bar: float, **arguments: Any) -> Iterator[Measurement]:
    """Milliseconds of an answer of `view_read` and its bytes."""
    given = {"name": "view_read", "arguments": arguments}
    result = server.ask("tools/call", given)["result"]
    if result.get("isError"):
        raise SystemExit(f"{name}: {result['content']}")
    yield Measurement(name, _time(server, "view_read", arguments), "ms", bar)
    yield Measurement(f"{name}, its answer", _size(result) / 1000, "kB", 350)


def _time(server: Server, tool: str, arguments: dict[str, Any]) -> float:
    """Milliseconds of the server's processor time for an answer."""
    given = {"name": tool, "arguments": arguments}
    server.ask("tools/call", given)
    before = processor(server.process.pid)
    for _ in range(CALLS):
        server.ask("tools/call", given)
    return (processor(server.process.pid) - before) / CALLS


def _painted(width: int, height: int) -> str:
    """A mask as base64, transparent in its middle."""
    mask = Image.new("RGBA", (width, height), "black")
    mask.paste((0, 0, 0, 0), (width // 4, height // 4, width // 2, height // 2))
    target = io.BytesIO()
    mask.save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


def _size(data: object) -> int:
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


def studio() -> Iterator[Measurement]:
    """The studio's files, and what its page waits for where there are many pictures."""
    files = [read().encode() for _, read in ASSETS.values()]
    yield Measurement("the studio's files", sum(map(len, files)) / 1000, "kB", 150)
    compressed = sum(len(gzip.compress(file)) for file in files)
    yield Measurement("the studio's files, compressed", compressed / 1000, "kB", 45)
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_reads(Path(folder)))


def opening() -> Iterator[Measurement]:
    """From an address to a page that one can type into, in Chromium."""
    from tests.browser import chat
    from tests.browser.studio import Visitor, serve_studio

    if not (chat.chromium() and find_spec("playwright")):
        return
    with (
        Sandbox() as sandbox,
        tempfile.TemporaryDirectory() as folder,
        serve_studio(settings_in(Path(folder), sandbox.base_url)) as running,
        chat.open_browser() as browser,
    ):
        page = Visitor(browser, running).page
        times = [_ready_again(page) for _ in range(SIGHTS)]
    yield Measurement("the studio, ready for typing", min(times), "ms", 500)


def _ready_again(page: Any) -> float:
    """Milliseconds until the studio, opened anew, takes an idea."""
    began = time.perf_counter()
    page.reload(wait_until="commit")
    page.get_by_label("Your idea").wait_for()
    return (time.perf_counter() - began) * 1000


async def _reads(folder: Path) -> list[Measurement]:
    """Milliseconds of what the studio reads of many conversations."""
    settings = settings_in(folder, "http://127.0.0.1:9")
    await fill(settings.data_dir, CONVERSATIONS)
    app = App(settings)
    readings: dict[str, tuple[float | None, Callable[[], Awaitable[Any]]]] = {
        "gallery": (20, lambda: gallery_page(app, "", {}, "")),
        "gallery, rated 4 or more": (50, lambda: gallery_page(app, "", {"rating": "4"}, "")),
        "gallery, a common word": (50, lambda: gallery_page(app, COMMON, {}, "")),
        "gallery, a rare word": (50, lambda: gallery_page(app, RARE, {}, "")),
        "what the page asks every 2 s": (50, lambda: pulse(app, "", "en", "en", before(OVERLAP))),
        "spending": (None, lambda: costs(app)),
    }
    found = []
    for name, (bar, reading) in readings.items():
        await reading()
        began = time.process_time()
        for _ in range(CALLS):
            await reading()
        each = (time.process_time() - began) * 1000 / CALLS
        found.append(Measurement(f"{name}, of {CONVERSATIONS:,}", each, "ms", bar))
    await app.close()
    return found


PARTS = (page, tools, answers, sight, studio, opening)


def main() -> int:
    """Print each number beside its bar; 1 where one is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    return report(measurement for part in PARTS for measurement in part())


if __name__ == "__main__":
    sys.exit(main())
