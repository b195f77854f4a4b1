"""Pictures unpacked within bounds, which their headers tell, and never two at once."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

MOST_UNPACKED = 180 * 2**20
"""Bytes, the file's own among them: a server that has worked for long holds 250 MB besides, and
stays under 450 MB with them (`bench/pictures.py`)."""

MOST_PIXELS = 80_000_000
"""What the largest cameras take; beyond it nothing is opened, however little it unpacks to."""

STRIP_PIXELS = 1_000_000
"""Of a picture that is converted or shrunk: no second copy of the whole ever stands beside it."""

WEBP_BYTES = 14
"""Of a pixel at the peak, as measured: libwebp's canvas, its own buffer and Pillow's copy."""

BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "LA": 4}
"""Of a pixel in Pillow, by mode; all others take 4, three colours too."""

JPEG = ("JPEG", "MPO")

OPAQUE = 255

_one_at_a_time = threading.RLock()


class TooManyPixels(Exception):  # noqa: N818  # reads as what it is
    """Unpacked, the picture would take more memory than there is for it; the text says of what
    kind it is, and how large those may be."""

    def __init__(self, image: Image.Image, pixels: int, allowed: float) -> None:
        size, most = pixels / 1e6, allowed / 1e6
        super().__init__(f"{size:.0f} megapixels; {_kind(image)} may have {most:.0f}.")


UNDECODABLE = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError,
    Image.DecompressionBombError, TooManyPixels,
)  # fmt: skip
"""What is raised for bytes that are no picture, a broken one, or one too large to unpack."""


@contextmanager
def open_picture(data: bytes, formats: tuple[str, ...] | None = None) -> Iterator[Image.Image]:
    """A picture of which only the header is read; nobody else unpacks one meanwhile.

    What Pillow raises for broken bytes passes through.
    """
    with _one_at_a_time, Image.open(io.BytesIO(data), formats=formats) as image:
        try:
            yield image
        finally:
            image.close()  # its pixels too, which whoever opened it would hold on to


def bound(image: Image.Image, *, edge: int = 0, copies: int = 1) -> None:
    """Refuse by its header a picture that would not fit, in so many `copies` at once.

    A JPEG is set to be unpacked at an eighth, quarter or half of its size where its longer edge is
    still `edge` pixels; 0 is for its full size. Raises `TooManyPixels`.
    """
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise TooManyPixels(image, pixels, MOST_PIXELS)
    total = _decoder_bytes(image) * pixels + _file_size(image)
    if edge:
        longest = max(image.size)
        width, height = (max(edge * side // longest, 1) for side in image.size)
        image.draft(None, (width, height))
    total += _unpacked(image) * copies * image.width * image.height
    if total > MOST_UNPACKED:
        raise TooManyPixels(image, pixels, MOST_UNPACKED * pixels / total)


def strips(image: Image.Image, multiple: int = 1) -> Iterator[Image.Image]:
    """A picture from top to bottom in parts, each of a height that is a multiple of this."""
    height = max(STRIP_PIXELS // image.width // multiple, 1) * multiple
    for top in range(0, image.height, height):
        yield image.crop((0, top, image.width, min(top + height, image.height)))


def small_image(image: Image.Image, mode: str, edge: int) -> Image.Image:
    """A copy in a mode, of at most `edge` pixels."""
    factor = max(max(image.size) // (2 * edge), 1)
    if image.mode == mode == "RGB":  # reduced at once; others are converted, transparent ones too
        small = image.reduce(factor)
    else:
        small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
        top = 0
        for strip in strips(image, factor):
            part = _eight_bit(strip).convert(mode).reduce(factor)
            small.paste(part, (0, top))
            top += part.height
    small.thumbnail((edge, edge))
    return small


def has_transparent_pixel(image: Image.Image) -> bool:
    """Whether some pixel lets through what is behind it."""
    if not image.has_transparency_data:
        return False
    lowest = (strip.convert("RGBA").getchannel("A").getextrema()[0] for strip in strips(image))
    return any(isinstance(value, int) and value < OPAQUE for value in lowest)


def _eight_bit(image: Image.Image) -> Image.Image:
    """Pillow takes the lowest 8 of 16 bits otherwise, and a grey picture is white."""
    if not image.mode.startswith("I;16"):
        return image
    return image.point(lambda value: value * (1 / 256)).convert("L")


def _decoder_bytes(image: Image.Image) -> float:
    """Bytes a pixel that the decoder holds of the whole picture, whatever is unpacked of it."""
    if image.format == "WEBP":
        return WEBP_BYTES - BYTES.get(image.mode, 4)
    layers = getattr(image, "layer", ())
    if image.format not in JPEG or not image.info.get("progressive") or not layers:
        return 0
    samples = sum(across * down for _, across, down, *_ in layers)
    widest = max(layer[1] for layer in layers) * max(layer[2] for layer in layers)
    return float(2 * samples / widest)  # coefficients of 16 bit


def _file_size(image: Image.Image) -> int:
    """Bytes of the file that it is read from."""
    file = getattr(image, "fp", None)
    if not isinstance(file, io.BytesIO):
        return 0
    place = file.tell()
    size = file.seek(0, io.SEEK_END)  # `getbuffer` would copy the bytes that it shares
    file.seek(place)
    return size


def _unpacked(image: Image.Image) -> int:
    return BYTES.get(image.mode, 4)


def _kind(image: Image.Image) -> str:
    """What one calls a picture of this sort, by what decides how much it takes."""
    name = "JPEG" if image.format in JPEG else str(image.format).replace("WEBP", "WebP")
    if image.format == "WEBP":
        return "a WebP"
    if image.info.get("progressive"):
        return "a progressive JPEG"
    colours = {1: "a grey or palette", 2: "a grey 16-bit"}.get(_unpacked(image), "a colour")
    return f"{'a CMYK' if image.mode == 'CMYK' else colours} {name}"
