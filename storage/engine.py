"""Connections to the record database as every process of ours opens them."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.database_file import BUSY_SECONDS, LOOK_AGAIN_SECONDS

if TYPE_CHECKING:
    from storage.encryption import Cipher


def make_engine(path: Path, cipher: "Cipher | None") -> AsyncEngine:
    """An engine for a database file; nothing is opened before its first use.

    Its transactions begin with the write lock where the option `immediate` is set.
    """
    driver = {"module": cipher.driver()} if cipher else {}
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", **driver)
    event.listen(engine.sync_engine, "connect", _configure)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: Any) -> None:  # a DBAPI connection
    connection.isolation_level = None  # SQLAlchemy begins, see _begin
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}")
    _log_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a journaled payment must survive a power cut
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
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
