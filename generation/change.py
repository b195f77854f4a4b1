"""Read from the person's words how a change of a picture is meant, and what stays."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from storage.tables import Conversation

CHANGES = Path(__file__).parent.parent / "prompts" / "changes.yaml"

Direction = Literal["more", "less", "change"]
Strength = Literal["slightly", "plainly", "strongly"]


class _Words(BaseModel):
    """The lists of `prompts/changes.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slightly: tuple[str, ...]
    strongly: tuple[str, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """Whether something is to be increased, reduced or replaced, and how far."""

    direction: Direction
    strength: Strength


def read_change(words: str) -> Change:
    """What the words say of a change. More and less at once is a plain change."""
    lists = _words()
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


@cache
def _words() -> _Words:
    return _Words.model_validate(yaml.safe_load(CHANGES.read_text(encoding="utf-8")))
