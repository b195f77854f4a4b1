"""Read pictures that a person points to: only from allowed folders, only what they are."""

import hashlib
import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from storage.errors import StorageError

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 80_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""A pipe must not block, and a link that was put there since must not be followed."""

SEEN_EDGE = 1024
"""Pixels of the longer edge that a vision model is shown; more costs and tells it no more."""

ELSEWHERE = ("/mnt/user-data/", "/mnt/data/", "/home/claude/", "sandbox:/", "file-service://")
"""Where hosts keep uploads that only the assistant sees."""

UNREAD = {".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".svg", ".pdf", ".psd", ".dng"}


class InputError(StorageError):
    """A picture that was pointed to cannot be used."""


class Inputs:
    """The folders that input pictures may come from, and a folder for their small copies."""

    def __init__(self, folders: Sequence[Path], copies: Path) -> None:
        self._folders = list(folders)
        self._copies = copies

    def take(self, given: str) -> str:
        """Keep a small copy of a picture for a vision model; the copy's file name.

        `given` is a path in an allowed folder, absolute or relative to one. Raises
        `InputError` naming what is wrong and the way out.
        """
        return self.copy(self._read(self._resolve(given), given), given)

    def copy(self, data: bytes, given: str) -> str:
        """The same for bytes that are ours already."""
        small = _scaled(data, given)
        name = f"{hashlib.sha256(small).hexdigest()[:32]}.jpg"
        try:
            self._copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._copies / name).write_bytes(small)
        except OSError as error:
            raise InputError(
                f"{_shown(given)} could not be kept for the dialogue ({error.strerror}). Nothing "
                "was sent to OpenAI."
            ) from error
        return name

    def copied(self, name: str) -> bytes | None:
        """A small copy by its file name, None if it is gone."""
        try:
            return (self._copies / Path(name).name).read_bytes()
        except OSError:
            return None

    def _resolve(self, given: str) -> Path:
        """The real file behind a path, inside an allowed folder, whatever links it takes."""
        if "\0" in given or not given.strip():
            raise InputError("A path of a picture is empty or holds a NUL character.")
        if given.startswith(ELSEWHERE):
            raise InputError(
                f"{_shown(given)} lies in the assistant's own workspace, which this server cannot "
                f"read. {self._way_out()}"
            )
        path = Path(given).expanduser()
        try:
            roots = [folder.resolve() for folder in self._folders]
            places = [path] if path.is_absolute() else [root / path for root in roots]
            real = [place.resolve() for place in places]
            there = {place for place in real if place.exists()}
        except (OSError, RuntimeError, ValueError):
            raise InputError(f"{_shown(given)} is no usable path. {self._way_out()}") from None
        allowed = [place for place in real if any(place.is_relative_to(root) for root in roots)]
        if not allowed:
            raise InputError(
                f"{_shown(given)} is not in a folder that pictures may come from. {self._way_out()}"
            )
        found = next((place for place in allowed if place in there), None)
        if found is None:
            raise InputError(f"There is no file {_shown(given)}. {self._way_out()}")
        return found

    def _read(self, path: Path, given: str) -> bytes:
        """The bytes of a regular file; devices and pipes are not opened for reading."""
        if path.suffix.lower() in UNREAD:
            raise InputError(
                f"{_shown(given)} is a {path.suffix[1:].upper()} file. "
                "Save it as PNG, JPEG or WebP."
            )
        try:
            handle = os.open(path, os.O_RDONLY | SAFELY)
            with os.fdopen(handle, "rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise InputError(f"{_shown(given)} is no regular file.")
                if found.st_size > MOST_BYTES:
                    raise InputError(
                        f"{_shown(given)} has {found.st_size // 2**20} MB; "
                        f"{MOST_BYTES // 2**20} MB are allowed."
                    )
                return file.read(MOST_BYTES + 1)
        except OSError as error:
            raise InputError(f"{_shown(given)} cannot be read ({error.strerror}).") from error

    def _way_out(self) -> str:
        folders = ", ".join(str(folder) for folder in self._folders)
        return (
            f"Put the picture into one of these folders and give its path there: {folders}; or "
            "allow its folder with IMAGE_CONSULTANT_INPUT_DIRS."
        )


def _scaled(data: bytes, given: str) -> bytes:
    """A JPEG of at most SEEN_EDGE pixels, upright. The content decides, not the name."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            image.draft("RGB", (SEEN_EDGE, SEEN_EDGE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((SEEN_EDGE, SEEN_EDGE))
            flat = Image.new("RGB", upright.size, "white")
            flat.paste(upright, mask=_mask(upright))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(
            f"{_shown(given)} has too many pixels; {MOST_PIXELS // 1_000_000} million are allowed."
        ) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise InputError(
            f"{_shown(given)} is no picture that can be read. Use a PNG, JPEG, WebP or GIF file."
        ) from None
    target = io.BytesIO()
    flat.save(target, "JPEG", quality=85)
    return target.getvalue()


def _mask(image: Image.Image) -> Image.Image | None:
    return image.convert("RGBA").getchannel("A") if image.has_transparency_data else None


def _shown(given: str) -> str:
    """A path as it was given, safe to repeat."""
    printable = "".join(letter for letter in given if letter.isprintable())
    return f"'{printable[:200]}'"
