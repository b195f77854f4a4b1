"""The key that pays: from the settings, else from this system's keyring."""

import os
from typing import NamedTuple

from pydantic import SecretStr

import keyring_store
from errors import conceal
from keyring_store import NoKeyring
from settings import Settings

ENTRY = "OPENAI_API_KEY"
ENVIRONMENT, KEYRING = "the environment", "this system's keyring"


class ApiKey(NamedTuple):
    """A key, and in words where it comes from."""

    key: SecretStr
    source: str


def find_key(settings: Settings) -> ApiKey | None:
    """The key and its source, None where there is none. Raises `KeyringFault`."""
    if settings.openai_api_key is not None:
        key = settings.openai_api_key.get_secret_value()
        conceal(key)
        source = ENVIRONMENT if key == os.environ.get(ENTRY) else str(settings.data_dir / ".env")
        return ApiKey(settings.openai_api_key, source)
    try:
        secret = from_keyring()
    except NoKeyring:
        return None
    return ApiKey(secret, KEYRING) if secret else None


def way_to_give(settings: Settings) -> str:
    """What a person without a key does: with no keyring `configure` would only name the file."""
    try:
        from_keyring()
    except NoKeyring as fault:
        return (
            f"{fault} Put a line OPENAI_API_KEY=... into {settings.data_dir / '.env'}, readable "
            "for you alone."
        )
    return "Run `image-consultant configure` in a terminal."


def from_keyring() -> SecretStr | None:
    """The key that `configure` stored, None where it stored none. Raises `KeyringFault`."""
    secret = keyring_store.get(ENTRY)
    conceal(secret or "")
    return SecretStr(secret) if secret else None
