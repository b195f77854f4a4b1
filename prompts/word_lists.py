"""The list in YAML beside the templates: ways to vary a picture."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from prompts.source import read_yaml

MOST = 4
"""Pictures that one call draws at most, each in a way of its own."""

VARIATIONS = "variations.yaml"


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Way(_List):
    """One way to differ: how the person is told, and what the model is told."""

    name: str = Field(min_length=1)
    say: str = Field(min_length=1)


class Ways(_List):
    """The ways of `variations.yaml`; own files of before know nothing of light and mood."""

    color: list[Way] = Field(min_length=MOST)
    composition: list[Way] = Field(min_length=MOST)
    style: list[Way] = Field(min_length=MOST)
    light: list[Way] = Field([], min_length=MOST)
    mood: list[Way] = Field([], min_length=MOST)


LISTS: dict[str, type[_List]] = {VARIATIONS: Ways}


@lru_cache(maxsize=64)
def parse_list(file: str, source: str) -> Any:  # the model of that file
    """Read one of these files, the same text once. Raises `PromptError` with line and fix."""
    kind = LISTS[file]
    first = next(iter(kind.model_fields))
    return read_yaml(file, source, begin=f"{first}: [...]").parse(kind)
