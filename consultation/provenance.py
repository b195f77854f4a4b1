"""Where each stretch of a prompt comes from: the prompt cut into spans, never a letter changed."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from consultation.quotes import Evidence, Fault, Part, align, nearest, words_behind
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
    said: tuple[Quote, ...]
    loose: bool
    source: int


def place_sources(
    turn: FacilitatorTurn, evidence: Sequence[Evidence]
) -> tuple[list[Stretch], list[Fault]]:
    """Each source's stretch with its place in the prompt; sources that have none, or that quote
    far more than their stretch says."""
    stretches: list[Stretch] = []
    faults: list[Fault] = []
    for index, source in enumerate(turn.sources):
        place = _find(source.prompt, turn.prompt, stretches)
        if place is None:
            advice = f'"{source.prompt}" does not stand in the prompt. Copy the stretch letter by '
            advice += f"letter, such as `{nearest(source.prompt, turn.prompt)}`, or leave it out."
            faults.append(Fault("place", f"sources[{index}]", advice))
        elif said := words_behind(evidence, "sources", index):
            loose = _is_loose(source.prompt, said)
            stretches.append(Stretch(*place, said, loose, index))
            longest = LONGEST_QUOTE[0] * size(words_of(source.prompt)) + LONGEST_QUOTE[1]
            if any(size(words_of(q.quote)) > longest for q in said if message_number(q.ref)):
                advice = "one quote for too much. Give each part of the prompt its own short quote."
                faults.append(Fault("length", f"sources[{index}]", advice))
    return stretches, faults


def faults_of_sharing(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Stretches and values that share nothing with their quote, though their words were said."""
    texts: list[tuple[Part, int, str]] = [
        *(("sources", n, source.prompt) for n, source in enumerate(turn.sources)),
        *(("brief", n, e.value) for n, e in enumerate(turn.brief) if e.dimension != FORMAT),
    ]
    faults = []
    for part, index, text in texts:
        said = words_behind(evidence, part, index)
        if said and _is_loose(text, said):
            words = [w for w in content(words_of(text)) if not w.refuses]
            there = [r for r, m in transcript.messages.items() if share(words, words_of(m))]
            if not there:
                continue
            advice = f'"{text}" shares nothing with its quote; its words stand in '
            advice += f"{', '.join(there)}. Quote those, or leave the quote out."
            faults.append(Fault("shares", f"{part}[{index}]", advice, serious=False))
    return faults


def spans_of(prompt: str, stretches: Iterable[Stretch]) -> list[Span]:
    """The prompt as pieces that join to it: what no stretch covers is assumed.

    Stretches that overlap become one with the words of both, since nothing finer was claimed.
    """
    united: list[Stretch] = []
    for place in sorted(stretches, key=lambda place: (place.start, place.end)):
        if united and place.start < united[-1].end:
            last = united.pop()
            said = {(q.ref, q.quote): q for q in (*last.said, *place.said)}
            loose = last.loose and place.loose
            end = max(last.end, place.end)
            united.append(last._replace(end=end, said=tuple(said.values()), loose=loose))
        else:
            united.append(place)
    spans, at = [], 0
    for place in united:
        spans.append(Span(text=prompt[at : place.start], source="assumed"))
        spans.append(_span(prompt[place.start : place.end], place))
        at = place.end
    spans.append(Span(text=prompt[at:], source="assumed"))
    return [span for span in spans if span.text]


def _span(text: str, place: Stretch) -> Span:
    said = list(place.said)
    if place.loose:
        return Span(text=text, source="assumed", said=said)
    return _resting(text, said)


def _resting(text: str, said: list[Quote]) -> Span:
    leading = min(said, key=_rank)
    return Span(text=text, source=source_of(said), ref=name_of(leading.ref), said=said)


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


def _find(stretch: str, prompt: str, taken: Sequence[Stretch]) -> tuple[int, int] | None:
    """The first place of a stretch that no source has yet; else the first of all."""
    found = re.finditer(f"(?={re.escape(stretch)})", prompt) if stretch.strip() else ()
    places = [(one.start(), one.start() + len(stretch)) for one in found]
    if not places and (run := align(stretch, prompt, "prompt")):
        places = [(run.start, run.end)]
    free = [p for p in places if not any(t.start < p[1] and p[0] < t.end for t in taken)]
    return next(iter([*free, *places]), None)


def _is_loose(stretch: str, said: Sequence[Quote]) -> bool:
    """Whether a stretch shares nothing with its words, of all that can be compared by words."""
    if any(quote.ref[:1] not in "mq" for quote in said):  # a picture, a template, a style
        return False
    own, theirs = words_of(stretch), words_of(" ".join(quote.quote for quote in said))
    both_refuse = refuses(stretch) and any(word.refuses for word in theirs)
    return bool(content(own, SHORTEST_TO_SHARE)) and not share(own, theirs) and not both_refuse
