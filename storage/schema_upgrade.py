"""Bring the records to the newest schema in one transaction, with a copy from before beside it."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from errors import StorageError
from storage.database_file import Connect, back_up, is_damage, remove_unfinished
from storage.shared_folder import put_in_place

MIGRATIONS = Path(__file__).parent / "migrations"
NEWER = (
    "was written by a newer version of this server. It was left as it is: update the server, or "
    "set IMAGE_CONSULTANT_DATA_DIR to another folder"
)


def newest_version() -> str:
    """The version of the schema that this code reads."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def upgrade(connection: Connection, path: Path, connect: Connect) -> Path | None:
    """Bring the schema to its newest version; the copy that was made of an earlier one.

    The version is compared without Alembic first: importing it costs most of a second
    and nearly every start finds the schema up to date. All steps are one transaction, as the
    caller began it: one that fails, or a process that is killed amid them, leaves the records
    as they were. The copy is made under the same lock, so that nobody writes in between.
    Raises `StorageError` for records of a newer server and for a step that fails.
    """
    newest, version = newest_version(), _version(connection)
    if version == newest:
        return None
    if version is not None and version > newest:
        raise StorageError(f"The record database {path} {NEWER}.")
    if version is None:
        _run(connection)
        return None
    copy = _copy(path, newest, connect)
    try:
        _run(connection)
    except Exception as error:
        if is_damage(error):
            raise
        raise StorageError(_failure(path, copy, f"{version} to {newest}", error)) from error
    return copy


def remove_older_copies(copy: Path, path: Path) -> None:
    """Remove the copies of earlier upgrades."""
    for older in path.parent.glob(f"{path.name}.before-[0-9]*"):
        if older != copy:
            older.unlink(missing_ok=True)


def _version(connection: Connection) -> str | None:
    exists = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.execute(exists).scalar() is None:
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


def _copy(path: Path, version: str, connect: Connect) -> Path:
    """Copy the records as they are before they change to this version; private, whole or not."""
    copy = path.with_name(f"{path.name}.before-{version}")
    part = copy.with_name(f"{copy.name}.part")
    try:
        remove_unfinished(path)
        back_up(path, part, connect)
        put_in_place(part, copy)
    except Exception as error:
        remove_unfinished(path)
        if is_damage(error):
            raise
        raise StorageError(
            f"The records have to be brought to version {version}, and no copy could be kept of "
            f"them before ({error}). They are as they were. Make room for "
            f"{path.stat().st_size / 1e6:.0f} MB in {path.parent}, then make the same call again."
        ) from error
    return copy


def _failure(path: Path, copy: Path, versions: str, error: Exception) -> str:
    """What happened and what to do, without the records' own text, which SQLAlchemy adds."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = f"{type(cause).__name__}: {cause}"
    if "full" in reason:
        way = "Make room on the disk, then make the same call again."
    else:
        way = "Go back to the version of the server that you had: it reads them. Report this."
    return (
        f"The records in {path} could not be brought from schema {versions} ({reason}). "
        f"They are as they were, and a copy is in {copy}. {way}"
    )
