"""Pictures in five looks, each of any subject: what a style is measured of in tests and docs.

They are painted by chance that is the same each time. `python -m tests.looks` renews the picture
of `docs/styles.md`.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

FLAT_COLOURS = ["#f4d35e", "#ee964b", "#0d3b66", "#faf0ca", "#f95738"]
WASHES = ["#9cc5d8", "#d8b4a0", "#b7c9a8", "#e3c9d6"]
LAMPS = ["#ffd9a0", "#ffb860", "#fff0d0"]
Dice = np.random.Generator
Box = tuple[float, float, float, float]


def box(dice: Dice, edge: int, least: float, most: float) -> Box:
    """A square somewhere in a picture."""
    size = dice.uniform(least, most) * edge
    left, top = dice.uniform(-0.1, 0.9, 2) * edge
    return left, top, left + size, top + size


def flat(dice: Dice, edge: int) -> Image.Image:
    """Shapes of plain colour without a line around them."""
    image = Image.new("RGB", (edge, edge), FLAT_COLOURS[0])
    pen = ImageDraw.Draw(image)
    for place in range(9):
        colour = FLAT_COLOURS[(place + 1) % len(FLAT_COLOURS)]
        draw = [pen.ellipse, pen.rectangle][int(dice.integers(2))]
        draw(box(dice, edge, 0.15, 0.45), fill=colour)
    return image


def ink(dice: Dice, edge: int) -> Image.Image:
    """Black strokes on white paper, hatched."""
    image = Image.new("RGB", (edge, edge), "white")
    pen = ImageDraw.Draw(image)
    width = max(edge // 200, 1)
    for _ in range(28):
        left, top, right, bottom = box(dice, edge, 0.1, 0.3)
        step, lean = edge / 64, dice.uniform(-0.3, 0.3) * (right - left)
        for at in np.arange(left, right, step):
            pen.line((at, top, at + lean, bottom), fill="black", width=width)
        pen.arc((left, top, right, bottom), 0, 300, fill="black", width=2 * width)
    return image


def watercolour(dice: Dice, edge: int) -> Image.Image:
    """Pale washes that run into each other, on paper with a tooth."""
    image = Image.new("RGB", (edge, edge), "#f7f3ea")
    for place in range(14):
        wash = Image.new("RGB", image.size, "white")
        ImageDraw.Draw(wash).ellipse(box(dice, edge, 0.3, 0.6), fill=WASHES[place % len(WASHES)])
        image = ImageChops.multiply(image, wash.filter(ImageFilter.GaussianBlur(edge / 50)))
    return grained(image, dice, 5.0)


def night(dice: Dice, edge: int) -> Image.Image:
    """A dark sky, and lamps that glow."""
    image = Image.new("RGB", (edge, edge), "#0a1024")
    ImageDraw.Draw(image).rectangle((0, edge * 0.7, edge, edge), fill="#05070f")
    glow = Image.new("RGB", image.size)
    for place in range(10):
        lamp = box(dice, edge, 0.02, 0.05)
        ImageDraw.Draw(glow).ellipse(lamp, fill=LAMPS[place % len(LAMPS)])
    image = ImageChops.screen(image, glow.filter(ImageFilter.GaussianBlur(edge / 60)))
    return grained(ImageChops.screen(image, glow), dice, 1.5)


def product(dice: Dice, edge: int) -> Image.Image:
    """One thing in the middle of white, with a soft shadow."""
    image = Image.new("RGB", (edge, edge), "#fafafa")
    middle, size = edge * dice.uniform(0.46, 0.54), edge * dice.uniform(0.2, 0.25)
    low = edge * 0.75
    shadow = Image.new("L", image.size)
    ImageDraw.Draw(shadow).ellipse((middle - size, low - size / 6, middle + size, low + size / 6),
                                   fill=120)  # fmt: skip
    image.paste("#909090", mask=shadow.filter(ImageFilter.GaussianBlur(edge / 40)))
    body = Image.linear_gradient("L").rotate(90).resize(image.size)
    colour = ["#b04a32", "#3e6a8a", "#7a8a4a"][int(dice.integers(3))]
    shade = ImageChops.multiply(
        Image.new("RGB", image.size, colour), Image.merge("RGB", [body.point(shadow_of)] * 3)
    )
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).rounded_rectangle(
        (middle - size * 0.7, low - size * 2, middle + size * 0.7, low), size / 4, fill=255
    )
    image.paste(shade, mask=mask)
    return image


def shadow_of(value: int) -> int:
    """The light on a rounded side: never quite dark."""
    return 140 + value // 2 * 115 // 127


def grained(image: Image.Image, dice: Dice, strength: float) -> Image.Image:
    """A picture with grain as fine as a thousandth of 512 pixels' edge shows it."""
    small = dice.normal(0, strength, (512, 512)).clip(-127, 127)
    noise = Image.fromarray((small + 128).astype(np.uint8)).resize(image.size)
    return ImageChops.add(image, Image.merge("RGB", [noise] * 3), offset=-128)


LOOKS: dict[str, Callable[[Dice, int], Image.Image]] = {
    "flat": flat, "ink": ink, "watercolour": watercolour, "night": night, "product": product,
}  # fmt: skip


def paint(look: str, take: int = 0, edge: int = 1024) -> Image.Image:
    """A picture in a look; each take is another subject."""
    return LOOKS[look](np.random.default_rng([take, sum(look.encode())]), edge)


def answer_in_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have OpenAI's side draw in the look that a prompt names, in place of its placeholders."""

    def scene(words: str, _size: tuple[int, int], _orders: str, **_: Any) -> Image.Image:
        look = next(name for name in LOOKS if name in words)
        return paint(look, len(words), 256)

    monkeypatch.setattr("sandbox.placeholder.scene", scene)
    monkeypatch.setattr("sandbox.placeholder.sign", lambda *_: None)


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    """A picture as a file."""
    target = io.BytesIO()
    image.save(target, kind, **{"compress_level": 1, "method": 0, **options})
    return target.getvalue()


def sheet(edge: int = 160) -> Image.Image:
    """Two takes of each look, one above the other."""
    page = Image.new("RGB", (len(LOOKS) * (edge + 8) - 8, 2 * edge + 8), "white")
    for column, look in enumerate(LOOKS):
        for take in range(2):
            small = paint(look, take).resize((edge, edge))
            page.paste(small, (column * (edge + 8), take * (edge + 8)))
    return page


if __name__ == "__main__":
    place = Path(__file__).parent.parent / "docs" / "pictures" / "styles.jpg"
    place.write_bytes(encoded(sheet(), "JPEG", quality=80))
