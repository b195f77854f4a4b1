"""The dialogue as it lies in a request: who wrote what, and which questions were put."""

import json
from dataclasses import dataclass, field

from sandbox import request_content
from sandbox.faults import without_markers
from sandbox.openai_errors import Json


@dataclass
class Dialogue:
    """Everything the facilitator may know; of each message, how many turns came before it."""

    messages: dict[str, str] = field(default_factory=dict)
    turns_before: dict[str, int] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def before(self) -> Json:
        """The newest turn, or an empty one."""
        return self.turns[-1] if self.turns else {}

    @property
    def fresh(self) -> list[str]:
        """The messages since the newest turn."""
        return [ref for ref, turns in self.turns_before.items() if turns == len(self.turns)]

    def questions(self, ref: str = "") -> dict[str, Json]:
        """Every question put so far, or before a message, by its id."""
        turns = self.turns[: self.turns_before.get(ref)]
        listed = [question for turn in turns for question in turn.get("questions") or []]
        return {question["id"]: question for question in listed if "id" in question}


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state: a turn sent back follows it."""
    talk = Dialogue()
    for item in request_content.items(body):
        words, *notes = [*request_content.texts(item), ""]
        if item.get("role") == "user":
            found = [
                str(note["reference"])
                for note in map(_json, [words, *notes])
                if "reference" in note
            ]
            talk.references += found
            if words and "reference" not in _json(words):
                ref = f"m{len(talk.messages) + 1}"
                talk.messages[ref] = without_markers(words)
                talk.turns_before[ref] = len(talk.turns)
        elif {"mode", "parameters"} & (note := _json(words)).keys():
            talk.state = note
            break
        elif item.get("role") == "assistant" and note:
            talk.turns.append(note)
    return talk


def _json(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
