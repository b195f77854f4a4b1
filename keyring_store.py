"""This system's keyring, asked within a time: importing it is slow, and it may never answer.

It may open a dialogue that waits for a person to unlock it. So nothing asks before a call
needs what it holds, and nothing waits for it without end.
"""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from errors import Problem

SERVICE = "image-consultant"

PATIENCE_SECONDS = 20.0
"""How long a person may take to unlock the keyring before the call answers without it."""

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

    kind = "key"


class NoKeyring(KeyringFault):
    """There is no keyring on this system, as on a server without a desktop."""


def get(entry: str) -> str | None:
    """The secret under a name, None where there is none. Raises `KeyringFault`."""

    def read() -> str | None:
        import keyring

        return keyring.get_password(SERVICE, entry)

    return _answer_of(read)


def put(entry: str, secret: str) -> None:
    """Store a secret in place of an earlier one. Raises `KeyringFault`."""

    def write() -> str | None:
        import keyring

        keyring.set_password(SERVICE, entry, secret)
        return keyring.get_password(SERVICE, entry)

    if _answer_of(write) is None:
        raise NoKeyring(ABSENT)  # some keyrings take everything and store nothing


def remove(entry: str) -> bool:
    """Remove what is held under a name; whether there was something. Raises `KeyringFault`."""

    def delete() -> bool:
        import keyring

        if keyring.get_password(SERVICE, entry) is None:
            return False
        keyring.delete_password(SERVICE, entry)
        return True

    return _answer_of(delete)


def _answer_of(ask: Callable[[], T]) -> T:
    """What the keyring answers within `PATIENCE_SECONDS`; a thread that hangs is left behind."""
    if not all(question.done() for question in _unanswered):
        raise KeyringFault(SILENT)
    answer: Future[T] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # backends raise what they like
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
