"""The dialogue as it lies in a request: who said what, which questions are open."""

import json
from dataclasses import dataclass, field

from sandbox import request_content
from sandbox.faults import without_markers
from sandbox.openai_errors import Json

_BUDGETS = {"quick": 2, "guided": 5, "explorer": 10}


@dataclass
class Dialogue:
    """Everything the facilitator may know; `said[0]` is what provenance calls m1."""

    said: list[str] = field(default_factory=list)
    fresh: list[int] = field(default_factory=list)
    answers: list[Json] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """`quick`, `guided` or `explorer`."""
        mode = self.state.get("mode")
        return mode if mode in _BUDGETS else "guided"

    @property
    def questions_left(self) -> int:
        """How many more questions may be asked."""
        return int(self.state.get("questions_left", _BUDGETS[self.mode]))

    @property
    def open_questions(self) -> list[Json]:
        """The questions without an answer, each with id and dimension."""
        return [entry for entry in self.state.get("open_questions") or [] if "id" in entry]

    @property
    def asked(self) -> list[Json]:
        """Every question asked so far."""
        return [entry for turn in self.turns for entry in turn.get("questions") or []]

    @property
    def was_ready(self) -> bool:
        """Whether the last turn had nothing more to ask."""
        return bool(self.turns and self.turns[-1].get("ready"))

    def dimension(self, question_id: object) -> str | None:
        """Return what a question is about."""
        for entry in (*self.open_questions, *self.asked):
            if entry.get("id") == question_id:
                return str(entry["dimension"])
        return None


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries."""
    dialogue = Dialogue()
    for item in _up_to_the_state(request_content.items(body)):
        role = item.get("role")
        if role == "user":
            _hear(dialogue, item)
        elif role == "assistant":
            turn = _json("".join(request_content.texts(item)))
            if turn is not None:
                dialogue.turns.append(turn)
                dialogue.fresh, dialogue.answers = [], []
        elif role == "developer":
            dialogue.state = _json("".join(request_content.texts(item))) or dialogue.state
    return dialogue


def _up_to_the_state(items: list[Json]) -> list[Json]:
    """Leave out what follows the state: a broken turn that came back, and what is wrong with it."""
    for place in range(len(items) - 1, -1, -1):
        if items[place].get("role") == "developer":
            state = _json("".join(request_content.texts(items[place])))
            if state is not None and "questions_left" in state:
                return items[: place + 1]
    return items


def _hear(dialogue: Dialogue, item: Json) -> None:
    """Take in a message: words first, whatever they look like, then what the application adds."""
    words = []
    for place, text in enumerate(request_content.texts(item)):
        found = _json(text) if place and text.lstrip().startswith("{") else None
        if found is not None and isinstance(found.get("answers"), list):
            dialogue.answers += found["answers"]
        elif found is not None and "reference" in found:
            dialogue.references.append(str(found["reference"]))
        else:
            words.append(text)
    dialogue.said.append(without_markers("\n".join(words)).strip())
    dialogue.fresh.append(len(dialogue.said))


def _json(text: str) -> Json | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
