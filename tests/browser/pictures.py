"""Take the pictures of the view and of the studio in `docs/`, and write down what a screen reader
meets.

    uv run python -m tests.browser.pictures

plays every state on the sandbox.
"""

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.browser.aria import write_snapshot
from tests.browser.chat import Chat, open_browser
from tests.browser.server import serve_chat
from tests.browser.studio_pictures import take_studio
from tests.browser.tour import tour

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame

PICTURES = Path(__file__).parents[2] / "docs/pictures/view"
WIDTH = 640
SHARPNESS = 1.5
"""Pixels of a picture for one of the page: small letters stay legible, the file small."""

DARK = {"questions", "picture", "comparing"}
NARROW = {"questions", "prompt", "painting"}


def take(view: "Frame", name: str) -> None:
    """One picture of what is seen now."""
    data = view.locator("main").screenshot(animations="disabled")
    file = PICTURES / f"{name.replace(' ', '-')}.webp"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(data)).convert("RGB").save(file, quality=72, method=6)


def main() -> None:
    """Play all states once, and take what there is to take of each."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox, open_browser() as browser:
        settings = Settings(
            openai_api_key="sk-pictures",
            openai_base_url=sandbox.base_url,
            data_dir=Path(folder) / "data",
            images_dir=Path("/tmp/Pictures"),
            wait_seconds=3,
            partial_images=2,
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
            if state in DARK:
                chat.turn("dark")
                take(chat.view, f"{state} dark")
                chat.turn("light")
            if state in NARROW:
                chat.widen(320)
                take(chat.view, f"{state} narrow")
                chat.widen(WIDTH)


if __name__ == "__main__":
    main()
