"""The key that pays: from the settings, else from this system's keyring."""

import os
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

import keyring_store
from errors import conceal
from keyring_store import KeyringFault, NoKeyring
from settings import Settings

ENTRY = "OPENAI_API_KEY"
ENVIRONMENT, KEYRING = "the environment", "this system's keyring"

IN_SHELL = f"read -rs {ENTRY} && export {ENTRY}"
IN_SHELLS = {"fish": f"read -sx {ENTRY}", "powershell": f"$env:{ENTRY} = Read-Host"}
"""Lines that set the key without writing it into the history of the shell."""


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


def way_to_give(settings: Settings, *, to_client: bool = False) -> str:
    """What a person without a key does: where the keyring fails `configure` would only say so.

    What a terminal is told reaches no server `to_client`, which a client starts.
    """
    try:
        from_keyring()
    except KeyringFault as fault:
        way = in_file(settings) if to_client else way_without_keyring(settings)
        return f"{fault} {way}"
    return "Run `image-consultant configure` in a terminal."


def in_file(settings: Settings) -> str:
    """Where a key can be put instead of the keyring."""
    place = settings.data_dir / ".env"
    return f"Put a line {ENTRY}=... into {place}, readable for you alone, for the next start."


def way_without_keyring(settings: Settings) -> str:
    """That, or how one terminal is told the key."""
    shell = "powershell" if os.name == "nt" else Path(os.environ.get("SHELL", "")).name
    asks = IN_SHELLS.get(shell, IN_SHELL)
    return f"{in_file(settings)} For one terminal `{asks}` asks for it."


def from_keyring() -> SecretStr | None:
    """The key that `configure` stored, None where it stored none. Raises `KeyringFault`."""
    secret = keyring_store.get(ENTRY)
    conceal(secret or "")
    return SecretStr(secret) if secret else None
