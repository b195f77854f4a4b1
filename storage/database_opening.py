"""Open the database whole: alone while it is looked at and migrated, then shared."""

import asyncio
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from errors import StorageError
from storage import database_file as files
from storage import schema_upgrade
from storage.database_file import BUSY_SECONDS, RETRY_SECONDS, Connect, open_plain, recover
from storage.shared_folder import FolderLock
from storage.sqlite_driver import connect

if TYPE_CHECKING:
    from storage.encryption import Cipher

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
    which `suspect` says. That is `PRAGMA quick_check`, 0.1 s for 100 MB; a normal start does
    not pay for it. What is damaged is set aside, new records are begun, and `notice` says so.
    """

    def __init__(self, path: Path, cipher: "Cipher | None") -> None:
        self.notice: str | None = None
        self.suspect = False
        self._path = path
        self._cipher = cipher
        self._connect: Connect = cipher.connect if cipher else open_plain
        self._lock = FolderLock(path.parent)

    async def open(self) -> AsyncEngine:
        """The database, whole and of the newest schema. Raises `StorageError`."""
        files.make_private(self._path)
        alone = await self._lock.acquire()
        try:
            if self._cipher is not None:
                new = self._path.stat().st_size == 0
                await asyncio.to_thread(self._cipher.unlock, create=new)
            engine = await self._open_whole(alone)
            await self._lock.share()
        except BaseException:
            self._lock.release()
            raise
        return engine

    def release(self) -> None:
        """Let others have it alone again."""
        self._lock.release()

    async def _open_whole(self, alone: bool) -> AsyncEngine:
        """Open the database; where it turns out to be damaged, begin anew if one is alone.

        Otherwise the damage is raised: another process has the file open, and lets go of it
        when it meets the damage itself.
        """
        if alone:
            files.remove_unfinished(self._path)
            if self.suspect or files.ended_uncleanly(self._path):
                await self._recover()
        try:
            return await self._start()
        except StorageError:
            raise
        except Exception as error:  # of SQLAlchemy, or of a failed upgrade
            if not files.is_damage(error):
                raise
            self._refuse_other_settings()
            if not alone:
                raise
            await self._recover()
        return await self._start()

    async def _recover(self) -> None:
        self._refuse_other_settings()
        notice = await asyncio.to_thread(recover, self._path, self._connect)
        self.notice = notice or self.notice
        self.suspect = False
        files.make_private(self._path)

    def _refuse_other_settings(self) -> None:
        """Leave what other settings can read: encrypted records here, plain ones there."""
        if self._path.stat().st_size == 0:
            return
        if self._cipher is None and files.looks_encrypted(self._path):
            raise StorageError(f"The record database {self._path} {ENCRYPTED}.")
        if self._cipher is not None and files.is_plain(self._path):
            raise StorageError(f"The record database {self._path} {PLAIN}.")
        if self._cipher is not None:
            self._cipher.check()

    async def _start(self) -> AsyncEngine:
        engine = make_engine(self._path, self._cipher)
        try:
            async with engine.execution_options(immediate=True).begin() as connection:
                copy = await connection.run_sync(schema_upgrade.upgrade, self._path, self._connect)
        except BaseException:
            await engine.dispose()
            raise
        if copy is not None:
            schema_upgrade.remove_older_copies(copy, self._path)
        return engine


def make_engine(path: Path, cipher: "Cipher | None") -> AsyncEngine:
    """An engine for a database file; nothing is opened before its first use.

    Its transactions begin with the write lock where the option `immediate` is set, and are on the
    disk when they end unless `durable` is false. Values are hidden in its errors: these are
    logged, and the values are a person's words.
    """
    driver = {"module": cipher.driver()} if cipher else {}
    open_file = partial(cipher.open if cipher else sqlite3.connect, str(path.absolute()))
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        hide_parameters=True,
        # Whichever thread drops a connection that was left closes it.
        async_creator=lambda: connect(partial(open_file, check_same_thread=False)),
        **driver,
    )
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:  # a DBAPI connection
    connection.isolation_level = None  # SQLAlchemy begins, see _begin
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    _log_ahead(cursor)
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _log_ahead(cursor: Any) -> None:
    """Switch to WAL; SQLite refuses that at once, not after its timeout, while another does."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:  # sqlite3's or SQLCipher's
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("immediate"):
        connection.exec_driver_sql("BEGIN")
        return
    # A journaled payment must survive a power cut.
    level = "FULL" if options.get("durable", True) else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
