"""A folder that several processes share: files put in place whole, and who has its records open."""

import asyncio
import os
import secrets
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

import portalocker
from portalocker import AlreadyLocked, LockException, LockFlags

from errors import StorageError
from storage.database_file import BUSY_SECONDS, RETRY_SECONDS

OWNER_ALONE = 0o600

LOCK_FILE = ".lock"
"""Stands for the folder on Windows, which cannot open one to lock it."""


def write_file(path: Path, pieces: Iterable[bytes], *, mode: int | None = None) -> None:
    """Write bytes, in place of what was there; `mode` is that of the file, else the system's.

    Who reads meanwhile sees the file before or the file after; a process that is killed
    leaves no half one. Raises `OSError`.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")

    def create(name: str, flags: int) -> int:
        return os.open(name, flags, 0o666 if mode is None else OWNER_ALONE)

    try:
        with open(part, "xb", opener=create) as file:
            for piece in pieces:
                file.write(piece)
        if mode is not None:
            part.chmod(mode)
        put_in_place(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name, in place of what had it. Raises `OSError`.

    Bytes go to the disk before the name does: after a power cut the name would otherwise
    stand over an empty file.
    """
    _sync(part, os.O_RDWR)
    part.replace(path)
    if os.name == "posix":  # Windows cannot open a folder, and keeps renames by itself
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderLock:
    """A lock that a killed process cannot leave behind: the system lets go of it.

    On POSIX it is on the folder itself and makes no file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = -1
        self._close: Callable[[], object] | None = None

    def try_lock(self, *, alone: bool) -> bool:
        """Take or change the lock without waiting; whether it is held now.

        Where the file system knows no such locks, nobody is ever alone.
        """
        kind = LockFlags.EXCLUSIVE if alone else LockFlags.SHARED
        descriptor = self._open()
        try:
            portalocker.unlock(descriptor)  # Windows refuses a second lock on the same bytes
            portalocker.lock(descriptor, kind | LockFlags.NON_BLOCKING)
        except AlreadyLocked:
            return False
        except (LockException, OSError):
            return not alone
        return True

    async def acquire(self) -> bool:
        """Wait until nobody has the records for themselves; whether one is alone now."""
        until = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < until:
            if self.try_lock(alone=True):
                return True
            if self.try_lock(alone=False):
                return False
            await asyncio.sleep(RETRY_SECONDS)
        raise StorageError(
            f"The records in {self._folder} are in use by another process for too long. Make the "
            "same call again."
        )

    async def share(self) -> None:
        """Let others in again."""
        while not self.try_lock(alone=False):  # noqa: ASYNC110  # other processes signal nothing
            await asyncio.sleep(RETRY_SECONDS)

    def release(self) -> None:
        """Give the lock up; closing the descriptor does that on every system."""
        if self._close is not None:
            self._close()
            self._close = None

    def _open(self) -> int:
        if self._close is None:
            if os.name == "nt":
                place, flags = self._folder / LOCK_FILE, os.O_RDWR | os.O_CREAT
            else:
                place, flags = self._folder, os.O_RDONLY
            self._descriptor = os.open(place, flags)
            # Also where nobody calls `release`: a forgotten lock would shut others out.
            self._close = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor
