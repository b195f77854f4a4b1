"""The key that pays: from the settings, else from this system's keyring."""

import os
from typing import NamedTuple

from pydantic import SecretStr

import keyring_store as keychain
from errors import conceal
from keyring_store import NoKeyring
from settings import Settings

ENTRY = "OPENAI_API_KEY"
ENVIRONMENT, KEYRING = "the environment", "this system's keyring"


class Found(NamedTuple):
    """A key, and in words where it comes from."""

    key: SecretStr
    source: str


def find(settings: Settings) -> Found | None:
    """The key and its source, None where there is none. Raises `KeyringFault`."""
    if settings.openai_api_key is not None:
        key = settings.openai_api_key.get_secret_value()
        conceal(key)
        source = ENVIRONMENT if key == os.environ.get(ENTRY) else str(settings.data_dir / ".env")
        return Found(settings.openai_api_key, source)
    try:
        kept = from_keyring()
    except NoKeyring:
        return None
    return Found(kept, KEYRING) if kept else None


def from_keyring() -> SecretStr | None:
    """The key that `configure` stored, None where it stored none. Raises `KeyringFault`."""
    kept = keychain.get(ENTRY)
    conceal(kept or "")
    return SecretStr(kept) if kept else None
