"""What goes along of one style, or of several together: aspect by aspect, palettes by share."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from styles.palette import Colour, join_palettes
from styles.strength import ASPECTS, WHOLE, Aspect, StyleShare, step_of
from styles.style_file import Style
from styles.style_use import StyleUse

NEAR = 0.2
"""How far two shares may be apart, of 1, and neither has the say: 60 to 40 is a mix of equals,
70 to 30 is one style with some of another."""


class MixPart(NamedTuple):
    """A style in a mix: its weight beside the others', and the aspects that are wanted of it."""

    style: Style
    weight: float = WHOLE
    aspects: Collection[Aspect] = ASPECTS

    @property
    def words(self) -> dict[Aspect, str]:
        """What is wanted of it, in words."""
        return {name: words for name, words in self.style.words.items() if name in self.aspects}

    @property
    def colours(self) -> list[Colour]:
        """Its palette as it was measured, where that is wanted."""
        return self.style.palette if "palette" in self.aspects else []


class Contradiction(NamedTuple):
    """Two styles, neither of which has the say, and the media that no picture has both."""

    one: MixPart
    other: MixPart


def contradiction(parts: Sequence[MixPart], strength: int) -> Contradiction | None:
    """The two media that are to be asked about, if there are such: those of the weightiest."""
    with_medium = [part for part in _by_weight(parts) if "medium" in part.words]
    if len(with_medium) > 1 and "medium" in _said(parts, strength):
        one, other, *_ = with_medium
        apart = (one.weight - other.weight) / (one.weight + other.weight)
        if apart <= NEAR and one.words["medium"] != other.words["medium"]:
            return Contradiction(one, other)
    return None


def answers_to(question: Contradiction, parts: Sequence[MixPart]) -> dict[str, list[StyleShare]]:
    """What may be answered, and the mix that each answer comes to."""
    one, other = question

    def without(*losing: MixPart) -> list[StyleShare]:
        return [
            StyleShare(
                name=part.style.name,
                weight=part.weight,
                aspects=[name for name in part.words if part not in losing or name != "medium"],
            )
            for part in parts
        ]

    return {
        one.words["medium"]: without(other),
        other.words["medium"]: without(one),
        "neither of them": without(one, other),
    }


def mix(parts: Sequence[MixPart], strength: int) -> list[StyleUse]:
    """What goes along of each style, the weightiest first.

    Of an aspect that several have the weightiest has the say, of equals the one named first. What
    a style avoids goes along where all of its aspects do, else it would forbid another's.
    """
    step, ordered = step_of(strength), _by_weight(parts)
    owners: dict[Aspect, MixPart] = {}
    for part in reversed(ordered):
        owners |= dict.fromkeys(part.words, part)
    said = _said(parts, strength)
    # Beside words that were not measured, the colours of another would say otherwise.
    leading = owners["palette"].colours if "palette" in owners else []
    palette = _palette(ordered) if step.colours and leading else []
    uses = []
    for part in ordered:
        own = {aspect: part.words[aspect] for aspect in said if owners[aspect] is part}
        theirs = {one.colour for one in part.colours}
        colours = [one for one in palette if one.colour in theirs]
        palette = [one for one in palette if one not in colours]
        if own or colours:
            share = round(WHOLE * part.weight / sum(one.weight for one in parts))
            uses.append(_use_of(part.style, strength, own, colours, weight=share))
    return uses


def _use_of(
    style: Style, strength: int, own: dict[Aspect, str], colours: list[Colour], *, weight: int
) -> StyleUse:
    step = step_of(strength)
    return StyleUse(
        name=style.name,
        strength=strength,
        weight=weight,
        aspects=own,
        colours=colours,
        avoid=style.avoid if step.aspects is None and own == style.words else [],
        samples=style.samples[: step.samples],
        measured={
            aspect: measured.model_dump(mode="json")
            for aspect, measured in style.measured.items()
            if aspect in own or (aspect == "palette" and colours)
        },
    )


def _said(parts: Sequence[MixPart], strength: int) -> list[Aspect]:
    """The aspects that go along, of all that some style has: the leading ones alone where the
    strength says so."""
    wanted = {aspect for part in parts for aspect in part.words}
    return [aspect for aspect in ASPECTS if aspect in wanted][: step_of(strength).aspects]


def _by_weight(parts: Sequence[MixPart]) -> list[MixPart]:
    return sorted(parts, key=lambda part: -part.weight)


def _palette(parts: Sequence[MixPart]) -> list[Colour]:
    """The colours of all, by their share of the mix; of one style as its file has them."""
    measured = [(part.colours, part.weight) for part in parts if part.colours]
    return join_palettes(measured) if len(measured) > 1 else [c for own, _ in measured for c in own]
