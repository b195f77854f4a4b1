"""Read from the person's words how a change of a picture is meant, and what stays."""

import re
from dataclasses import dataclass
from typing import Literal

from prompts.word_lists import Changes
from storage.tables import Conversation

Direction = Literal["more", "less", "change"]
Strength = Literal["slightly", "plainly", "strongly"]


@dataclass(frozen=True)
class Change:
    """Whether something is to be increased, reduced or replaced, and how far."""

    direction: Direction
    strength: Strength


def read_change(words: str, lists: Changes) -> Change:
    """What the words say of a change. More and less at once is a plain change."""
    more, less = _says(lists.more, words), _says(lists.less, words)
    slightly, strongly = _says(lists.slightly, words), _says(lists.strongly, words)
    direction: Direction = "change" if more == less else "more" if more else "less"
    strength: Strength = (
        "plainly" if slightly == strongly else "slightly" if slightly else "strongly"
    )
    return Change(direction, strength)


def kept_dimensions(conversation: Conversation, known: set[str]) -> list[str]:
    """The names of what is decided for a picture: those of its type, never the person's words."""
    entries = conversation.briefs[-1].entries if conversation.briefs else []
    decided = [entry["dimension"] for entry in entries if entry["source"] != "open"]
    return [name for name in decided if name in known]


def _says(listed: tuple[str, ...], words: str) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", words, re.I) for word in listed)
