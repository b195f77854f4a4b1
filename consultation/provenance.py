"""Where each stretch of a prompt comes from: the prompt cut into spans, never a letter changed."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from consultation.evidence import Evidence, Fault, Part, words_behind
from consultation.quotes import align, nearest
from consultation.refusals import refuses
from consultation.transcript import Pick, Transcript
from consultation.turn import FacilitatorTurn, Quote
from consultation.words import content, is_content, share, size, words_of

SpanSource = Literal["said", "chosen", "reference", "template", "style", "assumed"]

LONGEST_QUOTE = (2, 3)
"""A quote has at most so many times the content words of its stretch, and so many more: of
164 honest quotes none has more, of whole messages quoted for one stretch all have."""

LARGEST_STRETCH = 0.4
"""The share of a prompt that one stretch may cover; honest ones cover at most 0.32."""

LONG_PROMPT = 25
"""Words of a prompt from which on that share says something; a terse one has few stretches."""

SHORT_STRETCH = 2
"""Words below which a stretch is a name or a number and need not share its quote's words."""


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
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> tuple[list[Stretch], list[Fault]]:
    """Each source's stretch with its place in the prompt, and the sources that have none."""
    stretches: list[Stretch] = []
    faults: list[Fault] = []
    picks = transcript.picks(turn)
    for index, source in enumerate(turn.sources):
        place = _find(source.prompt, turn.prompt, stretches)
        if place is None:
            candidate = nearest(source.prompt, turn.prompt)
            faults.append(
                Fault(
                    "place",
                    f"sources[{index}]",
                    f'"{source.prompt}" does not stand in the prompt. Copy the stretch letter by '
                    f"letter, such as `{candidate}`, or leave the source out.",
                )
            )
            continue
        if said := words_behind(evidence, "sources", index):
            loose = _is_loose(source.prompt, said, picks)
            stretches.append(Stretch(*place, said, loose, index))
    return stretches, faults


def faults_of_length(
    turn: FacilitatorTurn, evidence: Sequence[Evidence], stretches: Sequence[Stretch]
) -> list[Fault]:
    """Quotes far longer than their stretch, and stretches that are most of the prompt."""
    faults = []
    times, more = LONGEST_QUOTE
    for one in (one for one in evidence if one.part == "sources" and one.match):
        source = turn.sources[one.index]
        if size(words_of(one.text)) > times * size(words_of(source.prompt)) + more:
            faults.append(
                Fault(
                    "length",
                    one.where,
                    f"its quote has {len(words_of(one.text))} words for a stretch of "
                    f"{len(words_of(source.prompt))}. Give each part of the prompt its own short "
                    "quote.",
                )
            )
    if len(words_of(turn.prompt)) >= LONG_PROMPT:
        faults += [
            Fault(
                "length",
                "sources",
                f'"{turn.prompt[place.start : place.end][:60]}..." is most of the prompt. Give '
                "each part of it its own quote.",
            )
            for place in stretches
            if place.end - place.start > LARGEST_STRETCH * len(turn.prompt)
        ]
    return faults


def faults_of_sharing(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Stretches and values that share nothing with their quote, though their words were said."""
    texts: list[tuple[Part, int, str]] = [
        *(("sources", index, source.prompt) for index, source in enumerate(turn.sources)),
        *(("brief", index, entry.value) for index, entry in enumerate(turn.brief)),
    ]
    picks = transcript.picks(turn)
    faults = []
    for part, index, text in texts:
        said = words_behind(evidence, part, index)
        if said and _is_loose(text, said, picks):
            own = " ".join(quote.quote for quote in said)
            faults += _said_elsewhere(f"{part}[{index}]", text, own, transcript)
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
        if place.start > at:
            spans.append(Span(text=prompt[at : place.start], source="assumed"))
        spans.append(_span(prompt[place.start : place.end], place))
        at = place.end
    if at < len(prompt):
        spans.append(Span(text=prompt[at:], source="assumed"))
    return spans


def _span(text: str, place: Stretch) -> Span:
    said = list(place.said)
    if place.loose:
        return Span(text=text, source="assumed", said=said)
    first = _leading(said)
    return Span(text=text, source=source_of([first]), ref=name_of(first.ref), said=said)


RANKS: tuple[SpanSource, ...] = ("said", "chosen", "reference", "template", "style", "assumed")
"""Which source a stretch is told by where it rests on several: the person's words first."""

PREFIXES: dict[str, SpanSource] = {
    "template:": "template",
    "style:": "style",
    "q": "chosen",
    "r": "reference",
}
"""What a ref names, by how it begins."""


def source_of(said: Sequence[Quote]) -> SpanSource:
    """What words that rest on these quotes come from, `assumed` without any."""
    if not said:
        return "assumed"
    return min((_source(quote.ref) for quote in said), key=RANKS.index)


def name_of(ref: str) -> str:
    """A ref as it is shown: m2, q1, r1, or the name of a template or style."""
    return ref.partition(":")[2] or ref


def _leading(said: Sequence[Quote]) -> Quote:
    return min(said, key=lambda quote: RANKS.index(_source(quote.ref)))


def _source(ref: str) -> SpanSource:
    for prefix, source in PREFIXES.items():
        if ref.startswith(prefix):
            return source
    return "said"


def _find(stretch: str, prompt: str, taken: Sequence[Stretch]) -> tuple[int, int] | None:
    """The first place of a stretch that no source has yet; else the first of all."""
    places = []
    at = prompt.find(stretch) if stretch.strip() else -1
    while at >= 0:
        places.append((at, at + len(stretch)))
        at = prompt.find(stretch, at + 1)
    if not places and (found := align(stretch, prompt, "prompt")):
        places = [(run.start, run.end) for run in (*found.runs, *found.repeats)]
    free = [p for p in places if not any(t.start < p[1] and p[0] < t.end for t in taken)]
    return next(iter([*free, *places]), None)


def _is_loose(stretch: str, said: Sequence[Quote], picks: Sequence[Pick]) -> bool:
    """Whether a stretch shares nothing with its words, of all that can be compared by words.

    Words that picked an option ("the second one") say what the option says.
    """
    if any(quote.ref[:1] not in "mq" for quote in said):  # a picture, a template, a style
        return False
    options = [pick.option for pick in picks if any(pick.stands_in(quote) for quote in said)]
    own = words_of(stretch)
    theirs = words_of(" ".join([*(quote.quote for quote in said), *options]))
    if not content(own, 3) or (len(own) < SHORT_STRETCH and own[0].script == "spaced"):
        return False
    both_refuse = refuses(stretch) and any(word.refuses for word in theirs)
    return not share(own, theirs) and not both_refuse


def _said_elsewhere(where: str, text: str, own: str, transcript: Transcript) -> list[Fault]:
    mine = words_of(text)
    for ref, message in transcript.messages.items():
        if better := [
            w.text for w in share(mine, words_of(message)) if is_content(w) and not w.refuses
        ]:
            return [
                Fault(
                    "shares",
                    where,
                    f'"{text}" shares nothing with its quote `{own}`; {", ".join(better)} stands '
                    f"in {ref}. Quote that, or leave the quote out.",
                    serious=False,
                )
            ]
    return []
