"""What a person usually chooses and dislikes: learnt from answers and ratings, told openly."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from consultation.turn import QuestionDraft
from consultation.words import fold
from prompts.wording import Wording
from storage.tables import Conversation

LEARNT = frozenset({"style", "palette", "mood", "light", "composition", "detail"})
"""What may be a habit. Subject, words and use belong to one picture."""

OF_THE_PERSON = frozenset({"said", "chosen"})
"""Sources of what the person decided."""

ENOUGH = 2
"""Conversations in which something is chosen before it is a preference: one picture may be chance,
however well it was rated; with more the first habits would be learnt too late to help."""

UNLOVED = 2
"""Stars up to which a choice does not count."""

MOST_DISLIKES = 5
"""Dislikes that a facilitator is told, the newest: more would be half of its instructions."""


class Preference(NamedTuple):
    """What a person usually chooses for a dimension, and how often they did."""

    dimension: str
    value: str
    times: int


def learn(past: Iterable[Conversation]) -> list[Preference]:
    """The preferences that earlier conversations show, by dimension.

    What a person rated 2 or less does not count, and who takes what a question proposes has chosen
    nothing. A preference was chosen `ENOUGH` times, and more often than all else together.
    """
    times: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spelling: dict[str, str] = {}
    for one in past:
        ratings = [image.rating for image in one.images if image.rating is not None]
        if ratings and max(ratings) <= UNLOVED:
            continue
        proposed = {"", *(_plain(question.default) for question in one.questions)}
        for entry in one.entries:
            value = _plain(entry["value"])
            is_chosen = entry["source"] in OF_THE_PERSON and value not in proposed
            if is_chosen and entry["dimension"] in LEARNT:
                spelling.setdefault(value, entry["value"])
                times[entry["dimension"]][value] += 1
    return [
        Preference(dimension, spelling[value], count)
        for dimension, known in sorted(times.items())
        for value, count in known.most_common(1)
        if count >= ENOUGH and count * 2 > known.total()
    ]


def _plain(text: str) -> str:
    return " ".join(fold(text).split())


def dislikes_of(past: Iterable[Conversation]) -> list[str]:
    """What the person wrote that they disliked in earlier pictures, the newest first."""
    texts = (image.disliked.strip() for one in past for image in reversed(one.images))
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
