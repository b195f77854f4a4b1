"""What a placeholder shows: colours and discs that come from the prompt, and its words.

The mark SANDBOX says that no model drew it, so that nobody takes it for a picture they paid for.
"""

import colorsys
import hashlib
import textwrap
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Size = tuple[int, int]

MARK = "SANDBOX"
NOTE = "placeholder, no model was asked"
INK, CARD = "white", "#181a22"
DISCS, NEW_DISCS = 6, 2
"""Of a picture, and those that an edit lays over one, so that it is seen to be an edit."""
MARKS = {
    "\u0300": "`", "\u0301": "\u00b4", "\u0302": "^", "\u0303": "~", "\u0308": "..", "\u030a": "°",
    "\u0327": ",",
}  # fmt: skip
"""Signs of Pillow's own font in place of the combining marks: it has no accented letters."""
WHOLE = str.maketrans({
    "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L",
    "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ",
})  # fmt: skip
"""Letters that the font lacks and that no mark makes."""
SIGNS = "«»‘’“”…°"
"""Signs beyond ASCII that the font has."""
MOST_LETTERS, MOST_LINES = 600, 3
"""What fits on the card, and what Pillow measures in no time."""


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

    def colour(self, shift: float, saturation: float, value: float) -> tuple[int, int, int]:
        """A colour that goes with the others of these words; `shift` turns the hue."""
        red, green, blue = colorsys.hsv_to_rgb((self._hue + shift) % 1, saturation, value)
        return round(red * 255), round(green * 255), round(blue * 255)


def scene(words: str, size: Size, *, transparent: bool = False) -> Image.Image:
    """A picture of that size; on a transparent ground only its discs are opaque."""
    seed = WordSeed(words)
    if transparent:
        image = Image.new("RGBA", size)
    else:
        ground = Image.new("RGB", (1, 2), seed.colour(0, 0.45, 0.93))
        ground.putpixel((0, 1), seed.colour(0.09, 0.22, 0.99))
        image = ground.resize(size, Image.Resampling.BICUBIC)
    _add_discs(image, seed, DISCS)
    return image


def add_figures(image: Image.Image, words: str) -> None:
    """Lay two ringed discs over a picture, so that an edit is seen to be one."""
    _add_discs(image, WordSeed(words), NEW_DISCS, ring=INK)


def _add_discs(image: Image.Image, seed: WordSeed, count: int, ring: str | None = None) -> None:
    draw, short = ImageDraw.Draw(image), min(image.size)
    for number in range(count):
        x, y = image.width * seed.between(0.16, 0.84), image.height * seed.between(0.16, 0.7)
        radius = short * seed.between(0.05, 0.13)
        draw.circle((x, y), radius, seed.colour(0.35 + 0.05 * number, 0.6, 0.92), ring, short // 60)


@lru_cache(maxsize=64)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=max(round(size), 8))
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the sandbox writes text with.")
    return font


def sign(image: Image.Image, words: str) -> None:
    """Write the mark at the top and the words on a card at the bottom."""
    unit, draw = min(image.size) / 100, ImageDraw.Draw(image)
    edge, font = 3.5 * unit, _font(3.6 * unit)
    draw.rectangle((edge, edge, edge + 44 * unit, edge + 13 * unit), CARD)
    draw.text((edge + 2 * unit, edge + 1.6 * unit), MARK, INK, _font(6 * unit))
    draw.text((edge + 2 * unit, edge + 9 * unit), NOTE, INK, _font(2.4 * unit))
    top, bottom = image.height - edge - 19 * unit, image.height - edge
    draw.rectangle((edge, top, image.width - edge, bottom), CARD)
    room = int((image.width - 2 * edge - 5 * unit) / font.getlength("o"))
    lines = textwrap.wrap(_writable(words), room, max_lines=MOST_LINES, placeholder=" …")
    step = font.getbbox("A")[3] + unit
    for number, line in enumerate(lines):
        _write(draw, (edge + 2.5 * unit, top + 2 * unit + number * step), line, font)


def mark_within(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Write only the mark, as large as fits into a box."""
    left, top, right, bottom = box
    font = _font(min((bottom - top) * 0.4, (right - left) / 5.5))
    middle = ((left + right) / 2, (top + bottom) / 2)
    draw = ImageDraw.Draw(image)
    draw.text(middle, MARK, INK, font, "mm", stroke_width=2, stroke_fill=CARD)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], line: str, font: ImageFont.FreeTypeFont
) -> None:
    """Write a line, the marks of accented letters over or under the letters themselves."""
    (x, y), bare = at, ""
    for letter in unicodedata.normalize("NFD", line):
        if mark := MARKS.get(letter):
            middle = x + font.getlength(bare) - font.getlength(bare[-1:]) / 2
            # As signs of their own they hang at other heights: all stand clear of the letter here.
            end = font.getbbox(mark)[1] + (font.getmask(mark).getbbox() or (0, 0, 0, 0))[3]
            lift = 0 if mark == "," else font.getbbox(bare[-1:])[1] - font.size / 12 - end
            draw.text((middle, y + lift), mark, INK, font, "ma")
        else:
            bare += letter
    draw.text((x, y), bare, INK, font)


def _writable(words: str) -> str:
    """What Pillow's own font can write of the words: Latin letters and common marks."""
    plain = unicodedata.normalize("NFD", words[:MOST_LETTERS].translate(WHOLE))
    letters = "".join(sign for sign in plain if sign in MARKS or sign.isascii() or sign in SIGNS)
    enough = 2 * sum(map(str.isalnum, letters)) >= sum(map(str.isalnum, plain))
    if not enough or not letters.strip():
        return "(words in another script)"
    return unicodedata.normalize("NFC", letters)
