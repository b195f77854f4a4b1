"""Open the database whole: alone while it is looked at, mended and migrated, then shared."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from errors import StorageError
from storage import database_file as files
from storage import recovery as mending
from storage import schema_upgrade as upgrading
from storage.database_file import LOOK_AGAIN_SECONDS, Connect, open_plain
from storage.engine import make_engine
from storage.folder_lock import FolderLock

if TYPE_CHECKING:
    from storage.encryption import Cipher

PATIENCE_SECONDS = 2.0
"""How long another process may take to let go of a database that is damaged."""

ENCRYPTED = (
    "is encrypted. Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=true, or make it plain again with "
    "`image-consultant records decrypt`"
)
PLAIN = (
    "is not encrypted yet. Run `image-consultant records encrypt`, or unset "
    "IMAGE_CONSULTANT_ENCRYPT_RECORDS"
)


class DatabaseOpener:
    """Opens the database of a folder, again where need be.

    Whether it is damaged is looked at only where there is reason to: after an unclean end
    (a -wal file is there and nobody else has it open), and after SQLite called it malformed,
    which `doubted` says. That is `PRAGMA quick_check`, 0.1 s for 100 MB; a normal start does
    not pay for it. What is damaged is set aside, new records are begun, and `notice` says so.
    """

    def __init__(self, path: Path, cipher: "Cipher | None") -> None:
        self.notice: str | None = None
        self.doubted = False
        self._path = path
        self._cipher = cipher
        self._connect: Connect = cipher.connect if cipher else open_plain
        self._door = FolderLock(path.parent)

    async def open(self) -> AsyncEngine:
        """The database, whole and of the newest schema. Raises `StorageError`."""
        files.make_private(self._path)
        alone = await self._door.enter()
        try:
            await self._unlock()
            engine = await self._sound(alone)
            await self._door.share()
        except BaseException:
            self._door.leave()
            raise
        return engine

    def leave(self) -> None:
        """Let others have it alone again."""
        self._door.leave()

    async def _unlock(self) -> None:
        if self._cipher is not None:
            new = self._path.stat().st_size == 0
            await asyncio.to_thread(self._cipher.unlock, make=new)

    async def _sound(self, alone: bool) -> AsyncEngine:
        """Open the database; where it turns out to be damaged, mend it and open it again."""
        if alone:
            files.remove_unfinished(self._path)
        if alone and (self.doubted or files.ended_uncleanly(self._path)):
            await self._mend()
        try:
            return await self._start()
        except StorageError:
            raise
        except Exception as error:  # of SQLAlchemy, or of a failed upgrade
            if not files.is_damage(error):
                raise
            self._refuse_what_is_no_damage()
            if await self._alone_or_new(alone):
                await self._mend()
        return await self._start()

    async def _mend(self) -> None:
        self._refuse_what_is_no_damage()
        notice = await asyncio.to_thread(mending.mend, self._path, self._connect)
        self.notice = notice or self.notice
        self.doubted = False
        files.make_private(self._path)

    def _refuse_what_is_no_damage(self) -> None:
        """Leave what other settings can read: encrypted records here, plain ones there."""
        if self._path.stat().st_size == 0:
            return
        if self._cipher is None and files.looks_encrypted(self._path):
            raise StorageError(f"The record database {self._path} {ENCRYPTED}.")
        if self._cipher is not None and files.is_plain(self._path):
            raise StorageError(f"The record database {self._path} {PLAIN}.")
        if self._cipher is not None:
            self._cipher.check()

    async def _alone_or_new(self, alone: bool) -> bool:
        """Wait until nobody else has the damaged file open, or another process set it aside."""
        if alone:
            return True
        damaged = self._path.stat().st_ino
        until = time.monotonic() + PATIENCE_SECONDS
        self._door.leave()
        while not alone and time.monotonic() < until:
            alone = self._door.take(alone=True)
            if self._path.exists() and self._path.stat().st_ino != damaged:
                aside = mending.all_set_aside(self._path)
                self.notice = mending.told_of(aside[-1]) if aside else None
                await self._door.share()
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return alone

    async def _start(self) -> AsyncEngine:
        engine = make_engine(self._path, self._cipher)
        try:
            async with engine.execution_options(immediate=True).begin() as connection:
                kept = await connection.run_sync(upgrading.upgrade, self._path, self._connect)
        except upgrading.FailedUpgrade as failed:
            await engine.dispose()
            if files.is_damage(failed):
                raise failed.error from failed
            await asyncio.to_thread(upgrading.restore, self._path, failed.kept, self._connect)
            raise StorageError(failed.told(self._path)) from failed
        except BaseException:
            await engine.dispose()
            raise
        if kept is not None:
            upgrading.drop_older(kept, self._path)
        return engine
