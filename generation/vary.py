"""Variations: each differs from the others in one thing on purpose, and says which."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from generation.wish import Strategy

VARIATIONS = Path(__file__).parent.parent / "prompts" / "variations.yaml"
MOST = 4

Thing = Literal["color", "composition", "style"]


class _Way(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    say: str


class _Ways(BaseModel):
    """The ways of `prompts/variations.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    color: list[_Way] = Field(min_length=MOST)
    composition: list[_Way] = Field(min_length=MOST)
    style: list[_Way] = Field(min_length=MOST)


@dataclass(frozen=True)
class Variation:
    """One way to differ: the thing that may, how the person is told, what the model is told."""

    thing: Thing
    name: str
    say: str

    @property
    def label(self) -> str:
        """What varies, for a result."""
        return f"{self.thing}: {self.name}"


def variations(strategy: Strategy, count: int) -> list[Variation | None]:
    """The ways to draw `count` pictures; a single one is not varied."""
    if count == 1:
        return [None]
    ways = _ways()
    things: list[Thing] = ["color", "composition", "style"]
    if strategy != "mixed":
        things = [strategy]
    chosen = []
    for number in range(count):
        thing = things[number % len(things)]
        way = getattr(ways, thing)[number // len(things)]
        chosen.append(Variation(thing, way.name, way.say))
    return [*chosen]


@cache
def _ways() -> _Ways:
    return _Ways.model_validate(yaml.safe_load(VARIATIONS.read_text(encoding="utf-8")))
