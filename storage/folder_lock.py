"""Who has the records of a folder open: any number of processes at once, or one alone."""

import asyncio
import os
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from errors import StorageError
from storage.database_file import BUSY_SECONDS, LOOK_AGAIN_SECONDS

if sys.platform != "win32":
    import fcntl


class FolderLock:
    """A lock on the folder itself (`flock`): it leaves no file, and a killed process holds nothing.

    Windows needs none: it refuses to rename what another process has open.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leave: Callable[[], object] | None = None
        self._descriptor = -1

    def take(self, *, alone: bool) -> bool:
        """Take or change the lock without waiting; whether it is held now.

        Where the file system knows no such locks, nobody is ever alone.
        """
        if sys.platform != "win32":
            kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
            try:
                fcntl.flock(self._opened(), kind | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            except OSError:
                return not alone
        return True

    def _opened(self) -> int:
        if self._leave is None:
            self._descriptor = os.open(self._folder, os.O_RDONLY)
            self._leave = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    async def enter(self) -> bool:
        """Wait until nobody has the records for themselves; whether one is alone now."""
        until = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < until:
            if self.take(alone=True):
                return True
            if self.take(alone=False):
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise StorageError(
            f"The records in {self._folder} are in use by another process for too long. Make the "
            "same call again."
        )

    async def share(self) -> None:
        """Let others in again."""
        while not self.take(alone=False):  # noqa: ASYNC110  # other processes tell nobody
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def leave(self) -> None:
        """Give the lock up."""
        if self._leave is not None:
            self._leave()
            self._leave = None
