"""The record database of a data folder: sessions that read, sessions that write."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from errors import StorageError
from storage.database_file import FILE_NAME, is_damage
from storage.database_opening import DatabaseOpener

if TYPE_CHECKING:
    from storage.encryption import Cipher

DRIVERS = ("sqlite3", "sqlcipher3")
DAMAGED = (
    "is damaged. Make the same call again: it is set aside then, and new records are begun. Quit "
    "other clients that have it open first"
)
NOT_WRITABLE = "Make its folder writable, or set IMAGE_CONSULTANT_DATA_DIR"

FAULTS = {
    "malformed": DAMAGED,
    "not a database": DAMAGED,
    "disk is full": "cannot grow: the disk is full. Free some space, then make the same call again",
    "disk i/o": "cannot be written: the disk reports an error. Check the disk and its free space",
    "readonly": f"cannot be written. {NOT_WRITABLE}",
    "unable to open": f"cannot be opened. {NOT_WRITABLE}",
    "locked": "is in use by another process for too long. Make the same call again",
}
"""What SQLite says, by a part of it, and what to do. Other faults are bugs of ours."""


class Database:
    """The record database, made and migrated on first use; several processes may share it."""

    def __init__(self, folder: Path, cipher: "Cipher | None" = None) -> None:
        self.path = folder / FILE_NAME
        self._opener = DatabaseOpener(self.path, cipher)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()
        self._writing = asyncio.Lock()

    @property
    def notice(self) -> str | None:
        """What a person has to know of damage that was met since this process began."""
        return self._opener.notice

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with self._session({}) as session:
            yield session

    @asynccontextmanager
    async def write(self, *, durable: bool = True) -> AsyncIterator[AsyncSession]:
        """A session whose changes are committed at the end, all or none.

        Unless `durable`, a power cut may take them back: a second's heartbeat is worth no wait
        for the disk.

        Takes the write lock at its start: upgrading a read lock later fails at once
        when another process writes, instead of waiting. Of this process one writes at a time:
        SQLite lets the others sleep for up to 100 ms between two looks at its lock.
        """
        async with self._writing, self._session({"immediate": True, "durable": durable}) as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()
        self._opener.release()

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
        with _faults_as_sentences(self.path):
            engine = await self._open()
            bound = engine.execution_options(**options)
            try:
                async with AsyncSession(bound, expire_on_commit=False) as session:
                    yield session
            except DBAPIError as error:
                # Only of the engine in use: a session that was open before the last repair
                # would have the new records doubted.
                if is_damage(error) and engine is self._engine:
                    self._opener.suspect = True
                    await self.close()
                raise

    async def _open(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                self._engine = await self._opener.open()
        return self._engine


@contextmanager
def _faults_as_sentences(path: Path) -> Iterator[None]:
    """Turn what SQLite says within into a `StorageError`; what is no fault of the file passes."""
    try:
        yield
    except Exception as error:
        fault = error.orig if isinstance(error, DBAPIError) else error
        if type(fault).__module__.partition(".")[0] not in DRIVERS:
            raise
        reason = str(fault).lower()
        sentence = next((words for sign, words in FAULTS.items() if sign in reason), None)
        if sentence is None:
            raise
        raise StorageError(f"The record database {path} {sentence}.") from error
