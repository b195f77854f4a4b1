"""The record database of a data folder: opened whole, alone while that takes, then shared."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import Context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from errors import StorageError
from storage import database_file as files
from storage import schema_upgrade, sqlite_driver
from storage.database_file import FILE_NAME, Connect, open_plain, recover
from storage.shared_folder import FolderLock

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

DRIVERS = ("sqlite3", "sqlcipher3")
DAMAGED = (
    "is damaged. Make the same call again: it is set aside then, and new records are begun. Quit "
    "other clients that have it open first"
)
REMOVED = (
    "is no longer there: it was removed while this server runs. Quit the client that started it, "
    "and open it again; new records are begun then."
)
NOT_WRITABLE = "Make its folder writable, or set IMAGE_CONSULTANT_DATA_DIR"

RETURN_SECONDS = 2.0
"""How long a database that is to be closed waits for those who use it: a write takes milliseconds,
and a server has eight seconds in all to end."""

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
    """The record database, made and migrated on first use; several processes may share it.

    Whether it is damaged is looked at only where there is reason to: after an unclean end
    (a -wal file is there and nobody else has it open), and after SQLite called it malformed.
    That is `PRAGMA quick_check`, 0.1 s for 100 MB; a normal start does not pay for it. What is
    damaged is set aside, new records are begun, and `notice` says so to the person.
    """

    def __init__(self, folder: Path, cipher: "Cipher | None" = None) -> None:
        self.path = folder / FILE_NAME
        self.notice: str | None = None
        self._cipher = cipher
        self._connect: Connect = cipher.connect if cipher else open_plain
        self._lock = FolderLock(folder)
        self._is_suspect = False
        self._engine: AsyncEngine | None = None
        self._opening: asyncio.Task[AsyncEngine] | None = None
        self._in_use: set[asyncio.Future[None]] = set()
        self._changing = asyncio.Lock()
        self._writing = asyncio.Lock()

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
            try:
                yield session
                await session.commit()
            except DBAPIError:
                with suppress(DBAPIError):  # what is wrong was said already
                    await session.rollback()  # else its new rows count as written, and never are
                raise

    async def close(self) -> None:
        """Close the connections, if any were opened.

        What is being opened is waited for: one that has yet to take its turn would open what
        nobody closes any more. So is who still uses a connection, such as the rest of a write
        whose caller was cancelled: an engine closes only what came back to it.
        """
        if self._opening is not None and not self._opening.done():
            await asyncio.wait([self._opening])
        if self._in_use:
            await asyncio.wait(self._in_use, timeout=RETURN_SECONDS)
        await self._close()

    async def _close(self) -> None:
        async with self._changing:
            engine, self._engine = self._engine, None
            if engine is not None:
                await engine.dispose()
            self._lock.release()

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
        with _faults_as_sentences(self.path):
            engine = await self._ready()
            bound = engine.execution_options(**options)
            session = AsyncSession(bound, expire_on_commit=False)
            returned = asyncio.get_running_loop().create_future()
            self._in_use.add(returned)
            try:
                try:
                    yield session
                finally:
                    await self._put_back(session, returned)
            except DBAPIError as error:
                # Only of the engine in use: a session that was open before the last repair
                # would have the new records doubted.
                if files.is_damage(error) and engine is self._engine:
                    self._is_suspect = True
                    await asyncio.shield(self._close())
                raise

    async def _put_back(self, session: AsyncSession, returned: "asyncio.Future[None]") -> None:
        """Give a session's connection back, in a task: who used it may be cancelled meanwhile."""

        def note(_task: "asyncio.Task[None]") -> None:
            self._in_use.discard(returned)
            returned.set_result(None)

        task = asyncio.create_task(session.close())
        task.add_done_callback(note)
        await asyncio.shield(task)

    async def _ready(self) -> AsyncEngine:
        """The engine; who waits for its opening joins it, and breaks nothing off by going away."""
        if self._engine is not None and not self.path.exists():
            # SQLite would go on writing to nothing, and new records know of no job under way.
            raise StorageError(f"The record database {self.path} {REMOVED}")
        if self._engine is not None:
            return self._engine
        if self._opening is None or self._opening.done():
            # In a context of its own: the first request's would live as long as the engine.
            self._opening = asyncio.create_task(self._open(), context=Context())
        return await asyncio.shield(self._opening)

    async def _open(self) -> AsyncEngine:
        """The engine, of a database that is whole and of the newest schema."""
        async with self._changing:
            files.make_private(self.path)
            alone = await self._lock.acquire()
            try:
                if self._cipher is not None:
                    is_new = self.path.stat().st_size == 0
                    await asyncio.to_thread(self._cipher.unlock, create=is_new)
                engine = await self._open_whole(alone)
                try:
                    await self._lock.share()
                except BaseException:
                    await engine.dispose()
                    raise
            except BaseException:
                self._lock.release()
                raise
            self._engine = engine
            return engine

    async def _open_whole(self, alone: bool) -> AsyncEngine:
        """Open the database; where it turns out to be damaged, begin anew if one is alone.

        Otherwise the damage is raised: another process has the file open, and lets go of it
        when it meets the damage itself.
        """
        if alone:
            files.remove_unfinished(self.path)
            if self._is_suspect or files.ended_uncleanly(self.path):
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
        notice = await asyncio.to_thread(recover, self.path, self._connect)
        self.notice = notice or self.notice
        self._is_suspect = False
        files.make_private(self.path)

    def _refuse_other_settings(self) -> None:
        """Leave what other settings can read: encrypted records here, plain ones there."""
        if self.path.stat().st_size == 0:
            return
        if self._cipher is None and files.looks_encrypted(self.path):
            raise StorageError(f"The record database {self.path} {ENCRYPTED}.")
        if self._cipher is not None and files.is_plain(self.path):
            raise StorageError(f"The record database {self.path} {PLAIN}.")
        if self._cipher is not None:
            self._cipher.check()

    async def _start(self) -> AsyncEngine:
        engine = sqlite_driver.make_engine(self.path, self._cipher)
        try:
            async with engine.execution_options(immediate=True).begin() as connection:
                copy = await connection.run_sync(schema_upgrade.upgrade, self.path, self._connect)
        except BaseException:
            await engine.dispose()
            raise
        if copy is not None:
            schema_upgrade.remove_older_copies(copy, self.path)
        return engine


async def write_to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Write what must not get lost, such as a charge, though the caller is cancelled meanwhile.

    The caller is held until it is written: a server that ends closes the database next.
    """
    writing = asyncio.ensure_future(work)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise


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
