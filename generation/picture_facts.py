"""What a picture really is, read from its bytes and never from what was asked for."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ParamSpec, TypeVar

from PIL import Image

from errors import StorageError
from gateway.api_errors import GatewayError
from generation.preview import PREVIEW_EDGE, is_svg, preview_from
from generation.verification import Finding
from prompts.wording import Wording
from storage.picture_files import read_picture
from storage.pixels import UNDECODABLE, TooManyPixels, bound, has_transparent_pixel, open_picture
from storage.tables import Image as Record
from storage.tables import Job
from styles.comparison import check
from styles.measurement import Measurement, measure
from styles.style_use import StyleUse

EXTENSIONS = {"JPEG": "jpg"}
ROOT_BYTES = 2048
"""Of an SVG, in which its opening tag ends; the patterns read no further."""

UNREADABLE = "Its bytes could not be decoded to the end; they were kept as they came."

BYTES_ARE = "The bytes are {format}."
PIXELS_ARE = "It is {size} pixels; {wish} was wished."
SOME_CLEAR, NONE_CLEAR = "Some pixels are transparent.", "No pixel is transparent."

OPEN = {"", "auto"}
"""Values of an option that leave it to the model."""

P = ParamSpec("P")
T = TypeVar("T")

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="pictures")
"""One: unpacked pictures are large, and what a thread frees of memory stays its own."""


async def run_apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what unpacks pictures in the one thread for it."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREAD, lambda: work(*args, **kwargs))


@dataclass(frozen=True)
class PictureFacts:
    """What the bytes say. Width and height are pixels, 0 where an SVG does not say.

    `has_alpha` is None where no pixel was looked at. Of bytes that end early (`is_whole` is false)
    no more than the header is sure.
    """

    format: str
    extension: str
    width: int
    height: int
    has_alpha: bool | None
    is_whole: bool = True
    note: str | None = None
    preview: bytes | None = field(default=None, repr=False)


def read_facts(data: bytes, *, preview: bool = False) -> PictureFacts:
    """Read a picture whole, with a JPEG `preview` if asked for.

    `has_alpha` means that some pixel really is transparent. Raises `GatewayError` for
    bytes that are not a picture; one that breaks off is still what it is.
    """
    if is_svg(data):
        return _svg(data)
    try:
        with open_picture(data) as image:
            return _facts(image, preview=preview)
    except UNDECODABLE:
        raise GatewayError("not_a_picture") from None


def _facts(image: Image.Image, *, preview: bool) -> PictureFacts:
    """The header's facts, and those of the pixels where they can be unpacked."""
    name, (width, height) = str(image.format), image.size
    has_alpha, is_whole, note, small = None, True, None, None
    try:
        bound(image, edge=PREVIEW_EDGE)
        image.load()
        has_alpha = has_transparent_pixel(image)
        small = preview_from(image) if preview else None
    except TooManyPixels as error:
        note = f"It has {error} It was kept as it came, and not looked at."
    except UNDECODABLE:
        is_whole, note = False, UNREADABLE
    return PictureFacts(
        format=name.lower(),
        extension=EXTENSIONS.get(name, name.lower()),
        width=width,
        height=height,
        has_alpha=has_alpha,
        is_whole=is_whole,
        note=note,
        preview=small,
    )


def _svg(data: bytes) -> PictureFacts:
    """An SVG is text: it is read for its size, and never rendered."""
    start = data.find(b"<svg")
    root = data[start : start + ROOT_BYTES].split(b">")[0]
    sizes = dict(
        re.findall(rb"\s(width|height)\s*=\s*[\"']([0-9]{1,6})(?:\.[0-9]+)?(?:px)?[\"']", root)
    )
    width, height = int(sizes.get(b"width", 0)), int(sizes.get(b"height", 0))
    return PictureFacts("svg", "svg", width, height, has_alpha=None)


def facts(data: bytes, job: Job) -> list[Finding]:
    """What the bytes say of each option that was set; nothing of bytes that end early.

    Of an SVG only the format counts: it is never rendered. What is too large to unpack has no
    background that anyone looked at.
    """
    try:
        picture = read_facts(data)
    except GatewayError:  # the file is gone, or is no picture any more
        return []
    if not picture.is_whole:
        return []
    options = job.options
    format_ = picture.format
    rows = [("format", options["output_format"], format_, BYTES_ARE.format(format=format_))]
    if picture.format != "svg":
        size = f"{picture.width}x{picture.height}"
        seen = PIXELS_ARE.format(size=size, wish=options["size"])
        rows.append(("size", options["size"], size, seen))
    if picture.has_alpha is not None:
        ground = "transparent" if picture.has_alpha else "opaque"
        seen = SOME_CLEAR if picture.has_alpha else NONE_CLEAR
        rows.append(("background", options["background"], ground, seen))
    return [
        Finding(
            item=f"{name}: {wish}",
            verdict="met" if value == wish else "not_met",
            seen=observation,
            source="bytes",
        )
        for name, wish, value, observation in rows
        if wish not in OPEN
    ]


def style_fact(image: Record, job: Job, wording: Wording) -> Finding | None:
    """How far a picture is from its styles; None without such, or where nothing can be measured.

    Not met is what is far off.
    """
    styles = [StyleUse.model_validate(row) for row in job.style_uses]
    if not any(use.measurements for use in styles):
        return None
    measured = _measured(image.path, image.bytes, image.sha256)
    distance = check(measured, styles) if measured else None
    if distance is None:
        return None
    verdict = "not_met" if distance.is_far else "met"
    return Finding(item=distance.sentence(wording), verdict=verdict, seen="", source="bytes")


@lru_cache(maxsize=512)  # it takes a tenth of a second, and the view shows pictures often
def _measured(path: str, size: int, sha256: str) -> Measurement | None:
    try:
        return measure(read_picture(Record(path=path, bytes=size, sha256=sha256)))
    except (StorageError, *UNDECODABLE):
        return None
