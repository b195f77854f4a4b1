"""Keep records through damage and failed migrations, and tell how they are."""

import asyncio
import os
import shutil
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol

from storage.errors import StorageError

if sys.platform != "win32":
    import fcntl

BUSY_SECONDS = 15.0
LOOK_AGAIN_SECONDS = 0.01
SIDE_FILES = ("-wal", "-shm", "")
"""The record's own file last: where a rename in between is the end, the rest is set aside."""

HEADER = b"SQLite format 3\0"
PAGE_BYTES = 4096
RANDOM_VALUES = 240
"""Of 4096 encrypted bytes nearly all 256 values come up; text and damaged pages have far fewer."""

DAMAGE = ("malformed", "not a database")
SEARCH_DAMAGE = "fts5"
CHECK_SEARCH = "INSERT INTO texts_index (texts_index, rank) VALUES ('integrity-check', ?)"
FOUND_AT_MOST = 3
PRIVATE = 0o077
SPACE_WANTED = 100_000_000

Finding = tuple[str, Literal["ok", "warning", "problem"], str]


class Connect(Protocol):
    """How a database file is opened, encrypted or not."""

    def __call__(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        """A connection of the standard library's shape."""


def open_plain(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a file that is not encrypted."""
    mode = "ro" if read_only else "rw"
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)


class Door:
    """Who has the records of a folder open: any number at once, or one alone.

    A lock on the folder itself (`flock`), so that no file is left behind and a killed process
    holds nothing. Windows needs none: it refuses to rename what another process has open.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._leave: Callable[[], object] | None = None
        self._descriptor = -1

    def take(self, *, alone: bool) -> bool:
        """Take or change the lock without waiting; whether it is held now.

        Where the file system knows no such locks, nobody is ever alone.
        """
        if sys.platform == "win32":
            return True
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        try:
            fcntl.flock(self._opened(), kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return not alone
        return True

    def _opened(self) -> int:
        if self._leave is None:
            self._descriptor = os.open(self._folder, os.O_RDONLY)
            self._leave = weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    async def enter(self) -> bool:
        """Wait until nobody has the records for themselves; whether one is alone now."""
        until = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < until:
            if self.take(alone=True):
                return True
            if self.take(alone=False):
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        raise StorageError(
            f"The records in {self._folder} are in use by another process for too long. Make the "
            "same call again."
        )

    async def share(self) -> None:
        """Let others in again."""
        while not self.take(alone=False):  # noqa: ASYNC110  # other processes tell nobody
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def leave(self) -> None:
        """Give the lock up."""
        if self._leave is not None:
            self._leave()
            self._leave = None


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
    log = _side(path, "-wal")
    return log.exists() and log.stat().st_size > 0


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
            return "The search index of the records was damaged and was made anew; no word is lost."
        if sys.platform != "win32":  # while it is open: closing would work the -wal file in
            aside = set_aside(path)
    finally:
        connection.close()
    aside = aside or set_aside(path)
    _without_empty_log(aside)
    return told_of(aside)


def _without_empty_log(aside: Path) -> None:
    log = _side(aside, "-wal")
    if log.exists() and log.stat().st_size == 0:
        log.unlink()
        _side(aside, "-shm").unlink(missing_ok=True)


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
    return [] if _search_is_whole(connection) else [SEARCH_DAMAGE]


def _search_is_whole(connection: sqlite3.Connection, *, and_its_words: bool = False) -> bool:
    """Whether the index of full text fits together, and on demand with the words it is of."""
    there = "SELECT 1 FROM sqlite_master WHERE name = 'texts_index'"
    if connection.execute(there).fetchone() is None:
        return True
    try:
        with connection:
            connection.execute(CHECK_SEARCH, (int(and_its_words),))
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return False
    return True


def _search_made_anew(connection: sqlite3.Connection) -> bool:
    try:
        with connection:
            connection.execute("INSERT INTO texts_index (texts_index) VALUES ('rebuild')")
        return not _faults(connection)
    except Exception as error:  # sqlite3's or SQLCipher's
        if not is_damage(error):
            raise
        return False


def set_aside(path: Path) -> Path:
    """Rename a damaged database with its side files; its new place.

    Nothing is overwritten. Raises `StorageError` where the system refuses.
    """
    aside = _free_name(path, f"{path.name}.damaged-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
    try:
        for end in SIDE_FILES:
            with suppress(FileNotFoundError):
                _side(path, end).rename(_side(aside, end))
    except OSError as error:
        raise StorageError(
            f"The record database {path} is damaged and cannot be set aside ({error.strerror}). "
            "Quit every client that runs this server, then make the same call again."
        ) from error
    return aside


def _free_name(path: Path, name: str) -> Path:
    found = path.with_name(name)
    number = 2
    while any(_side(found, end).exists() for end in SIDE_FILES):
        found = path.with_name(f"{name}-{number}")
        number += 1
    return found


def told_of(aside: Path) -> str:
    """What a person should know of a database that was set aside."""
    return (
        f"The record database was damaged. It was set aside as {aside}, and new records were "
        f'begun; pictures are where they were. What is left in it: sqlite3 "{aside}" .recover'
    )


def last_set_aside(path: Path) -> Path | None:
    """The newest database that was set aside."""
    return max(_set_aside(path), default=None)


def keep_copy(path: Path, version: str, connect: Connect) -> Path:
    """Copy the records as they are before a migration to this version; private, whole or not."""
    kept = path.with_name(f"{path.name}.before-{version}")
    part = kept.with_name(f"{kept.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(connect(path, read_only=True)) as here, closing(connect(part)) as there:
            here.backup(there)
        part.replace(kept)
    except Exception as error:
        for rest in path.parent.glob(f"{part.name}*"):
            rest.unlink(missing_ok=True)
        if is_damage(error):
            raise
        raise StorageError(
            f"The records have to be brought to version {version}, and no copy could be kept of "
            f"them before ({error}). They are as they were. Make room for "
            f"{path.stat().st_size / 1e6:.0f} MB in {path.parent}, then make the same call again."
        ) from error
    return kept


def drop_older(kept: Path, path: Path) -> None:
    """Remove the copies of earlier migrations."""
    for copy in path.parent.glob(f"{path.name}.before-[0-9]*"):
        if copy != kept:
            copy.unlink(missing_ok=True)


def restore(path: Path, kept: Path, connect: Connect) -> None:
    """Bring back what a failed migration changed, from the copy.

    A migration is one transaction that is rolled back. Only one that committed in between
    leaves another schema behind; what others wrote meanwhile is not overwritten otherwise.
    """
    with closing(connect(kept)) as before, closing(connect(path)) as now:
        if _schema(before) != _schema(now):
            before.backup(now)


def _schema(connection: sqlite3.Connection) -> list[object]:
    tables = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    version = connection.execute("SELECT version_num FROM alembic_version")
    return [*tables.fetchall(), *version.fetchall()]


def examine(folder: Path, connect: Connect = open_plain) -> list[Finding]:
    """How the records of a folder are, looked at in a copy: nothing is made or changed."""
    from storage.database import FILE_NAME

    path = folder / FILE_NAME
    if not path.exists():
        return [("records", "ok", f"There are none yet in {folder}.")]
    found: list[Finding] = []
    with TemporaryDirectory() as place:
        try:
            copy = _copied(path, Path(place), connect)
            with closing(connect(copy)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                found.extend(_looked_at(connection))
        except Exception as error:  # whatever keeps it from being read is the finding
            found.append(("records", "problem", _unreadable(path, error)))
    found += [_size(path), *_put_by(path), _room(folder)]
    return found if os.name == "nt" else [*found, _modes(path)]


def _copied(path: Path, place: Path, connect: Connect) -> Path:
    """A copy in another folder, through SQLite where another process has the records open."""
    copy = place / path.name
    door = Door(path.parent)
    try:
        if door.take(alone=True):
            for end in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(_side(path, end), _side(copy, end))
            return copy
    finally:
        door.leave()
    copy.touch()
    with closing(connect(path, read_only=True)) as here, closing(connect(copy)) as there:
        here.backup(there)
    return copy


def _unreadable(path: Path, error: Exception) -> str:
    if is_damage(error) and looks_encrypted(path):
        return f"{path} is encrypted, and cannot be read with these settings."
    way = "It is set aside at the next call, and new records are begun." if is_damage(error) else ""
    return f"{path} cannot be read: {error}. {way}".strip()


def _looked_at(connection: sqlite3.Connection) -> Iterator[Finding]:
    for name, look in LOOKS.items():
        try:
            state, sentence = look(connection)
        except Exception as error:  # sqlite3's or SQLCipher's
            yield name, "problem", f"It cannot be read: {error}."
        else:
            yield name, state, sentence


Look = tuple[Literal["ok", "warning", "problem"], str]


def _integrity(connection: sqlite3.Connection) -> Look:
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    found = [] if found == ["ok"] else found
    strays = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    if found:
        shown = "; ".join(" ".join(fault.split()) for fault in found[:FOUND_AT_MOST])
        return "problem", (
            f"The database is damaged: {shown}. Copy the data folder, then quit every client and "
            "make a call: it is set aside and new records are begun."
        )
    if strays:
        return "warning", f"{strays} rows belong to a conversation that is gone. They do no harm."
    return "ok", "The database is whole."


def _search(connection: sqlite3.Connection) -> Look:
    if not _search_is_whole(connection, and_its_words=True):
        return "warning", "The search index is damaged. It is made anew after the next failure."
    return "ok", "The search index is whole."


def _version(connection: sqlite3.Connection) -> Look:
    from storage.database import newest_version

    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    newest = newest_version()
    if version > newest:
        return "problem", f"Schema {version} is of a newer server; this one reads {newest}. Update."
    if version < newest:
        return "ok", f"Schema {version}; the next call brings it to {newest} and keeps a copy."
    return "ok", f"Schema {version}, the newest."


def _contents(connection: sqlite3.Connection) -> Look:
    counts = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM images)"
    conversations, pictures = connection.execute(counts).fetchone()
    return "ok", f"{conversations} conversations with {pictures} pictures."


def _pictures(connection: sqlite3.Connection) -> Look:
    paths = [Path(row[0]) for row in connection.execute("SELECT path FROM images ORDER BY path")]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        return "warning", (
            f"{len(missing)} of {len(paths)} were moved or deleted, such as {missing[0]}. Put them "
            "back to change them further; their records stay."
        )
    return "ok", f"All {len(paths)} are where they were saved."


LOOKS: dict[str, Callable[[sqlite3.Connection], Look]] = {
    "records integrity": _integrity,
    "records search": _search,
    "records version": _version,
    "records contents": _contents,
    "picture files": _pictures,
}


def _size(path: Path) -> Finding:
    size = sum(_side(path, end).stat().st_size for end in ("", "-wal") if _side(path, end).exists())
    return "records size", "ok", f"{path}, {size / 1e6:.1f} MB."


def _put_by(path: Path) -> Iterator[Finding]:
    for aside in sorted(_set_aside(path)):
        way = f'Save what is left with sqlite3 "{aside}" .recover, or delete it.'
        yield "records set aside", "warning", f"{_described(aside)}: a damaged database. {way}"
    for copy in sorted(path.parent.glob(f"{path.name}.before-*")):
        yield "records copy", "ok", f"{_described(copy)}: from before the last change of version."


def _set_aside(path: Path) -> list[Path]:
    found = path.parent.glob(f"{path.name}.damaged-*")
    return [aside for aside in found if not aside.name.endswith(("-wal", "-shm"))]


def _described(path: Path) -> str:
    state = path.stat()
    days = int((time.time() - state.st_mtime) // 86_400)
    return f"{path}, {state.st_size / 1e6:.1f} MB, {days} days old"


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < SPACE_WANTED:
        return "records disk", "warning", f"{free / 1e6:.0f} MB free. Make room soon."
    return "records disk", "ok", f"{free / 1e9:.1f} GB free."


def _modes(path: Path) -> Finding:
    places = [path.parent, *sorted(path.parent.glob(f"{path.name}*"))]
    wide = [place for place in places if place.stat().st_mode & PRIVATE]
    if wide:
        sentence = f'Others can reach {wide[0]}. Close it: chmod go= "{wide[0]}"'
        return "records privacy", "warning", sentence
    return "records privacy", "ok", "For their owner alone."


def _side(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)
