"""Words that are data: those around a dialogue by language, and the ways to vary a picture."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from prompts.source import FileModel, read_yaml

MOST = 4
"""Pictures that one call draws at most, each in a way of its own."""

VARIATIONS = "variations.yaml"

PLACE = re.compile(r"{(\w+)}")
FRACTION = re.compile(r"\d+\.\d+")
LISTED = re.compile(r"(?:^|(?<=; ))([a-z]+): ([^;]*)")
"""A part of a list: what it is about, such as an aspect of a style, and its words."""


class Way(FileModel):
    """One way to differ: how the person is told, and what the model is told."""

    name: str = Field(min_length=1)
    say: str = Field(min_length=1)


class Ways(FileModel):
    """The ways of `variations.yaml`; own files of before know nothing of light and mood."""

    color: list[Way] = Field(min_length=MOST)
    composition: list[Way] = Field(min_length=MOST)
    style: list[Way] = Field(min_length=MOST)
    light: list[Way] = Field([], min_length=MOST)
    mood: list[Way] = Field([], min_length=MOST)


@lru_cache(maxsize=64)
def parse_ways(source: str) -> Ways:
    """Read `variations.yaml`, the same text once. Raises `PromptError` with line and fix."""
    return read_yaml(VARIATIONS, source, begin="color: [...]").parse(Ways)


class SourceWords(FileModel):
    """How it is told where a stretch of the prompt comes from."""

    said: str
    chosen: str
    reference: str
    template: str
    style: str
    assumed: str


Reason = Literal["talk", "replaced", "withdrawn", "not_visible", "left_to_us"]
"""Why a model sets words aside."""


class NotUsed(BaseModel):
    """Words of the person that are not in the prompt, and why."""

    ref: str
    quote: str
    why: Literal[Reason, "unplaced"]


class ReasonWords(FileModel):
    """How it is told why words are not in the prompt."""

    unplaced: str
    talk: str
    replaced: str
    withdrawn: str
    not_visible: str
    left_to_us: str


class TerminalWords(FileModel):
    """What the command line says around a dialogue."""

    help: str = Field(description="How to answer; {back} and {finish} are what is typed.")
    back: str = Field(
        "back", description="The word that returns; the English one is taken as well."
    )
    finish: str = Field("finish", description="The word that leaves the rest to us; English, too.")
    anything: str = Field(description="Asks for words where no question is open.")
    draw: str = Field(description="Asks whether the picture is wanted.")
    yes: str = Field(description="The word that agrees to it, typed whole or its first letters.")
    no: str = Field(description="The word that declines it.")
    draw_it: str = Field("draw it", description="Agrees to it as well; English, too.")
    change: str = Field(
        "Is “{words}” to change the prompt?",
        description="Asks whether few words are a further wish: each costs.",
    )
    goes_on: str = Field(description="Stands before the command that goes on.")


class Wording(FileModel):
    """All fixed words of one language."""

    why: str
    default: str
    own_words: str
    quoted: str = Field(description="Words of the person in the language's quotation marks.")
    refined_prompt: str
    sources: str
    source: SourceWords
    after: str = Field(description="Stands before words that a stretch shares nothing with.")
    assumptions: str
    added: str = Field(description="Stands before stretches that rest on nothing.")
    lettering: str
    not_used: str
    reason: ReasonWords
    accounted: str
    decided: str
    since: str = Field(description="Stands in decided where more is decided than at first.")
    nothing: str
    settings: str
    price: str
    draft: str = Field(description="What a try-out costs where the picture is dear.")
    sized: str = Field(description="Which words the size follows.")
    nobody: str = Field(description="Said where the facilitator could not be asked.")
    unusable: str = Field(description="Said where its answer could not be used.")
    holds: str = Field(description="Asks whether words of the person hold that got lost.")
    holds_yes: str
    holds_no: str
    letters: str
    warning: str
    paid: str = Field(description="What a picture cost, and all of today.")
    estimate: str = Field(description="Stands in paid where the price is one.")
    unpriced: str = Field(description="Said in its place where the model has no known price.")
    sandbox: str = Field(description="Said of what the stand-in for OpenAI made.")
    play: str = Field(description="What OpenAI would charge for it.")
    colon: str = Field(":", description="Stands behind what names what follows, French spaced.")
    decimal: Literal[".", ","] = Field(".", description="Stands in numbers before the fraction.")
    terminal: TerminalWords
    dimensions: dict[str, str] = Field(
        {}, description="What the dimensions of image types are called; others stand as they are."
    )
    translations: dict[str, str] = Field(
        {},
        description="What results, progress and exported pages say, by its English words, and the "
        "view where it says the same.",
    )
    view: dict[str, str] = Field({}, description="What only the view says, by its English words.")
    studio: dict[str, str] = Field({}, description="What only the studio says besides.")
    about: dict[str, str] = Field(
        {}, description="What the server says of its set-up to the studio, by its English words."
    )
    trouble: dict[str, tuple[str, str]] = Field(
        {}, description="A title and a sentence to people for each kind of error."
    )

    def label(self, name: str) -> str:
        """A name with the colon behind it, before what it names."""
        return f"{name}{self.colon}"

    def name_of(self, dimension: str) -> str:
        """What a dimension is called in this language."""
        return self.dimensions.get(dimension, dimension.replace("_", " "))

    def number(self, value: float, digits: int = 3) -> str:
        """A number as this language writes it."""
        return f"{value:.{digits}f}".replace(".", self.decimal)

    def translate(self, english: str, **values: Any) -> str:
        """A fixed text of ours in this language, filled in; in English where it is not there."""
        return self.translations.get(english, english).format(**values)

    def note(self, english: str) -> str:
        """A note of a result in this language, whatever was filled into it; else as it is.

        Notes are recorded with a turn and taken from far below, where no language is known: they
        are English until a person reads them.
        """
        return _say(english, self.translations, lambda value: LISTED.sub(self._part, value))

    def setup(self, english: str) -> str:
        """What the server says of its set-up in this language, the parts of it as well."""
        if FRACTION.fullmatch(english):
            return english.replace(".", self.decimal)
        return _say(english, self.about, self.setup)

    def _part(self, one: re.Match[str]) -> str:
        """A part of a list in this language: an aspect with words of ours, a way to vary."""
        name, words = one.groups()
        return f"{self.dimensions.get(name, name)}: {self.translations.get(words, words)}"

    def decision(self, dimension: str, value: str) -> str:
        """What was decided, by its name; a shape is a word of ours in whatever language."""
        words = self.view.get(value, value) if dimension == "format" else value
        return f"{self.label(self.name_of(dimension))} {words}"

    def quote(self, words: str, ref: str) -> str:
        """Words of the person, and where they stand."""
        return f"{self.quoted.format(words=words)} ({ref})"

    def unused(self, entries: Sequence[NotUsed]) -> str:
        """Which words are not in the prompt, and why; nothing where all are."""
        # In their order, a line for neighbours: a lost wish does not stand beside thanks.
        lines = [
            f"- {self.label(getattr(self.reason, why))} "
            + "; ".join(self.quote(one.quote, one.ref) for one in neighbours)
            for why, neighbours in groupby(entries, key=lambda entry: entry.why)
        ]
        return "\n".join([self.label(self.not_used), *lines]) if lines else ""

    def says(self, english: str, text: str) -> bool:
        """Whether a text has this fixed one in it, in this language and filled in."""
        return bool(_pattern(self.translations.get(english, english)).search(text))

    @field_validator("*")
    @classmethod
    def _keeps_its_places(cls, value: Any, info: ValidationInfo) -> Any:
        """Hold a text against the English one: without its braces it would say nothing."""
        english = _english().get(str(info.field_name), "")
        texts = value if isinstance(value, dict) else {str(english): value}
        for ours, text in texts.items():
            wanted = {*PLACE.findall(ours)}
            if isinstance(text, str) and {*PLACE.findall(text)} != wanted:
                braces = ", ".join(f"{{{name}}}" for name in sorted(wanted)) or "no braces"
                raise ValueError(f"{text!r} must hold {braces} and no other ones")
        return value


@cache
def _english() -> dict[str, Any]:
    """The shipped English texts, by field."""
    text = (Path(__file__).parent / "wording" / "en.yaml").read_text(encoding="utf-8")
    texts: dict[str, Any] = yaml.safe_load(text)
    return texts


def _say(english: str, texts: Mapping[str, str], fill: Callable[[str], str]) -> str:
    """The first of our texts that was filled in like this, in the other language."""
    for ours, text in texts.items():
        if match := _pattern(ours).fullmatch(english):
            values = match.groupdict().items()
            return text.format(**{name: fill(value) for name, value in values})
    return english


@lru_cache(maxsize=512)  # more than the texts that are translated
def _pattern(text: str) -> re.Pattern[str]:
    """What a text looks like once it is filled in, each place with as little as can be: what a
    style says has colons of its own."""
    parts = PLACE.split(text)
    names = parts[1::2]
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = (
        f"(?P={name})" if name in names[:number] else f"(?P<{name}>.+?)"
        for number, name in enumerate(names)
    )
    return re.compile("".join(parts), re.DOTALL)


def met_items(verdicts: Sequence[str], translate: Callable[..., str] = str.format) -> str:
    """How many items of a look are met, and how many it could not tell; empty where it saw none."""
    unknown = verdicts.count("cannot_tell")
    met, judged = verdicts.count("met"), len(verdicts) - unknown
    parts = [
        translate("{met} of {count} items met", met=met, count=judged) if judged else "",
        translate("{count} that cannot be told", count=unknown) if unknown else "",
    ]
    return ", ".join(part for part in parts if part)


@lru_cache(maxsize=64)
def parse_wording(file: str, source: str) -> Wording:
    """Read one file, the same text once. Raises `PromptError` with line and fix."""
    return read_yaml(file, source, begin="why: ...").parse(Wording)
