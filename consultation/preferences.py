"""What a person usually chooses and dislikes: learnt from answers and ratings, told openly."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from consultation.turn import QuestionDraft
from consultation.words import fold
from prompts.wording import Wording
from storage.preference_history import EarlierBrief

LEARNT = frozenset({"style", "palette", "mood", "light", "composition", "detail"})
"""What may be a habit. Subject, words and use belong to one picture."""

OF_THE_PERSON = frozenset({"said", "chosen"})
"""Sources of what the person decided."""

ENOUGH = 2
"""Conversations in which something is chosen before it is a preference: one picture may be chance,
however well it was rated; with more the first habits would be learnt too late to help."""

LOVED, UNLOVED = 4, 2
"""Stars from which a choice weighs twice, and up to which it does not count."""

MOST_DISLIKES = 5
"""Dislikes that a facilitator is told, the newest: more would be half of its instructions."""


@dataclass(frozen=True)
class Preference:
    """What a person usually chooses for a dimension, and how often they did."""

    dimension: str
    value: str
    times: int

    @property
    def as_data(self) -> dict[str, Any]:
        """For the facilitator and for tools."""
        return asdict(self)


def learn(past: Iterable[EarlierBrief]) -> list[Preference]:
    """The preferences that earlier briefs and ratings show, by dimension.

    What a person decided weighs once, twice where they rated a picture of it 4 or more, and
    not at all where they rated it 2 or less. Who takes what a question proposes has chosen
    nothing. A preference has more than half of the weight, and was chosen `ENOUGH` times.
    """
    weights: defaultdict[str, Counter[str]] = defaultdict(Counter)
    times: Counter[tuple[str, str]] = Counter()
    wording: dict[str, str] = {}
    for one in past:
        if one.rating is not None and one.rating <= UNLOVED:
            continue
        weight = 2 if one.rating is not None and one.rating >= LOVED else 1
        proposed = {_plain(text) for text in one.defaults}
        for entry in one.entries:
            value = _plain(entry["value"])
            if value in proposed or entry["source"] not in OF_THE_PERSON:
                continue
            if entry["dimension"] in LEARNT:
                wording.setdefault(value, entry["value"])
                weights[entry["dimension"]][value] += weight
                times[entry["dimension"], value] += 1
    return [
        Preference(dimension, wording[value], times[dimension, value])
        for dimension, known in sorted(weights.items())
        for value, weight in known.most_common(1)
        if value and times[dimension, value] >= ENOUGH and weight * 2 > known.total()
    ]


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def dislikes_of(past: Iterable[EarlierBrief]) -> list[str]:
    """What the person wrote that they disliked in earlier pictures, the newest first."""
    texts = (text.strip() for one in past for text in one.disliked.split("\n"))
    return list(dict.fromkeys(filter(None, texts)))[:MOST_DISLIKES]


def note_preferences(
    questions: Iterable[QuestionDraft], preferences: Iterable[Preference], wording: Wording
) -> list[str]:
    """A sentence for each question about a preference, so that its default is no secret."""
    known = {preference.dimension: preference for preference in preferences}
    return [
        wording.translate(
            "You usually choose “{value}” for {dimension}; any other answer is as good.",
            value=known[question.dimension].value,
            dimension=wording.name_of(question.dimension),
        )
        for question in questions
        if question.dimension in known
    ]
