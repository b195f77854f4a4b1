"""Encrypt the records of a folder, or make them plain again: whole, or as they were before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from errors import StorageError
from storage.database_file import (
    FILE_NAME,
    Connect,
    address,
    all_set_aside,
    ended_uncleanly,
    is_damage,
    is_plain,
    make_empty,
    remove_unfinished,
)
from storage.encryption import PASSPHRASE, Cipher, binding
from storage.shared_folder import FolderLock, put_in_place

SURVIVES = "What was deleted may survive on the disk until other files take its place."


def encrypt(folder: Path, passphrase: SecretStr | None = None) -> str:
    """Encrypt the records of a folder; what was done, and what remains to be done.

    The plain file is deleted, with the plain copies that migrations kept.
    """
    with _alone(folder) as path:
        if not is_plain(path):
            raise StorageError(f"{path} is not a plain database: it is encrypted, or damaged.")
        cipher = Cipher(path, passphrase)
        cipher.unlock(create=True)
        _rewrite(path, _open_plainly, cipher.connect, cipher.clause)
        rest = "".join(
            f" {aside} is a damaged database in plain: delete it yourself."
            for aside in all_set_aside(path)
        )
    where = f"in {PASSPHRASE}" if passphrase else "in this system's keyring"
    return (
        f"The records in {path} are encrypted, their key is {where}: without it nobody can read "
        "them. Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=true for every client. The plain file was "
        f"deleted. {SURVIVES}{rest} Pictures are not encrypted."
    )


def decrypt(folder: Path, passphrase: SecretStr | None = None) -> str:
    """Make the records of a folder plain again; what was done, and what remains to be done."""
    with _alone(folder) as path:
        if is_plain(path):
            raise StorageError(f"{path} is not encrypted.")
        cipher = Cipher(path, passphrase)
        cipher.unlock(create=False)
        cipher.check()
        _rewrite(path, cipher.connect, _open_plainly, "")
    return (
        f"The records in {path} are plain again. Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=false for "
        "every client. A key in the keyring was left there for older copies."
    )


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """The database of a folder, while no server has it open."""
    binding()
    path = folder / FILE_NAME
    if not path.exists() or not path.stat().st_size:
        raise StorageError(f"There are no records in {folder} yet.")
    lock = FolderLock(folder)
    try:
        if not lock.try_lock(alone=True):
            raise StorageError(
                f"A server has the records in {folder} open. Quit every client that runs one, "
                "then give the same command again."
            )
        yield path
    finally:
        lock.release()


def _rewrite(path: Path, here: Connect, there: Connect, clause: str) -> None:
    """Write a database anew under another key, compare, and only then put it in place.

    The copies that upgrades kept go before: a process that is killed leaves none under the
    other key.
    """
    part = path.with_name(f"{path.name}.rewritten.part")
    try:
        remove_unfinished(path)
        make_empty(part)
        with closing(here(path)) as source:
            source.isolation_level = None
            before = _row_counts(source)
            _export(source, part, clause)
        with closing(there(part)) as target:
            same = _row_counts(target) == before and _is_whole(target)
        if not same:
            way = "Run `image-consultant doctor`, and report this if it finds no damage."
            raise StorageError(_unwritten(path, "the copy differs", way))
        if ended_uncleanly(path):
            way = "Quit it, then give the same command again."
            raise StorageError(_unwritten(path, "something still has them open", way))
        for copy in path.parent.glob(f"{path.name}.before-*"):
            copy.unlink()
        put_in_place(part, path)
    except StorageError:
        raise
    except Exception as error:  # SQLCipher's, or the system's
        raise StorageError(_failure(path, error)) from error
    finally:
        remove_unfinished(path)


def _export(source: sqlite3.Connection, part: Path, clause: str) -> None:
    source.execute("ATTACH DATABASE ? AS rewritten KEY ?", (str(part), clause))
    source.execute("SELECT sqlcipher_export('rewritten')").fetchall()
    source.execute("DETACH DATABASE rewritten")


def _failure(path: Path, error: Exception) -> str:
    if is_damage(error):
        way = "The database is damaged: run `image-consultant doctor`."
    elif isinstance(error, PermissionError):  # Windows, where another process has it open
        way = "Quit every client that runs a server, then give the same command again."
    else:
        way = f"Make room in {path.parent}, then give the same command again."
    return _unwritten(path, str(error), way)


def _unwritten(path: Path, reason: str, way: str) -> str:
    return (
        f"The records in {path} could not be written anew ({reason}). They are as they were. {way}"
    )


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE "
        "'\\' ORDER BY name"
    ).fetchall()
    count = 'SELECT count(*) FROM "{}"'
    return {name: connection.execute(count.format(name)).fetchone()[0] for (name,) in tables}


def _is_whole(connection: sqlite3.Connection) -> bool:
    report = connection.execute("PRAGMA integrity_check").fetchall()
    return [tuple(row) for row in report] == [("ok",)]


def _open_plainly(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a plain file with SQLCipher, which alone can attach an encrypted one."""
    connection: sqlite3.Connection = binding().connect(address(path, read_only=read_only), uri=True)
    return connection
