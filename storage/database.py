"""Open the database: one file, several server processes, newest schema."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from storage import rescue
from storage.errors import StorageError
from storage.rescue import Connect, Door, open_plain

if TYPE_CHECKING:
    from storage.encryption import Cipher

FILE_NAME = "conversations.db"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS = 15_000
LOOK_AGAIN_SECONDS = 0.01
PATIENCE_SECONDS = 2.0
"""How long another process may take to let go of a database that is damaged."""

DAMAGED = (
    "Make the same call again: it is set aside then, and new records are begun. Quit other clients "
    "that have it open first"
)
NOT_WRITABLE = "Make its folder writable, or set IMAGE_CONSULTANT_DATA_DIR"

NEWER = (
    "was written by a newer version of this server. It was left as it is: update the server, or "
    "set IMAGE_CONSULTANT_DATA_DIR to another folder"
)

DRIVERS = ("sqlite3", "sqlcipher3")

ENCRYPTED = (
    "is encrypted. Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=true, or make it plain again with "
    "`image-consultant records decrypt`"
)
PLAIN = (
    "is not encrypted yet. Run `image-consultant records encrypt`, or unset "
    "IMAGE_CONSULTANT_ENCRYPT_RECORDS"
)

FAULTS = {
    "malformed": f"is damaged. {DAMAGED}",
    "not a database": f"is damaged. {DAMAGED}",
    "disk is full": "cannot grow: the disk is full. Free some space, then make the same call again",
    "disk i/o": "cannot be written: the disk reports an error. Check the disk and its free space",
    "readonly": f"cannot be written. {NOT_WRITABLE}",
    "unable to open": f"cannot be opened. {NOT_WRITABLE}",
    "locked": "is in use by another process for too long. Make the same call again",
}


class Database:
    """The record database in a data folder, made and migrated on first use.

    Whether it is damaged is looked at only where there is reason to: after an unclean end
    (a -wal file is there and nobody else has it open), and after SQLite called it malformed.
    That is `PRAGMA quick_check`, 0.1 s for 100 MB; a normal start does not pay for it. What is
    damaged is set aside, new records are begun, and `notice` says so until the process ends.
    """

    def __init__(self, folder: Path, cipher: "Cipher | None" = None) -> None:
        self.path = folder / FILE_NAME
        self.notice: str | None = None
        self._cipher = cipher
        self._connect: Connect = cipher.connect if cipher else open_plain
        self._door = Door(folder)
        self._doubted = False
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with self._session({}) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are committed at the end, all or none.

        Takes the write lock at its start: upgrading a read lock later fails at once
        when another process writes, instead of waiting.
        """
        async with self._session({"immediate": True}) as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()
        self._door.leave()

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
        with _told(self.path):
            engine = await self._open()
            bound = engine.execution_options(**options)
            try:
                async with AsyncSession(bound, expire_on_commit=False) as session:
                    yield session
            except DBAPIError as error:
                if rescue.is_damage(error) and engine is self._engine:
                    self._doubted = True
                    await self.close()
                raise

    async def _open(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                _make_private(self.path)
                alone = await self._door.enter()
                try:
                    await self._unlock()
                    self._engine = await self._sound(alone)
                    await self._door.share()
                except BaseException:
                    self._door.leave()
                    raise
        return self._engine

    async def _unlock(self) -> None:
        if self._cipher is not None:
            new = self.path.stat().st_size == 0
            await asyncio.to_thread(self._cipher.unlock, make=new)

    async def _sound(self, alone: bool) -> AsyncEngine:
        """Open the database; where it turns out to be damaged, mend it and open it again."""
        if alone and (self._doubted or rescue.ended_uncleanly(self.path)):
            await self._mend()
        try:
            return await self._start()
        except Exception as error:  # of SQLAlchemy, or of a failed migration
            if not rescue.is_damage(error):
                raise
            self._refuse_what_is_no_damage()
            if await self._alone_or_new(alone):
                await self._mend()
        return await self._start()

    async def _mend(self) -> None:
        self._refuse_what_is_no_damage()
        told = await asyncio.to_thread(rescue.mend, self.path, self._connect)
        self.notice = told or self.notice
        self._doubted = False
        _make_private(self.path)

    def _refuse_what_is_no_damage(self) -> None:
        """Leave what other settings can read: encrypted records here, plain ones there."""
        if self.path.stat().st_size == 0:
            return
        if self._cipher is None and rescue.looks_encrypted(self.path):
            raise StorageError(f"The record database {self.path} {ENCRYPTED}.")
        if self._cipher is not None and rescue.is_plain(self.path):
            raise StorageError(f"The record database {self.path} {PLAIN}.")
        if self._cipher is not None:
            self._cipher.check()

    async def _alone_or_new(self, alone: bool) -> bool:
        """Wait until nobody else has the damaged file open, or another process set it aside."""
        if alone:
            return True
        damaged = self.path.stat().st_ino
        until = time.monotonic() + PATIENCE_SECONDS
        self._door.leave()
        while not alone and time.monotonic() < until:
            alone = self._door.take(alone=True)
            if self.path.exists() and self.path.stat().st_ino != damaged:
                aside = rescue.last_set_aside(self.path)
                self.notice = rescue.told_of(aside) if aside else None
                await self._door.share()
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return alone

    async def _start(self) -> AsyncEngine:
        engine = self._new_engine()
        try:
            async with engine.execution_options(immediate=True).begin() as connection:
                kept = await connection.run_sync(migrate, self._connect)
        except FailedMigration as failed:
            await engine.dispose()
            if rescue.is_damage(failed):
                raise failed.error from failed
            await asyncio.to_thread(rescue.restore, self.path, failed.kept, self._connect)
            raise StorageError(failed.told(self.path)) from failed
        except BaseException:
            await engine.dispose()
            raise
        if kept is not None:
            rescue.drop_older(kept, self.path)
        return engine

    def _new_engine(self) -> AsyncEngine:
        driver = {"module": self._cipher.driver()} if self._cipher else {}
        engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}", **driver)
        event.listen(engine.sync_engine, "connect", _configure)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine


def newest_version() -> str:
    """The version of the schema that this code reads."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrate(connection: Connection, connect: Connect) -> Path | None:
    """Bring the schema to its newest version; the copy that was kept of an earlier one.

    The version is compared without Alembic first: importing it costs most of a second
    and nearly every start finds the schema up to date. All steps are one transaction, as the
    caller began it: a process that is killed amid them leaves the records as they were. The
    copy is made under the same lock, so that nobody writes in between.
    """
    newest = newest_version()
    found = _version(connection)
    if found == newest:
        return None
    if found is not None and found > newest:
        raise NewerDatabase
    path = Path(connection.engine.url.database or "")
    kept = rescue.keep_copy(path, newest, connect) if found else None
    try:
        _upgrade(connection)
    except Exception as error:
        if found is None or kept is None:
            raise
        raise FailedMigration(found, newest, kept, error) from error
    return kept


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


class FailedMigration(Exception):  # noqa: N818  # turned into a sentence below
    """The schema could not be brought to the newest version; a copy is there."""

    def __init__(self, found: str, newest: str, kept: Path, error: Exception) -> None:
        reason = error.orig if isinstance(error, DBAPIError) else error  # without the records' text
        super().__init__(f"{type(reason).__name__}: {reason}")
        self.kept, self.error = kept, error
        self._versions = (found, newest)

    def told(self, path: Path) -> str:
        """What happened and what to do."""
        found, newest = self._versions
        if "full" in str(self):
            way = "Make room on the disk, then make the same call again."
        else:
            way = "Go back to the version of the server that you had: it reads them. Report this."
        return (
            f"The records in {path} could not be brought from schema {found} to {newest} ({self}). "
            f"They are as they were, and a copy is in {self.kept}. {way}"
        )


class NewerDatabase(Exception):  # noqa: N818  # turned into a sentence below
    """The schema was made by a later version of this server."""


def _version(connection: Connection) -> str | None:
    known = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.execute(known).scalar() is None:
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version


def _make_private(path: Path) -> None:
    """Create folder and file for their owner alone; SQLite's side files inherit the mode.

    A file that is there is not opened: closing it would drop the locks that SQLite holds on
    it elsewhere in this process (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with suppress(FileExistsError):  # another process was first
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(
            f"The records in {path.parent} cannot be opened ({error.strerror}). Make that "
            "folder writable, or set IMAGE_CONSULTANT_DATA_DIR to another one. Nothing was sent "
            "to OpenAI."
        ) from error


def _configure(connection: Any, _record: Any) -> None:  # a DBAPI connection
    connection.isolation_level = None  # SQLAlchemy begins, see _begin
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    _log_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a journaled payment must survive a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _log_ahead(cursor: Any) -> None:
    """Switch to WAL; SQLite refuses that at once, not after its timeout, while another does."""
    until = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:  # sqlite3's or SQLCipher's
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class _told:  # noqa: N801  # a context manager, used like a function
    """Turn faults of the database into whole sentences."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, NewerDatabase):
            raise StorageError(f"The record database {self._path} {NEWER}.") from error
        said = error.orig if isinstance(error, DBAPIError) else error
        if type(said).__module__.partition(".")[0] not in DRIVERS:
            return
        reason = str(said).lower()
        told = next((words for sign, words in FAULTS.items() if sign in reason), None)
        if told:
            raise StorageError(f"The record database {self._path} {told}.") from error
