"""What a person usually chooses: learnt from answers and ratings, offered as defaults, openly."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from consultation.quotes import content
from consultation.turn import Asked
from storage.records import EarlierBrief

LEARNT = frozenset({"style", "palette", "mood", "light", "composition", "detail"})
"""What may be a habit. Subject, words and use belong to one picture."""

ENOUGH, MOST = 2, 5
"""How often something is chosen before it is a liking; how many options a question has."""

LOVED, DISLIKED = 4, 2


@dataclass(frozen=True)
class Liking:
    """What a person usually chooses for a dimension, and how often they did."""

    dimension: str
    value: str
    times: int

    @property
    def as_data(self) -> dict[str, Any]:
        """For the facilitator and for tools."""
        return asdict(self)


def learn(past: Iterable[EarlierBrief]) -> list[Liking]:
    """The likings that earlier briefs and ratings show, by dimension.

    What a person decided counts once, twice where they rated a picture of it 4 or more, and
    not at all where they rated it 2 or less. A liking is more than half of what was chosen.
    """
    chosen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wording: dict[str, str] = {}
    for one in past:
        if one.rating is not None and one.rating <= DISLIKED:
            continue
        weight = 2 if one.rating is not None and one.rating >= LOVED else 1
        for entry in one.entries:
            if entry["dimension"] in LEARNT and entry["source"] in {"request", "answer"}:
                key = " ".join(content(entry["value"]))
                wording.setdefault(key, entry["value"])
                chosen[entry["dimension"]][key] += weight
    return [
        Liking(dimension, wording[key], times)
        for dimension, counts in sorted(chosen.items())
        for key, times in counts.most_common(1)
        if key and times >= ENOUGH and times * 2 > counts.total()
    ]


def offer(questions: list[Asked], likings: list[Liking]) -> tuple[list[Asked], list[str]]:
    """The questions with likings as their defaults, and a note for each that says so."""
    known = {liking.dimension: liking for liking in likings}
    offered, notes = [], []
    for question in questions:
        liking = known.get(question.dimension)
        if liking is not None:
            question = _with_default(question, liking.value)  # noqa: PLW2901  # the same question
            notes.append(
                f"You usually choose '{liking.value}' for {liking.dimension}, so it is the default "
                "there; any other answer is as good."
            )
        offered.append(question)
    return offered, notes


def _with_default(question: Asked, value: str) -> Asked:
    same = next((o for o in question.options if content(o) == content(value)), None)
    if same is not None:
        return question.model_copy(update={"default": same})
    options = [value, *question.options][:MOST]
    return question.model_copy(update={"default": value, "options": options})
