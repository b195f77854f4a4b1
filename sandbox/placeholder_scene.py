"""What a placeholder shows: a scene whose colours and shapes come from the prompt, and words.

The mark SANDBOX says that no model drew it, so that nobody takes it for a picture they paid for.
"""

import colorsys
import hashlib
import math
import re
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Size = tuple[int, int]
Colour = tuple[int, int, int, int]

MARK = "SANDBOX"
NOTE = "placeholder, no model was asked"
INK, PALE_INK, CARD = (255, 255, 255), (190, 196, 210), (24, 26, 34)
DISCS, RIDGES, RIDGE_STEPS = 6, 3, 48
MOST_LETTERS, LONGEST_WORD, MOST_LINES = 600, 30, 3
"""What fits on the card, and what Pillow measures in no time."""

TYPOGRAPHY = frozenset("–—‘’“”„…«»€")
LATIN_END = 0x250
"""The letters that Pillow's own font has."""


class WordSeed:
    """Numbers and colours that come from a text: the same words always give the same ones."""

    def __init__(self, words: str) -> None:
        self._bytes = hashlib.shake_256(words.encode()).digest(1024)
        self._at = 0
        self._hue = self.between(0, 1)

    def between(self, low: float, high: float) -> float:
        """The next number from `low` up to `high`."""
        pair = self._bytes[self._at : self._at + 2]
        self._at = (self._at + 2) % len(self._bytes)
        return low + (high - low) * int.from_bytes(pair) / 2**16

    def colour(self, shift: float, saturation: float, value: float) -> Colour:
        """A colour that goes with the others of these words; `shift` turns the hue."""
        red, green, blue = colorsys.hsv_to_rgb((self._hue + shift) % 1, saturation, value)
        return round(red * 255), round(green * 255), round(blue * 255), 255


def scene(words: str, size: Size, *, transparent: bool = False) -> Image.Image:
    """A picture of that size; on a transparent ground only its discs are opaque."""
    seed = WordSeed(words)
    if transparent:
        image = Image.new("RGBA", size, (*seed.colour(0.5, 0.5, 0.8)[:3], 0))
    else:
        image = _hills(size, seed)
    draw = ImageDraw.Draw(image)
    for number in range(DISCS):
        centre = (size[0] * seed.between(0.16, 0.84), size[1] * seed.between(0.16, 0.7))
        radius = min(size) * seed.between(0.05, 0.13)
        draw.circle(centre, radius, seed.colour(0.35 + 0.05 * number, 0.6, 0.92))
    return image


def add_figures(image: Image.Image, words: str) -> None:
    """Lay two stars over a picture, so that an edit is seen to be one."""
    seed, draw = WordSeed(words), ImageDraw.Draw(image)
    for number in range(2):
        x, y = image.width * seed.between(0.2, 0.8), image.height * seed.between(0.28, 0.66)
        radius = min(image.size) * seed.between(0.08, 0.13)
        draw.circle((x, y), radius * 1.18, (255, 255, 255, 255))
        corners = []
        for tip in range(10):
            reach, angle = radius * (1 - 0.5 * (tip % 2)), math.pi * (tip / 5 - 0.5)
            corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
        draw.polygon(corners, seed.colour(0.3 * number, 0.75, 0.85))


def _hills(size: Size, seed: WordSeed) -> Image.Image:
    """A sky from one colour to another, and hills before it."""
    width, height = size
    sky = Image.new("RGB", (1, 2))
    sky.putpixel((0, 0), seed.colour(0, 0.45, 0.93)[:3])
    sky.putpixel((0, 1), seed.colour(0.09, 0.22, 0.99)[:3])
    image = sky.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for ridge in range(RIDGES):
        base, swing = height * (0.55 + 0.14 * ridge), min(size) * seed.between(0.03, 0.09)
        waves, phase = seed.between(1.2, 3.2), seed.between(0, math.tau)
        line = [
            (width * step / RIDGE_STEPS, base + swing * math.sin(phase + waves * step / 12))
            for step in range(RIDGE_STEPS + 1)
        ]
        colour = seed.colour(-0.04 * ridge, 0.45 + 0.12 * ridge, 0.78 - 0.16 * ridge)
        draw.polygon([(0, height), *line, (width, height)], colour)
    return image


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=max(size, 8))
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the sandbox writes text with.")
    return font


def sign(image: Image.Image, words: str) -> None:
    """Write the mark at the top and the words on a card at the bottom."""
    unit, draw = min(image.size) / 100, ImageDraw.Draw(image)
    edge, mark, note = 3.5 * unit, _font(round(6 * unit)), _font(round(2.4 * unit))
    right = edge + max(mark.getlength(MARK), note.getlength(NOTE)) + 4 * unit
    draw.rounded_rectangle((edge, edge, right, edge + 13 * unit), 2 * unit, CARD)
    draw.text((edge + 2 * unit, edge + 1.6 * unit), MARK, INK, mark)
    draw.text((edge + 2 * unit, edge + 9 * unit), NOTE, PALE_INK, note)
    top, bottom = image.height - edge - 19 * unit, image.height - edge
    draw.rounded_rectangle((edge, top, image.width - edge, bottom), 2 * unit, CARD)
    font = _font(round(3.6 * unit))
    lines = _lines(_writable(words), font, image.width - 2 * edge - 5 * unit)
    for number, line in enumerate(lines):
        draw.text((edge + 2.5 * unit, top + (2 + 5 * number) * unit), line, INK, font)


def mark_within(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Write only the mark, as large as fits into a box."""
    left, top, right, bottom = box
    size = round(min((bottom - top) * 0.4, (right - left) / 5.5))
    middle = ((left + right) / 2, (top + bottom) / 2)
    draw = ImageDraw.Draw(image)
    draw.text(middle, MARK, INK, _font(size), "mm", stroke_width=2, stroke_fill=CARD)


def _writable(words: str) -> str:
    """What the font can write of the words."""
    letters = "".join(c for c in words[:MOST_LETTERS] if ord(c) < LATIN_END or c in TYPOGRAPHY)
    enough = 2 * sum(map(str.isalnum, letters)) >= sum(map(str.isalnum, words[:MOST_LETTERS]))
    return letters if enough and letters.strip() else "(words in another script)"


def _lines(words: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """The words in lines that fit, the last of which says that more would follow."""
    lines = [""]
    for word in re.findall(rf"\S{{1,{LONGEST_WORD}}}", words):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < MOST_LINES:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1][:-1]}…"
            break
    return lines
