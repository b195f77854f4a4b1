"""How the folders and the records are, for `doctor`: looked at in a copy, nothing is changed."""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from errors import Check
from storage.database_file import (
    FILE_NAME,
    Connect,
    all_set_aside,
    back_up,
    is_damage,
    looks_encrypted,
    open_plain,
    side,
)
from storage.shared_folder import FolderLock
from storage.stamps import megabytes

OTHERS = 0o077
"""Bits of a file's mode that let others than its owner in."""
PICTURES_WANTED, PICTURES_NEEDED = 1_000_000_000, 100_000_000
"""Bytes of a few dozen pictures, and of a handful."""
MOST_FAULTS = 3
"""Sentences of SQLite that are shown: the first ones name the tables, hundreds may follow."""


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
        if not path.is_dir() or not os.access(path, os.R_OK | os.X_OK):
            sentence = f"{path} is no folder that can be read. Create it, or take it out of"
            yield Check(name, "warning", f"{sentence} {variable}.")
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


def check_records(folder: Path, connect: Connect = open_plain) -> list[Check]:
    """How the records of a folder are, looked at in a copy: nothing is made or changed."""
    path = folder / FILE_NAME
    if not path.exists():
        return [Check("records", "ok", f"There are none yet in {folder}.")]
    findings: list[Check] = []
    with TemporaryDirectory() as place:
        try:
            copy = copy_database(path, Path(place), connect)
            with closing(connect(copy)) as connection:
                findings.extend(_contents_of(connection, path))
        except Exception as error:  # whatever keeps it from being read is the finding
            findings.append(Check("records", "problem", _unreadable(path, error)))
    return [*findings, *_copies(path), *([] if os.name == "nt" else [_modes(path)])]


def copy_database(path: Path, place: Path, connect: Connect) -> Path:
    """A copy in another folder, through SQLite where another process has the records open.

    Raises what SQLite or the system raises where they cannot be read.
    """
    copy = place / path.name
    lock = FolderLock(path.parent)
    try:
        if lock.try_lock(alone=True):
            for end in ("", "-wal"):
                with suppress(FileNotFoundError):
                    shutil.copyfile(side(path, end), side(copy, end))
            return copy
    finally:
        lock.release()
    back_up(path, copy, connect)
    return copy


def _unreadable(path: Path, error: Exception) -> str:
    if is_damage(error) and looks_encrypted(path):
        return f"{path} is encrypted, and cannot be read with these settings."
    way = "It is set aside at the next call, and new records are begun." if is_damage(error) else ""
    return f"{path} cannot be read: {error}. {way}".strip()


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
    return f"{path}, {megabytes(state.st_size)} MB, {days} days old"


def _modes(path: Path) -> Check:
    places = [path.parent, *sorted(path.parent.glob(f"{path.name}*"))]
    wide = [place for place in places if place.stat().st_mode & OTHERS]
    if wide:
        sentence = f'Others can reach {wide[0]}. Close it: chmod go= "{wide[0]}"'
        return Check("records privacy", "warning", sentence)
    return Check("records privacy", "ok", "For their owner alone.")


def _contents_of(connection: sqlite3.Connection, path: Path) -> Iterator[Check]:
    """What a copy of the records at a path holds, and whether it is whole."""
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    if faults == ["ok"]:
        yield Check("records integrity", "ok", "The database is whole.")
    else:
        sentences = "; ".join(" ".join(fault.split()) for fault in faults[:MOST_FAULTS])
        way = (
            "Copy the data folder, then quit every client and make a call: it is set aside and new "
            "records are begun."
        )
        sentence = f"The database is damaged: {sentences}. {way}"
        yield Check("records integrity", "problem", sentence)
    yield _version(connection)
    counts = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM images)"
    conversations, pictures = connection.execute(counts).fetchone()
    contents = f"Conversations: {conversations}, pictures: {pictures}."
    yield Check("records", "ok", f"{path}, {megabytes(path.stat().st_size)} MB. {contents}")
    yield _pictures(connection)


def _version(connection: sqlite3.Connection) -> Check:
    from storage.schema_upgrade import newest_version  # SQLAlchemy is imported only for this

    name, newest = "records version", newest_version()
    (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if version > newest:
        sentence = f"Schema {version} is of a newer server; this one reads {newest}. Update."
        return Check(name, "problem", sentence)
    state = "as this server has it" if version == newest else f"this server brings it to {newest}"
    return Check(name, "ok", f"Schema {version}, {state}.")


def _pictures(connection: sqlite3.Connection) -> Check:
    name = "picture files"
    rows = connection.execute("SELECT path, bytes FROM images ORDER BY path").fetchall()
    missing = [path for path, _ in rows if not Path(path).is_file()]
    if missing:
        sentence = f"{len(missing)} of {len(rows)} were moved or deleted, such as {missing[0]}. Put"
        return Check(
            name, "warning", f"{sentence} them back to change them further; their records stay."
        )
    size = sum(size for _, size in rows)
    return Check(name, "ok", f"All {len(rows)} are where they were saved, {megabytes(size)} MB.")
