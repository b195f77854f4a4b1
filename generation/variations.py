"""Variations: each differs from the others in one thing on purpose, and says which."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from prompts.word_lists import Ways

Thing = Literal["color", "composition", "style"]
Strategy = Literal[Thing, "mixed"]
"""What variations differ in; mixed takes one thing after the other."""

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True)
class Variation:
    """One way to differ: the thing that may, its name for the person, its words for the model."""

    thing: Thing
    name: str
    say: str

    @property
    def label(self) -> str:
        """What varies, for a result."""
        return f"{self.thing}: {self.name}"


def variations(strategy: Strategy, count: int, ways: "Ways") -> list[Variation | None]:
    """How to draw `count` pictures, each in a way of its own; a single one is not varied."""
    if count == 1:
        return [None]
    things: tuple[Thing, ...] = get_args(Thing) if strategy == "mixed" else (strategy,)
    result = []
    for number in range(count):
        thing = things[number % len(things)]
        way = getattr(ways, thing)[number // len(things)]
        result.append(Variation(thing, way.name, way.say))
    return [*result]
