"""Where each stretch of a prompt comes from: the prompt cut into spans, never a letter changed."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from consultation.quotes import Fault, Statement, Statements, closest
from consultation.refusals import refuses
from consultation.transcript import Transcript, message_number
from consultation.turn import FORMAT, FacilitatorTurn, Quote
from consultation.words import SHORTEST_TO_SHARE, content, share, size, words_of

SpanSource = Literal["said", "chosen", "reference", "template", "style", "assumed"]

PREFIXES: dict[SpanSource, str] = {
    "said": "m",
    "chosen": "q",
    "reference": "r",
    "template": "template:",
    "style": "style:",
}
"""How the ref of each source begins; where several stand behind a stretch the first is told."""

LONGEST_QUOTE = (2, 3)
"""A quote has at most so many times the content words of its stretch, and so many more: of
164 honest quotes none has more, of whole messages quoted for one stretch all have."""


class Span(BaseModel):
    """A piece of the refined prompt, and the words that it rests on.

    `source` is `assumed` for what rests on nothing; with words in `said` it was written
    after them without sharing any.
    """

    text: str
    source: SpanSource
    ref: str | None = None
    said: list[Quote] = []


class Stretch(NamedTuple):
    """A place of the prompt, the words it rests on, and whether it shares nothing with them."""

    start: int
    end: int
    said: tuple[Quote, ...] = ()
    loose: bool = True


def place_sources(
    turn: FacilitatorTurn, statements: Statements
) -> tuple[dict[int, Stretch], list[Fault]]:
    """The stretch of each source that rests on words, by its place in the turn; and sources
    that do not stand in the prompt, or that quote far more than their stretch says."""
    stretches: dict[int, Stretch] = {}
    faults: list[Fault] = []
    for one in statements["sources"]:
        place = _find(one.text, turn.prompt, stretches.values())
        if place is None:
            copy = closest(one.text, turn.prompt, "").quote.quote
            advice = f'"{one.text}" does not stand in the prompt. Copy the stretch letter by '
            advice += f"letter, such as `{copy}`, or leave it out."
            faults.append(Fault("place", one.where, advice))
        elif one.said:
            stretches[one.index] = Stretch(*place, tuple(one.said), _is_loose(one))
            longest = LONGEST_QUOTE[0] * size(words_of(one.text)) + LONGEST_QUOTE[1]
            if any(size(words_of(q.quote)) > longest for q in one.said if message_number(q.ref)):
                advice = "one quote for too much. Give each part of the prompt its own short quote."
                faults.append(Fault("length", one.where, advice))
    return stretches, faults


def _find(stretch: str, prompt: str, taken: Collection[Stretch]) -> tuple[int, int] | None:
    """The first place of a stretch that no source has yet; else the first of all."""
    found = re.finditer(f"(?={re.escape(stretch)})", prompt) if stretch.strip() else ()
    places = [(one.start(), one.start() + len(stretch)) for one in found]
    run = closest(stretch, prompt, "")
    if not places and run.words:
        places = [(run.start, run.end)]
    free = [p for p in places if not any(t.start < p[1] and p[0] < t.end for t in taken)]
    return next(iter([*free, *places]), None)


def _is_loose(statement: Statement) -> bool:
    """Whether a text shares nothing with its words, of all that can be compared by words."""
    # Of a picture, a template and a style nothing can be compared by words.
    if any(quote.ref[:1] not in "mq" for quote in statement.said):
        return False
    own, theirs = words_of(statement.text), words_of(statement.words)
    both_refuse = refuses(statement.text) and any(word.refuses for word in theirs)
    return bool(content(own, SHORTEST_TO_SHARE)) and not share(own, theirs) and not both_refuse


def faults_of_sharing(
    turn: FacilitatorTurn, transcript: Transcript, statements: Statements
) -> list[Fault]:
    """Stretches and values that share nothing with their quote, though their words were said."""
    seen = [s for s in statements["brief"] if turn.brief[s.index].dimension != FORMAT]
    faults = []
    for one in (one for one in (*statements["sources"], *seen) if one.said and _is_loose(one)):
        words = [word for word in content(words_of(one.text)) if not word.refuses]
        there = [r for r, m in transcript.messages.items() if share(words, words_of(m))]
        advice = f'"{one.text}" shares nothing with its quote; its words stand in '
        advice += f"{', '.join(there)}. Quote those, or leave the quote out."
        faults += [Fault("shares", one.where, advice, serious=False)] if there else []
    return faults


def spans_of(prompt: str, stretches: Iterable[Stretch]) -> list[Span]:
    """The prompt as pieces that join to it: what no stretch covers is assumed.

    Stretches that overlap become one with the words of both, since nothing finer was claimed.
    """
    pieces = [Stretch(0, 0)]
    for place in sorted(stretches, key=lambda place: (place.start, place.end)):
        last = pieces[-1]
        if place.start < last.end:
            said = {(q.ref, q.quote): q for q in (*last.said, *place.said)}
            end, loose = max(last.end, place.end), last.loose and place.loose
            pieces[-1] = Stretch(last.start, end, tuple(said.values()), loose)
        else:
            pieces += [Stretch(last.end, place.start), place]
    pieces.append(Stretch(pieces[-1].end, len(prompt)))
    return [_span(prompt, piece) for piece in pieces if piece.start < piece.end]


def _span(prompt: str, piece: Stretch) -> Span:
    text = prompt[piece.start : piece.end]
    if piece.loose:
        return Span(text=text, source="assumed", said=[*piece.said])
    return _resting(text, piece.said)


def _resting(text: str, said: Sequence[Quote]) -> Span:
    leading = min(said, key=_rank)
    return Span(text=text, source=source_of(said), ref=name_of(leading.ref), said=[*said])


def with_picks(span: Span, transcript: Transcript) -> Span:
    """A span that names an option where the person only took it."""
    if span.source == "assumed" or not span.said:
        return span
    return _resting(span.text, transcript.as_picks(span.said))


def source_of(said: Sequence[Quote]) -> SpanSource:
    """What words that rest on these quotes come from: the person's words first."""
    return [*PREFIXES][min(map(_rank, said))] if said else "assumed"


def name_of(ref: str) -> str:
    """A ref as it is shown: m2, q1, r1, or the name of a template or style."""
    return ref.partition(":")[2] or ref


def _rank(quote: Quote) -> int:
    """The place of a quote's source among them; one that names nothing is of a message."""
    return next((n for n, p in enumerate(PREFIXES.values()) if quote.ref.startswith(p)), 0)
