"""How the records of a folder are, for `doctor`: looked at in a copy, nothing made or changed."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from storage.database_file import FILE_NAME, Connect, is_damage, looks_encrypted, open_plain, side
from storage.database_look import Finding, look_at
from storage.folder_lock import FolderLock
from storage.recovery import all_set_aside

PRIVATE = 0o077
SPACE_WANTED = 100_000_000

_in_turn = Lock()
"""Two looks at once would each find the door held by the other, and not the records in use."""


def examine(folder: Path, connect: Connect = open_plain) -> list[Finding]:
    """How the records of a folder are, looked at in a copy: nothing is made or changed."""
    path = folder / FILE_NAME
    if not path.exists():
        return [("records", "ok", f"There are none yet in {folder}.")]
    found: list[Finding] = []
    with TemporaryDirectory() as place:
        try:
            copy = copied(path, Path(place), connect)
            with closing(connect(copy)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                found.extend(look_at(connection))
        except Exception as error:  # whatever keeps it from being read is the finding
            found.append(("records", "problem", _unreadable(path, error)))
    found += [_size(path), *_put_by(path), _room(folder)]
    return found if os.name == "nt" else [*found, _modes(path)]


def copied(path: Path, place: Path, connect: Connect) -> Path:
    """A copy in another folder, through SQLite where another process has the records open.

    Raises what SQLite or the system raises where they cannot be read.
    """
    copy = place / path.name
    door = FolderLock(path.parent)
    with _in_turn:
        try:
            if door.take(alone=True):
                for end in ("", "-wal"):
                    with suppress(FileNotFoundError):
                        shutil.copyfile(side(path, end), side(copy, end))
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


def _size(path: Path) -> Finding:
    size = sum(side(path, end).stat().st_size for end in ("", "-wal") if side(path, end).exists())
    return "records size", "ok", f"{path}, {size / 1e6:.1f} MB."


def _put_by(path: Path) -> Iterator[Finding]:
    for aside in all_set_aside(path):
        way = f'Save what is left with sqlite3 "{aside}" .recover, or delete it.'
        yield "records set aside", "warning", f"{_described(aside)}: a damaged database. {way}"
    for copy in sorted(path.parent.glob(f"{path.name}.before-*")):
        yield "records copy", "ok", f"{_described(copy)}: from before the last change of version."


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
