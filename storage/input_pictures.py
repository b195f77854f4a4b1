"""What an input picture is, decoded: its kind, size and alpha, small copies, and masks over it."""

import hashlib
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps
from PIL.ExifTags import Base

from errors import StorageError
from storage.pixels import (
    JPEG,
    TooManyPixels,
    bound,
    has_transparent_pixel,
    open_picture,
    small_image,
)
from storage.stamps import printable

MOST_BYTES = 50 * 1024 * 1024
"""OpenAI's limit for one picture of a request."""
MOST_WEBP_BYTES = 32 * 1024 * 1024
"""Its decoder holds four copies of a file, what is no picture in it among them."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""What OpenAI takes, and all that Pillow may try: each further decoder is one more to attack."""

SEEN_EDGE = 1024
"""Pixels of the longer edge that a vision model is shown; more costs and tells it no more."""
COPY_QUALITY = 85
"""Of the JPEG that it is shown: no artefact is visible, and it is a third of the bytes of 95."""

SIGNS = (
    (rb".{4}ftypavi[fs]", "AVIF"),
    (rb".{4}ftyp(hei|hev|mif1|msf1)", "HEIC"),
    (rb"(\xef\xbb\xbf)?\s*<(\?xml|(?i:svg|!doctype svg))", "SVG"),
    (rb"%PDF", "PDF"),
    (rb"II\*\0|MM\0\*", "TIFF"),
    (rb"BM", "BMP"),
    (rb"8BPS", "PSD"),
)
"""How files begin that people take for pictures that can be used."""

TURNS = range(2, 9)
"""Values of EXIF's orientation that say the camera was not held upright."""
AS_GOOD: dict[str, dict[str, Any]] = {
    "png": {}, "jpeg": {"quality": 95, "subsampling": 0}, "webp": {"quality": 95},
}  # fmt: skip
"""How a picture is saved again that was turned upright: no loss that is seen."""
LONGEST_PATH = 200
"""Letters of a path that are repeated in a sentence."""


class InputError(StorageError):
    """A picture that was pointed to cannot be used, which is known before a call is made."""

    kind = "input"
    charged = "no"


@dataclass(frozen=True)
class InputPicture:
    """A picture to draw from, as it is sent: PNG, JPEG, WebP or a still GIF, upright."""

    source: str
    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    has_alpha: bool

    @property
    def sha256(self) -> str:
        """The digest of its bytes in hex."""
        return hashlib.sha256(self.data).hexdigest()


_THREAD = ThreadPoolExecutor(1, thread_name_prefix="inputs")
"""One: what a thread frees of memory stays its own, and four at once kept 900 MB."""


def check_picture(data: bytes, source: str) -> InputPicture:
    """A picture to draw from; its bytes stay as they are unless it has to be turned upright.

    `source`, as the person named it, stands in errors. Raises `InputError`.
    """
    return _THREAD.submit(_check_picture, data, source).result()


def _check_picture(data: bytes, source: str) -> InputPicture:
    refuse_large(len(data), source)
    with _open(data, source) as image:
        kind = "jpeg" if image.format in JPEG else str(image.format).lower()
        if kind != "jpeg" and getattr(image, "is_animated", False):
            raise InputError(f"{quote(source)} is animated. Save one frame of it as PNG.")
        width, height = image.size
        _bound_jpeg(image) if kind == "jpeg" else bound(image)
        image.load()
        has_alpha = image.has_transparency_data
        if _is_turned(image):
            if kind != "jpeg":  # what is saved takes as much again
                bound(image, copies=3)
            data, (width, height) = _upright(image, kind)
    refuse_large(len(data), source)
    return InputPicture(source, data, kind, width, height, has_alpha)


def check_mask(mask: InputPicture, first: InputPicture) -> None:
    """Refuse a mask that could change nothing of the first picture, or does not lie over it.

    Raises `InputError` with all that is wrong.
    """
    faults = []
    if mask.format != "png":
        faults.append(
            f"mask is a {mask.format.upper()} file but must be a PNG; save it as PNG with an "
            "alpha channel."
        )
    elif not mask.has_alpha:
        faults.append(
            "mask has no alpha channel but must be transparent where the picture may change; "
            "add one and erase that part."
        )
    elif _THREAD.submit(_is_opaque, mask).result():
        faults.append(
            "mask is opaque everywhere but must be transparent where the picture may change; "
            "erase that part."
        )
    size, needed = f"{mask.width}x{mask.height}", f"{first.width}x{first.height}"
    if size != needed:
        faults.append(f"mask is {size} but the first picture is {needed}; save it in that size.")
    if faults:
        raise InputError(" ".join(faults))


def _is_opaque(picture: InputPicture) -> bool:
    with open_picture(picture.data, FORMATS) as image:
        return not has_transparent_pixel(image)


def shrink(data: bytes, source: str) -> bytes:
    """A JPEG of at most SEEN_EDGE pixels, upright."""
    return _THREAD.submit(_shrink, data, source).result()


def _shrink(data: bytes, source: str) -> bytes:
    with _open(data, source) as image:
        bound(image, edge=SEEN_EDGE)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        small = small_image(image, mode, SEEN_EDGE)
        small.getexif()[Base.Orientation] = image.getexif().get(Base.Orientation, 1)
        upright = ImageOps.exif_transpose(small)
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright, mask=upright.getchannel("A") if mode == "RGBA" else None)
    target = io.BytesIO()
    flat.save(target, "JPEG", quality=COPY_QUALITY)
    return target.getvalue()


@contextmanager
def _open(data: bytes, source: str) -> Iterator[Image.Image]:
    """A picture of which only the header is read. The content decides, not the name.

    Whatever breaks while it is decoded is raised as `InputError`.
    """
    if data[8:12] == b"WEBP":
        refuse_large(len(data), source, MOST_WEBP_BYTES)
    form = None
    try:
        with open_picture(data, FORMATS) as image:
            form = image.format
            yield image
    except InputError:
        raise
    except TooManyPixels as error:
        raise _too_large(f"{quote(source)} has {error}") from None
    except Image.DecompressionBombError:
        raise _too_large(f"{quote(source)} has too many pixels.") from None
    except Exception:  # decoders raise anything at broken bytes
        damaged = f"{quote(source)} is a {form} file that is damaged or cut off. Save it anew."
        raise InputError(damaged if form else _unreadable(data, source)) from None


def _unreadable(data: bytes, source: str) -> str:
    """What a file is instead of a picture that can be used, by its content."""
    for sign, kind in SIGNS:
        if re.match(sign, data, re.DOTALL):
            return f"{quote(source)} is a {kind} file. Save it as PNG, JPEG or WebP."
    return f"{quote(source)} is no picture that can be read. Use a PNG, JPEG, WebP or GIF file."


def _upright(image: Image.Image, kind: str) -> tuple[bytes, tuple[int, int]]:
    """A picture as its camera was held, in its own format, and its size then."""
    upright = ImageOps.exif_transpose(image)
    target = io.BytesIO()
    upright.save(target, kind, icc_profile=image.info.get("icc_profile"), **AS_GOOD[kind])
    return target.getvalue(), upright.size


def _bound_jpeg(image: Image.Image) -> None:
    """One that is upright is only read to its end, small; one to turn has two copies.

    Of the largest those are of half the size, which is more than any model looks at.
    """
    if not _is_turned(image):
        return bound(image, edge=1)
    try:
        bound(image, copies=2)
    except TooManyPixels:
        bound(image, edge=max(image.size) // 2, copies=2)
    return None


def _is_turned(image: Image.Image) -> bool:
    return image.getexif().get(Base.Orientation) in TURNS


def _too_large(words: str) -> InputError:
    return InputError(words, "Save it smaller.", kind="too_large")


def refuse_large(size: int, source: str, most: int = MOST_BYTES) -> None:
    """Raise `InputError` for more bytes than these; OpenAI takes no more than the usual."""
    if size > most:
        allowed = f"{most // 2**20} MB are allowed"
        raise _too_large(f"{quote(source)} has {size / 2**20:.0f} MB; {allowed}.")


def quote(source: str) -> str:
    """A path as it came in, safe to repeat in a sentence."""
    return printable(source, LONGEST_PATH)
