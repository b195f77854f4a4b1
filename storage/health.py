"""How the folders and the records are, for `doctor`: looked at in a copy, nothing is changed."""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from errors import Check, Severity
from storage.database_file import (
    FILE_NAME,
    Connect,
    all_set_aside,
    is_damage,
    looks_encrypted,
    open_plain,
    search_is_whole,
    side,
)
from storage.shared_folder import FolderLock

OTHERS = 0o077
"""Bits of a file's mode that let others than its owner in."""
PICTURES_WANTED, PICTURES_NEEDED = 1_000_000_000, 100_000_000
"""Bytes of a few dozen pictures, and of a handful."""
RECORDS_WANTED = 100_000_000
"""Bytes of some ten thousand conversations."""
MOST_FAULTS = 3
"""Sentences of SQLite that are shown: the first ones name the tables, hundreds may follow."""

_in_turn = Lock()
"""Two looks at once would each meet the lock of the other, and not the records in use."""


def folder(name: str, path: Path, variable: str) -> Check:
    """Whether a folder is, or can be made, a place to write to, and the room that is left."""
    try:
        existing = next(place for place in (path, *path.parents) if place.exists())
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        fault = f"{path} cannot be written: {error.strerror}."
        return Check(
            name, "problem", f"{fault} Make it writable, or choose another with {variable}."
        )
    space = f"{path}, {free / 1e9:.1f} GB free"
    if free < PICTURES_NEEDED:
        return Check(name, "problem", f"{space}: too little for pictures. Make room.")
    if free < PICTURES_WANTED:
        return Check(name, "warning", f"{space}: little for pictures. Make room soon.")
    return Check(name, "ok", f"{space}.")


def inputs(named: Sequence[Path], usual: Sequence[Path], variable: str) -> Iterator[Check]:
    """Whether pictures can be read from the folders that are allowed, and no more than that.

    `usual` are those where none was named; a system need not have them all.
    """
    name = "input folders"
    for path in named:
        if not path.is_dir():
            sentence = f"{path} is no folder. Create it, or take it out of {variable}."
            yield Check(name, "warning", sentence)
        elif not os.access(path, os.R_OK | os.X_OK):
            sentence = f"{path} cannot be read. Allow it, or take it out of {variable}."
            yield Check(name, "warning", sentence)
        elif path.resolve() in {Path.home().resolve(), *Path.home().resolve().parents}:
            sentence = f"{path} opens all of the home to tools. Name single folders in {variable}."
            yield Check(name, "warning", sentence)
        else:
            yield Check(name, "ok", f"{path}.")
    if usual:
        yield Check(name, "ok", f"{', '.join(map(str, usual))}; {variable} names others instead.")


def secret_file(path: Path) -> Iterator[Check]:
    """Whether others can read a file that may hold the key."""
    if os.name != "nt" and path.is_file() and path.stat().st_mode & OTHERS:
        yield Check(".env", "warning", f'Others can read {path}. Close it: chmod go= "{path}"')


def examine(folder: Path, connect: Connect = open_plain) -> list[Check]:
    """How the records of a folder are, looked at in a copy: nothing is made or changed."""
    path = folder / FILE_NAME
    if not path.exists():
        return [Check("records", "ok", f"There are none yet in {folder}.")]
    findings: list[Check] = []
    with TemporaryDirectory() as place:
        try:
            copy = copy_database(path, Path(place), connect)
            with closing(connect(copy)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                findings.extend(_contents_of(connection))
        except Exception as error:  # whatever keeps it from being read is the finding
            findings.append(Check("records", "problem", _unreadable(path, error)))
    findings += [_size(path), *_copies(path), _room(folder)]
    return findings if os.name == "nt" else [*findings, _modes(path)]


def copy_database(path: Path, place: Path, connect: Connect) -> Path:
    """A copy in another folder, through SQLite where another process has the records open.

    Raises what SQLite or the system raises where they cannot be read.
    """
    copy = place / path.name
    lock = FolderLock(path.parent)
    with _in_turn:
        try:
            if lock.try_lock(alone=True):
                for end in ("", "-wal"):
                    with suppress(FileNotFoundError):
                        shutil.copyfile(side(path, end), side(copy, end))
                return copy
        finally:
            lock.release()
    copy.touch()
    with closing(connect(path, read_only=True)) as here, closing(connect(copy)) as there:
        here.backup(there)
    return copy


def _unreadable(path: Path, error: Exception) -> str:
    if is_damage(error) and looks_encrypted(path):
        return f"{path} is encrypted, and cannot be read with these settings."
    way = "It is set aside at the next call, and new records are begun." if is_damage(error) else ""
    return f"{path} cannot be read: {error}. {way}".strip()


def _size(path: Path) -> Check:
    size = sum(side(path, end).stat().st_size for end in ("", "-wal") if side(path, end).exists())
    return Check("records size", "ok", f"{path}, {size / 1e6:.1f} MB.")


def _copies(path: Path) -> Iterator[Check]:
    for aside in all_set_aside(path):
        way = f'Save what is left with sqlite3 "{aside}" .recover, or delete it.'
        yield Check(
            "records set aside", "warning", f"{_age_and_size(aside)}: a damaged database. {way}"
        )
    for copy in sorted(path.parent.glob(f"{path.name}.before-*")):
        sentence = f"{_age_and_size(copy)}: from before the last change of version."
        yield Check("records copy", "ok", sentence)


def _age_and_size(path: Path) -> str:
    state = path.stat()
    days = int((time.time() - state.st_mtime) // 86_400)
    return f"{path}, {state.st_size / 1e6:.1f} MB, {days} days old"


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    if free < RECORDS_WANTED:
        return Check("records disk", "warning", f"{free / 1e6:.0f} MB free. Make room soon.")
    return Check("records disk", "ok", f"{free / 1e9:.1f} GB free.")


def _modes(path: Path) -> Check:
    places = [path.parent, *sorted(path.parent.glob(f"{path.name}*"))]
    wide = [place for place in places if place.stat().st_mode & OTHERS]
    if wide:
        sentence = f'Others can reach {wide[0]}. Close it: chmod go= "{wide[0]}"'
        return Check("records privacy", "warning", sentence)
    return Check("records privacy", "ok", "For their owner alone.")


def _contents_of(connection: sqlite3.Connection) -> Iterator[Check]:
    """One finding of a copy after the other; what cannot be read is a finding, too."""
    for name, look in LOOKS.items():
        try:
            severity, sentence = look(connection)
        except Exception as error:  # sqlite3's or SQLCipher's
            yield Check(name, "problem", f"It cannot be read: {error}.")
        else:
            yield Check(name, severity, sentence)


def _integrity(connection: sqlite3.Connection) -> tuple[Severity, str]:
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    if faults != ["ok"]:
        sentences = "; ".join(" ".join(fault.split()) for fault in faults[:MOST_FAULTS])
        return "problem", (
            f"The database is damaged: {sentences}. Copy the data folder, then quit every client "
            "and make a call: it is set aside and new records are begun."
        )
    strays = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    if strays:
        return "warning", f"{strays} rows belong to a conversation that is gone. They do no harm."
    return "ok", "The database is whole."


def _search(connection: sqlite3.Connection) -> tuple[Severity, str]:
    if not search_is_whole(connection, and_its_words=True):
        return "warning", "The search index is damaged. It is made anew after the next failure."
    return "ok", "The search index is whole."


def _version(connection: sqlite3.Connection) -> tuple[Severity, str]:
    from storage.schema_upgrade import newest_version  # SQLAlchemy is imported only for this

    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    newest = newest_version()
    if version > newest:
        return "problem", f"Schema {version} is of a newer server; this one reads {newest}. Update."
    if version < newest:
        return "ok", f"Schema {version}; the next call brings it to {newest} and keeps a copy."
    return "ok", f"Schema {version}, the newest."


def _contents(connection: sqlite3.Connection) -> tuple[Severity, str]:
    counts = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM images)"
    conversations, pictures = connection.execute(counts).fetchone()
    records = f"{conversations} conversation{'s' * (conversations != 1)}"
    return "ok", f"{records} with {pictures} picture{'s' * (pictures != 1)}."


def _pictures(connection: sqlite3.Connection) -> tuple[Severity, str]:
    rows = connection.execute("SELECT path, bytes FROM images ORDER BY path").fetchall()
    missing = [path for path, _ in rows if not Path(path).is_file()]
    if missing:
        return "warning", (
            f"{len(missing)} of {len(rows)} were moved or deleted, such as {missing[0]}. Put them "
            "back to change them further; their records stay."
        )
    size = sum(size for _, size in rows)
    return "ok", f"All {len(rows)} are where they were saved, {size / 1e6:.1f} MB."


LOOKS: dict[str, Callable[[sqlite3.Connection], tuple[Severity, str]]] = {
    "records integrity": _integrity,
    "records search": _search,
    "records version": _version,
    "records contents": _contents,
    "picture files": _pictures,
}
