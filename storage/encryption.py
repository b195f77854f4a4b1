"""Open records that are encrypted at rest: SQLCipher, and where their key comes from."""

import importlib
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from errors import StorageError
from storage import passphrase as keys
from storage.database_file import BUSY_SECONDS, FILE_NAME, Connect, address, open_plain
from storage.passphrase import PASSPHRASE

if TYPE_CHECKING:
    from settings import Settings

FETCHED_ROWS = 64
NOT_INSTALLED = (
    "Encrypted records need SQLCipher, which is not installed. Install it with: pip install "
    "'image-consultant[encryption]'"
)
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
            self._key = self._given() or self._raw(make=make)
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
        return self.open(address(path, read_only=read_only), uri=True)

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

    def _raw(self, *, make: bool) -> SecretStr | None:
        """The key in the keyring, as SQLCipher takes bytes."""
        key = keys.kept(self._path) or (keys.made(self._path) if make else None)
        return SecretStr(f"x'{key.get_secret_value()}'") if key else None


def cipher_for(settings: "Settings") -> Cipher | None:
    """What opens the records of these settings, None where they are not encrypted."""
    if not settings.encrypt_records:
        return None
    return Cipher(settings.data_dir / FILE_NAME, settings.records_passphrase)


def connect_for(settings: "Settings") -> Connect:
    """How the records of these settings are opened."""
    cipher = cipher_for(settings)
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
