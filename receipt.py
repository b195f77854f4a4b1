"""What the call in hand has cost so far: noted where it is asked and booked, told if it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from errors import Charged

LEAST_USD = 0.00005
"""Less would be told as $0.0000: the vector of an idea beside a refused picture is no charge."""


@dataclass
class Receipt:
    """Whether OpenAI was asked for anything, charged for it, and the USD as far as known."""

    asked: bool = False
    booked: bool = False
    usd: float = 0.0

    @property
    def charged(self) -> Charged:
        """What is known of a call that ended without saying what it cost."""
        if self.booked:
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


def note_cost(usd: float | None) -> None:
    """So much was booked; None where its price is not known."""
    receipt = _current()
    receipt.booked = receipt.booked or usd is None or usd >= LEAST_USD
    receipt.usd += usd or 0.0


def _current() -> Receipt:
    """Outside of a call, on the command line, nobody reads it."""
    return _receipt.get() or Receipt()
