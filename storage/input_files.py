"""Read pictures that a person points to or hands in: from allowed folders, only what they are."""

import asyncio
import hashlib
import os
import re
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from unicodedata import normalize
from urllib.request import url2pathname

from errors import StorageError
from storage.input_pictures import (
    MOST_BYTES,
    InputError,
    InputPicture,
    quote,
    refuse_large,
    shrink,
)
from storage.picture_files import read_picture
from storage.records import Records
from storage.shared_folder import write_file
from storage.stamps import is_image_id

UPLOAD_ID = re.compile(r"up_[0-9a-f]{16}")

SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A pipe must not block, and a link that was put there since must not be followed."""

UPLOADS = r"/mnt/(user-data|data)/|/home/claude/|(sandbox|file-service|attachment|blob|cid):"
"""Where hosts keep what was pasted or attached in a chat; they hand none of it on."""

FILE_ADDRESS = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)

ADDRESSES = (
    (r"data:", "this is a picture written as text. Save it as a file first."),
    (r"[a-z][a-z0-9+.-]*://|https?:", "this is an address. Download the picture first."),
    (r"[\\/]{2}", "this is a path in a network. Copy the picture to this computer first."),
)
WINDOWS_DRIVE = r"[a-z]:[\\/]", "this is a path of Windows, and this server runs elsewhere."

IN_THE_CHAT = "A picture that was pasted or attached in the chat reaches only the assistant."


UNUSED_DAYS = 7
"""After which an upload goes that no call has named: whoever hands a picture in sends it along
within minutes, and a dialogue that was left over a weekend still has it."""


class Uploads:
    """The folder of what was handed in; the same bytes have the same id.

    What no call has named yet lies in a folder below.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unused = folder / "unused"

    def keep(self, picture: InputPicture) -> str:
        """Write a picture down; its id, `up_` and 16 hex digits. Raises `InputError`."""
        upload_id = f"up_{hashlib.sha256(picture.data).hexdigest()[:16]}"
        self._remove_old()
        if not (self._folder / upload_id).exists():
            _keep(self._unused / upload_id, picture.data, picture.source)
        return upload_id

    def read(self, upload_id: str) -> bytes:
        """The bytes behind an id, which is used from then on. Raises `InputError`."""
        with suppress(OSError):
            (self._unused / upload_id).replace(self._folder / upload_id)
        try:
            return (self._folder / upload_id).read_bytes()
        except OSError:
            raise InputError(
                f"There is no upload {upload_id}: it was removed, or is of another installation.",
                "Hand the picture in again.",
            ) from None

    def _remove_old(self) -> None:
        oldest = time.time() - UNUSED_DAYS * 86_400
        for path in self._unused.glob("*"):
            with suppress(OSError):  # another process used or removed it
                if path.stat().st_mtime < oldest:
                    path.unlink()


class InputFiles:
    """The folders that input pictures may come from, and a folder for their small copies.

    Only in `bases` a path without folder is looked for: in a person's Downloads the name of a
    picture pasted into a chat would find another one of that name.
    """

    def __init__(self, bases: Sequence[Path], copies: Path, others: Sequence[Path] = ()) -> None:
        self._bases = list(bases)
        self._folders = list(dict.fromkeys([*bases, *others]))
        self._copies = copies
        self.uploads = Uploads(copies.with_name("uploads"))

    async def read_any(self, source: str, records: Records) -> bytes:
        """The bytes that `source` names: as `read` takes it, or the id of a picture we made.

        Raises a `StorageError` naming what is wrong and the way out.
        """
        if not is_image_id(source):
            return await asyncio.to_thread(self.read, source)
        image = await records.image(source)
        try:
            return await asyncio.to_thread(read_picture, image)
        except StorageError as error:
            raise InputError(f"{error} Put it back, or name another picture.") from error

    async def copy(self, source: str, records: Records) -> str:
        """Keep a small copy of a picture for a vision model; the copy's file name.

        `source` is as `read_any` takes it. Raises as that does.
        """
        return await asyncio.to_thread(self._copy, await self.read_any(source, records), source)

    def read(self, source: str) -> bytes:
        """The bytes of a file, whatever it is.

        `source` is a path in an allowed folder, absolute or relative to a base, or the id of
        an upload. Raises `InputError` naming what is wrong and the way out.
        """
        if UPLOAD_ID.fullmatch(source):
            return self.uploads.read(source)
        # As "Copy as path" of Windows puts it into the clipboard.
        bare = source[1:-1] if source[:1] == source[-1:] == '"' else source
        return self._read(self._resolve(bare), source)

    def read_copy(self, name: str) -> bytes | None:
        """A small copy by its file name, None if it is gone."""
        try:
            return (self._copies / Path(name).name).read_bytes()
        except OSError:
            return None

    def _copy(self, data: bytes, source: str) -> str:
        small = shrink(data, source)
        name = f"{hashlib.sha256(small).hexdigest()[:32]}.jpg"
        _keep(self._copies / name, small, source)
        return name

    def _resolve(self, source: str) -> Path:
        """The real file behind a path, inside an allowed folder, whatever links it takes."""
        self._refuse_other_places(source)
        try:
            path = Path(_path_of(source)).expanduser()
            bases = [Path()] if path.is_absolute() else self._bases
            targets = [(base / path).resolve() for base in bases]
            allowed = [target for target in targets if self._is_allowed(target)]
            there = (self._on_disk(target) for target in allowed)
            real = next((target for target in there if target), None)
        except (OSError, RuntimeError, ValueError):
            raise InputError(f"{quote(source)} is no usable path.", self._way_out()) from None
        if not allowed:
            raise InputError(
                f"{quote(source)} is not in a folder that pictures may come from.",
                self._way_out(),
            )
        if real is None:
            where = "" if path.is_absolute() else f" in {', '.join(map(str, self._bases))}"
            chat = "" if path.name != source else f" {IN_THE_CHAT}"
            way_out = "Correct its path." if path.is_absolute() else self._way_out()
            raise InputError(f"There is no file {quote(source)}{where}.{chat}", way_out)
        return real

    def _is_allowed(self, real: Path) -> bool:
        return any(real.is_relative_to(folder.resolve()) for folder in self._folders)

    def _on_disk(self, path: Path) -> Path | None:
        """The file of this name, also where the name is only written otherwise.

        macOS puts a narrow space into the names of screenshots, which nobody types.
        """
        if _is_there(path):
            return path
        if not path.parent.is_dir():
            return None
        name = normalize("NFKC", path.name)
        alike = (one for one in path.parent.iterdir() if normalize("NFKC", one.name) == name)
        return next((one for one in map(Path.resolve, alike) if self._is_allowed(one)), None)

    def _refuse_other_places(self, source: str) -> None:
        """Tell what is no path on this computer, before any file system is asked."""
        if "\0" in source or not source.strip():
            raise InputError(
                "A path of a picture is empty or holds a NUL character.",
                self._way_out(),
            )
        named = any(Path(source).is_relative_to(folder) for folder in self._folders)
        if re.match(UPLOADS, source, re.IGNORECASE) and not named:
            raise InputError(
                f"{quote(source)} lies in the assistant's own workspace, which this server cannot "
                f"read. {IN_THE_CHAT}",
                self._way_out(),
            )
        if os.name == "nt" and any(Path(source).drive == folder.drive for folder in self._folders):
            return
        addresses = ADDRESSES if os.name == "nt" else (*ADDRESSES, WINDOWS_DRIVE)
        for beginning, why in addresses:
            if re.match(beginning, _path_of(source).strip(), re.IGNORECASE):
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
        folders = [str(folder) for folder in self._folders if folder.is_dir()]
        return (
            "Put the picture into one of these folders and give its whole path there: "
            f"{', '.join(folders or map(str, self._folders))}; or name its folder in "
            "IMAGE_CONSULTANT_INPUT_DIRS (Input folders in the form of Claude Desktop)."
        )


def _keep(path: Path, data: bytes, source: str) -> None:
    """Write down what was handed in as `source`. Raises `InputError`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_file(path, [data])
    except OSError as error:
        raise InputError(
            f"{quote(source)} could not be kept ({error.strerror}). Make the folder of "
            "IMAGE_CONSULTANT_DATA_DIR writable, or leave the picture out."
        ) from error


def _path_of(source: str) -> str:
    """The path of a file: address, another's name in front as in a network; else what is given."""
    address = FILE_ADDRESS.fullmatch(source)
    if not address:
        return source
    host = "" if address[1] in {None, "", "localhost"} else f"//{address[1]}"
    return host + url2pathname(address[2])


def _is_there(path: Path) -> bool:
    """Whether a path leads anywhere; what else is wrong with it is raised as `OSError`."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _open_safely(path: str, flags: int) -> int:
    return os.open(path, flags | SAFELY)
