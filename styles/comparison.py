"""How close two looks are in what was measured of them: no score of beauty, and no model asked."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np

from prompts.source import FileModel
from prompts.wording import Wording
from styles.measurement import MeasuredPalette, Measurement
from styles.palette import join_palettes, palette_distance
from styles.style_use import StyleUse

Closeness = Literal["close", "near", "far"]

PALETTE = (15.0, 30.0)
"""Lab units up to which colours are close, and near. Measured on the pictures of
`tests/looks.py`: a copy in another size or format is up to 3 from its picture, nine of ten
pairs in one look are within 14, those in two looks begin there, and half are beyond 60."""

REST = (0.4, 0.8)
"""The same for the other aspects, in `SPREADS`: copies up to 0.1, nine of ten pairs in one look
within 0.46, half of those in two looks beyond 1.0."""

ONE_ASPECT = (0.4, 1.2)
"""The same for one of them alone, which varies more: by 0.9 between the ink pictures."""

ASKED = ("palette", "light", "texture", "line")
"""Aspects in which pictures of one look agree, in the order in which one is asked about them."""

SPREADS = {
    "key": 34, "contrast": 30, "shadow": 0.38, "centre": 0.2, "symmetry": 0.3,
    "empty_border": 0.25, "texture": 9, "grain": 5, "flatness": 0.3, "edges": 0.25, "order": 0.15,
    "temperature": 10, "colourfulness": 10,
}  # fmt: skip
"""How far each number lies apart between looks: the deviation of their means, as measured on the
same pictures; of the centre, which is the subject's there, what one sees as another place, and of
a palette's numbers, which only tell a difference, what one sees at all."""

WORDS = {
    "temperature": ("warmer", "cooler"),
    "colourfulness": ("more colourful", "less colourful"),
    "key": ("lighter", "darker"),
    "contrast": ("richer in contrast", "poorer in contrast"),
    "shadow": ("deeper in shadow", "less in shadow"),
    "texture": ("rougher", "smoother"),
    "grain": ("grainier", "less grainy"),
    "flatness": ("made of more even areas", "made of fewer even areas"),
    "edges": ("richer in edges", "poorer in edges"),
    "order": ("drawn more in one direction", "drawn less in one direction"),
}
"""What a picture with more of a number is called, and one with less."""


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


def are_alike(pictures: Sequence[Measurement]) -> bool:
    """Whether any two are close in their palettes or in the rest, and not far in the other.

    So are all groups of three in one look of `tests/looks.py`, and none of 1,120 others.
    """
    for one, other in combinations(pictures, 2):
        palette, rest = distances(dict(one), dict(other))
        grades = {closeness(palette or 0, PALETTE), closeness(rest or 0, REST)}
        if "far" in grades or "close" not in grades:
            return False
    return True


def agreement(pictures: Sequence[Measurement]) -> list[str]:
    """The aspects in which pictures do not differ further than those of one look."""
    return [aspect for aspect in ASKED if not _far_pairs(pictures, aspect)]


class Disagreement(NamedTuple):
    """An aspect in which pictures differ, and the one that differs from all others, if it is one;
    pictures are counted from 0."""

    aspect: str
    outlier: int | None


def disagreement(pictures: Sequence[Measurement], aspects: Collection[str]) -> Disagreement | None:
    """The first of these aspects in which pictures of one look would not differ so far.

    A composition belongs to what a picture shows, so it may differ.
    """
    for aspect in ASKED:
        if aspect in aspects and (pairs := _far_pairs(pictures, aspect)):
            common = set.intersection(*({*pair} for pair in pairs))
            is_one = len(common) == 1 and len(pairs) == len(pictures) - 1
            return Disagreement(aspect, common.pop() if is_one else None)
    return None


def difference(pictures: Sequence[Measurement], outlier: int, aspect: str) -> str:
    """In what number of an aspect a picture differs most from the others, as a person reads it.

    Empty where none tells it: red and green are as warm as each other.
    """
    own, *others = (
        getattr(one, aspect).model_dump()
        for one in (pictures[outlier], *pictures[:outlier], *pictures[outlier + 1 :])
    )
    means = {name: float(np.mean([one[name] for one in others])) for name in own if name in WORDS}
    apart = {name: abs(own[name] - mean) / SPREADS[name] for name, mean in means.items()}
    name = max(apart, key=apart.__getitem__)
    if apart[name] < 1:
        return ""
    word = WORDS[name][own[name] < means[name]]
    return f"it is {word} ({name} {own[name]:.3g} against {means[name]:.3g})"


def shared_measure(pictures: Sequence[Measurement], aspect: str) -> FileModel | None:
    """What pictures have in common of an aspect: the mean of each number, palettes joined.

    None for an aspect that is not measured, or in which they differ.
    """
    if aspect not in Measurement.model_fields or _far_pairs(pictures, aspect):
        return None
    measured: list[FileModel] = [getattr(one, aspect) for one in pictures]
    first = measured[0]
    means: dict[str, Any] = {
        name: np.mean([getattr(one, name) for one in measured], axis=0).round(3).tolist()
        for name in type(first).model_fields
        if name != "colours"
    }
    if isinstance(first, MeasuredPalette):
        means["colours"] = join_palettes([(one.palette.colours, 1) for one in pictures])
    return type(first).model_validate(means)


def _far_pairs(pictures: Sequence[Measurement], aspect: str) -> list[tuple[int, int]]:
    bounds = PALETTE if aspect == "palette" else ONE_ASPECT
    looks = [{aspect: getattr(one, aspect)} for one in pictures]
    return [
        (here, there)
        for here, there in combinations(range(len(looks)), 2)
        for distance in distances(looks[here], looks[there])
        if distance is not None and closeness(distance, bounds) == "far"
    ]


FROM_STYLE = "Distance from the style {names}, as measured (0 is the same): {distances}"


class StyleCheck(NamedTuple):
    """How far a picture is from styles in Lab units of the palette and in spreads of the `others`
    that were measured, each with what that comes to; None where the styles have nothing of it."""

    names: list[str]
    palette: tuple[float, Closeness] | None
    rest: tuple[float, Closeness] | None
    others: list[str]

    @property
    def is_far(self) -> bool:
        """Whether it is far off in one of both."""
        return any(part and part[1] == "far" for part in (self.palette, self.rest))

    def sentence(self, wording: Wording) -> str:
        """What a person reads."""
        parts = []
        if self.palette:
            number, word = self.palette
            grade = f"{wording.translate(word)} ({wording.number(number, 0)})"
            parts.append(f"{wording.name_of('palette')} {grade}")
        if self.rest:
            number, word = self.rest
            grade = f"{wording.translate(word)} ({wording.number(number, 1)})"
            parts.append(f"{' + '.join(map(wording.name_of, self.others))} {grade}")
        names, grades = ", ".join(self.names), ", ".join(parts)
        return wording.translate(FROM_STYLE, names=names, distances=grades)


def check(picture: Measurement, styles: Sequence[StyleUse]) -> StyleCheck | None:
    """A picture held against what was measured of the styles; None where that is nothing."""
    wanted = _measured(styles)
    if not wanted:
        return None
    palette, rest = distances(wanted, dict(picture))
    others = [aspect for aspect in wanted if aspect != "palette"]
    bounds = REST if len(others) > 1 else ONE_ASPECT
    return StyleCheck(
        [use.name for use in styles if use.measured],
        None if palette is None else (palette, closeness(palette, PALETTE)),
        None if rest is None else (rest, closeness(rest, bounds)),
        others,
    )


def _measured(styles: Sequence[StyleUse]) -> dict[str, FileModel]:
    """What was measured of the aspects that count: palettes joined as they are mixed, of the others
    that of the heaviest style."""
    parts: dict[str, FileModel] = {}
    for use in sorted(styles, key=lambda use: -use.weight):
        for aspect, measured in use.measurements.items():
            parts.setdefault(aspect, measured)
    palettes = [(use.measurements.get("palette"), use.weight) for use in styles]
    joined = [(one.colours, n) for one, n in palettes if isinstance(one, MeasuredPalette)]
    if isinstance(first := parts.get("palette"), MeasuredPalette) and len(joined) > 1:
        parts["palette"] = first.model_copy(update={"colours": join_palettes(joined)})
    return parts
