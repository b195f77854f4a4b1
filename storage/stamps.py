"""What records are stamped with: ids, times and dates, and ids from outside made safe to repeat."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

LONGEST_ECHO = 60
"""Letters of an id that are repeated: all of ours, and enough of a wrong one to recognise it."""


IdKind = Literal["conv", "img"]
"""What the ids of conversations and of pictures begin with."""


def new_id(kind: str) -> str:
    """A new id such as conv_4f1c0a9b77d2e65a."""
    return f"{kind}_{secrets.token_hex(8)}"


def now() -> str:
    """This moment as ISO 8601 in UTC; sorts as text."""
    return before(timedelta())


def before(duration: timedelta) -> str:
    """The moment so long ago, as `now` writes it."""
    return (datetime.now(UTC) - duration).isoformat(timespec="microseconds")


def today() -> str:
    """The person's date, since a day's spending is counted in local time."""
    return datetime.now().astimezone().date().isoformat()


def printable(value: str, most: int = LONGEST_ECHO) -> str:
    """Text that came from outside, quoted and safe to repeat in a sentence."""
    letters = "".join(letter for letter in value if letter.isprintable())
    return f"'{letters[:most]}'"
