"""Several pictures of one call: what sets each apart, said to the person and to the model."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from generation.image_request import ImageRequest, OrderError, Strategy
from storage.stamps import title_of
from storage.tables import UNDECIDED
from styles.strength import DEFAULT_STRENGTH
from styles.style_use import STYLE

if TYPE_CHECKING:
    from prompts.wording import Way, Ways, Wording
    from storage.tables import Image, Job
    from styles.style_use import StyleUse

Thing = Literal["color", "composition", "style", "light", "mood"]

ALWAYS: tuple[Thing, ...] = ("color", "composition", "style")
"""Things that every picture has; the others vary where a brief leaves them to us, or where all of
these are decided."""

DIMENSIONS: dict[str, Thing] = {
    "palette": "color",
    "composition": "composition",
    "layout": "composition",
    "style": "style",
    "light": "light",
    "mood": "mood",
}
"""Dimensions of a brief that decide what varies."""

SAMPLE = "plain sample"
LONGEST_LABEL = 80
"""Letters of a prompt by which a picture is told from the others of its call."""

DECIDED = "What was to vary is decided, so these vary something else: each says what."
BY_WORDS = (
    "Nobody knows whether words that no dialogue read, such as a change, already decide what was "
    "to vary. A picture whose name contradicts them varies its composition instead."
)
NOTHING_OPEN = (
    "Nothing is left open that variations could differ in: {things} are decided.",
    "The same call with redraw=true draws plain samples, which differ by chance alone. Or tell the "
    "consultation what may differ.",
)
BY_CHANCE = "Everything is decided, so these are plain samples: they differ by chance alone."


@dataclass(frozen=True)
class Variation:
    """What sets a picture apart, in `label` for the person.

    `say` tells the model what to vary of `thing`, and `instead` what where the words decide that
    thing; both are empty for a sample. `prompt` is set where each picture has its own.
    """

    label: str
    thing: Thing | None = None
    say: str = ""
    instead: str = ""
    prompt: str = ""


def label_words(label: str, wording: "Wording") -> str:
    """The label of a variation in the words of a language; a prompt that is one stays as it is."""
    thing, _, name = label.partition(": ")
    if thing in get_args(Thing) and name in wording.translations:
        return f"{wording.label(wording.name_of(thing))} {wording.translate(name)}"
    return wording.translations.get(label, label)


def set_apart(
    request: ImageRequest,
    entries: Sequence[Mapping[str, Any]],
    ancestors: "Iterable[Image]",
    ways: "Ways",
    *,
    beyond: bool,
    styles: "Sequence[StyleUse]",
) -> tuple[list[Variation], str]:
    """What each picture of a call is to be, and what there is to say of how they differ.

    `entries` are those of the brief, `ancestors` the picture that they start from and those
    before: who goes on with a variation chose what it varied, so that stays while anything else is
    open. Words `beyond` the brief may have decided more, `styles` have. Raises `OrderError` where
    nothing is open that variations could differ in.
    """
    if request.variations == 1:
        return _samples(request.samples, request.prompts), ""
    decided = decided_things(entries) | dict.fromkeys(things_of(styles), True)
    settled = decided | dict.fromkeys(variations_in(ancestors), True)
    things = open_things(request.strategy, settled, ways)
    things = things or open_things(request.strategy, decided, ways)
    if not things and not request.redraw:
        problem, way_out = NOTHING_OPEN
        all_decided = _and(thing for thing in decided if decided[thing])
        raise OrderError(problem.format(things=all_decided), way_out)
    if not things:
        return _samples(request.variations), BY_CHANCE
    has_other_views = (beyond or not entries) and not settled.get("composition")
    variations = vary(things, request.variations, ways, has_other_views=has_other_views)
    if request.strategy not in {"mixed", *things}:
        return variations, DECIDED
    return variations, BY_WORDS if any(one.instead for one in variations) else ""


def decided_things(entries: Iterable[Mapping[str, Any]]) -> dict[Thing, bool]:
    """Of each thing that a brief speaks of, whether the person or a reference decided it."""
    decided: dict[Thing, bool] = {}
    for entry in entries:
        if thing := DIMENSIONS.get(entry["dimension"]):
            decided[thing] = decided.get(thing, False) or entry.get("source") not in UNDECIDED
    return decided


def things_of(styles: "Iterable[StyleUse]") -> set[Thing]:
    """What styles decide of a picture; its composition belongs to what it shows, too."""
    aspects = {aspect for use in styles for aspect in (STYLE, *use.lines)}
    return {thing for name, thing in DIMENSIONS.items() if name in aspects} - {"composition"}


def looks_of(styles: "Iterable[StyleUse]") -> dict[str, str]:
    """What styles that lead say of the look, by the dimension of a brief; of two the later."""
    return {
        STYLE if aspect == "medium" else aspect: words
        for use in styles
        if use.strength >= DEFAULT_STRENGTH  # a weaker one leaves a brief's own look to be seen
        for aspect, words in use.aspects.items()
        if aspect != "composition"
    }


def variations_in(drawn: "Iterable[Image | Job]") -> dict[Thing, str]:
    """The last label for each thing that was varied on purpose; those of samples are none."""
    labels = {one.variation.partition(":")[0]: one.variation for one in drawn}
    return {thing: labels[thing] for thing in get_args(Thing) if thing in labels}


def without_varied(
    entries: Iterable[Mapping[str, Any]], varied: Container[str | None]
) -> list[Mapping[str, Any]]:
    """A brief without what was left to us and then varied on purpose."""
    return [
        entry
        for entry in entries
        if entry.get("source") not in UNDECIDED or DIMENSIONS.get(entry["dimension"]) not in varied
    ]


def open_things(strategy: Strategy, decided: Mapping[Thing, bool], ways: "Ways") -> list[Thing]:
    """What variations may differ in, first what a brief names and leaves to us.

    What the strategy asks for, unless that is decided: then what is open besides.
    """
    if strategy != "mixed" and not decided.get(strategy):
        return [strategy]
    undecided: list[Thing] = [
        thing for thing in get_args(Thing) if not decided.get(thing) and getattr(ways, thing)
    ]
    free = [thing for thing in undecided if thing in ALWAYS or thing in decided] or undecided
    return sorted(free, key=lambda thing: thing not in decided)


def vary(
    things: Sequence[Thing], count: int, ways: "Ways", *, has_other_views: bool
) -> list[Variation]:
    """So many ways to differ, all different, taking one thing after the other.

    With other views each has one to fall back on where the words decide what it was to vary.
    """
    places = [(things[number % len(things)], number // len(things)) for number in range(count)]
    views = _views_besides(ways, places)
    result = []
    for thing, place in places:
        way: Way = getattr(ways, thing)[place]
        instead = next(views) if has_other_views and thing != "composition" else ""
        result.append(Variation(f"{thing}: {way.name}", thing, way.say, instead))
    return result


def _samples(count: int, prompts: Sequence[str] = ()) -> list[Variation]:
    """So many plain samples of the prompt, or of each of several."""
    if prompts:
        each = [Variation(title_of(prompt, LONGEST_LABEL), prompt=prompt) for prompt in prompts]
        return [one for one in each for _ in range(count)]
    return [Variation(SAMPLE if count > 1 else "")] * count


def _views_besides(ways: "Ways", places: Iterable[tuple[Thing, int]]) -> Iterator[str]:
    """The compositions that no variation takes by itself; there are as many as can be needed."""
    own_places = {place for thing, place in places if thing == "composition"}
    return (way.say for place, way in enumerate(ways.composition) if place not in own_places)


def _and(things: Iterable[str]) -> str:
    *others, last = things
    return f"{', '.join(others)} and {last}" if others else last
