"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. A careful model quotes exactly; small repairs let a sloppy one
be understood. Without them 9 of 10 sloppy but honest answers go back, with them 6; several
runs for one quote, or added words of three letters, bring nothing more.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from consultation.words import Word, distinct, near, words_of

PARTS = re.compile(r"(?:(?<!\s)\s+)?(?:\.\.\.|…|\[…\])\s*|\bm\d+:\s*")
"""Where a quote is cut into parts that are looked for by themselves."""

WIDEST_GAP = 2
"""Words of the message that a quote may leap over at once: with none, 9 of 10 sloppy answers
go back; a third wins nothing."""

SHARE_OF_OTHER_WORDS = 0.25
"""Words of a quote that the message has not. 15 and 40 per cent make no difference."""

SHORT = 2
"""Letters of such a word ("is", "a"); of four it could be the wish itself, blue for blow."""


class Run(NamedTuple):
    """A piece of a message: its place in signs, and which of its words the quote matched."""

    ref: str
    start: int
    end: int
    words: frozenset[int]


class Match(NamedTuple):
    """What a quote stands for in the message that it names, or in the one that has it.

    `leaps` are words of the message that it leaves out on the way, `repeats` further places
    where the very same words stand.
    """

    runs: tuple[Run, ...]
    leaps: tuple[Word, ...] = ()
    repeats: tuple[Run, ...] = ()


def find_quote(quote: str, ref: str, messages: Mapping[str, str]) -> Match | None:
    """The runs that a quote stands for, or None where the message says no such thing.

    `ref` names the message; an exact run in exactly one other message mends a wrong `ref`.
    """
    found: list[Match] = []
    for part in filter(str.strip, PARTS.split(quote)):
        match = align(part, messages.get(ref, ""), ref)
        if match is None:
            others = [
                match
                for other, text in messages.items()
                if other != ref and (match := exact(words_of(part), words_of(text), other))
            ]
            if len(others) != 1:
                return None
            match = others[0]
        found.append(match)
    if not found:
        return None
    return Match(
        tuple(run for match in found for run in match.runs),
        tuple(word for match in found for word in match.leaps),
        tuple(run for match in found for run in match.repeats),
    )


def exact(quote: Sequence[Word], text: Sequence[Word], ref: str) -> Match | None:
    """Every place where the text has the quote's words in a row, however they are spaced."""
    wanted = "".join(word.text for word in quote)
    if not wanted:
        return None
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    length = 0
    for number, word in enumerate(text):
        starts[length] = number
        length += len(word.text)
        ends[length] = number
    joined = "".join(word.text for word in text)
    runs, at = [], joined.find(wanted)
    while at >= 0:
        if at in starts and at + len(wanted) in ends:
            runs.append(_run(text, range(starts[at], ends[at + len(wanted)] + 1), ref))
        at = joined.find(wanted, at + 1)
    return Match(tuple(runs[:1]), repeats=tuple(runs[1:])) if runs else None


def align(quote: str, text: str, ref: str) -> Match | None:
    """The run of a text that a quote stands for, exactly or with small repairs."""
    wanted, there = words_of(quote), words_of(text)
    if found := exact(wanted, there, ref):
        return found
    known = distinct(there)  # most foreign quotes end here, before each place is tried
    if not all(_may_be_added(w) or any(near(w, other) for other in known) for w in wanted):
        return None
    allowed = max(1 if len(wanted) > SHORT else 0, SHARE_OF_OTHER_WORDS * len(wanted))
    rows = (_row(wanted, there, start, allowed) for start in range(len(there)))
    best = max(rows, key=len, default=())
    if len(best) < min(SHORT, len(wanted)) or not best:
        return None
    numbers = [theirs for _, theirs in best]
    leaps = tuple(there[n] for n in range(numbers[0], numbers[-1]) if n not in numbers)
    # "nobody in it" may stand for "nix in it", and never for "no name in it".
    exchanged = any(wanted[m].refuses and wanted[m].text != there[t].text for m, t in best)
    return None if leaps and exchanged else Match((_run(there, numbers, ref),), leaps)


def _row(
    wanted: Sequence[Word], there: Sequence[Word], start: int, allowed: float
) -> tuple[tuple[int, int], ...]:
    """The words of a quote in their order from a place of the text on, as pairs of places.

    Empty where more words are left over than are allowed, or one that may not be.
    """
    pairs: list[tuple[int, int]] = []
    at, over = start, 0
    for mine, word in enumerate(wanted):
        reach = (
            range(at, min(len(there), at + WIDEST_GAP + 1)) if pairs else range(start, start + 1)
        )
        hit = next((place for place in reach if near(word, there[place])), None)
        if hit is not None:
            pairs.append((mine, hit))
            at = hit + 1
            continue
        over += 1
        if over > allowed or not _may_be_added(word):
            return ()
    return tuple(pairs)


def _may_be_added(word: Word) -> bool:
    """Whether a word of a quote that the message has not may be the model's own."""
    return len(word.text) <= SHORT and not word.refuses and not word.number


def nearest(quote: str, text: str) -> str:
    """The run of a text that comes closest to a quote, to be copied instead of it."""
    if not text.strip() or not quote.strip():
        return ""
    place = fuzz.partial_ratio_alignment(fold_keeping_places(quote), fold_keeping_places(text))
    if place is None:
        return ""
    inside = [w for w in words_of(text) if w.start < place.dest_end and w.end > place.dest_start]
    return text[inside[0].start : inside[-1].end] if inside else ""


def fold_keeping_places(text: str) -> str:
    """The text in lower case, sign for sign at the place where it stands."""
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)


def _run(text: Sequence[Word], numbers: Sequence[int] | range, ref: str) -> Run:
    return Run(ref, text[numbers[0]].start, text[numbers[-1]].end, frozenset(numbers))
