"""Open records that are encrypted at rest: SQLCipher, and where their key comes from.

A key is in no repr, log or error.
"""

import importlib
import re
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

import keyring_store
from errors import StorageError
from keyring_store import KeyringFault
from storage.database_file import BUSY_SECONDS, FILE_NAME, Connect, address, open_plain

if TYPE_CHECKING:
    from settings import Settings

KEY_BYTES = 32
"""Of AES-256, which SQLCipher uses."""
KEY = re.compile(r"[0-9a-f]{64}")

PASSPHRASE = "IMAGE_CONSULTANT_RECORDS_PASSPHRASE"  # noqa: S105  # its variable
NO_KEYRING = (
    "This system's keyring, which should hold the key of the records, is missing or locked. "
    f"Unlock it, or set {PASSPHRASE} instead."
)
NOT_INSTALLED = (
    "Encrypted records need SQLCipher, which is not installed. Install it with: pip install "
    "'image-consultant[encryption]', or in a clone: python -m uv sync --extra encryption"
)
DRIVER_NAMES = (
    "Error", "DatabaseError", "IntegrityError", "NotSupportedError", "OperationalError",
    "ProgrammingError", "sqlite_version", "sqlite_version_info",
)  # fmt: skip
"""What SQLAlchemy asks a driver for."""


class Cipher:
    """Opens the encrypted database at a path, with a passphrase or the key in the keyring."""

    def __init__(self, path: Path, passphrase: SecretStr | None = None) -> None:
        self._path = path
        self._key = passphrase if passphrase and passphrase.get_secret_value() else None

    def unlock(self, *, create: bool) -> None:
        """Get the key, or create one for a database that is yet to be. Raises `StorageError`."""
        binding()
        if self._key is None:
            key = find_key(self._path) or (create_key(self._path) if create else None)
            if key is None:
                raise StorageError(_without_key(self._path))
            self._key = SecretStr(f"x'{key.get_secret_value()}'")  # raw bytes, for SQLCipher

    @property
    def clause(self) -> str:
        """The key as SQLCipher takes it: raw bytes, or a passphrase that it derives them from."""
        if self._key is None:
            self.unlock(create=False)
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
                raise StorageError(_with_wrong_key(self._path)) from error

    def open(self, database: str, **options: Any) -> sqlite3.Connection:
        """Connect as `sqlite3.connect` does, then give the key before anything is read."""
        connection: sqlite3.Connection = binding().connect(
            database, **{"timeout": BUSY_SECONDS} | options
        )
        connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to stderr by itself
        escaped = self.clause.replace('"', '""')
        connection.execute(f'PRAGMA key = "{escaped}"')
        return connection

    def driver(self) -> Any:  # a DBAPI module
        """The driver for SQLAlchemy, by whose errors it knows SQLCipher's."""
        import aiosqlite
        from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

        names = {name: getattr(binding(), name) for name in DRIVER_NAMES}
        shape = SimpleNamespace(Connection=aiosqlite.Connection, **names)
        return AsyncAdapt_aiosqlite_dbapi(cast(ModuleType, shape), binding())


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


def find_key(path: Path) -> SecretStr | None:
    """The key of a database, None where the keyring holds none. Raises `StorageError`."""
    try:
        key = keyring_store.get(_entry(path))
    except KeyringFault as fault:
        raise StorageError(NO_KEYRING) from fault
    return SecretStr(key) if key else None


def create_key(path: Path) -> SecretStr:
    """A new key for a database, in the keyring from now on. Raises `StorageError`."""
    _put_key(path, secrets.token_hex(KEY_BYTES))
    key = find_key(path)  # what is there now counts: another process may have been first
    if key is None:
        raise StorageError(NO_KEYRING)
    return key


def reveal_key(path: Path) -> str:
    """The key of a database, for a person to write down. Raises `StorageError`."""
    key = find_key(path)
    if key is None:
        raise StorageError(f"The keyring holds no key for {path}.")
    return key.get_secret_value()


def restore_key(path: Path, key: str) -> None:
    """Put a key back into the keyring. Raises `StorageError` without repeating it."""
    digits = key.strip().lower()
    if not KEY.fullmatch(digits):
        raise StorageError(f"A key has {2 * KEY_BYTES} digits from 0 to 9 and a to f. Check it.")
    _put_key(path, digits)


def _put_key(path: Path, key: str) -> None:
    try:
        keyring_store.put(_entry(path), key)
    except KeyringFault as fault:
        raise StorageError(NO_KEYRING) from fault


def _entry(path: Path) -> str:
    """The name of a key in the keyring: each data folder has its own."""
    return str(path.resolve())


def _without_key(path: Path) -> str:
    return (
        f"The records in {path} are encrypted, and their key is not there: without it nobody can "
        f"read them. Put the key back with `image-consultant records key --restore`, or set "
        f"{PASSPHRASE} if it was a passphrase. To start afresh, move {path} away. Pictures are not "
        "affected."
    )


def _with_wrong_key(path: Path) -> str:
    return (
        f"The records in {path} cannot be read with this key: it is another one, or the file is "
        f"damaged at its start. Check {PASSPHRASE}, or put the right key back with "
        f"`image-consultant records key --restore`. To start afresh, move {path} away. Pictures "
        "are not affected."
    )
