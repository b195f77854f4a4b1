"""How close a drawn picture came to the styles that it was drawn in: measured, free, no score."""

from collections.abc import Sequence
from typing import NamedTuple

from prompts.source import FileModel
from prompts.wording import Wording
from styles.comparison import ONE_ASPECT, PALETTE, REST, Closeness, closeness, distances
from styles.measurement import MeasuredPalette, Measurement
from styles.palette import join_palettes
from styles.style_use import StyleUse

FROM_STYLE = "Distance from the style {names}, as measured: {distances}"
THE_REST = "the rest"
"""All that was measured besides the palette, of what the style says."""


class StyleCheck(NamedTuple):
    """How far a picture is from styles in Lab units of the palette and in spreads of the rest, each
    with what that comes to; None where the styles have nothing of it that was measured."""

    names: list[str]
    palette: tuple[float, Closeness] | None
    rest: tuple[float, Closeness] | None

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
            parts.append(f"{wording.translate(THE_REST)} {grade}")
        names, grades = ", ".join(self.names), ", ".join(parts)
        return wording.translate(FROM_STYLE, names=names, distances=grades)


def check(picture: Measurement, styles: Sequence[StyleUse]) -> StyleCheck | None:
    """A picture held against what was measured of the styles; None where that is nothing."""
    wanted = _measured(styles)
    if not wanted:
        return None
    palette, rest = distances(wanted, dict(picture))
    bounds = REST if len(wanted.keys() - {"palette"}) > 1 else ONE_ASPECT
    return StyleCheck(
        [use.name for use in styles if use.measured],
        None if palette is None else (palette, closeness(palette, PALETTE)),
        None if rest is None else (rest, closeness(rest, bounds)),
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
