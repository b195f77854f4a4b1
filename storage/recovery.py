"""Set a damaged database aside, or mend its search index: nothing is ever overwritten."""

import sqlite3
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from errors import StorageError
from storage.database_file import SIDE_FILES, Connect, ended_uncleanly, is_damage, side

SEARCH_DAMAGE = "fts5"
CHECK_SEARCH = "INSERT INTO texts_index (texts_index, rank) VALUES ('integrity-check', ?)"
MAKE_SEARCH = "INSERT INTO texts_index (texts_index) VALUES ('rebuild')"
MENDED = "The search index of the records was damaged and was made anew; no word is lost."


def mend(path: Path, connect: Connect) -> str | None:
    """Look for damage while nobody else has the records open; what was done, in a sentence.

    A damaged database is set aside. A damaged index of full text is made anew, since all of
    its words stand in tables too. Bytes that changed within a text are not noticed: SQLite
    keeps no checksums.
    """
    if path.stat().st_size == 0:
        return told_of(set_aside(path)) if ended_uncleanly(path) else None
    aside = None
    connection = connect(path)
    try:
        found = _faults(connection)
        if not found:
            return None
        if all(SEARCH_DAMAGE in fault.lower() for fault in found) and _search_made_anew(connection):
            return MENDED
        if sys.platform != "win32":  # while it is open: closing would work the -wal file in
            aside = set_aside(path)
    finally:
        connection.close()
    aside = aside or set_aside(path)
    _without_empty_log(aside)
    return told_of(aside)


def search_is_whole(connection: sqlite3.Connection, *, and_its_words: bool = False) -> bool:
    """Whether the index of full text fits together, and on demand with the words it is of."""
    there = "SELECT 1 FROM sqlite_master WHERE name = 'texts_index'"
    if connection.execute(there).fetchone() is None:
        return True
    return not _damage_of(connection, CHECK_SEARCH, int(and_its_words))


def _faults(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong; of full text it looks at the index only when told to."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(10)")]
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return [str(error)]
    if found != ["ok"]:
        return found
    return [] if search_is_whole(connection) else [SEARCH_DAMAGE]


def _search_made_anew(connection: sqlite3.Connection) -> bool:
    return not _damage_of(connection, MAKE_SEARCH) and not _faults(connection)


def _damage_of(connection: sqlite3.Connection, statement: str, *values: int) -> bool:
    """Whether a statement of its own transaction meets damage."""
    try:
        with connection:
            connection.execute(statement, values)
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return True
    return False


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its side files; its new place.

    Nothing is overwritten. Raises `StorageError` where the system refuses.
    """
    aside = _free_name(path, f"{path.name}.damaged-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
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


def _free_name(path: Path, name: str) -> Path:
    found = path.with_name(name)
    number = 2
    while any(side(found, end).exists() for end in SIDE_FILES):
        found = path.with_name(f"{name}-{number}")
        number += 1
    return found


def _without_empty_log(aside: Path) -> None:
    log = side(aside, "-wal")
    if log.exists() and log.stat().st_size == 0:
        log.unlink()
        side(aside, "-shm").unlink(missing_ok=True)


def told_of(aside: Path) -> str:
    """What a person should know of a database that was set aside."""
    return (
        f"The record database was damaged. It was set aside as {aside}, and new records were "
        f'begun; pictures are where they were. What is left in it: sqlite3 "{aside}" .recover'
    )


def all_set_aside(path: Path) -> list[Path]:
    """The databases that were set aside, the newest last."""
    found = path.parent.glob(f"{path.name}.damaged-*")
    return sorted(aside for aside in found if not aside.name.endswith(("-wal", "-shm")))
