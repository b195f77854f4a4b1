"""Where each stretch of a prompt comes from: the prompt cut into spans, never a letter changed."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from consultation.evidence import Evidence, Fault, Part, words_behind
from consultation.quotes import align, nearest
from consultation.refusals import refuses
from consultation.transcript import Transcript
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

LARGEST_STRETCH = 0.4
"""The share of a prompt that one stretch may cover; honest ones cover at most 0.32."""

LONG_PROMPT = 25
"""Words of a prompt from which on that share says something; a terse one has few stretches."""


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
    """Each source's stretch with its place in the prompt, and the sources that have none."""
    stretches: list[Stretch] = []
    faults: list[Fault] = []
    for index, source in enumerate(turn.sources):
        place = _find(source.prompt, turn.prompt, stretches)
        if place is None:
            copy = nearest(source.prompt, turn.prompt)
            advice = f'"{source.prompt}" does not stand in the prompt. Copy the stretch letter by '
            advice += f"letter{f', such as `{copy}`' if copy else ''}, or leave the source out."
            faults.append(Fault("place", f"sources[{index}]", advice))
        elif said := words_behind(evidence, "sources", index):
            loose = _is_loose(source.prompt, said)
            stretches.append(Stretch(*place, said, loose, index))
    return stretches, faults


def faults_of_length(
    turn: FacilitatorTurn, evidence: Sequence[Evidence], stretches: Sequence[Stretch]
) -> list[Fault]:
    """Quotes far longer than their stretch, and stretches that are most of the prompt."""
    faults = []
    times, more = LONGEST_QUOTE
    for one in (one for one in evidence if one.part == "sources" and one.match):
        quote, stretch = words_of(one.text), words_of(turn.sources[one.index].prompt)
        if size(quote) > times * size(stretch) + more:
            advice = f"its quote has {len(quote)} words for a stretch of {len(stretch)}. Give each "
            advice += "part of the prompt its own short quote."
            faults.append(Fault("length", one.where, advice))
    long = len(words_of(turn.prompt)) >= LONG_PROMPT
    for place in stretches:
        if long and place.end - place.start > LARGEST_STRETCH * len(turn.prompt):
            advice = (
                f'"{turn.prompt[place.start : place.end][:60]}..." is most of the prompt. Give '
            )
            faults.append(Fault("length", "sources", f"{advice}each part of it its own quote."))
    return faults


def faults_of_sharing(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Stretches and values that share nothing with their quote, though their words were said."""
    texts: list[tuple[Part, int, str]] = [
        *(("sources", index, source.prompt) for index, source in enumerate(turn.sources)),
        *(("brief", n, e.value) for n, e in enumerate(turn.brief) if e.dimension != FORMAT),
    ]
    faults = []
    for part, index, text in texts:
        said = words_behind(evidence, part, index)
        if not said or not _is_loose(text, said):
            continue
        for ref, message in transcript.messages.items():
            shared = share(words_of(text), words_of(message))
            if better := [w.text for w in shared if w.tells() and not w.refuses]:
                own = " ".join(quote.quote for quote in said)
                advice = f'"{text}" shares nothing with its quote `{own}`; {", ".join(better)} '
                advice += f"stands in {ref}. Quote that, or leave the quote out."
                faults.append(Fault("shares", f"{part}[{index}]", advice, serious=False))
                break
    return faults


def spans_of(prompt: str, stretches: Iterable[Stretch]) -> list[Span]:
    """The prompt as pieces that join to it: what no stretch covers is assumed.

    Stretches that overlap become one with the words of both, since nothing finer was claimed.
    """
    united: list[Stretch] = []
    for place in sorted(stretches, key=lambda place: (place.start, place.end)):
        last = united[-1] if united else None
        if last and place.start < last.end:
            said = dict.fromkeys((q.ref, q.quote) for q in (*last.said, *place.said))
            united[-1] = Stretch(
                last.start,
                max(last.end, place.end),
                tuple(Quote(ref=ref, quote=quote) for ref, quote in said),
                last.loose and place.loose,
                last.source,
            )
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
    leading = min(said, key=_rank)
    return Span(text=text, source=source_of(said), ref=name_of(leading.ref), said=said)


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
    if not places and (match := align(stretch, prompt, "prompt")):
        places = [(run.start, run.end) for run in (*match.runs, *match.repeats)]
    free = [p for p in places if not any(t.start < p[1] and p[0] < t.end for t in taken)]
    return next(iter([*free, *places]), None)


def _is_loose(stretch: str, said: Sequence[Quote]) -> bool:
    """Whether a stretch shares nothing with its words, of all that can be compared by words."""
    if any(quote.ref[:1] not in "mq" for quote in said):  # a picture, a template, a style
        return False
    own, theirs = words_of(stretch), words_of(" ".join(quote.quote for quote in said))
    both_refuse = refuses(stretch) and any(word.refuses for word in theirs)
    return bool(content(own, SHORTEST_TO_SHARE)) and not share(own, theirs) and not both_refuse
