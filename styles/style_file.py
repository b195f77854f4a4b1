"""A style as its file says it: each aspect in words, and what was measured of it where that can be.

The file is `styles/NAME.yaml`, strict like a template: a fault has its line and a way out.
"""

import datetime
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Generic, Literal, TypeVar

import yaml
from pydantic import ConfigDict, Field

from prompts.field_fault import DIGEST, ONE_LINE
from prompts.source import STEM, STEM_FORM, FileModel, Keys, fingerprint, read_yaml
from styles.measurement import (
    MeasuredComposition,
    MeasuredLight,
    MeasuredLine,
    MeasuredPalette,
    MeasuredTexture,
)
from styles.palette import Colour
from styles.strength import ASPECTS, Aspect

MOST_SAMPLES = 4
"""Pictures kept with a style: three go along with a drawing at most, and one is a spare."""

LONGEST_SENTENCE = 300
"""Letters, about forty words: a line of a prompt that leaves room for the picture's own."""

ROUNDING = 0.01
"""By which shares that were rounded one by one may add up to more than all."""

Sentence = Annotated[str, Field(min_length=3, max_length=LONGEST_SENTENCE, pattern=ONE_LINE)]
"""One line: it becomes part of a prompt."""
ShortWord = Annotated[str, Field(min_length=2, max_length=40, pattern=ONE_LINE)]
Measured = TypeVar("Measured", bound=FileModel)


class AspectWords(FileModel):
    """An aspect that only words can say."""

    words: Sentence


class MeasuredAspect(AspectWords, Generic[Measured]):
    """An aspect in words, with numbers where a picture was looked at."""

    measured: Measured | None = None


class Aspects(FileModel):
    """What makes the look; an aspect that is left out is free."""

    palette: MeasuredAspect[MeasuredPalette] | None = None
    light: MeasuredAspect[MeasuredLight] | None = None
    composition: MeasuredAspect[MeasuredComposition] | None = None
    texture: MeasuredAspect[MeasuredTexture] | None = None
    line: MeasuredAspect[MeasuredLine] | None = None
    mood: AspectWords | None = None
    medium: AspectWords | None = None


class StyleSource(FileModel):
    """A picture that the style was taken from, as it was given, and the digest of its copy."""

    id: Annotated[str, Field(min_length=1, max_length=1000)]
    sha256: Annotated[str, Field(pattern=DIGEST)]


class Making(FileModel):
    """Which model described it, of OpenAI or of the sandbox, when, and by which wording of the
    template; `words` are fingerprints of what it said of each aspect."""

    model: ShortWord
    origin: Literal["openai", "sandbox"] = "openai"
    date: datetime.date
    template: Annotated[str, Field(pattern=r"^\S+@[0-9a-f]{12}$")]
    words: dict[Aspect, str] = Field({})


class Style(FileModel):
    """A look that can be used again. The file's name is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    note: Sentence
    aspects: Aspects
    avoid: list[Sentence] = Field([], max_length=12)
    samples: list[str] = Field([], max_length=MOST_SAMPLES)
    sources: list[StyleSource] = Field([], max_length=8, alias="from")
    making: Making | None = Field(None, alias="made")
    tags: list[ShortWord] = Field([], max_length=12)

    @property
    def words(self) -> dict[Aspect, str]:
        """Each aspect that it has, in words."""
        parts = {name: getattr(self.aspects, name) for name in ASPECTS}
        return {name: part.words for name, part in parts.items() if part}

    @property
    def measured(self) -> dict[Aspect, FileModel]:
        """Each aspect of which something was measured, but those whose words were changed since:
        the old colours would contradict the new words."""
        made_with = self.making.words if self.making else {}
        return {
            aspect: measured
            for aspect, words in self.words.items()
            if (measured := getattr(getattr(self.aspects, aspect), "measured", None))
            and made_with.get(aspect) in {None, fingerprint(words)}
        }

    @property
    def colours(self) -> list[str]:
        """The palette as hex, the most of it first; empty where none was measured."""
        return [one.colour for one in self.palette]

    @property
    def palette(self) -> list[Colour]:
        """The colours with their shares, as they were measured."""
        measured = self.measured.get("palette")
        return measured.colours if isinstance(measured, MeasuredPalette) else []

    def as_yaml(self) -> str:
        """The text of its file."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=96)


def file_of(name: str) -> str:
    """What its file is called in errors."""
    return f"styles/{name}.yaml"


@lru_cache(maxsize=256)  # files are read on every use, but only parsed when they changed
def parse_style(name: str, source: str) -> Style:
    """Read one file, the same text once. Raises `PromptError` with file, line and fix."""
    document = read_yaml(file_of(name), source, begin="note: ...")
    style = document.parse(Style, name={"name": name, **document.data}["name"])
    for keys, sentence in _faults(style, name):
        raise document.fault(keys, sentence)
    return style


def _faults(style: Style, stem: str) -> Iterator[tuple[Keys, str]]:
    """What does not fit together, each by its keys and a sentence with the fix."""
    if not STEM.fullmatch(stem):
        yield ("name",), f"rename the file to {STEM_FORM}."
    if style.name != stem:
        yield ("name",), f"{style.name!r} is not the file's name; remove it or write {stem}."
    if not style.words:
        yield ("aspects",), f"there is none; say at least one of {', '.join(ASPECTS)} in words."
    palette = style.aspects.palette
    colours = palette.measured.colours if palette and palette.measured else []
    here = ("aspects", "palette", "measured", "colours")
    if sum(one.share for one in colours) > 1 + ROUNDING:
        yield here, "the shares add up to more than 1; make them parts of the whole picture."
    if len({one.colour for one in colours}) < len(colours):
        yield here, "a colour stands there twice; keep it once, with both shares."
    for sample in style.samples:
        if not re.fullmatch(rf"{re.escape(stem)}-[1-{MOST_SAMPLES}]\.jpg", sample):
            way = f"{sample[:40]!r} is no sample of this style; name the file {stem}-1.jpg."
            yield ("samples",), way
    for key, names in (("samples", style.samples), ("avoid", style.avoid), ("tags", style.tags)):
        if len({*names}) < len(names):
            yield (key,), "something stands there twice; keep it once."
