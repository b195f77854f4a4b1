"""One parameter of a library template: what it asks, which values fit it, where they stand.

A value comes as the person typed it and leaves as the template takes it. Values are only ever
data: nothing in them is read as Jinja. A marked value compares, counts and branches like the plain
one, and what a template prints of it says which parameter it came from.
"""

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Literal

from pydantic import Field, PrivateAttr, StrictFloat, StrictInt, StrictStr

from prompts.source import STEM, FileModel

LONGEST = 600
"""Letters of a value: a paragraph. What is longer is a prompt of its own, and no value in one."""
LONGEST_COLOR = 40
"""Letters of a colour's name: "the deep green of a bottle held against light" is a description."""
FEWEST_OPTIONS, MOST_OPTIONS = 2, 5
"""Of every question: one is no choice; of more than five nobody keeps the first in mind."""
COLORS = ["deep blue", "warm red", "forest green", "charcoal", "cream"]
LEFT_OUT = "leave it out"
"""The choice to give an optional parameter no value."""
HEX = re.compile(r"#[0-9a-fA-F]{6}")

Scalar = StrictStr | StrictInt | StrictFloat


class Parameter(FileModel):
    """A place in a template that a person's value fills, or a style that the picture is drawn in.

    The options of a style are those that are offered first; it goes along at its `strength`.
    """

    type: Literal["string", "choice", "number", "color", "style"]
    question: str = Field(min_length=1)
    options: list[Scalar] = Field([])
    default: Scalar | None = None
    min: StrictInt | StrictFloat | None = None
    max: StrictInt | StrictFloat | None = None
    optional: bool = False
    strength: StrictInt | None = Field(None, ge=0, le=100)
    _styles: tuple[str, ...] | None = PrivateAttr(None)

    def among(self, styles: Sequence[str]) -> "Parameter":
        """The same for the styles that there are; a default that is gone is no default."""
        if self.type != "style":
            return self
        gone = self.default is not None and self.default not in styles
        parameter = self.model_copy(update={"default": None} if gone else None)
        parameter._styles = tuple(styles)  # noqa: SLF001  # of its own kind
        return parameter

    @property
    def required(self) -> bool:
        """Whether a picture needs a value from the person."""
        return self.default is None and not self.optional

    @property
    def choices(self) -> list[str]:
        """The choices to put before a person, as words."""
        without = [LEFT_OUT] if self.optional else []
        return [*self._candidates[: MOST_OPTIONS - len(without)], *without]

    @property
    def every_choice(self) -> list[str]:
        """The same, and of styles not the first ones alone."""
        if self.type != "style":
            return self.choices
        return [*self._candidates, *([LEFT_OUT] if self.optional else [])]

    @property
    def fallback(self) -> str:
        """What is assumed where nobody gives a value: the default, or the first choice."""
        if self.optional:
            return LEFT_OUT
        return self.choices[0] if self.default is None else str(self.default)

    @property
    def takes(self) -> str:
        """What values fit, as the end of a sentence."""
        match self.type:
            case "choice":
                return f"one of {', '.join(self.choices)}"
            case "number":
                kind = "a whole number" if self._whole else "a number"
                return f"{kind} from {self.min} to {self.max}, in digits"
            case "color":
                return "a colour by its name, such as deep blue, or as #rrggbb"
            case "style":
                return f"one of the styles {', '.join(self._candidates)}"
            case _:
                return f"words, at most {LONGEST} characters of them"

    def fit(self, text: str) -> str | int | float | None:
        """A value as the template takes it, or nothing where it does not fit."""
        if self.optional and _plain(text) in {"", LEFT_OUT}:
            return ""
        match self.type:
            case "choice":
                return {_plain(option): option for option in self.choices}.get(_plain(text))
            case "number":
                return self._number(text)
            case "color":
                return _color(text)
            case "style":
                return self._style(text)
            case _:
                return text.strip() if 0 < len(text.strip()) <= LONGEST else None

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the declaration: a key of it, and a sentence with the fix."""
        yield from self._faults_of_bounds()
        if "default" in self.model_fields_set and self.default is None:
            yield "default", "it is empty; give a value, and put a colour like #aabbcc in quotes."
        if self.optional and self.default is not None:
            yield "optional", "it has a default too; keep one of the two."
        if self.default is not None and self.fit(str(self.default)) is None:
            yield "default", f"{self.default!r} does not fit; write {self.takes}."
        yield from self._faults_of_options()

    def _faults_of_bounds(self) -> Iterator[tuple[str, str]]:
        if self.type != "style" and self.strength is not None:
            yield "strength", "only a style has one; remove it or set type: style."
        if self.type != "number":
            if self.min is not None or self.max is not None:
                yield "min", "only a number has min and max; remove them or set type: number."
        elif self.min is None or self.max is None:
            yield "type", "a number needs min and max; add both."
        elif self.min >= self.max:
            yield "min", f"{self.min} is not below max; exchange the two."

    def _faults_of_options(self) -> Iterator[tuple[str, str]]:
        plain = [_plain(option) for option in self.choices]
        most = MOST_OPTIONS - self.optional
        if self.type == "style" and not self.options:
            return  # all that there are
        if not FEWEST_OPTIONS <= len(set(plain)) == len(plain) or len(self.options) > most:
            yield "options", f"give {FEWEST_OPTIONS} to {most} different ones."
        for option in self.choices:
            if self.fit(option) is None:
                yield "options", f"{option!r} does not fit; write {self.takes}."

    @property
    def _candidates(self) -> list[str]:
        if self._styles is not None:
            first = [str(option) for option in self.options if option in self._styles]
            return list(dict.fromkeys([*first, *self._styles]))
        if self.options:
            return [str(option) for option in self.options]
        if self.type == "number" and self.min is not None and self.max is not None:
            spread = [self.min, self.default, self.max]
            return list(dict.fromkeys(str(one) for one in spread if one is not None))
        if self.type == "color":
            known = COLORS if self.default is None else [str(self.default), *COLORS]
            return list(dict.fromkeys(known))
        return []

    @property
    def _whole(self) -> bool:
        return isinstance(self.min, int) and isinstance(self.max, int)

    def _style(self, text: str) -> str | None:
        """The name of a style, however it is written; of one that there is where that is known."""
        name = re.sub(r"[\s-]+", "_", text.strip().casefold())
        known = STEM.fullmatch(name) if self._styles is None else name in self._styles
        return name if known else None

    def _number(self, text: str) -> int | float | None:
        try:
            value = int(text) if self._whole else float(text.replace(",", "."))
        except ValueError:
            return None
        if self.min is None or self.max is None or not isfinite(value):
            return None
        return value if self.min <= value <= self.max else None


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _color(text: str) -> str | None:
    """A colour as typed; a name has letters and neither digits nor a hash sign."""
    text = text.strip()
    if HEX.fullmatch(text):
        return text
    is_name = any(map(str.isalpha, text)) and not any(map(str.isdigit, text))
    short = len(text) <= LONGEST_COLOR and "\n" not in text and "#" not in text
    return text if is_name and short else None


class OriginText(str):
    """Words of a prompt that know the parameter which they came from."""

    origin = ""


class _Marked:
    """Prints itself as such a text; it must come before the type of the value among the bases."""

    origin = ""

    def __str__(self) -> str:
        text = OriginText(super().__str__())
        text.origin = self.origin
        return text


class _Words(_Marked, str):
    pass


class _Whole(_Marked, int):
    pass


class _Real(_Marked, float):
    pass


def mark(value: Any, origin: str) -> Any:
    """The value as it is, but for knowing its parameter where a template prints it."""
    carrier = {str: _Words, int: _Whole, float: _Real}[type(value)](value)
    carrier.origin = origin
    return carrier
