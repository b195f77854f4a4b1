"""Judge every state of the view in each language, width, size of letters and theme.

    uv run python -m tests.browser.survey

What the tests have no time for: they judge each state in four sizes by geometry, and in one of
them by axe. Here it is all of them by both, and the frame is built anew a hundred times. It takes
six minutes, prints each fault, and exits with 1 where there is one.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.loopback import Sandbox
from tests.browser.chat import Chat, open_browser, paid_calls
from tests.browser.server import serve_chat, settings_in
from tests.browser.tour import GERMAN, press, remount, see, tour
from tests.calls import CONSULT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS = (320, 640, 1280)
LETTERS = (100, 200)
THEMES = ("light", "dark")
REMOUNTS = 34
"""In each of three states."""


def judge(browser: "Browser", language: str) -> Iterator[str]:
    """The faults of every state in a language."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), sandbox, wait_seconds=3)
        with serve_chat(settings) as host:
            one = Chat(browser.new_page(reduced_motion="reduce"), host)
            count = 0
            for state in tour(one, sandbox, language):
                one.settle()
                for width, letters in product(WIDTHS, LETTERS):
                    one.widen(width)
                    one.enlarge(letters)
                    found = one.geometry()
                    for theme in THEMES:
                        one.turn(theme)
                        found += [f"{theme}: {fault}" for fault in one.accessible()]
                        count += 1
                    where = f"{language}, {state}, {width} pixels, letters {letters} %"
                    yield from (f"{where}: {fault}" for fault in found)
                one.widen(640)
                one.enlarge(100)
            one.page.close()
    print(f"{language}: judged {count} times", flush=True)
    yield from one.faults


def purchases(browser: "Browser") -> Iterator[str]:
    """What was bought by frames that were built anew, before, after and behind a failed drawing."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), sandbox, wait_seconds=3)
        with serve_chat(settings) as host:
            one = Chat(browser.new_page(), host)
            one.show(CONSULT, {"message": "A lighthouse in a storm"})
            press(one.view, "Decide the rest for me")
            see(one.view, "The prompt")
            remount(one, "The prompt", REMOUNTS)
            none = paid_calls(settings)
            sandbox.fail("moderation_http", kind="image")
            press(one.view, "Draw it, about")
            one.view.get_by_role("alert").wait_for()
            remount(one, "No picture came", REMOUNTS)
            failed = paid_calls(settings)
            press(one.view, "Draw it anew, about")
            one.view.get_by_text("How do you like it?").wait_for()
            remount(one, "How do you like it?", REMOUNTS)
            drawn = paid_calls(settings)
            one.page.close()
    print(f"built anew {3 * REMOUNTS} times", flush=True)
    if (none, failed, drawn) != (0, 1, 2):
        yield f"pictures asked for: {none}, {failed}, {drawn} instead of 0, 1, 2"


def main() -> int:
    """Print each fault; 1 where there is one."""
    is_whole = True
    with open_browser() as browser:
        for faults in (judge(browser, "en"), judge(browser, GERMAN), purchases(browser)):
            for fault in faults:
                print(fault, flush=True)
                is_whole = False
    return int(not is_whole)


if __name__ == "__main__":
    sys.exit(main())
