"""What a style says, line by line, and whether each found a place in the prompt."""

from collections.abc import Collection, Iterator, Sequence

from consultation.consultation_result import Consultation
from consultation.quotes import Fault, Statements
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, Quote
from styles.strength import WHOLE
from styles.style_use import StyleUse

CHOSEN = (
    "The style {name} is chosen, at strength {strength}: what it says goes into the prompt where "
    "your own words do not say otherwise."
)
WENT_IN = "Of the style {name} went into the prompt, at strength {strength}: {lines}."
GAVE_WAY = "Of the style {name} gave way to your own words: {lines}."
NO_PLACE = "Of the style {name} found no place in the prompt: {lines}."


def lines_without_place(
    turn: FacilitatorTurn,
    transcript: Transcript,
    statements: Statements,
    sources: Collection[int],
) -> list[Quote]:
    """The lines of styles of which no stretch of the prompt has a word, and that were not set
    aside. `sources` are the places of those whose stretch stands in the prompt."""
    if not turn.prompt.strip():
        return []
    placed = [one for one in statements["sources"] if one.index in sources]
    quoted = [quote for one in (*placed, *statements["set_aside"]) for quote in one.said]
    return [
        Quote(ref=use.ref, quote=line)
        for use in transcript.styles
        for line in use.lines.values()
        if not any(quote.ref == use.ref and quote.quote in line for quote in quoted)
    ]


def faults_of_styles(lines: Sequence[Quote]) -> list[Fault]:
    """What to say of lines that got lost."""
    advice = "`{}` is quoted for no stretch of the prompt. Put it in, and quote it; or, where the "
    advice += "person's words say otherwise, set it aside as `replaced`."
    return [
        Fault("style", line.ref, advice.format(line.quote), serious=False, words=line.quote)
        for line in lines
    ]


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
