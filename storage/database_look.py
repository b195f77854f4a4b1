"""What a copy of the records says of itself: whether it is whole, its version, what it holds."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from storage.recovery import search_is_whole

FOUND_AT_MOST = 3

State = Literal["ok", "warning", "problem"]
Finding = tuple[str, State, str]
Look = tuple[State, str]


def look_at(connection: sqlite3.Connection) -> Iterator[Finding]:
    """One finding after the other; what cannot be read is a finding, too."""
    for name, look in LOOKS.items():
        try:
            state, sentence = look(connection)
        except Exception as error:  # sqlite3's or SQLCipher's
            yield name, "problem", f"It cannot be read: {error}."
        else:
            yield name, state, sentence


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
    if not search_is_whole(connection, and_its_words=True):
        return "warning", "The search index is damaged. It is made anew after the next failure."
    return "ok", "The search index is whole."


def _version(connection: sqlite3.Connection) -> Look:
    from storage.schema_upgrade import newest_version  # SQLAlchemy is imported only for this

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
    rows = connection.execute("SELECT path, bytes FROM images ORDER BY path").fetchall()
    missing = [path for path, _ in rows if not Path(path).is_file()]
    if missing:
        return "warning", (
            f"{len(missing)} of {len(rows)} were moved or deleted, such as {missing[0]}. Put them "
            "back to change them further; their records stay."
        )
    size = sum(size for _, size in rows)
    return "ok", f"All {len(rows)} are where they were saved, {size / 1e6:.1f} MB."


LOOKS: dict[str, Callable[[sqlite3.Connection], Look]] = {
    "records integrity": _integrity,
    "records search": _search,
    "records version": _version,
    "records contents": _contents,
    "picture files": _pictures,
}
