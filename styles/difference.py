"""What sets one picture apart from others that agree, in a number that one can picture."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from styles.comparison import SPREADS
from styles.measurement import Measurement
from styles.palette import ALIKE, Colour, palette_distance

EXPLAINS = 0.5
"""The share of a distance between palettes that a number has to make up to be the reason for it:
red and green are as warm as each other, and so are told by a colour."""


class _Number(NamedTuple):
    """A number of an aspect: what a picture with more of it is, one with less, and how it is
    written."""

    more: str
    less: str
    form: str = ".0f"


PALETTE = {
    "temperature": _Number("warmer", "cooler"),
    "colourfulness": _Number("more colourful", "less colourful"),
}
REST = {
    "light": {
        "key": _Number("lighter", "darker"),
        "contrast": _Number("richer in contrast", "poorer in contrast"),
        "shadow": _Number("deeper in shadow", "less in shadow", ".0%"),
    },
    "texture": {
        "texture": _Number("rougher", "smoother", ".1f"),
        "grain": _Number("grainier", "less grainy", ".1f"),
        "flatness": _Number("made of more even areas", "made of fewer even areas", ".0%"),
    },
    "line": {
        "edges": _Number("richer in edges", "poorer in edges", ".0%"),
        "order": _Number("drawn more in one direction", "drawn less in one direction", ".0%"),
    },
}


def difference(picture: Measurement, others: Sequence[Measurement], aspect: str) -> str:
    """In what of an aspect a picture differs most from others, as a person reads it."""
    own = getattr(picture, aspect).model_dump()
    theirs = [getattr(one, aspect).model_dump() for one in others]
    if aspect in REST:
        numbers = REST[aspect]
        name = max(numbers, key=lambda name: _gap(own, theirs, name) / SPREADS[name])
        return _compared(own, theirs, name, numbers[name])
    apart = [palette_distance(picture.palette.colours, one.palette.colours) for one in others]
    name = max(PALETTE, key=lambda name: _gap(own, theirs, name))
    if _gap(own, theirs, name) >= EXPLAINS * float(np.mean(apart)):
        return _compared(own, theirs, name, PALETTE[name])
    return _by_colour(picture.palette.colours, [one.palette.colours for one in others])


def _gap(own: dict[str, Any], theirs: list[dict[str, Any]], name: str) -> float:
    return abs(float(own[name]) - _mean(theirs, name))


def _compared(own: dict[str, Any], theirs: list[dict[str, Any]], name: str, number: _Number) -> str:
    mean = _mean(theirs, name)
    word = number.more if own[name] > mean else number.less
    return f"it is {word} ({own[name]:{number.form}} against {mean:{number.form}})"


def _by_colour(own: Sequence[Colour], theirs: Sequence[Sequence[Colour]]) -> str:
    """The colour of which a picture has most beside the others, with its shares."""

    def shares(colour: Colour) -> tuple[float, float]:
        return _share(own, colour), float(np.mean([_share(one, colour) for one in theirs]))

    colour = max(own, key=lambda one: np.subtract(*shares(one)))
    here, there = shares(colour)
    return f"{here:.0%} of it is {colour.colour}, and {there:.0%} of the others"


def _share(palette: Sequence[Colour], colour: Colour) -> float:
    """How much of a palette one would call by the same name as a colour."""
    return sum(one.share for one in palette if palette_distance([one], [colour]) < ALIKE)


def _mean(theirs: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([one[name] for one in theirs]))
