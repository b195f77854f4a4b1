"""The dialogue as it lies in a request: who wrote what, which questions wait for an answer."""

import json
from dataclasses import dataclass, field

from sandbox import request_content
from sandbox.faults import without_markers
from sandbox.openai_errors import Json


@dataclass
class Dialogue:
    """Everything the facilitator may know; `fresh` are the messages since its last turn."""

    messages: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def before(self) -> Json:
        """The newest turn, or an empty one."""
        return self.turns[-1] if self.turns else {}

    @property
    def questions(self) -> dict[str, Json]:
        """Every question put so far by its id, with whatever of it the turns still tell."""
        listed = [q for turn in self.turns for q in turn.get("questions") or []]
        listed += self.state.get("open_questions") or []
        known: dict[str, Json] = {}
        for question in listed:
            if "id" in question:
                known[question["id"]] = {**known.get(question["id"], {"options": []}), **question}
        return known


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state.

    What follows the state is a turn that came back and what is wrong with it.
    """
    talk, items = Dialogue(), request_content.items(body)
    notes = [
        {} if item.get("role") == "user" else _json("".join(request_content.texts(item)))
        for item in items
    ]
    states = [n for n, note in enumerate(notes) if {"mode", "parameters"} & note.keys()]
    end = states[-1] if states else len(items)
    talk.state = notes[end] if states else {}
    for item, note in zip(items[:end], notes[:end], strict=True):
        if item.get("role") == "user":
            words, *added = [*request_content.texts(item), ""]
            if "reference" in _json(words):  # a message of nothing but pictures
                words, added = "", [words, *added]
            notes_of = [_json(part) for part in added]
            talk.references += [str(one["reference"]) for one in notes_of if "reference" in one]
            if words:
                talk.fresh.append(f"m{len(talk.messages) + 1}")
                talk.messages[talk.fresh[-1]] = without_markers(words)
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
