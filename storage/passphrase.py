"""The key of encrypted records in the system's keyring; it is in no repr, log or error."""

import re
import secrets
from pathlib import Path

from pydantic import SecretStr

import keyring_store
from errors import StorageError
from keyring_store import KeyringFault

KEY_BYTES = 32
KEY = re.compile(r"[0-9a-f]{64}")

PASSPHRASE = "IMAGE_CONSULTANT_RECORDS_PASSPHRASE"  # noqa: S105  # its variable
NO_KEYRING = (
    "This system's keyring, which should hold the key of the records, is missing or locked. "
    f"Unlock it, or set {PASSPHRASE} instead."
)


def kept(path: Path) -> SecretStr | None:
    """The key of a database, None where the keyring holds none. Raises `StorageError`."""
    try:
        found = keyring_store.get(str(path.resolve()))
    except KeyringFault as fault:
        raise StorageError(NO_KEYRING) from fault
    return SecretStr(found) if found else None


def made(path: Path) -> SecretStr:
    """A new key for a database, in the keyring from now on. Raises `StorageError`."""
    _keep(path, secrets.token_hex(KEY_BYTES))
    there = kept(path)  # what is there now counts: another process may have been first
    if there is None:
        raise StorageError(NO_KEYRING)
    return there


def for_safekeeping(path: Path) -> str:
    """The key of a database, for a person to write down. Raises `StorageError`."""
    there = kept(path)
    if there is None:
        raise StorageError(f"The keyring holds no key for {path}.")
    return there.get_secret_value()


def restore(path: Path, key: str) -> None:
    """Put a key back into the keyring. Raises `StorageError` without repeating it."""
    given = key.strip().lower()
    if not KEY.fullmatch(given):
        raise StorageError(f"A key has {2 * KEY_BYTES} digits from 0 to 9 and a to f. Check it.")
    _keep(path, given)


def _keep(path: Path, key: str) -> None:
    try:
        keyring_store.put(str(path.resolve()), key)
    except KeyringFault as fault:
        raise StorageError(NO_KEYRING) from fault
