"""Set a damaged database aside, or make its search index anew: nothing is ever overwritten."""

import sqlite3
import sys
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from errors import StorageError
from storage.database_file import SIDE_FILES, Connect, ended_uncleanly, is_damage, side

SEARCH_DAMAGE = "fts5"
CHECK_SEARCH = "INSERT INTO texts_index (texts_index, rank) VALUES ('integrity-check', ?)"
REBUILD_SEARCH = "INSERT INTO texts_index (texts_index) VALUES ('rebuild')"
REBUILT = "The search index of the records was damaged and was made anew; no word is lost."


def recover(path: Path, connect: Connect) -> str | None:
    """Look for damage while nobody else has the records open; what was done, in a sentence.

    A damaged database is set aside. A damaged index of full text is made anew, since all of
    its words stand in tables too. Bytes that changed within a text are not noticed: SQLite
    keeps no checksums. Raises `StorageError`.
    """
    if path.stat().st_size == 0:
        return aside_notice(set_aside(path)) if ended_uncleanly(path) else None
    with closing(connect(path)) as connection:
        faults = _faults(connection)
        if not faults:
            return None
        if all(SEARCH_DAMAGE in fault.lower() for fault in faults) and _rebuild_search(connection):
            return REBUILT
        if sys.platform != "win32":  # while it is open: closing would work the -wal file in
            return aside_notice(set_aside(path))
    return aside_notice(set_aside(path))


def search_is_whole(connection: sqlite3.Connection, *, and_its_words: bool = False) -> bool:
    """Whether the index of full text fits together, and on demand with the words it is of."""
    exists = "SELECT 1 FROM sqlite_master WHERE name = 'texts_index'"
    if connection.execute(exists).fetchone() is None:
        return True
    return not _meets_damage(connection, CHECK_SEARCH, int(and_its_words))


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
    return [] if search_is_whole(connection) else [SEARCH_DAMAGE]


def _rebuild_search(connection: sqlite3.Connection) -> bool:
    return not _meets_damage(connection, REBUILD_SEARCH) and not _faults(connection)


def _meets_damage(connection: sqlite3.Connection, statement: str, *values: int) -> bool:
    """Whether a statement in a transaction of its own meets damage."""
    try:
        with connection:
            connection.execute(statement, values)
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return True
    return False
