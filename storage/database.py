"""Open the database: one file, several server processes, newest schema."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from storage.errors import StorageError

FILE_NAME = "conversations.db"
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MILLISECONDS = 15_000
LOOK_AGAIN_SECONDS = 0.01

DAMAGED = "It was left as it is: move it away to start afresh, or restore a copy"
NOT_WRITABLE = "Make its folder writable, or set IMAGE_CONSULTANT_DATA_DIR"

NEWER = (
    "was written by a newer version of this server. It was left as it is: update the server, or "
    "set IMAGE_CONSULTANT_DATA_DIR to another folder"
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
    """The record database in a data folder, made and migrated on first use."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
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
        if self._engine is not None:
            await self._engine.dispose()

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
        with _told(self.path):
            engine = await self._open()
            bound = engine.execution_options(**options)
            async with AsyncSession(bound, expire_on_commit=False) as session:
                yield session

    async def _open(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                _make_private(self.path)
                engine = create_async_engine(f"sqlite+aiosqlite:///{self.path}")
                event.listen(engine.sync_engine, "connect", _configure)
                event.listen(engine.sync_engine, "begin", _begin)
                try:
                    async with engine.execution_options(immediate=True).begin() as connection:
                        await connection.run_sync(migrate)
                except BaseException:
                    await engine.dispose()
                    raise
                self._engine = engine
        return self._engine


def migrate(connection: Connection) -> None:
    """Bring the schema to its newest version.

    The version is compared without Alembic first: importing it costs most of a second
    and nearly every start finds the schema up to date.
    """
    newest = max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
    found = _version(connection)
    if found == newest:
        return
    if found is not None and found > newest:
        raise NewerDatabase
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


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
    """Create folder and file for their owner alone; SQLite's side files inherit the mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
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
        except sqlite3.OperationalError as error:
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
        if not isinstance(error, DBAPIError):
            return
        reason = str(error.orig).lower()
        told = next((words for sign, words in FAULTS.items() if sign in reason), None)
        if told:
            raise StorageError(f"The record database {self._path} {told}.") from error
