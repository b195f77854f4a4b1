"""Read pictures that a person points to: only from allowed folders, only what they are."""

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from storage.atomic_write import write_file
from storage.input_pictures import (
    MOST_BYTES,
    InputError,
    InputPicture,
    check_picture,
    quote,
    refuse_large,
    shrink,
)

SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A pipe must not block, and a link that was put there since must not be followed."""

ELSEWHERE = ("/mnt/user-data/", "/mnt/data/", "/home/claude/", "sandbox:/", "file-service://")
"""Where hosts keep uploads that only the assistant sees."""

ADDRESSES = (
    (r"file:", "this is an address, and a plain path is needed."),
    (r"data:", "this is a picture written as text. Save it as a file first."),
    (r"[a-z][a-z0-9+.-]*://|https?:", "this is an address. Download the picture first."),
    (r"[\\/]{2}", "this is a path in a network. Copy the picture to this computer first."),
)
WINDOWS_DRIVE = r"[a-z]:[\\/]", "this is a path of Windows, and this server runs elsewhere."


class InputFiles:
    """The folders that input pictures may come from, and a folder for their small copies."""

    def __init__(self, folders: Sequence[Path], copies: Path) -> None:
        self._folders = list(folders)
        self._copies = copies

    def read(self, source: str) -> InputPicture:
        """A picture to draw from.

        `source` is a path in an allowed folder, absolute or relative to one. Raises
        `InputError` naming what is wrong and the way out.
        """
        return self.check(self._read(self._resolve(source), source), source)

    def check(self, data: bytes, source: str) -> InputPicture:
        """The same for bytes that are ours already; they stay as they are unless turned."""
        return check_picture(data, source)

    def copy_file(self, source: str) -> str:
        """Keep a small copy of a picture for a vision model; the copy's file name.

        `source` is a path in an allowed folder, absolute or relative to one. Raises
        `InputError` naming what is wrong and the way out.
        """
        return self.copy(self._read(self._resolve(source), source), source)

    def copy(self, data: bytes, source: str) -> str:
        """The same for bytes that are ours already."""
        small = shrink(data, source)
        name = f"{hashlib.sha256(small).hexdigest()[:32]}.jpg"
        try:
            self._copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(self._copies / name, [small])
        except OSError as error:
            raise InputError(
                f"{quote(source)} could not be kept for the dialogue ({error.strerror}). Make "
                "the folder of IMAGE_CONSULTANT_DATA_DIR writable, or leave the picture out."
            ) from error
        return name

    def read_copy(self, name: str) -> bytes | None:
        """A small copy by its file name, None if it is gone."""
        try:
            return (self._copies / Path(name).name).read_bytes()
        except OSError:
            return None

    def _resolve(self, source: str) -> Path:
        """The real file behind a path, inside an allowed folder, whatever links it takes."""
        self._refuse_other_places(source)
        try:
            path = Path(source).expanduser()
            roots = [folder.resolve() for folder in self._folders]
            places = [path] if path.is_absolute() else [root / path for root in roots]
            targets = [place.resolve() for place in places]
            allowed = [one for one in targets if any(one.is_relative_to(root) for root in roots)]
            real = next((place for place in allowed if _is_there(place)), None)
        except (OSError, RuntimeError, ValueError):
            raise InputError(f"{quote(source)} is no usable path.", self._way_out()) from None
        if not allowed:
            raise InputError(
                f"{quote(source)} is not in a folder that pictures may come from.",
                self._way_out(),
            )
        if real is None:
            raise InputError(f"There is no file {quote(source)}.", self._way_out())
        return real

    def _refuse_other_places(self, source: str) -> None:
        """Tell what is no path on this computer, before any file system is asked."""
        if "\0" in source or not source.strip():
            raise InputError(
                "A path of a picture is empty or holds a NUL character.",
                self._way_out(),
            )
        if source.startswith(ELSEWHERE):
            raise InputError(
                f"{quote(source)} lies in the assistant's own workspace, which this server cannot "
                "read.",
                self._way_out(),
            )
        if os.name == "nt" and any(Path(source).drive == folder.drive for folder in self._folders):
            return
        addresses = ADDRESSES if os.name == "nt" else (*ADDRESSES, WINDOWS_DRIVE)
        for beginning, why in addresses:
            if re.match(beginning, source.strip(), re.IGNORECASE):
                raise InputError(f"There is no file {quote(source)}: {why}", self._way_out())

    def _read(self, path: Path, source: str) -> bytes:
        """The bytes of a regular file; devices and pipes are not opened at all."""
        try:
            self._refuse_irregular(path.lstat(), source)
            with open(path, "rb", opener=_open_safely) as file:
                state = os.fstat(file.fileno())
                self._refuse_irregular(state, source)
                refuse_large(state.st_size, source)
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise InputError(
                f"{quote(source)} cannot be read ({error.strerror}). Let the person who runs this "
                "server read it.",
                self._way_out(),
            ) from error
        refuse_large(len(data), source)
        return data

    def _refuse_irregular(self, state: os.stat_result, source: str) -> None:
        if stat.S_ISDIR(state.st_mode):
            raise InputError(f"{quote(source)} is a directory. Give the path of a picture in it.")
        if not stat.S_ISREG(state.st_mode):
            raise InputError(f"{quote(source)} is no regular file.", self._way_out())

    def _way_out(self) -> str:
        folders = ", ".join(str(folder) for folder in self._folders)
        return (
            f"Put the picture into one of these folders and give its path there: {folders}; or "
            "allow its folder with IMAGE_CONSULTANT_INPUT_DIRS."
        )


def _is_there(path: Path) -> bool:
    """Whether a path leads anywhere; what else is wrong with it is raised as `OSError`."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _open_safely(path: str, flags: int) -> int:
    return os.open(path, flags | SAFELY)
