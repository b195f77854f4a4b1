"""A dialogue as it lies in a request: messages, turns, and the state at its end."""

import json
from dataclasses import dataclass, field
from textwrap import shorten

from sandbox import request_content
from sandbox.faults import without_markers
from sandbox.openai_errors import Json

LONGEST_TITLE = 60
"""Letters: a line of a list."""


@dataclass
class Dialogue:
    """Everything the facilitator may know; `fresh` are the messages since its newest turn."""

    messages: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the conversation is called after its first message."""
        return shorten(self.messages.get("m1", ""), LONGEST_TITLE, placeholder="…") or "-"

    @property
    def before(self) -> Json:
        """The newest turn, or an empty one."""
        return self.turns[-1] if self.turns else {}

    @property
    def questions(self) -> dict[str, Json]:
        """Every question put so far by its id."""
        questions = [question for turn in self.turns for question in turn.get("questions") or []]
        return {question["id"]: question for question in questions if "id" in question}


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state: a turn sent back follows it."""
    talk = Dialogue()
    for item in request_content.items(body):
        words, *notes = [*request_content.texts(item), ""]
        if item.get("role") == "user":
            parts = map(_json, [words, *notes])
            talk.references += [str(note["reference"]) for note in parts if "reference" in note]
            if words and "reference" not in _json(words):
                talk.fresh.append(f"m{len(talk.messages) + 1}")
                talk.messages[talk.fresh[-1]] = without_markers(words)
        elif {"mode", "parameters"} & (note := _json(words)).keys():
            talk.state = note
            break
        elif item.get("role") == "assistant" and note:
            talk.turns.append(note)
            talk.fresh = []
    return talk


def _json(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
