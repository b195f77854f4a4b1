"""Variations: each differs from the others in one thing on purpose, and says which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from prompts.word_lists import Ways

Thing = Literal["color", "composition", "style"]
Strategy = Literal[Thing, "mixed"]
"""What variations differ in; mixed takes one thing after the other."""

DIMENSIONS: dict[str, Thing] = {
    "palette": "color",
    "composition": "composition",
    "layout": "composition",
    "style": "style",
}
"""Dimensions of a brief that decide what varies."""


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


def decided_things(entries: Sequence[Mapping[str, Any]]) -> dict[Thing, bool]:
    """Of each thing that a brief speaks of, whether the person decided it."""
    return {
        thing: bool(entry.get("said")) and entry.get("source") not in {"open", "assumed"}
        for entry in entries
        if (thing := DIMENSIONS.get(entry["dimension"]))
    }


def variations(
    strategy: Strategy, count: int, ways: "Ways", decided: Mapping[Thing, bool]
) -> list[Variation | None]:
    """How to draw `count` pictures, each in a way of its own; a single one is not varied.

    They differ in what was left to us, first in what the brief left open. What the person
    decided varies only where nothing else may, and then within what was decided.
    """
    if count == 1:
        return [None]
    things: list[Thing] = [*get_args(Thing)] if strategy == "mixed" else [strategy]
    free = [thing for thing in things if not decided.get(thing)]
    free.sort(key=lambda thing: thing not in decided)
    things = free or things
    result: list[Variation | None] = []
    for number in range(count):
        thing, place = things[number % len(things)], number // len(things)
        if decided.get(thing):
            result.append(_within(thing, place + 1))
        else:
            way = getattr(ways, thing)[place]
            result.append(Variation(thing, way.name, way.say))
    return result


def _within(thing: Thing, number: int) -> Variation:
    """A version that keeps to a decision."""
    say = f"Stay within what is decided, and make this number {number} of several versions of it."
    return Variation(thing, f"as decided, version {number}", say)
