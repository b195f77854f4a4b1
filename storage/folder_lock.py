"""Who has the records of a folder open: any number of processes at once, or one alone."""

import asyncio
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import portalocker
from portalocker import AlreadyLocked, LockException, LockFlags

from errors import StorageError
from storage.database_file import BUSY_SECONDS, RETRY_SECONDS

LOCK_FILE = ".lock"
"""Stands for the folder on Windows, which cannot open one to lock it."""


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
