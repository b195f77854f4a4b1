"""What a style says, line by line, and whether each found a place in the prompt."""

from collections.abc import Collection, Sequence

from consultation.quotes import Fault, Statements
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, Quote


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
