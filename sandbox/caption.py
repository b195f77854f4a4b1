"""The words on a placeholder: the mark SANDBOX, and the prompt it stands for."""

import re
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

MARK = "SANDBOX"
_NOTE = "placeholder, no model was asked"
_DRAWABLE = frozenset("–—‘’“”„…«»€")
_LATIN_END = 0x250
_LINES = 3
_MOST_LETTERS, _LONGEST_WORD = 600, 30
_INK, _CARD = (255, 255, 255), (24, 26, 34)


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=max(size, 8))
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the sandbox paints text with.")
    return font


def sign(image: Image.Image, words: str) -> None:
    """Draw the mark at the top and the words on a card at the bottom."""
    unit = min(image.size) / 100
    draw = ImageDraw.Draw(image)
    edge = round(3.5 * unit)
    mark = _font(round(6 * unit))
    note = _font(round(2.4 * unit))
    right = edge + max(mark.getlength(MARK), note.getlength(_NOTE)) + 4 * unit
    draw.rounded_rectangle((edge, edge, right, edge + 13 * unit), 2 * unit, _CARD)
    draw.text((edge + 2 * unit, edge + 1.6 * unit), MARK, _INK, mark)
    draw.text((edge + 2 * unit, edge + 9 * unit), _NOTE, (190, 196, 210), note)
    _card(image, draw, words, unit)


def mark_within(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draw only the mark, as large as fits into a box."""
    left, top, right, bottom = box
    size = round(min((bottom - top) * 0.4, (right - left) / 5.5))
    middle = ((left + right) / 2, (top + bottom) / 2)
    draw = ImageDraw.Draw(image)
    draw.text(middle, MARK, _INK, _font(size), "mm", stroke_width=2, stroke_fill=_CARD)


def _card(image: Image.Image, draw: ImageDraw.ImageDraw, words: str, unit: float) -> None:
    edge, height = 3.5 * unit, 19 * unit
    top = image.height - edge - height
    draw.rounded_rectangle((edge, top, image.width - edge, image.height - edge), 2 * unit, _CARD)
    room = image.width - 2 * edge - 5 * unit
    text = drawable(words)[:_MOST_LETTERS]
    for scale in (4.4, 3.6, 3.0):
        font = _font(round(scale * unit))
        lines = _wrapped(text, font, room)
        if len(lines) <= _LINES:
            break
    else:
        lines = [*lines[: _LINES + 1]]
        lines[-1] = lines[-1][:-1] + "…"
    step = min(1.3 * scale * unit, (height - 2 * unit) / len(lines))
    start = top + (height - step * len(lines)) / 2
    for number, line in enumerate(lines):
        draw.text((edge + 2.5 * unit, start + number * step), line, _INK, font)


def drawable(words: str) -> str:
    """Return what the built-in font can draw: Latin letters and common signs."""
    kept = "".join(c for c in words if ord(c) < _LATIN_END or c in _DRAWABLE)
    enough = sum(c.isalnum() for c in kept) * 2 >= sum(c.isalnum() for c in words)
    return " ".join(kept.split()) if enough and kept.strip() else "(words in another script)"


def _wrapped(words: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    lines = [""]
    for word in re.findall(rf"\S{{1,{_LONGEST_WORD}}}", words):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
