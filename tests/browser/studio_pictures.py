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

STYLE_SCREENS = {"pictures disagree", "choosing a style"}
"""Of the walk through styles, what the docs show; the rest is said in words."""

PICTURES_MS = 500
"""Until small pictures are there, from this machine's own cache."""

PHONES = ["create", "questions", "picture", "history", "gallery"]
"""What is shown beside each other as on a phone."""
PHONE_WIDTH, GAP = 300, 16


def take_studio(browser: "Browser", sandbox: Sandbox, settings: Settings, folder: Path) -> None:
    """Walk through the studio at a desk in light, and on a phone in dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)

    def tour(one: Visitor) -> Iterator[str]:
        return studio_tour(one, sandbox)

    frames = []
    for name, one in _walk(browser, settings, folder / "desk", tour, viewport=DESK):
        frames.append(_narrowed(_shot(one), WALK_WIDTH))
        save(_whole(one), name)
    for name, one in _walk(browser, settings, folder / "styles", style_tour, viewport=DESK):
        if name in STYLE_SCREENS:
            save(_whole(one), name)
    frames[0].save(
        PICTURES / f"{WALK}.webp",
        quality=QUALITY,
        method=6,
        save_all=True,
        append_images=frames[1:],
        duration=WALK_MS,
        loop=0,
    )
    walk = _walk(
        browser, settings, folder / "phone", tour,
        viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark", device_scale_factor=2,
    )  # fmt: skip
    phone = {name: _shot(one) for name, one in walk}
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
) -> Iterator[tuple[str, Visitor]]:
    """Every screen by its name, before a person who has drawn nothing before."""
    settings = settings.model_copy(update={"data_dir": folder})
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio, **context)
        for name in tour(one):
            if name != "drawing":
                one.settle()
            one.page.mouse.move(0, 0)
            yield name, one
        one.leave()


def _shot(one: Visitor) -> Image.Image:
    """What is seen in the window at the top of the page."""
    one.page.evaluate("scrollTo(0, 0)")
    data = one.page.screenshot(animations="disabled")
    return Image.open(io.BytesIO(data)).convert("RGB")


def _whole(one: Visitor) -> Image.Image:
    """The whole page, as in a window that is high enough for it."""
    window = one.page.viewport_size
    height = int(one.page.evaluate("document.documentElement.scrollHeight"))
    one.page.set_viewport_size({"width": DESK["width"], "height": height})
    one.page.wait_for_timeout(PICTURES_MS)  # pictures that were below the window load now
    image = _shot(one)
    one.page.set_viewport_size(window or DESK)
    return image


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, image.height * width // image.width), Image.Resampling.LANCZOS)


def _beside(images: list[Image.Image]) -> Image.Image:
    """Pictures of one height in a row."""
    small = [_narrowed(image, PHONE_WIDTH) for image in images]
    row = Image.new("RGB", ((PHONE_WIDTH + GAP) * len(small) - GAP, small[0].height), "white")
    for place, image in enumerate(small):
        row.paste(image, (place * (PHONE_WIDTH + GAP), 0))
    return row
