"""What of a style goes along with one dialogue or picture: its words, colours and samples.

This is what the record keeps, so that a file that is changed or deleted later changes nothing of
what was drawn.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from prompts.source import FileModel
from styles.measurement import Measurement
from styles.palette import Colour
from styles.strength import WHOLE, Aspect, StrengthStep, step_of

STYLE = "style"
"""The dimension that is decided where a style is chosen, whatever of it that says."""

REF = "style:"
"""What the ref of a style begins with, in quotes and in the record."""


class StyleUse(BaseModel):
    """A style as it was chosen: how strong, its share of a mix in per cent, and what of it.

    `aspects` are its words, the leading ones first, `measured` what was measured of these;
    `samples` are files beside the style.
    """

    name: str
    strength: Annotated[int, Field(ge=0, le=WHOLE)]
    weight: int = WHOLE
    aspects: dict[Aspect, str]
    colours: list[Colour] = []
    avoid: list[str] = []
    samples: list[str] = []
    measured: dict[Aspect, dict[str, Any]] = {}

    @property
    def measurements(self) -> dict[str, FileModel]:
        """What was measured of the aspects that count."""
        parts: dict[str, type[FileModel]] = Measurement.__annotations__
        return {
            aspect: parts[aspect].model_validate(numbers)
            for aspect, numbers in self.measured.items()
            if aspect in self.aspects or (aspect == "palette" and self.colours)
        }

    @property
    def ref(self) -> str:
        """How quotes name it."""
        return f"{REF}{self.name}"

    @property
    def step(self) -> StrengthStep:
        """What its strength means."""
        return step_of(self.strength)

    @property
    def purpose(self) -> str:
        """What its samples are there for."""
        return " and ".join(self.aspects) or "palette"

    @property
    def lines(self) -> dict[str, str]:
        """All that it says, a line each, by what it is about."""
        lines = {str(aspect): words for aspect, words in self.aspects.items()}
        if self.colours:
            lines["colours"] = ", ".join(one.colour for one in self.colours)
        if self.avoid:
            lines["avoid"] = " or ".join(self.avoid)
        return lines

    @property
    def text(self) -> str:
        """All that may be quoted of it."""
        return "\n".join(self.lines.values())

    def quoted(self, quotes: Iterable[Mapping[str, Any]]) -> "StyleUse":
        """What of it quotes, as a record has them, speak of: the rest gave way to other words."""
        own = [quote["quote"] for quote in quotes if quote["ref"] == self.ref]
        names = {name for name, line in self.lines.items() if any(text in line for text in own)}
        if {"palette", "colours"} & names:  # the hex of colours may stand for the words, or these
            names |= {"palette", "colours"}
        aspects = {name: words for name, words in self.aspects.items() if name in names}
        colours = self.colours if "colours" in names else []
        avoid = [words for words in self.avoid if any(words in text for text in own)]
        return self.model_copy(update={"aspects": aspects, "colours": colours, "avoid": avoid})


def _is_measured(use: StyleUse | None) -> StyleUse | None:
    """A style whose measurements can be read."""
    try:
        if use is not None:
            _ = use.measurements
    except KeyError as error:
        raise ValueError(f"nothing is measured of {error}") from None
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise ValueError(f"of what was measured, {place}: {fault['msg']}") from None
    return use


class _StyledRow(BaseModel):
    style: Annotated[StyleUse | None, AfterValidator(_is_measured)] = None


class _StyledTurn(BaseModel):
    references: list[_StyledRow] = []


class _StyledJob(BaseModel):
    inputs: list[_StyledRow] = []


class StyledRows(BaseModel):
    """The rows of an exported record that may name a style."""

    turns: list[_StyledTurn]
    jobs: list[_StyledJob]


def samples_of(uses: Sequence[StyleUse]) -> list[tuple[StyleUse, str]]:
    """The samples that go along, each with its style: of several styles in turns, and in all no
    more than of one."""
    turns = zip_longest(*([(use, name) for name in use.samples] for use in uses))
    most = max((use.step.samples for use in uses), default=0)
    return [one for turn in turns for one in turn if one][:most]


def text_of(uses: Sequence[StyleUse]) -> str:
    """How the styles are meant, and all that they say, a line each."""
    lines: dict[str, str] = {}
    for use in uses:
        for name, line in use.lines.items():
            lines[name] = f"{lines[name]}, {line}" if name in lines else line
    said = (f"{name}: {line}" for name, line in lines.items())
    return "\n".join([f"Style, {uses[0].step.degree}:", *said])
