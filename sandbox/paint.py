"""Placeholder scenes: five compositions whose colours and shapes come from the prompt."""

import math
from collections.abc import Callable
from typing import TypeAlias

from PIL import Image, ImageDraw

from sandbox.dice import Colour, Dice

Size: TypeAlias = tuple[int, int]
_SMOOTH = 2
_LONGEST = 1536
_STRIPES = 24


def scene(words: str, size: Size, *, transparent: bool = False) -> Image.Image:
    """Return a picture of that size; on a transparent ground only its shapes are opaque."""
    longest = max(size)
    scale = min(1.0, _LONGEST / longest)
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    dice = Dice(words)
    if transparent:
        image = Image.new("RGBA", small, (*dice.colour(0.5, 0.5, 0.8), 0))
        dice.pick(_EMBLEMS)(image, dice)
    else:
        image = _sky(small, dice)
        dice.pick(_SCENES)(image, dice)
    return image if small == size else image.resize(size, Image.Resampling.BICUBIC)


def stamp(
    image: Image.Image, colour: Colour, opacity: float, draw: Callable[[ImageDraw.ImageDraw], None]
) -> None:
    """Lay a shape with smooth edges over an image; `draw` works at `_SMOOTH` times its size."""
    mask = Image.new("L", (image.width * _SMOOTH, image.height * _SMOOTH))
    draw(ImageDraw.Draw(mask))
    mask = mask.reduce(_SMOOTH)
    if opacity < 1:
        mask = mask.point([round(level * opacity) for level in range(256)])
    image.paste((*colour, 255) if image.mode == "RGBA" else colour, mask=mask)


def disc(
    image: Image.Image, colour: Colour, opacity: float, at: tuple[float, float], radius: float
) -> None:
    """Lay a disc over an image."""
    x, y, r = (_SMOOTH * value for value in (*at, radius))
    stamp(image, colour, opacity, lambda draw: draw.ellipse((x - r, y - r, x + r, y + r), 255))


def shape(
    image: Image.Image, colour: Colour, opacity: float, points: list[tuple[float, float]]
) -> None:
    """Lay a polygon over an image."""
    scaled = [(x * _SMOOTH, y * _SMOOTH) for x, y in points]
    stamp(image, colour, opacity, lambda draw: draw.polygon(scaled, 255))


def star(centre: tuple[float, float], radius: float, tips: int) -> list[tuple[float, float]]:
    """Return the corners of a star."""
    corners = []
    for number in range(tips * 2):
        reach = radius if number % 2 == 0 else radius * 0.5
        angle = math.pi * number / tips - math.pi / 2
        corners.append((centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle)))
    return corners


def _sky(size: Size, dice: Dice) -> Image.Image:
    top, bottom = dice.colour(0, 0.45, 0.93), dice.colour(0.09, 0.22, 0.99)
    column = Image.new("RGB", (1, _STRIPES))
    for row in range(_STRIPES):
        part = row / (_STRIPES - 1)
        mixed = [round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True)]
        column.putpixel((0, row), (mixed[0], mixed[1], mixed[2]))
    return column.resize(size, Image.Resampling.BICUBIC)


def _hills(image: Image.Image, dice: Dice) -> None:
    width, height = image.size
    short = min(image.size)
    place = (width * dice.between(0.2, 0.8), height * dice.between(0.18, 0.38))
    radius = short * dice.between(0.07, 0.13)
    disc(image, dice.colour(0.12, 0.2, 1), 0.5, place, radius * 1.5)
    disc(image, dice.colour(0.12, 0.35, 1), 1, place, radius)
    for layer in range(4):
        base = height * (0.46 + 0.12 * layer)
        swing = short * dice.between(0.03, 0.09)
        waves, phase = dice.between(1.2, 3.2), dice.between(0, 6.3)
        ridge = [
            (
                width * step / 48,
                base + swing * math.sin(phase + waves * math.tau * step / 48 / 1.6),
            )
            for step in range(49)
        ]
        colour = dice.colour(-0.04 * layer, 0.42 + 0.1 * layer, 0.8 - 0.14 * layer)
        shape(image, colour, 1, [(0, height), *ridge, (width, height)])


def _rings(image: Image.Image, dice: Dice) -> None:
    width, height = image.size
    centre = (width * dice.between(0.42, 0.58), height * dice.between(0.4, 0.5))
    reach = min(width, height) * 0.36
    for ring in range(5):
        colour = dice.colour(0.5 + 0.07 * ring, 0.62 - 0.06 * ring, 0.7 + 0.06 * ring)
        disc(image, colour, 1, centre, reach * (1 - 0.19 * ring))
    tips = dice.pick((5, 6, 8))
    shape(image, dice.colour(0.08, 0.5, 1), 1, star(centre, reach * 0.24, tips))


def _bubbles(image: Image.Image, dice: Dice) -> None:
    width, height = image.size
    for number in range(9):
        place = (width * dice.between(0.16, 0.84), height * dice.between(0.16, 0.7))
        colour = dice.colour(0.35 + 0.05 * number, 0.6, 0.92)
        disc(image, colour, 0.72, place, min(width, height) * dice.between(0.06, 0.2))


def _towers(image: Image.Image, dice: Dice) -> None:
    width, height = image.size
    moon = (width * dice.between(0.2, 0.8), height * 0.2)
    disc(image, dice.colour(0.15, 0.15, 1), 1, moon, min(width, height) * 0.08)
    for layer in range(3):
        colour = dice.colour(0.05 * layer, 0.35 + 0.15 * layer, 0.72 - 0.2 * layer)
        left = 0.0
        while left < width:
            right = left + width * dice.between(0.06, 0.13)
            top = height * dice.between(0.26 + 0.14 * layer, 0.5 + 0.12 * layer)
            ImageDraw.Draw(image).rectangle((left, top, right, height), colour)
            left = right


def _facets(image: Image.Image, dice: Dice) -> None:
    width, height = image.size
    across, down = 6, 6
    points = {
        (x, y): (
            width * (x + (dice.between(-0.3, 0.3) if 0 < x < across else 0)) / across,
            height * (y + (dice.between(-0.3, 0.3) if 0 < y < down else 0)) / down,
        )
        for x in range(across + 1)
        for y in range(down + 1)
    }
    draw = ImageDraw.Draw(image)
    for x in range(across):
        for y in range(down):
            a, b = points[x, y], points[x + 1, y]
            c, d = points[x + 1, y + 1], points[x, y + 1]
            for corners in ((a, b, c), (a, c, d)):
                lit = dice.between(0.62, 0.97)
                draw.polygon(corners, dice.colour(dice.between(-0.07, 0.14), 0.5, lit))


_SCENES = (_hills, _rings, _bubbles, _towers, _facets)
_EMBLEMS = (_rings, _bubbles)
