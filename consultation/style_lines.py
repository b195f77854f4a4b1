"""What of a style is in a prompt, in words for the person."""

from collections.abc import Iterator, Sequence

from consultation.consultation_result import Consultation
from styles.strength import WHOLE
from styles.style_use import StyleUse

CHOSEN = (
    "The style {name} is chosen, at strength {strength}: what it says goes into the prompt where "
    "your own words do not say otherwise."
)
WENT_IN = "Of the style {name} went into the prompt, at strength {strength}: {lines}."
GAVE_WAY = "Of the style {name} gave way to your own words: {lines}."
NO_PLACE = "Of the style {name} found no place in the prompt: {lines}."


def style_notes(result: Consultation, styles: Sequence[StyleUse]) -> list[str]:
    """What of the styles of a dialogue is in its prompt, and what is not; while it asks, that they
    are chosen, and what of them gives way already."""
    return [note for use in styles for note in _notes_of(use, result)]


def _notes_of(use: StyleUse, result: Consultation) -> Iterator[str]:
    name = use.name if use.weight == WHOLE else f"{use.name} ({use.weight} %)"
    said = [one.quote for span in result.provenance for one in span.said if one.ref == use.ref]
    if result.refined_prompt is None:
        yield CHOSEN.format(name=name, strength=use.strength)
    elif lines := _lines_of(use, said):
        yield WENT_IN.format(name=name, strength=use.strength, lines=lines)
    lost = [one for one in result.not_used if one.ref == use.ref]
    if lines := _lines_of(use, [one.quote for one in lost if one.why != "unplaced"]):
        yield GAVE_WAY.format(name=name, lines=lines)
    if lines := _lines_of(use, [one.quote for one in lost if one.why == "unplaced"]):
        yield NO_PLACE.format(name=name, lines=lines)


def _lines_of(use: StyleUse, quotes: Sequence[str]) -> str:
    """What quotes have of a style, by what it is about."""
    parts = {
        about: ", ".join(dict.fromkeys(quote for quote in quotes if quote in line))
        for about, line in use.lines.items()
    }
    return "; ".join(f"{about}: {words}" for about, words in parts.items() if words)
