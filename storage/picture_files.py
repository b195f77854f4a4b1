"""The one module that writes picture files, and reads them back."""

import hashlib
import secrets
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from errors import StorageError
from storage.shared_folder import write_file
from storage.tables import Image

ROOM = 64 * 1024 * 1024
"""Free bytes that must be there before a picture is paid for; large ones pass 30 MB."""

ASIDE = "no-pictures"
"""The folder, beside the pictures, of bytes that OpenAI sent as one and that are none."""


def media_type(form: str) -> str:
    """What the bytes of a picture of a format are called on the way to a client."""
    return f"image/{'svg+xml' if form == 'svg' else form}"


class PictureFiles:
    """A folder of pictures, and a second one where they go when the first fails."""

    def __init__(self, folder: Path, reserve: Path) -> None:
        self._folder = folder
        self._reserve = reserve

    def check(self) -> None:
        """Raise before money is spent if a picture could not be saved."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise StorageError(
                f"Pictures cannot be saved in {self._folder} ({error.strerror}).",
                "Make that folder writable, or set IMAGE_CONSULTANT_IMAGES_DIR to another one.",
                charged="no",
            ) from error
        if free < ROOM:
            raise StorageError(
                f"The disk that holds {self._folder} is nearly full: {free // 2**20} MB are free, "
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
            return _write(self._folder, data, name), None
        except OSError as error:
            reason = error.strerror
        try:
            path = _write(self._reserve, data, name)
        except OSError as error:
            raise StorageError(
                f"The picture was drawn but could be saved neither in {self._folder} ({reason}) "
                f"nor in {self._reserve} ({error.strerror})."
            ) from error
        return path, f"{self._folder} could not be written ({reason}), so it was saved here."

    def set_aside(self, data: bytes, *, at: str, tag: str) -> Path | None:
        """Keep paid bytes that are no picture; None where no disk takes them.

        Named as `save` would, in a folder of their own: nobody is to take them for a picture.
        """
        for folder in (self._folder, self._reserve):
            try:
                return _write(folder / ASIDE, data, f"{_stem(at, tag)}.bin")
            except OSError:
                continue
        return None


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
