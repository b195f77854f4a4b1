"""Bring the records to the newest schema, with a copy from before that comes back if it fails."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from errors import StorageError
from storage.database_file import Connect, is_damage, make_empty

MIGRATIONS = Path(__file__).parent / "migrations"
NEWER = (
    "was written by a newer version of this server. It was left as it is: update the server, or "
    "set IMAGE_CONSULTANT_DATA_DIR to another folder"
)


class FailedUpgrade(Exception):  # noqa: N818  # turned into a sentence by `told`
    """The schema could not be brought to the newest version; a copy is there."""

    def __init__(self, found: str, newest: str, kept: Path, error: Exception) -> None:
        reason = error.orig if isinstance(error, DBAPIError) else error  # without the records' text
        super().__init__(f"{type(reason).__name__}: {reason}")
        self.kept, self.error = kept, error
        self._versions = (found, newest)

    def told(self, path: Path) -> str:
        """What happened and what to do."""
        found, newest = self._versions
        if "full" in str(self):
            way = "Make room on the disk, then make the same call again."
        else:
            way = "Go back to the version of the server that you had: it reads them. Report this."
        return (
            f"The records in {path} could not be brought from schema {found} to {newest} ({self}). "
            f"They are as they were, and a copy is in {self.kept}. {way}"
        )


def newest_version() -> str:
    """The version of the schema that this code reads."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection, path: Path, connect: Connect) -> Path | None:
    """Bring the schema to its newest version; the copy that was kept of an earlier one.

    The version is compared without Alembic first: importing it costs most of a second
    and nearly every start finds the schema up to date. All steps are one transaction, as the
    caller began it: a process that is killed amid them leaves the records as they were. The
    copy is made under the same lock, so that nobody writes in between. Raises `StorageError`
    for records of a newer server, `FailedUpgrade`.
    """
    newest, found = newest_version(), _version(connection)
    if found == newest:
        return None
    if found is not None and found > newest:
        raise StorageError(f"The record database {path} {NEWER}.")
    if found is None:
        _run(connection)
        return None
    kept = _keep_copy(path, newest, connect)
    try:
        _run(connection)
    except Exception as error:
        raise FailedUpgrade(found, newest, kept, error) from error
    return kept


def _version(connection: Connection) -> str | None:
    known = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.execute(known).scalar() is None:
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


def _keep_copy(path: Path, version: str, connect: Connect) -> Path:
    """Copy the records as they are before they change to this version; private, whole or not."""
    kept = path.with_name(f"{path.name}.before-{version}")
    part = kept.with_name(f"{kept.name}.part")
    try:
        part.unlink(missing_ok=True)
        make_empty(part)
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
    """Remove the copies of earlier upgrades."""
    for copy in path.parent.glob(f"{path.name}.before-[0-9]*"):
        if copy != kept:
            copy.unlink(missing_ok=True)


def restore(path: Path, kept: Path, connect: Connect) -> None:
    """Bring back what a failed upgrade changed, from the copy.

    An upgrade is one transaction that is rolled back. Only one that committed in between
    leaves another schema behind; what others wrote meanwhile is not overwritten otherwise.
    """
    with closing(connect(kept)) as before, closing(connect(path)) as now:
        if _schema(before) != _schema(now):
            before.backup(now)


def _schema(connection: sqlite3.Connection) -> list[object]:
    tables = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    version = connection.execute("SELECT version_num FROM alembic_version")
    return [*tables.fetchall(), *version.fetchall()]
