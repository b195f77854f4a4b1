"""Where each stretch of a prompt comes from: the prompt cut into spans, never a letter changed."""

import re
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel

from consultation.quotes import Fault, Run, Statement, closest
from consultation.transcript import Transcript, message_number
from consultation.turn import Quote
from consultation.words import (
    SHORTEST_TO_SHARE,
    content,
    refusals,
    refused_words,
    refuses,
    scripts_of,
    shares,
    size,
    words_of,
)

SpanSource = Literal["said", "chosen", "reference", "template", "style", "assumed"]

PREFIXES: dict[SpanSource, str] = {
    "said": "m",
    "chosen": "q",
    "reference": "r",
    "template": "template:",
    "style": "style:",
}
"""How the ref of each source begins; where several stand behind a stretch the first is told."""

LONGEST_QUOTE = (2, 5)
"""A quote has at most so many times the content words of its stretch, and so many more: of
164 honest quotes and those of `changes.yaml` in the tests none has more, of whole messages quoted
for one stretch all have."""

MOST = 0.4
"""Share of a prompt that one stretch may be: of honest ones the longest has 32 per cent."""

SHORTEST_PROMPT = 25
"""Words of a prompt that has to be divided: half of a short one may be of one piece."""

COUNT = re.compile(r"[.):]\s")
"""Behind a number that only counts the parts of a list: `4: the heap after six months`."""

CLOSEST = 3
"""Words beside a refusing one that it refuses wherever they are quoted: of 169 honest stretches
none leaves it out of its quote."""


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
    said: Sequence[Quote] = ()
    loose: bool = True


def place_sources(
    sources: Sequence[Statement], prompt: str
) -> tuple[dict[str, Stretch], list[Fault]]:
    """The stretch of each source that rests on words; and sources that do not stand in the
    prompt, or that quote far more than their stretch says."""
    stretches: dict[str, Stretch] = {}
    faults: list[Fault] = []
    words, runs = words_of(prompt), _runs_of(sources, prompt)
    for one in sources:
        run = runs[one.where]
        if not run.words:
            advice = f'"{one.text}" does not stand in the prompt. Copy the stretch letter by '
            advice += f"letter, such as `{run.quote.quote}`, or leave it out."
            faults.append(Fault("place", one.where, advice))
        elif one.said:
            stretches[one.where] = Stretch(run.start, run.end, one.said, _is_loose(one))
            longest = LONGEST_QUOTE[0] * size(words_of(one.text)) + LONGEST_QUOTE[1]
            is_most = len(words) >= SHORTEST_PROMPT and run.end - run.start > MOST * len(prompt)
            said = [words_of(q.quote) for q in one.said if message_number(q.ref)]
            if is_most or any(size(quote) > longest for quote in said):
                advice = "one quote for too much. Give each part of the prompt its own short quote."
                faults.append(Fault("length", one.where, advice))
    return stretches, faults


def _runs_of(sources: Sequence[Statement], prompt: str) -> dict[str, Run]:
    """Where each source stands in the prompt: of places that say the same, in one that no longer
    source has."""
    runs, free = dict[str, Run](), prompt
    for one in sorted(sources, key=lambda one: len(one.text), reverse=True):
        run = closest(one.text, free)
        runs[one.where] = run = run if run.is_exact else closest(one.text, prompt)
        place = slice(run.start, run.end)
        # A word of as many letters, over which no other run goes.
        free = free[: place.start] + "x" * len(prompt[place]) + free[place.stop :]
    return runs


def _is_loose(statement: Statement) -> bool:
    """Whether a text shares nothing with its words, of all that can be compared by words."""
    # Of a picture, a template and a style nothing can be compared by words.
    if any(quote.ref[:1] not in "mq" for quote in statement.said):
        return False
    own, theirs = words_of(statement.text), words_of(statement.words)
    is_comparable = content(own, SHORTEST_TO_SHARE) and scripts_of(own) & scripts_of(theirs)
    return bool(is_comparable) and not shares(own, theirs)


def faults_of_sharing(statements: Sequence[Statement], transcript: Transcript) -> list[Fault]:
    """Stretches and values that share nothing with their quote, though their words were said."""
    faults = []
    for one in (one for one in statements if one.said and _is_loose(one)):
        words = [word for word in content(words_of(one.text)) if not word.refuses]
        there = [r for r, m in transcript.messages.items() if shares(words, words_of(m))]
        advice = f'"{one.text}" shares nothing with its quote; its words stand in '
        advice += f"{', '.join(there)}. Quote those, or leave the quote out."
        faults += [Fault("shares", one.where, advice, serious=False)] if there else []
    return faults


def faults_of_numbers(sources: Sequence[Statement]) -> list[Fault]:
    """Stretches with another number in place of one of their quotes."""
    faults = []
    for one in sources:
        drawn, said = _numbers(one.text), _numbers(one.words)
        new = [n for n in drawn - said if not any(_is_same(n, m) for m in said)]
        if new and said - drawn:
            advice = f'"{one.text}" has another number than `{one.words}`. Write the person\'s.'
            faults.append(Fault("number", one.where, advice))
    return faults


def _is_same(one: str, other: str) -> bool:
    """Whether two numbers may be one: 1952 is '52 and of the 1950s, and 1500 is 1.500."""
    short, long = sorted((one, other), key=len)
    is_decade = len(short) == len(long) == len("1950") and short[:3] == long[:3]
    return is_decade or long.endswith(short.zfill(2))


def _numbers(text: str) -> set[str]:
    """The numbers of a text in digits of ours, without what stands before or behind them."""
    numbers = (word for word in words_of(text) if word.number and not COUNT.match(text, word.end))
    return {str(int(re.sub(r"\D", "", word.text) or 0)) for word in numbers}


def faults_of_refusals(sources: Sequence[Statement], transcript: Transcript) -> list[Fault]:
    """Stretches that want what the person refused."""
    faults = []
    for one in sources:
        for run in one.runs:
            words = _with_refusals(run, transcript.messages.get(run.quote.ref, ""))
            if _is_wanted(one.text, words, is_alone=len(one.said) == 1):
                advice = f'"{one.text}" wants what the person refused: `{words}`. Make the prompt '
                advice += "refuse it, and quote the stretch that does."
                faults.append(Fault("turned round", one.where, advice, words=words))
    return faults


def _with_refusals(run: Run, text: str) -> str:
    """A run with the refusing words that belong to it, such as that of "no text or people"."""
    start, end = run.start, run.end
    for word, refused in refusals(text).items():
        nearest = sorted(refused, key=lambda other: abs(other.start - word.start))[:CLOSEST]
        if any(run.start <= other.start < run.end for other in nearest):
            start, end = min(start, word.start), max(end, word.end)
    return text[start:end] or run.quote.quote


def _is_wanted(stretch: str, quote: str, *, is_alone: bool) -> bool:
    """Whether a stretch wants what a quote refuses, and nothing else of the quote.

    "No open wings, closed ones" is heard by "closed wings", though the wings stand in both; "no
    wait, purple" beside another quote only corrects that.
    """
    refused = refused_words(quote)
    own = [word for word in words_of(quote) if word not in refused and not word.refuses]
    present = shares(own, words_of(stretch)) if own else not is_alone
    return shares(refused, words_of(stretch)) and not refuses(stretch) and not present


def spans_of(prompt: str, stretches: Collection[Stretch]) -> list[Span]:
    """The prompt as pieces that join to it: what no stretch covers is assumed.

    Stretches that overlap become one with the words of both, since nothing finer was claimed.
    """
    pieces = [Stretch(0, 0)]
    for place in sorted(stretches, key=lambda place: (place.start, place.end)):
        last = pieces[-1]
        if place.start < last.end:
            said = {(q.ref, q.quote): q for q in (*last.said, *place.said)}
            end, loose = max(last.end, place.end), last.loose and place.loose
            pieces[-1] = Stretch(last.start, end, [*said.values()], loose)
        else:
            pieces += [Stretch(last.end, place.start), place]
    pieces.append(Stretch(pieces[-1].end, len(prompt)))
    return [
        _span(prompt[piece.start : piece.end], piece.said, loose=piece.loose)
        for piece in pieces
        if piece.start < piece.end
    ]


def _span(text: str, said: Sequence[Quote], *, loose: bool = False) -> Span:
    if loose:
        return Span(text=text, source="assumed", said=[*said])
    ref = name_of(min(said, key=_rank).ref)
    return Span(text=text, source=source_of(said), ref=ref, said=[*said])


def with_picks(span: Span, transcript: Transcript) -> Span:
    """A span that names an option where the person only took it."""
    if span.source == "assumed" or not span.said:
        return span
    return _span(span.text, transcript.as_picks(span.said))


def source_of(said: Sequence[Quote]) -> SpanSource:
    """What words that rest on these quotes come from: the person's words first."""
    return [*PREFIXES][min(map(_rank, said))] if said else "assumed"


def name_of(ref: str) -> str:
    """A ref as it is shown: m2, q1, r1, or the name of a template or style."""
    return ref.partition(":")[2] or ref


def _rank(quote: Quote) -> int:
    """The place of a quote's source among them; one that names nothing is of a message."""
    return next((n for n, p in enumerate(PREFIXES.values()) if quote.ref.startswith(p)), 0)
