"""Take the pictures of the view and of the studio in `docs/`, and write down what a screen reader
meets.

    uv run python -m tests.browser.pictures

plays every state on the sandbox.
"""

import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.browser.aria import write_snapshot
from tests.browser.chat import Chat, open_browser
from tests.browser.server import serve_chat, settings_in
from tests.browser.studio_pictures import take_studio
from tests.browser.tour import tour
from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame

DOCS = ROOT / "docs"
WIDTH = 640
SHARPNESS = 1.5
"""Pixels of a picture for one of the page: small letters stay legible, the file small."""

SHOWN = set(re.findall(r"pictures/view/([\w-]+)\.webp", (DOCS / "view.md").read_text("utf-8")))
"""What the page shows; the other states are walked through for what a screen reader meets."""


def take(view: "Frame", name: str) -> None:
    """One picture of what is seen now, if the page shows it."""
    if name not in SHOWN:
        return
    data = view.locator("main").screenshot(animations="disabled")
    file = DOCS / f"pictures/view/{name}.webp"
    Image.open(io.BytesIO(data)).convert("RGB").save(file, quality=72, method=6)


def main() -> None:
    """Play all states once, and take what there is to take of each."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox, open_browser() as browser:
        settings = settings_in(
            Path(folder), sandbox, images_dir=Path("/tmp/Pictures"), wait_seconds=3
        )
        take_view(browser, sandbox, settings)
        take_studio(browser, sandbox, settings, Path(folder))


def take_view(browser: "Browser", sandbox: Sandbox, settings: Settings) -> None:
    """The states of the view."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": 1600},
        device_scale_factor=SHARPNESS,
        reduced_motion="reduce",
    )
    with serve_chat(settings) as host:
        chat = Chat(page, host)
        for state in tour(chat, sandbox):
            chat.settle()
            write_snapshot(chat, state)
            take(chat.view, state)
            if state == "questions":
                chat.turn("dark")
                take(chat.view, "questions-dark")
                chat.turn("light")
                chat.widen(320)
                take(chat.view, "questions-narrow")
                chat.widen(WIDTH)


if __name__ == "__main__":
    main()
