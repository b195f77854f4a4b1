"""The record database as a file: how it is opened, what lies beside it, how damage is set aside.

Nothing is ever overwritten.
"""

import os
import sqlite3
import sys
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from errors import StorageError

FILE_NAME = "conversations.db"

BUSY_SECONDS = 15.0
"""How long what another process holds is waited for: a client gives a call up after 30 to 60."""
RETRY_SECONDS = 0.01
"""How often it is tried again; a start of many servers at once takes each a few of these."""

SIDE_FILES = ("-wal", "-shm", "")
"""The record's own file last: where a rename in between is the end, the rest is set aside."""

HEADER = b"SQLite format 3\0"
PAGE_BYTES = 4096
"""SQLite's and SQLCipher's default, which nothing here changes."""
RANDOM_VALUES = 240
"""Of 4096 encrypted bytes nearly all 256 values come up; text and damaged pages have far fewer."""

DAMAGE = ("malformed", "not a database")
"""What SQLite's sentences hold for the two codes of damage, SQLITE_CORRUPT and SQLITE_NOTADB."""

SEARCH_DAMAGE = "fts5"
CHECK_SEARCH = "INSERT INTO texts_index (texts_index, rank) VALUES ('integrity-check', 0)"
REBUILD_SEARCH = "INSERT INTO texts_index (texts_index) VALUES ('rebuild')"
REBUILT = "The search index of the records was damaged and was made anew; no word is lost."


class Connect(Protocol):
    """How a database file is opened, encrypted or not."""

    def __call__(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        """A connection of the standard library's shape."""


def open_plain(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a file that is not encrypted."""
    return sqlite3.connect(address(path, read_only=read_only), uri=True, timeout=BUSY_SECONDS)


def address(path: Path, *, read_only: bool) -> str:
    """A file's address for SQLite, which does not make the file where it is missing."""
    return f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"


def side(path: Path, end: str) -> Path:
    """A side file of a database by its ending."""
    return path.with_name(path.name + end)


def make_private(path: Path) -> None:
    """Create folder and file for their owner alone; SQLite's side files inherit the mode.

    A file that is there is not opened: closing it would drop the locks that SQLite holds on
    it elsewhere in this process (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            with suppress(FileExistsError):  # another process was first
                make_empty(path)
    except OSError as error:
        raise StorageError(
            f"The records in {path.parent} cannot be opened ({error.strerror}). Make that "
            "folder writable, or set IMAGE_CONSULTANT_DATA_DIR to another one. Nothing was sent "
            "to OpenAI."
        ) from error


def make_empty(path: Path) -> None:
    """Make a file for its owner alone. Raises `FileExistsError`."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def back_up(path: Path, copy: Path, connect: Connect) -> None:
    """Copy a database that others may have open; for its owner alone."""
    make_empty(copy)
    with closing(connect(path, read_only=True)) as here, closing(connect(copy)) as there:
        here.backup(there)


def remove_unfinished(path: Path) -> None:
    """Remove what a killed process did not finish writing; call only while nobody else writes."""
    for part in path.parent.glob(f"{path.name}.*.part*"):
        with suppress(OSError):
            part.unlink()


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says of a file that it is none of its own, or not whole."""
    return any(sign in str(error).lower() for sign in DAMAGE)


def looks_encrypted(path: Path) -> bool:
    """Whether a file holds nothing but noise from its first byte on, as SQLCipher writes it."""
    with path.open("rb") as file:
        start = file.read(PAGE_BYTES)
    whole = len(start) == PAGE_BYTES and path.stat().st_size % PAGE_BYTES == 0
    return whole and len(set(start)) >= RANDOM_VALUES


def is_plain(path: Path) -> bool:
    """Whether a file is a SQLite database that anyone can read."""
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def ended_uncleanly(path: Path) -> bool:
    """Whether the last process to have the records open did not close them.

    The last to close moves all of the -wal file into the database and removes it. Ask only
    while nobody else has them open.
    """
    log = side(path, "-wal")
    return log.exists() and log.stat().st_size > 0


def recover(path: Path, connect: Connect) -> str | None:
    """Look for damage while nobody else has the records open; what was done, in a sentence.

    A damaged database is set aside. A damaged index of full text is made anew, since all of
    its words stand in tables too. Bytes that changed within a text are not noticed: SQLite
    keeps no checksums. Raises `StorageError`.
    """
    with closing(connect(path)) as connection:
        faults = _faults(connection)
        if not faults:
            return None
        if all(SEARCH_DAMAGE in fault.lower() for fault in faults) and _rebuild_search(connection):
            return REBUILT
        if sys.platform != "win32":  # while it is open: closing would work the -wal file in
            return aside_notice(set_aside(path))
    return aside_notice(set_aside(path))


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its side files; its new place.

    Microseconds in its name keep it from going over an earlier one. Raises `StorageError`
    where the system refuses.
    """
    stamp = f"{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    try:
        for end in SIDE_FILES:
            with suppress(FileNotFoundError):
                side(path, end).rename(side(aside, end))
    except OSError as error:
        raise StorageError(
            f"The record database {path} is damaged and cannot be set aside ({error.strerror}). "
            "Quit every client that runs this server, then make the same call again."
        ) from error
    return aside


def aside_notice(aside: Path) -> str:
    """What a person should know of a database that was set aside."""
    return (
        f"The record database was damaged. It was set aside as {aside}, and new records were "
        f'begun; pictures are where they were. What is left in it: sqlite3 "{aside}" .recover'
    )


def all_set_aside(path: Path) -> list[Path]:
    """The databases that were set aside, the newest last."""
    places = path.parent.glob(f"{path.name}.damaged-*")
    return sorted(place for place in places if not place.name.endswith(("-wal", "-shm")))


def _faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong; of full text it looks at the index only when asked to."""
    try:
        faults = [str(row[0]) for row in connection.execute("PRAGMA quick_check(10)")]
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return [str(error)]
    if faults != ["ok"]:
        return faults
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'texts_index'"
    if connection.execute(exists).fetchone() is None:
        return []
    return [SEARCH_DAMAGE] if _meets_damage(connection, CHECK_SEARCH) else []


def _rebuild_search(connection: sqlite3.Connection) -> bool:
    return not _meets_damage(connection, REBUILD_SEARCH) and not _faults(connection)


def _meets_damage(connection: sqlite3.Connection, statement: str) -> bool:
    """Whether a statement in a transaction of its own meets damage."""
    try:
        with connection:
            connection.execute(statement)
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return True
    return False
