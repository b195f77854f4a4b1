"""How close two looks are in what was measured of them: no score of beauty, and no model asked."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from prompts.source import FileModel
from styles.measurement import MeasuredPalette
from styles.palette import palette_distance

Closeness = Literal["close", "near", "far"]

PALETTE = (15.0, 30.0)
"""Lab units up to which colours are close, and near. Measured on the pictures of
`tests/painted.py`: a copy in another size or format is up to 6 from its picture, nine of ten
pairs in one look are within 13, those in two looks begin at 18, and half are beyond 60."""

REST = (0.4, 0.8)
"""The same for the other aspects, in `SPREADS`: copies up to 0.2, nine of ten pairs in one look
within 0.46, half of those in two looks beyond 1.0."""

SPREADS = {
    "key": 34, "contrast": 30, "shadow": 0.38, "centre": 0.2, "symmetry": 0.3,
    "empty_border": 0.25, "texture": 9, "grain": 5, "flatness": 0.3, "edges": 0.25, "order": 0.15,
}  # fmt: skip
"""How far each number lies apart between looks: the deviation of their means, as measured on the
same pictures; of the centre, which is the subject's there, what one sees as another place."""


def closeness(distance: float, bounds: tuple[float, float]) -> Closeness:
    """A distance in words; `bounds` are `PALETTE` or `REST`."""
    close, near = bounds
    return "close" if distance <= close else "near" if distance <= near else "far"


def distances(
    one: Mapping[str, FileModel], other: Mapping[str, FileModel]
) -> tuple[float | None, float | None]:
    """How far two looks are apart in their palettes, and in the rest of what both have.

    Both map an aspect to what was measured of it; None where there is nothing to compare.
    """
    palette = None
    apart = []
    for aspect in one.keys() & other.keys():
        here, there = one[aspect], other[aspect]
        if isinstance(here, MeasuredPalette) and isinstance(there, MeasuredPalette):
            palette = palette_distance(here.colours, there.colours)
        else:
            apart.append(_apart(here.model_dump(), there.model_dump()))
    return palette, float(np.mean(apart)) if apart else None


def _apart(here: Mapping[str, Any], there: Mapping[str, Any]) -> float:
    """The mean distance of the numbers of an aspect, in their spreads."""
    gaps = [np.abs(np.subtract(here[name], there[name])).mean() / SPREADS[name] for name in here]
    return float(np.mean(gaps))
