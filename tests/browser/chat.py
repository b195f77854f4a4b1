"""A person before a chat: what they see of the view, and what they do with it."""

import functools
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from settings import Settings
from storage.database_file import FILE_NAME
from tests.browser.host import Host

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    # With a process of its own a frame that has just grown misses clicks on the part that is new:
    # the browser's process still knows its size of before, and hands them to the chat's page.
    "--disable-site-isolation-trials",
]  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""Those of axe's rules that another theme can break."""
PATIENCE_MS = 60_000
"""For one step: two slow cores that others use, too."""

GEOMETRY = (Path(__file__).parent / "geometry.js").read_text("utf-8")
"""What of the page is cut, too small to hit, or lies over something else."""

FOCUS = """(() => {
  const one = document.activeElement;
  return one === document.body ? "" : one.textContent + (one.labels?.[0]?.textContent ?? "");
})()"""
"""What the element says that the keyboard acts on."""


def chromium() -> str | None:
    """The browser of this machine, if it has one."""
    return shutil.which("chromium")


NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (chromium() and find_spec("playwright") and find_spec("axe_playwright_python")),
        reason="Chromium and `uv sync --group browser` are needed",
    ),
]
"""The marks of a module whose tests open a browser."""


def paid_calls(settings: Settings) -> int:
    """Requests for pictures in the journal, which the first call begins."""
    path = settings.data_dir / FILE_NAME
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM jobs").fetchone()[0])


@functools.cache
def axe() -> str:
    """axe-core's script, as the Python package brings it."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def inaccessible(page: "Frame | Page", rules: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong in a page, by these of its rules or by all that count."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    found: list[str] = page.evaluate(
        "async (chosen) => (await axe.run(document, {runOnly: chosen}))"
        ".violations.map((one) => `${one.id}: ${one.nodes[0].html}`)",
        chosen,
    )
    return found


def until(view: "Frame", condition: str) -> None:
    """Wait until this holds; Playwright's own way is now and then closed by the page's policy."""
    view.evaluate(
        "new Promise((done) => { const look = () => ("
        f"{condition}) ? done() : setTimeout(look, 20); look(); }})"
    )


def reach(view: "Frame | Page", page: "Page", words: str, key: str = "Tab") -> None:
    """Tab to what says this; the focus has to be where one sees it."""
    end = time.monotonic() + PATIENCE_MS / 1000  # what it belongs to may not be there yet
    while words not in view.evaluate(FOCUS):
        assert time.monotonic() < end, f"{words} is not reached by {key}"
        page.keyboard.press(key)


@contextmanager
def slow(page: "Page", words: str, *, answers: bool = False) -> Iterator[list[Any]]:
    """Have requests that say this, or their answers, arrive at the end; what was held back."""
    held: list[Any] = []

    def delay(route: Any) -> None:
        request = route.request
        if words.encode() not in request.url.encode() + (request.post_data_buffer or b""):
            route.fallback()
        elif answers:
            held.append(functools.partial(route.fulfill, response=route.fetch()))
        else:
            held.append(route.continue_)

    page.route("**/*", delay)
    yield held
    while not held:  # the browser may not have told of it yet
        page.wait_for_timeout(20)
    for one in held:
        one()
    page.unroute("**/*", delay)


@contextmanager
def open_browser() -> Iterator["Browser"]:
    """A headless browser with folders of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=SWITCHES)
        try:
            yield browser
        finally:
            browser.close()


class Chat:
    """One chat with one view in it."""

    def __init__(self, page: "Page", host: Host) -> None:
        self.page, self._host = page, host
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))

    def show(self, tool: str, args: dict[str, Any], **given: Any) -> "Frame":
        """Have the model call a tool, and the host show the view of it."""
        self.page.goto("about:blank")
        self.page.goto(self._host.address(tool, args, **given))
        return self.view

    @property
    def view(self) -> "Frame":
        """The innermost frame, once the page stands in it."""
        outer = self.page.frame_locator("#frame")
        outer.frame_locator("iframe").locator("main").wait_for()
        return next(
            frame
            for frame in self.page.frames
            if frame.parent_frame and frame.parent_frame.parent_frame
        )

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What the host passed on to the server, but for reading."""
        calls: list[dict[str, Any]] = self.page.evaluate("calls")
        return [call for call in calls if call["name"] != "view_read"]

    @property
    def conversation(self) -> str:
        """The id of the one that the model's call was answered about."""
        return str(self.page.evaluate("window.result.structuredContent.conversation_id"))

    def call(self, tool: str, args: dict[str, Any]) -> None:
        """Have the host call a tool of the server."""
        self.page.evaluate("(params) => call(params)", {"name": tool, "arguments": args})

    def remount(self) -> None:
        """The host builds the frame anew and says the same to it, as soon as it listens."""
        self.page.evaluate("new Promise((heard) => { window.heard = heard; mount(); })")

    def turn(self, theme: str) -> None:
        """The host turns light or dark."""
        self.page.evaluate("(theme) => turn(theme)", theme)
        until(self.view, f"document.documentElement.dataset.theme === '{theme}'")

    def widen(self, width: int) -> None:
        """The chat's window gets this width."""
        self.page.set_viewport_size({"width": width, "height": 1600})
        until(self.view, f"innerWidth === {width}")

    def enlarge(self, percent: int) -> None:
        """The person has all letters shown in this size."""
        self.view.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")

    def settle(self) -> None:
        """Wait until every picture of the page is there and its height is the host's."""
        self.view.locator("p.pulse:not([hidden])").first.wait_for(state="detached")
        self.view.evaluate(
            "Promise.all([...document.images].map((one) => one.decode().catch(() => null)))"
        )
        self.page.wait_for_timeout(100)

    def accessible(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe finds wrong, by these of its rules or by all that count."""
        return inaccessible(self.view, rules)

    def geometry(self) -> list[str]:
        """What is cut or lies over something else."""
        found: list[str] = self.view.evaluate(GEOMETRY)
        return found

    def _hear(self, kind: str, text: str) -> None:
        # A frame of a foreign origin is refused the clipboard, which the browser tells for itself.
        if kind == "error" and "Clipboard API" not in text:
            self.faults.append(text)
