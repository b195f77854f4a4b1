"""SQLite below SQLAlchemy's asyncio: each statement in one visit to the connection's thread.

aiosqlite makes four of each, for the cursor, the statement, its rows and the end: a visit takes
more processor time than most statements do, and a picture takes a hundred statements.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiosqlite

ROWS_AT_ONCE = 64
"""Rows that aiosqlite hands over at a time: its own default, which nothing here asks for."""


def connect(open_file: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
    """A connection, to be awaited, over one that a thread of its own opens."""
    return _Connection(open_file, ROWS_AT_ONCE)


class _Connection(aiosqlite.Connection):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._thread.daemon = True  # as SQLAlchemy does: a process may end without closing it

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
