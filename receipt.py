"""What the call in hand has cost so far: noted where it is asked and booked, told if it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from errors import Charged


@dataclass
class Receipt:
    """Whether OpenAI was asked for anything that costs, and the USD that were booked for it."""

    asked: bool = False
    usd: float = 0.0

    @property
    def charged(self) -> Charged:
        """What is known of a call that ended without saying what it cost."""
        if self.usd > 0:
            return "yes"
        return "unknown" if self.asked else "no"


_receipt: ContextVar[Receipt | None] = ContextVar("receipt", default=None)
"""Of the call that a task works for; tasks that it starts share it."""


@contextmanager
def open_receipt() -> Iterator[Receipt]:
    """The receipt of a call, for as long as it runs."""
    token = _receipt.set(Receipt())
    try:
        yield _current()
    finally:
        _receipt.reset(token)


def note_request() -> None:
    """Something that costs is asked for."""
    _current().asked = True


def note_cost(usd: float) -> None:
    """So much was booked."""
    _current().usd += usd


def _current() -> Receipt:
    """Outside of a call, on the command line, nobody reads it."""
    return _receipt.get() or Receipt()
