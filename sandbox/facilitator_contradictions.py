"""Wishes that exclude each other: each pair is asked about once, else the later one holds."""

from sandbox import lexicon
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_SIDES = ((0, 1), (1, 0))


def dimensions() -> list[str]:
    """Return the dimensions in which wishes may exclude each other."""
    return list(lexicon.data()["contradictions"])


def questions(talk: Dialogue, tongue: str) -> list[Json]:
    """Return a question for each contradiction that the newest message brings."""
    asked = {entry.get("dimension") for entry in (*talk.asked, *talk.open_questions)}
    newest = "\n".join(talk.said[number - 1] for number in talk.fresh)
    if lexicon.changes_mind(newest):
        return []
    earlier = "\n".join(talk.said[: talk.fresh[0] - 1] if talk.fresh else talk.said)
    return [
        _which_holds(dimension, *pair, tongue)
        for dimension in dimensions()
        if dimension not in asked and (pair := _pair(dimension, earlier, newest))
    ]


def loser(dimension: str, decision: str, words: str) -> list[str]:
    """Return what a decision rules out in words that hold both sides."""
    for one, other in _SIDES:
        if lexicon.side(dimension, one, decision):
            return lexicon.side(dimension, other, words)
    return []


def holds_both(dimension: str, words: str) -> bool:
    """Return whether a text contradicts itself in a dimension."""
    return dimension in dimensions() and all(lexicon.side(dimension, n, words) for n in (0, 1))


def _pair(dimension: str, earlier: str, newest: str) -> tuple[str, str] | None:
    """Return two wishes that exclude each other, the earlier one first."""
    for one, other in _SIDES:
        later = lexicon.side(dimension, other, newest)
        before = lexicon.side(dimension, one, earlier)
        if later and before:
            return before[0], later[0]
    if holds_both(dimension, newest):
        first, second = (lexicon.side(dimension, n, newest)[0] for n in (0, 1))
        ordered = sorted((first, second), key=newest.find)
        return ordered[0], ordered[1]
    return None


def _which_holds(dimension: str, earlier: str, later: str, tongue: str) -> Json:
    asked = lexicon.data()["which_holds"].get(tongue) or lexicon.data()["which_holds"]["en"]
    return {
        "dimension": dimension,
        "text": asked["text"].format(earlier, later),
        "why": asked["why"],
        "options": [earlier, later],
        "default": later,
    }
