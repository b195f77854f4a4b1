"""Small copies of pictures to show: one, several on a sheet. What cannot be shown is None."""

import io

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from storage.pixels import TooManyPixels, bound, converted_small, opened

PREVIEW_EDGE = 1024
"""Pixels: as large as clients show a picture, and a model tells its details."""

PREVIEW_BYTES = 250_000
"""In base64 that is 333,000 bytes, below the 350,000 that a result may spend on it."""

SMALLEST_EDGE = 16
"""Pixels; a picture that is too large even so is none that a person would recognise."""

JPEG_QUALITY = 85
"""Above it bytes grow faster than what one sees."""

CHECKER = 16
"""Pixels of a square behind transparency, as in image editors."""

SVG_START, SVG_HEAD = 1024, 4096
"""Bytes in which an SVG shows itself; comments and a doctype may come before its tag."""

UNDECODABLE = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError,
    Image.DecompressionBombError, TooManyPixels,
)  # fmt: skip
"""What is raised for bytes that are no picture, a broken one, or one too large to unpack."""


def preview_of(data: bytes) -> bytes | None:
    """A JPEG of a picture."""
    image = _small(data, PREVIEW_EDGE)
    return _as_jpeg(image) if image else None


def preview_from(image: Image.Image) -> bytes | None:
    """A JPEG of a picture that is unpacked already."""
    try:
        return _as_jpeg(_shrunk(image, PREVIEW_EDGE))
    except UNDECODABLE:  # the picture matters more than its preview
        return None


def contact_sheet(pictures: list[tuple[str, bytes]]) -> bytes | None:
    """Labelled pictures side by side in one JPEG."""
    cell = PREVIEW_EDGE // 2
    cells = [(label, _small(data, cell)) for label, data in pictures]
    if not any(image for _, image in cells):
        return None
    bar = cell // 14
    rows = (len(cells) + 1) // 2
    sheet = Image.new("RGB", (2 * cell, rows * (cell + bar)), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(bar * 0.6)
    for number, (label, image) in enumerate(cells):
        left, top = number % 2 * cell, number // 2 * (cell + bar)
        if image is not None:
            place = (left + (cell - image.width) // 2, top + bar + (cell - image.height) // 2)
            sheet.paste(image, place)
        draw.text((left + bar // 4, top + bar // 6), label, fill="black", font=font)
    return _as_jpeg(sheet)


def is_svg(data: bytes) -> bool:
    """Whether these bytes are an SVG document."""
    start = data[:SVG_START].lstrip()
    return start.startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in data[:SVG_HEAD]


def _small(data: bytes, edge: int) -> Image.Image | None:
    if is_svg(data):
        return None
    try:
        with opened(data) as image:
            bound(image, edge=edge)
            return _shrunk(image, edge)
    except UNDECODABLE:
        return None


def _shrunk(image: Image.Image, edge: int) -> Image.Image:
    """At most `edge` pixels, transparency shown as a checkerboard."""
    if image.has_transparency_data:
        return _on_checkers(converted_small(image, "RGBA", edge))
    return converted_small(image, "RGB", edge)


def _as_jpeg(image: Image.Image) -> bytes | None:
    """A JPEG that is small enough for a result."""
    edge = max(image.size)
    while edge >= SMALLEST_EDGE:
        target = io.BytesIO()
        image.save(target, "JPEG", quality=JPEG_QUALITY, optimize=True)
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
