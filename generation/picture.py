"""Look at the bytes: what a picture really is, and a small copy of it to show."""

import io
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, UnidentifiedImageError

from gateway.errors import failure

PREVIEW_EDGE = 1024
PREVIEW_BYTES = 250_000
"""In base64 that is 333,000 bytes, below the 350,000 that a result may spend on it."""

SMALLEST_EDGE = 64
JPEG_QUALITY = 85
CHECKER = 16


@dataclass(frozen=True)
class Picture:
    """What the bytes say. `preview` is a JPEG, None where there is nothing to show."""

    format: str
    extension: str
    width: int
    height: int
    has_alpha: bool
    preview: bytes | None = field(default=None, repr=False)


EXTENSIONS = {"JPEG": "jpg"}


def examine(data: bytes, *, preview: bool) -> Picture:
    """Name the format from the bytes, never from what was asked for.

    `has_alpha` means that some pixel really is transparent. Raises `GatewayError` for
    bytes that are not a picture.
    """
    if _is_svg(data):
        return Picture("svg", "svg", 0, 0, has_alpha=False)
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            has_alpha = _is_transparent(image)
            return Picture(
                format=str(image.format).lower(),
                extension=EXTENSIONS.get(str(image.format), str(image.format).lower()),
                width=image.width,
                height=image.height,
                has_alpha=has_alpha,
                preview=_preview(image, has_alpha=has_alpha) if preview else None,
            )
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise failure("not_a_picture") from None


def _is_svg(data: bytes) -> bool:
    start = data[:1024].lstrip()
    return start.startswith((b"<svg", b"<?xml")) and b"<svg" in data[:4096]


def _is_transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return False
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return isinstance(lowest, int) and lowest < 255  # noqa: PLR2004  # fully opaque


def _preview(image: Image.Image, *, has_alpha: bool) -> bytes:
    edge = PREVIEW_EDGE
    while True:
        small = image.copy()
        small.thumbnail((edge, edge))
        data = _as_jpeg(_on_checkers(small) if has_alpha else small)
        if len(data) <= PREVIEW_BYTES or edge <= SMALLEST_EDGE:
            return data
        edge = edge * 3 // 4


def _as_jpeg(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.convert("RGB").save(target, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return target.getvalue()


def _on_checkers(image: Image.Image) -> Image.Image:
    """Show transparency the way image editors do."""
    ground = Image.new("RGBA", image.size, "white")
    draw = ImageDraw.Draw(ground)
    for top in range(0, image.height, CHECKER):
        for left in range(CHECKER * (top // CHECKER % 2), image.width, 2 * CHECKER):
            draw.rectangle((left, top, left + CHECKER - 1, top + CHECKER - 1), fill="#d8d8d8")
    ground.alpha_composite(image.convert("RGBA"))
    return ground
