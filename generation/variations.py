"""Variations: each differs from the others in one thing on purpose, and says which."""

from dataclasses import dataclass
from typing import Literal

from generation.image_order import Strategy
from prompts.word_lists import Ways

Thing = Literal["color", "composition", "style"]


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


def variations(strategy: Strategy, count: int, ways: Ways) -> list[Variation | None]:
    """How to draw `count` pictures, each in a way of its own; a single one is not varied."""
    if count == 1:
        return [None]
    things: list[Thing] = ["color", "composition", "style"]
    if strategy != "mixed":
        things = [strategy]
    chosen = []
    for number in range(count):
        thing = things[number % len(things)]
        way = getattr(ways, thing)[number // len(things)]
        chosen.append(Variation(thing, way.name, way.say))
    return [*chosen]
