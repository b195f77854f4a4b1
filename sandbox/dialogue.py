"""The dialogue as it lies in a request: who wrote what, which questions wait for an answer."""

import json
from dataclasses import dataclass, field

from sandbox import reading
from sandbox.errors import Json
from sandbox.faults import without_markers


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
    def waiting(self) -> list[Json]:
        """The questions without an answer, whole where the turn that put them is there."""
        put = {q.get("id"): q for turn in self.turns for q in turn.get("questions") or []}
        return [
            {"options": [], **put.get(entry["id"], {}), **entry}
            for entry in self.state.get("open_questions") or []
            if "id" in entry
        ]


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state.

    What follows the state is a turn that came back and what is wrong with it.
    """
    dialogue = Dialogue()
    items = reading.items(body)
    places = [place for place, item in enumerate(items) if "mode" in _state(item)]
    places = places or [p for p, item in enumerate(items) if "parameters" in _state(item)]
    end = places[-1] if places else len(items)
    dialogue.state = _state(items[end]) if places else {}
    for item in items[:end]:
        if item.get("role") == "user":
            _hear(dialogue, item)
        elif item.get("role") == "assistant":
            turn = _json("".join(reading.texts(item)))
            if turn is not None:
                dialogue.turns.append(turn)
                dialogue.fresh = []
    return dialogue


def _state(item: Json) -> Json:
    return (_json("".join(reading.texts(item))) or {}) if item.get("role") == "developer" else {}


def _hear(dialogue: Dialogue, item: Json) -> None:
    """Take in a message: words first, whatever they look like, then what the application adds."""
    first, *rest = reading.texts(item) or [""]
    for part in rest:
        added = _json(part) or {}
        if "reference" in added:
            dialogue.references.append(str(added["reference"]))
    ref = f"m{len(dialogue.messages) + 1}"
    dialogue.messages[ref] = without_markers(first)
    dialogue.fresh.append(ref)


def _json(text: str) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
