"""What rows are stamped with: ids, times and dates, and the heartbeat of who works on them."""

import asyncio
import math
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from errors import StorageError
from settings import local_date

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

LONGEST_ECHO = 60
"""Letters of an id that are repeated: all of ours, and enough of a wrong one to recognise it."""

CONTROLS = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Signs that steer a terminal and say nothing, with what they begin: a colour, a window's title.
Databases and models refuse some of them."""

IdKind = Literal["conv", "img"]
"""What the ids of conversations and of pictures begin with."""

IMAGE_ID = re.compile(r"img_[0-9a-f]{16}")

BEAT_SECONDS = 5.0
"""How often a process says that it works on a row: seldom enough to cost no disk."""
ALIVE = timedelta(seconds=20)
"""A row whose heartbeat is older was left by a process that died: four beats may be late."""


FOLLOW_SECONDS = 0.5
"""Between looks at whether another process still works on a row: SQLite has no call for it."""


class UnknownId(StorageError):  # noqa: N818  # reads as what it is
    """No record has this id."""

    kind = "input"


def new_id(kind: str) -> str:
    """A new id such as conv_4f1c0a9b77d2e65a."""
    return f"{kind}_{secrets.token_hex(8)}"


def is_image_id(name: str) -> bool:
    """Whether a name is an id such as `new_id` gives to pictures: img_2024.png is a path."""
    return IMAGE_ID.fullmatch(name) is not None


def is_meant_as(kind: IdKind, name: str) -> bool:
    """Whether a text is meant for such an id, even mistyped; nobody's words begin so."""
    return name.startswith(f"{kind}_") and not any(map(str.isspace, name))


def now() -> str:
    """This moment as ISO 8601 in UTC; sorts as text."""
    return before(timedelta())


def before(duration: timedelta) -> str:
    """The moment so long ago, as `now` writes it."""
    return (datetime.now(UTC) - duration).isoformat(timespec="microseconds")


def today() -> str:
    """The person's date, since a day's spending is counted in local time."""
    return local_date().isoformat()


def printable(value: str, most: int = LONGEST_ECHO) -> str:
    """Text that came from outside, quoted and safe to repeat in a sentence."""
    letters = "".join(letter for letter in value if letter.isprintable())
    return f"'{letters[:most]}'"


def megabytes(size: int) -> float:
    """Bytes as people read them, rounded up: what is there has no size of 0.0."""
    return math.ceil(size / 1e5) / 10


def title_of(words: str, most: int) -> str:
    """Words as a title of so many letters at most; what is left out is marked by "…".

    It ends between words, where they have spaces between them.
    """
    line = " ".join(words.split())
    if len(line) <= most:
        return line
    whole = line[:most].rpartition(" ")[0]
    start = whole if len(whole) > most // 2 else line[: most - 1]
    return f"{start.rstrip(' ,.;:')}…"


def without_controls(text: str) -> str:
    """Text that came from outside, without what a terminal would obey; lines and tabs stay.

    Slides and PDFs end a line by a sign that is among these: without it two words were one.
    """
    return CONTROLS.sub(lambda sign: "\n" if sign[0].isspace() else "", text)


def is_alive(beat_at: str) -> bool:
    """Whether some process works on the row with this heartbeat.

    One from the future counts as none: the clock was set back, and whoever is alive beats again
    in a moment. Up to a beat ahead is no more than a clock that is being corrected.
    """
    return before(ALIVE) < beat_at <= _latest()


def is_dead(beat_at: "InstrumentedAttribute[str]") -> "ColumnElement[bool]":
    """The same of a column, for queries: nobody works on the row."""
    from sqlalchemy import or_  # not above: ids are looked at where no records are read

    return or_(beat_at <= before(ALIVE), beat_at > _latest())


@asynccontextmanager
async def beating(beat: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call `beat` every few seconds, for as long as the block runs."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with suppress(StorageError):  # a full disk must not end what was paid for
                await beat()

    heart = asyncio.create_task(go_on())
    try:
        yield
    finally:
        heart.cancel()


def _latest() -> str:
    return before(timedelta(seconds=-BEAT_SECONDS))


def unknown_conversation(conversation_id: str) -> UnknownId:
    """No conversation has this id."""
    return UnknownId(
        f"There is no conversation {printable(conversation_id)}.",
        "openai_list_conversations shows those that there are.",
    )


def unknown_image(image_id: str) -> UnknownId:
    """No picture has this id."""
    return UnknownId(
        f"There is no picture {printable(image_id)}.",
        "Use an image_id from an earlier result; a number needs its conversation_id beside it.",
    )
