"""Take the pictures of the studio's screens, and one that moves through all of them."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.browser.studio import DESK, PHONE, Visitor, serve_studio
from tests.browser.studio_tour import studio_tour
from tests.browser.style_tour import style_tour

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).parents[2] / "docs/pictures/studio"
QUALITY = 70

WALK, WALK_WIDTH, WALK_MS = "walkthrough", 800, 1800
"""The one that moves: pixels of its width, and how long each screen stays."""

SHOWN = [
    "create", "questions", "library", "template", "picture", "history", "found again", "about",
    "pictures disagree", "choosing a style",
]  # fmt: skip
"""What the docs show by itself; the rest is in the one that moves."""

PHONES = ["create", "questions", "picture", "history", "gallery"]
"""What is shown beside each other as on a phone."""
PHONE_WIDTH, GAP = 300, 16


def take_studio(browser: "Browser", sandbox: Sandbox, settings: Settings, folder: Path) -> None:
    """Walk through the studio at a desk in light, and on a phone in dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def tour(one: Visitor) -> Iterator[str]:
        return studio_tour(one, sandbox)

    desk = _walk(browser, settings, folder / "desk", tour, viewport=DESK)
    styles = _walk(browser, settings, folder / "styles", style_tour, viewport=DESK)
    for name in SHOWN:
        save((desk | styles)[name], name)
    frames = [_narrowed(image, WALK_WIDTH) for image in desk.values()]
    frames[0].save(
        PICTURES / f"{WALK}.webp",
        quality=QUALITY,
        method=6,
        save_all=True,
        append_images=frames[1:],
        duration=WALK_MS,
        loop=0,
    )
    phone = _walk(
        browser, settings, folder / "phone", tour,
        viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark", device_scale_factor=2,
    )  # fmt: skip
    save(_beside([phone[name] for name in PHONES]), "phone")


def save(image: Image.Image, name: str) -> None:
    """Write one picture for the docs."""
    image.save(PICTURES / f"{name.replace(' ', '-')}.webp", quality=QUALITY, method=6)


def _walk(
    browser: "Browser",
    settings: Settings,
    folder: Path,
    tour: Callable[[Visitor], Iterator[str]],
    **context: object,
) -> dict[str, Image.Image]:
    """Every screen by its name, of a person who has drawn nothing before."""
    settings = settings.model_copy(update={"data_dir": folder})
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio, **context)
        screens = {}
        for name in tour(one):
            if name != "drawing":
                one.settle()
            one.page.mouse.move(0, 0)
            data = one.page.screenshot(animations="disabled")
            screens[name] = Image.open(io.BytesIO(data)).convert("RGB")
        one.leave()
    return screens


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS)


def _beside(images: list[Image.Image]) -> Image.Image:
    """Pictures of one height in a row."""
    small = [_narrowed(image, PHONE_WIDTH) for image in images]
    row = Image.new("RGB", ((PHONE_WIDTH + GAP) * len(small) - GAP, small[0].height), "white")
    for place, image in enumerate(small):
        row.paste(image, (place * (PHONE_WIDTH + GAP), 0))
    return row
