"""Which aspects a look has, how much of a style goes along with a picture, and shares of a mix.

Alone, so that listing the tools imports nothing of what measures styles.
"""

from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import BaseModel, Field

Aspect = Literal["palette", "light", "composition", "texture", "line", "mood", "medium"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
"""The leading ones first."""

DEFAULT_STRENGTH = 60
"""All of the words, no picture: what one means by "in that style"."""

WHOLE = 100
"""Per cent: the share of a style that is not mixed."""


class StyleShare(BaseModel):
    """A style in a mix: its weight beside those of the others, and what of it (None: all)."""

    name: Annotated[str, Field(max_length=200)]
    weight: Annotated[float, Field(gt=0, le=WHOLE)] = WHOLE
    aspects: list[Aspect] | None = None


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

STRENGTHS = (
    "Below 35 two aspects, a touch of them; to 65 all in words, with colours as hex; above 65 a "
    "sample picture, too; above 85 up to three, matched closely."
)
"""The same in words, for those who choose one."""


def step_of(strength: int) -> StrengthStep:
    """What goes along at a strength of 0 to 100."""
    return next(step for step in STEPS if strength <= step.highest)
