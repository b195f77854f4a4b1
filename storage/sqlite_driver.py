"""SQLite below SQLAlchemy's asyncio: its engine, and each statement in one visit to its thread.

aiosqlite makes four of each, for the cursor, the statement, its rows and the end: a visit takes
more processor time than most statements do, and a picture takes a hundred statements.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiosqlite
from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database_file import BUSY_SECONDS

if TYPE_CHECKING:
    from storage.encryption import Cipher

ROWS_AT_ONCE = 64
"""Rows that aiosqlite hands over at a time: its own default, which nothing here asks for."""


Stops = set["asyncio.Future[Any]"]
"""Of connections whose threads are about to end."""


def make_engine(path: Path, cipher: "Cipher | None") -> AsyncEngine:
    """An engine for a database file; nothing is opened before its first use.

    Its transactions begin with the write lock where the option `immediate` is set, and are on the
    disk when they end unless `durable` is false. Values are hidden in its errors: these are
    logged, and the values are a person's words.
    """
    driver = {"module": cipher.driver()} if cipher else {}
    open_file = partial(cipher.open if cipher else sqlite3.connect, str(path.absolute()))
    stops: Stops = set()
    # Whichever thread drops a connection that was left closes it.
    connector = partial(open_file, check_same_thread=False)
    plain = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        hide_parameters=True,
        async_creator=lambda: _Connection(connector, stops),
        **driver,
    )
    engine = _Engine(plain.sync_engine, stops)
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


class _Engine(AsyncEngine):
    """An engine that has ended its connections' threads when it is disposed of.

    A thread that hands its result to an event loop that is closed dies of it, and leaves open
    what it was to close next.
    """

    def __init__(self, engine: Engine, stops: Stops) -> None:
        super().__init__(engine)
        self._stops = stops

    async def dispose(self, close: bool = True) -> None:
        """Close all connections; those that a cancelled request left may still be at work."""
        await super().dispose(close)
        if self._stops:
            await asyncio.wait(self._stops)


def _configure(connection: Any, _record: Any) -> None:  # a DBAPI connection
    connection.isolation_level = None  # SQLAlchemy begins, see _begin
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("immediate"):
        connection.exec_driver_sql("BEGIN")
        return
    # A journaled payment must survive a power cut.
    level = "FULL" if options.get("durable", True) else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


class _Connection(aiosqlite.Connection):
    """A connection, to be awaited, over one that a thread of its own opens.

    While that thread ends, what says that it has ended stands in `stops`.
    """

    def __init__(self, open_file: Callable[[], sqlite3.Connection], stops: Stops) -> None:
        super().__init__(open_file, ROWS_AT_ONCE)
        self._thread.daemon = True  # as SQLAlchemy does: a process may end without closing it
        self._stops = stops
        self._stop: asyncio.Future[Any] | None = None

    def stop(self) -> "asyncio.Future[Any] | None":
        """Have the connection closed and its thread ended, once; what says that it is done.

        SQLAlchemy stops one whose orderly closing was cancelled, as anyio cancels again and again;
        that closing then goes on to stop a thread that ends, and would await it for ever.
        """
        if self._running:
            self._stop = super().stop()
            if self._stop is not None:
                self._stops.add(self._stop)
                self._stop.add_done_callback(self._stops.discard)
        return self._stop

    def cursor(self) -> "_Cursor":  # type: ignore[override]  # SQLAlchemy enters it, no more
        return _Cursor(self)

    async def visit(self, work: Callable[[sqlite3.Cursor], None]) -> None:
        """Run something in the thread, on a cursor."""

        def run() -> None:
            cursor = self._conn.cursor()
            try:
                work(cursor)
            finally:
                cursor.close()

        await self._execute(run)  # type: ignore[no-untyped-call]


class _Cursor:
    """What SQLAlchemy asks of a cursor, with all rows of a statement at once."""

    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, *statement: Any) -> Self:
        """Run a statement, with its values if there are any."""
        return await self._visit("execute", statement)

    async def executemany(self, *statement: Any) -> Self:
        """Run a statement once for each set of values."""
        return await self._visit("executemany", statement)

    async def fetchall(self) -> Sequence[Any]:
        """The rows, once."""
        rows, self._rows = self._rows, ()
        return rows

    async def close(self) -> None:
        """Nothing is open any more."""

    async def _visit(self, method: str, statement: tuple[Any, ...]) -> Self:
        def run(cursor: sqlite3.Cursor) -> None:
            getattr(cursor, method)(*statement)
            self._rows = cursor.fetchall()  # `rowcount` of RETURNING is right only then
            self.description = cursor.description
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid

        await self._connection.visit(run)
        return self
