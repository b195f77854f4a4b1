"""Small copies of pictures to show, one or several on a numbered sheet. What cannot be is None."""

import io
import math
import unicodedata
from collections.abc import Sequence
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from storage.pixels import UNDECODABLE, bound, open_picture, small_image

PREVIEW_EDGE = 1024
"""Pixels: as large as clients show a picture, and a model tells its details."""

PREVIEW_BYTES = 250_000
"""In base64 that is 333,000 bytes, below the 350,000 that a result may spend on it."""

SMALLEST_EDGE = 16
"""Pixels; a picture that is too large even so is none that a person would recognise."""

JPEG_QUALITIES = (85, 70)
"""Above the first bytes grow faster than what one sees; the second comes before fewer pixels, of
which small letters are lost first."""

CHECKER = 16
"""Pixels of a square behind transparency, as in image editors."""

SVG_START, SVG_HEAD = 1024, 4096
"""Bytes in which an SVG shows itself; comments and a doctype may come before its tag."""

GAP = 12
"""Pixels between pictures."""

LETTERS = {2: 30, 3: 24, 4: 20}
"""Pixels of a letter by the number of columns: clients show a sheet at about half its size, and
what is smaller than ten pixels then cannot be read."""

LINES = 2
"""Those that a label takes at most; the rest of it is left out."""


def preview_of(data: bytes) -> bytes | None:
    """A JPEG of a picture."""
    image = small_copy(data, PREVIEW_EDGE)
    return as_jpeg(image) if image else None


def preview_from(image: Image.Image) -> bytes | None:
    """A JPEG of a picture that is unpacked already."""
    try:
        return as_jpeg(_shrink(image, PREVIEW_EDGE))
    except UNDECODABLE:  # the picture matters more than its preview
        return None


def is_svg(data: bytes) -> bool:
    """Whether these bytes are an SVG document."""
    start = data[:SVG_START].lstrip()
    return start.startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in data[:SVG_HEAD]


def small_copy(data: bytes, edge: int) -> Image.Image | None:
    """A picture in at most so many pixels, transparency shown as a checkerboard."""
    if is_svg(data):
        return None
    try:
        with open_picture(data) as image:
            bound(image, edge=edge)
            return _shrink(image, edge)
    except UNDECODABLE:
        return None


def _shrink(image: Image.Image, edge: int) -> Image.Image:
    if image.has_transparency_data:
        return _on_checkers(small_image(image, "RGBA", edge))
    return small_image(image, "RGB", edge)


def as_jpeg(image: Image.Image) -> bytes | None:
    """A JPEG that is small enough for a result."""
    edge = max(image.size)
    while edge >= SMALLEST_EDGE:
        for quality in JPEG_QUALITIES:
            target = io.BytesIO()
            image.save(target, "JPEG", quality=quality, optimize=True)
            if target.tell() <= PREVIEW_BYTES:
                return target.getvalue()
        edge = edge * 3 // 4
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4))
    return None


def _on_checkers(image: Image.Image) -> Image.Image:
    """Show transparency the way image editors do."""
    ground = Image.new("RGBA", image.size, "white")
    draw = ImageDraw.Draw(ground)
    for top in range(0, image.height, CHECKER):
        for left in range(CHECKER * (top // CHECKER % 2), image.width, 2 * CHECKER):
            draw.rectangle((left, top, left + CHECKER - 1, top + CHECKER - 1), fill="#d8d8d8")
    ground.alpha_composite(image)
    return ground.convert("RGB")


def contact_sheet(pictures: Sequence[tuple[str, bytes]]) -> bytes | None:
    """A JPEG of labelled pictures, numbered from 1; None where none of them can be shown.

    Of a label in letters that the font lacks only the number is left.
    """
    columns = min(max(math.ceil(math.sqrt(len(pictures))), min(LETTERS)), max(LETTERS))
    width = (PREVIEW_EDGE - (columns - 1) * GAP) // columns
    font = ImageFont.load_default(LETTERS[columns])
    letters = int(width / font.getlength("n"))
    labels = [
        wrap(f"{number}. {_plain(label)}", letters, max_lines=LINES, placeholder="...")
        for number, (label, _) in enumerate(pictures, start=1)
    ]
    copies = [small_copy(data, width) for _, data in pictures]
    if not any(copies):
        return None
    line = LETTERS[columns] * 5 // 4
    head = line * max(map(len, labels)) + GAP // 2
    height = head + max(copy.height for copy in copies if copy) + GAP
    sheet = Image.new("RGB", (PREVIEW_EDGE, height * math.ceil(len(pictures) / columns)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (label, copy) in enumerate(zip(labels, copies, strict=True)):
        left, top = place % columns * (width + GAP), place // columns * height
        for number, words in enumerate(label):
            pen.text((left, top + number * line), words, fill="black", font=font)
        if copy is not None:
            sheet.paste(copy, (left, top + head))
    return as_jpeg(sheet)


def _plain(label: str) -> str:
    """A label without its accents; empty where other letters are left, which the font lacks."""
    parts = unicodedata.normalize("NFKD", label)
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return plain if plain.isascii() else ""
