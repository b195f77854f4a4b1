"""Encrypt the records at rest with SQLCipher, its key in the system's keyring or a passphrase."""

import importlib
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from storage.errors import StorageError
from storage.rescue import BUSY_SECONDS, Connect, Door, is_damage, is_plain, open_plain

if TYPE_CHECKING:
    from settings import Settings

SERVICE = "image-consultant"
KEY_BYTES = 32
KEY = re.compile(r"[0-9a-f]{64}")
FETCHED_ROWS = 64

INSTALL = "pip install 'image-consultant[encryption]'"
NOT_INSTALLED = (
    f"Encrypted records need SQLCipher, which is not installed. Install it with: {INSTALL}"
)
PASSPHRASE = "IMAGE_CONSULTANT_RECORDS_PASSPHRASE"  # noqa: S105  # its variable
NO_KEYRING = f"This system keeps no keyring for the key of the records. Set {PASSPHRASE} instead."
SURVIVES = "What was deleted may survive on the disk until other files take its place."

ERRORS = (
    "Error", "DatabaseError", "IntegrityError", "NotSupportedError", "OperationalError",
    "ProgrammingError", "sqlite_version", "sqlite_version_info",
)  # fmt: skip


class Cipher:
    """Opens the encrypted database at a path; its key is in no repr, log or error."""

    def __init__(self, path: Path, passphrase: SecretStr | None = None) -> None:
        self._path = path
        self._passphrase = passphrase
        self._key: SecretStr | None = None

    def unlock(self, *, make: bool) -> None:
        """Find the key, or make one for a database that is yet to be. Raises `StorageError`."""
        binding()
        if self._key is None:
            self._key = self._given() or _kept(self._path) or (_made(self._path) if make else None)
        if self._key is None:
            raise StorageError(lost(self._path))

    @property
    def clause(self) -> str:
        """The key as SQLCipher takes it: raw bytes, or a passphrase that it derives them from."""
        if self._key is None:
            self.unlock(make=False)
        return self._key.get_secret_value() if self._key else ""

    def connect(self, path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        """Open this file, or a copy of it, with the key."""
        mode = "ro" if read_only else "rw"
        return self.open(f"{path.absolute().as_uri()}?mode={mode}", uri=True)

    def check(self) -> None:
        """Raise `StorageError` where the key does not fit the database."""
        try:
            with closing(self.connect(self._path)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except Exception as error:  # SQLCipher's
            if "not a database" in str(error):
                raise StorageError(unreadable(self._path)) from error

    def open(self, database: str, **options: Any) -> sqlite3.Connection:
        """Connect as `sqlite3.connect` does, then give the key before anything is read."""
        connection: sqlite3.Connection = binding().connect(
            database, **{"timeout": BUSY_SECONDS} | options
        )
        connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to stderr by itself
        quoted = self.clause.replace('"', '""')
        connection.execute(f'PRAGMA key = "{quoted}"')
        return connection

    def driver(self) -> Any:  # a DBAPI module
        """The driver for SQLAlchemy: aiosqlite over connections of SQLCipher."""
        import aiosqlite
        from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

        names = {name: getattr(binding(), name) for name in ERRORS}

        def connect(database: str, **options: Any) -> aiosqlite.Connection:
            return aiosqlite.Connection(lambda: self.open(database, **options), FETCHED_ROWS)

        shape = SimpleNamespace(connect=connect, Connection=aiosqlite.Connection, **names)
        return AsyncAdapt_aiosqlite_dbapi(cast(ModuleType, shape), binding())

    def _given(self) -> SecretStr | None:
        given = self._passphrase
        return given if given and given.get_secret_value() else None


def cipher_of(settings: "Settings") -> Cipher | None:
    """What opens the records of these settings, None where they are not encrypted."""
    from storage.database import FILE_NAME

    if not settings.encrypt_records:
        return None
    return Cipher(settings.data_dir / FILE_NAME, settings.records_passphrase)


def connect_of(settings: "Settings") -> Connect:
    """How the records of these settings are opened."""
    cipher = cipher_of(settings)
    return cipher.connect if cipher else open_plain


def binding() -> Any:  # the module, which has no types
    """SQLCipher as a DBAPI module. Raises `StorageError` where it is not installed."""
    try:
        return importlib.import_module("sqlcipher3.dbapi2")
    except ImportError as error:
        raise StorageError(NOT_INSTALLED) from error


def lost(path: Path) -> str:
    """What to do where the key is gone."""
    return (
        f"The records in {path} are encrypted, and their key is not there: without it nobody can "
        f"read them. Put the key back with `image-consultant records key --restore`, or set "
        f"{PASSPHRASE} if it was a passphrase. To start afresh, move {path} away. Pictures are not "
        "affected."
    )


def unreadable(path: Path) -> str:
    """What to do where a key does not fit."""
    return (
        f"The records in {path} cannot be read with this key: it is another one, or the file is "
        f"damaged at its start. Check {PASSPHRASE}, or put the right key back with "
        f"`image-consultant records key --restore`. To start afresh, move {path} away. Pictures "
        "are not affected."
    )


def key_for_safekeeping(path: Path) -> str:
    """The key of a database, for a person to write down. Raises `StorageError`."""
    kept = _kept(path)
    if kept is None:
        raise StorageError(f"The keyring holds no key for {path}.")
    return kept.get_secret_value().strip("x'")


def restore_key(path: Path, key: str) -> None:
    """Put a key back into the keyring. Raises `StorageError` without repeating it."""
    if not KEY.fullmatch(key.strip().lower()):
        raise StorageError(f"A key has {2 * KEY_BYTES} digits from 0 to 9 and a to f. Check it.")
    _keep(path, key.strip().lower())


def encrypt(folder: Path, passphrase: SecretStr | None = None) -> str:
    """Encrypt the records of a folder; what was done, and what remains to be done.

    The plain file is deleted, with the plain copies that migrations kept.
    """
    with _alone(folder) as path:
        if not is_plain(path):
            raise StorageError(f"{path} is not a plain database: it is encrypted, or damaged.")
        cipher = Cipher(path, passphrase)
        cipher.unlock(make=True)
        _rewritten(path, _open_plainly, cipher.connect, cipher.clause)
        left = _drop_copies(path)
    rest = "".join(
        f" {aside} is a damaged database in plain: delete it yourself." for aside in left
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
        cipher.unlock(make=False)
        cipher.check()
        _rewritten(path, cipher.connect, _open_plainly, "")
        _drop_copies(path)
    return (
        f"The records in {path} are plain again. Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=false for "
        "every client. A key in the keyring was left there for older copies."
    )


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """The database of a folder, while no server has it open."""
    from storage.database import FILE_NAME

    binding()
    path = folder / FILE_NAME
    if not path.exists() or not path.stat().st_size:
        raise StorageError(f"There are no records in {folder} yet.")
    door = Door(folder)
    try:
        if not door.take(alone=True):
            raise StorageError(
                f"A server has the records in {folder} open. Quit every client that runs one, "
                "then give the same command again."
            )
        yield path
    finally:
        door.leave()


def _rewritten(path: Path, here: Connect, there: Connect, clause: str) -> None:
    """Write a database anew under another key, compare, and only then put it in place."""
    part = path.with_name(f"{path.name}.rewriting")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(here(path)) as source:
            source.isolation_level = None
            before = _rows(source)
            _export(source, part, clause)
        with closing(there(part)) as target:
            same = _rows(target) == before and _whole(target)
        _put_in_place(part, path, same)
    except StorageError:
        raise
    except Exception as error:  # SQLCipher's, or the system's
        raise StorageError(_failed(path, error)) from error
    finally:
        for rest in path.parent.glob(f"{part.name}*"):
            rest.unlink()


def _export(source: sqlite3.Connection, part: Path, clause: str) -> None:
    source.execute("ATTACH DATABASE ? AS rewritten KEY ?", (str(part), clause))
    source.execute("SELECT sqlcipher_export('rewritten')").fetchall()
    source.execute("DETACH DATABASE rewritten")


def _failed(path: Path, error: Exception) -> str:
    if is_damage(error):
        way = "The database is damaged: run `image-consultant doctor`."
    else:
        way = f"Make room in {path.parent}, then give the same command again."
    return (
        f"The records in {path} could not be written anew ({error}). They are as they were. {way}"
    )


def _put_in_place(part: Path, path: Path, same: bool) -> None:
    if not same:
        raise StorageError(
            f"What was written anew differs from {path}. Nothing was changed: run "
            "`image-consultant doctor`, and report this if it finds no damage."
        )
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise StorageError(
            f"Something still has {path} open. Quit it, then give the same command again. Nothing "
            "was changed."
        )
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)


def _rows(connection: sqlite3.Connection) -> dict[str, int]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE "
        "'\\' ORDER BY name"
    ).fetchall()
    count = 'SELECT count(*) FROM "{}"'
    return {name: connection.execute(count.format(name)).fetchone()[0] for (name,) in tables}


def _whole(connection: sqlite3.Connection) -> bool:
    checked = connection.execute("PRAGMA integrity_check").fetchall()
    return [tuple(row) for row in checked] == [("ok",)]


def _open_plainly(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a plain file with SQLCipher, which alone can attach an encrypted one."""
    mode = "ro" if read_only else "rw"
    opened: sqlite3.Connection = binding().connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True
    )
    return opened


def _drop_copies(path: Path) -> list[Path]:
    """Remove the copies that migrations kept; the damaged databases that are left."""
    for copy in path.parent.glob(f"{path.name}.before-*"):
        copy.unlink()
    return sorted(path.parent.glob(f"{path.name}.damaged-*"))


def _kept(path: Path) -> SecretStr | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(SERVICE, str(path.resolve()))
    except KeyringError as error:
        raise StorageError(NO_KEYRING) from error
    return SecretStr(f"x'{found}'") if found else None


def _made(path: Path) -> SecretStr:
    _keep(path, secrets.token_hex(KEY_BYTES))
    kept = _kept(path)  # what is there now counts: another process may have been first
    if kept is None:
        raise StorageError(NO_KEYRING)
    return kept


def _keep(path: Path, key: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, str(path.resolve()), key)
    except KeyringError as error:
        raise StorageError(NO_KEYRING) from error
