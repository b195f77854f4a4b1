"""What of a style goes along with a picture at which strength: the one table of it."""

from typing import NamedTuple

DEFAULT_STRENGTH = 60
"""All of the words, no picture: what one means by "in that style"."""


class StrengthStep(NamedTuple):
    """Strengths up to `highest`: how many aspects are said (None: all), whether their palette is
    said as hex, too, how many sample pictures go along at most, and how the style is meant."""

    highest: int
    aspects: int | None
    colours: bool
    samples: int
    degree: str


STEPS = (
    StrengthStep(34, 2, colours=False, samples=0, degree="a touch of it"),
    StrengthStep(65, None, colours=True, samples=0, degree="all of it"),
    StrengthStep(85, None, colours=True, samples=1, degree="all of it"),
    StrengthStep(100, None, colours=True, samples=3, degree="match it closely"),
)


def step_of(strength: int) -> StrengthStep:
    """What goes along at a strength of 0 to 100."""
    return next(step for step in STEPS if strength <= step.highest)
