"""The key that pays: from the settings, else from this system's keyring."""

import os
from typing import NamedTuple

from pydantic import SecretStr

import keyring_store
from errors import conceal
from keyring_store import KeyringFault, NoKeyring
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
    """What a person without a key does: where the keyring fails `configure` would only say so."""
    try:
        from_keyring()
    except KeyringFault as fault:
        return f"{fault} {in_file(settings)}"
    return "Run `image-consultant configure` in a terminal."


def in_file(settings: Settings) -> str:
    """Where a key can be put instead of the keyring."""
    place = settings.data_dir / ".env"
    return (
        f"Put a line {ENTRY}=... into {place}, readable for you alone (chmod 600), for the next "
        "start; platform.openai.com/api-keys gives keys."
    )


def from_keyring() -> SecretStr | None:
    """The key that `configure` stored, None where it stored none. Raises `KeyringFault`."""
    secret = keyring_store.get(ENTRY)
    conceal(secret or "")
    return SecretStr(secret) if secret else None
