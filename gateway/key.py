"""The key that pays: from the settings, else from this system's keyring, asked when it is needed.

Importing and asking a keyring takes time, may open a dialogue to unlock it, and may never
end. So nothing does that before a call needs the key, and nothing waits for it without end.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, NamedTuple, TypeVar

from pydantic import SecretStr

from problems import Problem, conceal
from settings import Settings

SERVICE = "image-consultant"
ENTRY = "OPENAI_API_KEY"
PATIENCE_SECONDS = 20.0
"""How long a person may take to unlock the keyring before the call answers without it."""

ENVIRONMENT, KEYRING = "the environment", "this system's keyring"
SILENT = (
    f"This system's keyring did not answer within {PATIENCE_SECONDS:.0f} seconds. Unlock it, then "
    "try again."
)
ABSENT = "This system keeps no keyring, or none that Python finds."

T = TypeVar("T")

_unanswered: set[Future[Any]] = set()
"""Questions that nobody waits for any more; while one is open, no second dialogue is opened."""


class KeyringFault(Problem):
    """The keyring could not be asked, or did not do what it was asked to."""


class NoKeyring(KeyringFault):
    """There is no keyring on this system, as on a server without a desktop."""


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

    def read() -> str | None:
        import keyring

        return keyring.get_password(SERVICE, ENTRY)

    kept = _asked(read)
    conceal(kept or "")
    return SecretStr(kept) if kept else None


def store(key: SecretStr) -> None:
    """Put a key into the keyring in place of an earlier one. Raises `KeyringFault`."""

    def write() -> str | None:
        import keyring

        keyring.set_password(SERVICE, ENTRY, key.get_secret_value())
        return keyring.get_password(SERVICE, ENTRY)

    if _asked(write) != key.get_secret_value():
        raise NoKeyring(ABSENT)  # there are keyrings that take everything and keep nothing


def remove() -> bool:
    """Remove the key from the keyring; whether there was one. Raises `KeyringFault`."""

    def delete() -> bool:
        import keyring

        if keyring.get_password(SERVICE, ENTRY) is None:
            return False
        keyring.delete_password(SERVICE, ENTRY)
        return True

    return _asked(delete)


def _asked(ask: Callable[[], T]) -> T:
    """What the keyring answers within `PATIENCE_SECONDS`; a thread that hangs is left behind."""
    if not all(question.done() for question in _unanswered):
        raise KeyringFault(SILENT)
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # whatever a backend raises is told below
            answer.set_exception(error)

    Thread(target=work, name="keyring", daemon=True).start()
    try:
        return answer.result(PATIENCE_SECONDS)
    except TimeoutError:
        _unanswered.add(answer)
        raise KeyringFault(SILENT) from None
    except Exception as error:
        raise _fault(error) from error


def _fault(error: Exception) -> KeyringFault:
    from keyring.errors import NoKeyringError

    if isinstance(error, NoKeyringError):
        return NoKeyring(ABSENT)
    return KeyringFault(
        f"This system's keyring refused or failed ({type(error).__name__}). Unlock it and allow "
        "the access, then try again."
    )
