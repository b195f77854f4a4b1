"""Image types as data: what decides a picture of each kind, how choices look, settings for it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from prompts.source import FileModel, fingerprint, read_yaml

FIRST_OPTIONS = 2
LED_DIMENSIONS = 3
"""In the first turn a type is told by two options for its first three dimensions: with all
of them 13 types took two thirds of every request, of which a conversation uses one."""

LOOKS = "looks.yaml"

Look = Annotated[str, Field(pattern=r"^(#[0-9a-f]{6}( #[0-9a-f]{6})*|M[A-Za-z0-9 .,-]+)$")]
"""Colours side by side, or the path of an SVG, 24 wide and high."""


class Dimension(FileModel):
    """One thing that decides the picture; the sooner it stands, the more it counts."""

    weight: int | None = Field(None, ge=1, le=100, description="Its place: the heaviest first.")
    asks: str = Field(min_length=1, description="What to find out, as a seed for the question.")
    options: list[str] = Field(default=[], description="Choices worth offering.")
    translations: dict[str, list[str]] = Field(
        default={}, description="The same choices in other languages, by language tag."
    )
    # No model is told them, so that they are no part of what records call the types' wording.
    looks: dict[Look, list[str]] = Field(
        default={}, exclude=True, description="What choices look like, and words that name them."
    )

    def options_in(self, language: str) -> list[str]:
        """The choices in a language, by its tag, where the file has them; else as they are."""
        return self.translations.get(language.casefold().partition("-")[0], self.options)


class SuggestedSettings(FileModel):
    """Settings that suit this type, each overridable in the call."""

    size: str = "1024x1024"
    quality: Literal["low", "medium", "high", "xhigh", "max"] = "medium"
    background: Literal["opaque", "transparent", "auto"] = "auto"
    output_format: Literal["png", "jpeg", "webp"] = "png"
    why: str = ""


class ImageType(FileModel):
    """A kind of picture. The file's name is the type's name."""

    name: str
    recognise: str = Field(description="How the facilitator tells that a request is of this type.")
    dimensions: dict[str, Dimension] = Field(min_length=1)
    suggested: SuggestedSettings = SuggestedSettings()
    checklist: list[str] = Field(description="What to look at in the finished picture.")

    @model_validator(mode="after")
    def _in_order(self) -> "ImageType":
        """Weights, where a file still has them, say the order; without, the file's own holds."""
        ordered = sorted(self.dimensions.items(), key=lambda item: -(item[1].weight or 0))
        object.__setattr__(self, "dimensions", dict(ordered))
        return self

    def summary(self) -> dict[str, Any]:
        """What the facilitator is told of every type before one is recognised."""
        return {
            "name": self.name,
            "recognise": self.recognise,
            "dimensions": {
                name: dimension.options[:FIRST_OPTIONS] if place < LED_DIMENSIONS else []
                for place, (name, dimension) in enumerate(self.dimensions.items())
            },
        }

    def details(self, language: str) -> dict[str, Any]:
        """What the facilitator is told of the type that it recognised, in a language by its tag."""
        return {
            "name": self.name,
            "recognise": self.recognise,
            "dimensions": {
                name: {"asks": dimension.asks, "options": dimension.options_in(language)}
                for name, dimension in self.dimensions.items()
            },
        }


class Assumption(BaseModel):
    """A decision in a prompt that nobody made but us."""

    dimension: str
    value: str


def fingerprint_of(types: Mapping[str, ImageType]) -> str:
    """Names what these types say, in records and recordings."""
    return fingerprint("".join(one.model_dump_json() for one in types.values()))


@lru_cache(maxsize=256)
def parse_image_type(name: str, source: str) -> ImageType:
    """Read one image type file, the same text once. Raises `PromptError` with line and fix."""
    file = f"image_types/{name}.yaml"
    return read_yaml(file, source, begin="recognise: ...").parse(ImageType, name=name)


class Looks(FileModel):
    """The looks of `looks.yaml` by dimension, each with words that name it."""

    dimensions: dict[str, dict[Look, list[str]]]


@lru_cache(maxsize=64)
def parse_looks(source: str) -> Looks:
    """Read `looks.yaml`, the same text once. Raises `PromptError` with line and fix."""
    return read_yaml(LOOKS, source, begin="dimensions: {palette: ...}").parse(Looks)


def look_of(option: str, looks: Mapping[str, list[str]]) -> str:
    """The look that the longest words in an option name, whatever follows them; else ""."""
    text = option.casefold()
    matches = [
        (len(word), look)
        for look, words in looks.items()
        for word in words
        # Japanese has no spaces between words, so only letters of ours keep a word from beginning.
        if re.search(rf"(?<![a-zß-ž]){re.escape(word.casefold())}", text)
    ]
    return max(matches, default=(0, ""))[1]
