"""Picture files: written as they came, read back, and copied small or in another format."""

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from PIL import Image as Pixels
from PIL import ImageOps

from errors import StorageError
from storage.pixels import UNDECODABLE, bound, has_transparent_pixel, open_picture, small_image
from storage.shared_folder import write_file
from storage.tables import Image

ROOM = 64 * 1024 * 1024
"""Free bytes that must be there before a picture is paid for; large ones pass 30 MB."""

ASIDE = "no-pictures"
"""The folder, beside the pictures, of bytes that OpenAI sent as one and that are none."""

Edge = Literal[240, 512, 1024, 2048]
"""Pixels of the longer edge: a thumbnail, one unfinished or beside another, one alone, and one
that fills a large screen."""

SMALL_QUALITY = 80
"""Of WebP: a photograph of 1024 pixels has about 60 kB, and no flaw that one sees."""

LARGEST_SVG = 400_000
"""Bytes; with what base64 adds, a result holds it."""

MOST_BYTES = 256_000_000
"""Of all small copies where a server begins to make some: some 900 pictures in each size."""

FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF",
    ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP",
}  # fmt: skip
"""What the ending of a file name asks for, as Pillow calls it."""

WITHOUT_TRANSPARENCY = {"JPEG", "BMP"}

QUALITY = 92
"""Of JPEG and WebP: above it files double and nobody sees why."""


@dataclass
class PictureFiles:
    """A folder of pictures, and a second one where they go when the first fails."""

    folder: Path
    reserve: Path

    def check(self) -> None:
        """Raise before money is spent if a picture could not be saved."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise StorageError(
                f"Pictures cannot be saved in {self.folder} ({error.strerror}).",
                "Make that folder writable, or set IMAGE_CONSULTANT_IMAGES_DIR to another one.",
                charged="no",
            ) from error
        if free < ROOM:
            raise StorageError(
                f"The disk that holds {self.folder} is nearly full: {free // 2**20} MB are free, "
                f"{ROOM // 2**20} MB are needed.",
                "Free some space, or set IMAGE_CONSULTANT_IMAGES_DIR to another disk.",
                charged="no",
            )

    def save(self, data: bytes, extension: str, *, at: str, tag: str) -> tuple[Path, str | None]:
        """Write a paid picture, exactly these bytes; its path, and a note if it went elsewhere.

        `at`, when it was asked for (ISO 8601), and `tag`, 8 letters, name it: a picture that
        is fetched again, since the server died before it was recorded, is not kept twice.
        Raises `StorageError` only if neither folder takes it.
        """
        name = f"{_stem(at, tag)}.{extension}"
        try:
            return _write(self.folder, data, name), None
        except OSError as error:
            reason = error.strerror
        try:
            path = _write(self.reserve, data, name)
        except OSError as error:
            raise StorageError(
                f"The picture was drawn but could be saved neither in {self.folder} ({reason}) "
                f"nor in {self.reserve} ({error.strerror})."
            ) from error
        return path, f"{self.folder} could not be written ({reason}), so it was saved here."

    def set_aside(self, data: bytes, *, at: str, tag: str) -> Path | None:
        """Keep paid bytes that are no picture; None where no disk takes them.

        Named as `save` would, in a folder of their own: nobody is to take them for a picture.
        """
        for folder in (self.folder, self.reserve):
            try:
                return _write(folder / ASIDE, data, f"{_stem(at, tag)}.bin")
            except OSError:
                continue
        return None


def sheet_of(path: Path) -> Path:
    """Where the sheet of a call lies that drew several, by the file of its first picture."""
    return path.with_name(f"{path.stem}_sheet.jpg")


def read_picture(image: Image) -> bytes:
    """The bytes of a picture, the very ones that were recorded.

    No others are given out: a record that was brought in may name any file of this machine.
    Raises `StorageError` where the file is gone, cannot be read, or is another one.
    """
    path = Path(image.path)
    try:
        if not path.is_file():
            raise StorageError(
                f"The file of {image.id} is no longer where it was saved: {image.path}."
            )
        data = path.read_bytes() if path.stat().st_size == image.bytes else b""
    except (OSError, ValueError) as error:
        raise StorageError(f"The file of {image.id} cannot be read: {image.path}.") from error
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise StorageError(
            f"The file of {image.id} is not the one that was recorded: {image.path}."
        )
    return data


def _stem(at: str, tag: str) -> str:
    stamp = datetime.fromisoformat(at).astimezone().strftime("%Y%m%d_%H%M%S")
    return f"openai_image_{stamp}_{tag}"


def _write(folder: Path, data: bytes, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if path.exists():
        if path.is_file() and path.read_bytes() == data:
            return path
        path = path.with_stem(f"{path.stem}_{secrets.token_hex(2)}")  # never over another file
    write_file(path, [data])
    return path


class SmallCopy(NamedTuple):
    """A picture to show: its bytes and what they are."""

    data: bytes
    media_type: str


class SmallCopies:
    """A folder of small copies; what is in it can be made anew at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_trimmed = False

    def copy(self, image: Image, edge: Edge) -> SmallCopy:
        """A picture of at most so many pixels; drawings in SVG as they are.

        Raises `StorageError` where its file is gone or another one, or cannot be shown.
        """
        path = self._path(image, edge)
        with contextlib.suppress(OSError):
            os.utime(path)
            return SmallCopy(path.read_bytes(), "image/webp")
        data = read_picture(image)
        if image.format == "svg":
            if len(data) > LARGEST_SVG:
                raise _unshown(image)
            return SmallCopy(data, "image/svg+xml")
        small = as_webp(data, edge)
        if small is None:
            raise _unshown(image)
        with contextlib.suppress(OSError):  # a full disk costs time, and nothing else
            self._keep(path, small)
        return SmallCopy(small, "image/webp")

    def remove(self, image: Image) -> None:
        """Forget the copies of a picture that is deleted."""
        for edge in get_args(Edge):
            with contextlib.suppress(OSError):
                self._path(image, edge).unlink(missing_ok=True)

    def _keep(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._is_trimmed:
            self._is_trimmed = True
            self._trim()
        write_file(path, [data])

    def _trim(self) -> None:
        """Remove the least recently shown where there is too much."""
        states = [(path.stat(), path) for path in self._folder.iterdir()]
        total = 0
        for state, path in sorted(states, key=lambda one: -one[0].st_mtime_ns):
            total += state.st_size
            if total > MOST_BYTES:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, image: Image, edge: Edge) -> Path:
        return self._folder / f"{image.sha256}-{edge}.webp"


def as_webp(data: bytes, edge: Edge) -> bytes | None:
    """A copy of at most so many pixels, transparent where the picture is; None for no picture."""
    try:
        with open_picture(data) as image:
            bound(image, edge=edge)
            mode = "RGBA" if image.has_transparency_data else "RGB"
            small = small_image(image, mode, edge)
    except UNDECODABLE:
        return None
    target = io.BytesIO()
    small.save(target, "WEBP", quality=SMALL_QUALITY)
    return target.getvalue()


def _unshown(image: Image) -> StorageError:
    return StorageError(f"{image.id} cannot be shown here; its file is {image.path}.")


def convert(data: bytes, form: str, box: tuple[int, int] | None) -> tuple[bytes, tuple[int, int]]:
    """The picture in a format of Pillow, as large as fits into a box of pixels, its shape kept;
    and its size.

    Transparency becomes white where the format has none. What Pillow raises for broken bytes
    passes through, `TooManyPixels` for a picture that would not fit into memory.
    """
    with open_picture(data) as image:
        bound(image, copies=2)
        if box is None and image.format == form:
            return data, image.size
        colours = {"icc_profile": image.info["icc_profile"]} if "icc_profile" in image.info else {}
        picture: Pixels.Image = image if image.mode in {"L", "RGB"} else image.convert("RGBA")
        if box:
            picture = ImageOps.contain(picture, box)
        if picture.mode == "RGBA" and (
            form in WITHOUT_TRANSPARENCY or not has_transparent_pixel(picture)
        ):
            ground = Pixels.new("RGBA", picture.size, "white")
            ground.alpha_composite(picture)
            picture = ground.convert("RGB")
        target = io.BytesIO()
        picture.save(target, form, quality=QUALITY, **colours)
        return target.getvalue(), picture.size
