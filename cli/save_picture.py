"""The command `conversations save`: a picture that is kept, in another format or size."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from app import App
from cli import UsageProblem
from cli import terminal as show
from cli.data_folder import load_by_beginning, whole_id, with_records
from errors import Problem, StorageError
from gateway.capabilities import size_in_pixels

if TYPE_CHECKING:
    from storage.tables import Image

SIZE = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")
"""Edges of up to five digits; what is too large for memory is refused by its pixels."""


def save(
    picture: str, file: Path, /, *, size: Annotated[str, Parameter(name="--size")] = ""
) -> None:
    """Save a picture that is there in another format or size: nothing is drawn or paid for.

    The picture itself stays as it came. Nothing is overwritten.

    Args:
        picture: Its id, or that of a conversation for its current picture; the beginning is enough.
        file: Where to; its ending names the format: png, jpg, webp, gif, tif or bmp.
        size: What it is to fit into, in pixels: WIDTHxHEIGHT, or one number for both edges.
    """
    from storage.picture_copies import FORMATS

    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise UsageProblem(f"{file} has to end in one of {', '.join(FORMATS)}.")
    if file.exists():
        raise Problem(f"{file} is there already; it stays as it is. Name another file.")
    box = _box(size) if size else None
    image = with_records(lambda app: _find(app, picture))
    _write(file, _convert(image, form, box))
    show.line(str(file.absolute()))
    show.line(f"made of {image.id}, which stays as it is: {image.path}")


def _box(size: str) -> tuple[int, int]:
    edges = SIZE.fullmatch(size_in_pixels(size))
    if not edges:
        raise UsageProblem(f"--size takes pixels such as 1200 or 1200x800, not {size!r}.")
    return int(edges[1]), int(edges[2] or edges[1])


async def _find(app: App, given: str) -> "Image":
    """A picture by its id, or the current one of a conversation. Raises a `Problem`."""
    if await app.records.ids_beginning("img", given, limit=1):
        return await app.records.image(await whole_id(app, given, "img"))
    if given.startswith("img_"):
        await whole_id(app, given, "img")  # refuses it as a picture
    conversation = await load_by_beginning(app, given)
    if conversation.current_image is None:
        raise Problem(f"Conversation {conversation.id} has no picture yet.")
    return conversation.current_image


def _convert(image: "Image", form: str, box: tuple[int, int] | None) -> bytes:
    from storage.picture_copies import converted
    from storage.picture_files import read_picture
    from storage.pixels import UNDECODABLE

    if image.format == "svg":
        raise Problem(
            f"{image.id} is an SVG, which is drawn at any size by what shows it.",
            f"Open {image.path} in a browser or an editor and export it there.",
        )
    try:
        return converted(read_picture(image), form, box)
    except UNDECODABLE as error:
        raise Problem(f"{image.id} cannot be converted: {error}") from error


def _write(file: Path, data: bytes) -> None:
    from storage.atomic_write import write_file

    try:
        write_file(file, [data])
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from error
