"""Small copies of pictures to show. What cannot be shown is None."""

import io

from PIL import Image, ImageDraw

from storage.pixels import UNDECODABLE, bound, converted_small, opened

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


def preview_of(data: bytes) -> bytes | None:
    """A JPEG of a picture."""
    image = small_copy(data, PREVIEW_EDGE)
    return as_jpeg(image) if image else None


def preview_from(image: Image.Image) -> bytes | None:
    """A JPEG of a picture that is unpacked already."""
    try:
        return as_jpeg(_shrunk(image, PREVIEW_EDGE))
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
        with opened(data) as image:
            bound(image, edge=edge)
            return _shrunk(image, edge)
    except UNDECODABLE:
        return None


def _shrunk(image: Image.Image, edge: int) -> Image.Image:
    if image.has_transparency_data:
        return _on_checkers(converted_small(image, "RGBA", edge))
    return converted_small(image, "RGB", edge)


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
