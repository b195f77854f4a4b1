"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. A careful model quotes exactly; small repairs let a sloppy one
be understood. Without them 9 of 10 sloppy but honest answers go back, with them 5.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz import fuzz

from consultation.words import Word, near, words_of

PARTS = re.compile(r"\.\.\.|…|\bm\d+:")
"""Where a quote is cut into parts that are looked for by themselves."""

WIDEST_GAP = 2
"""Words of the message that a quote may leap over at once: a third wins nothing."""

OTHER_WORDS = 4
"""One word in so many of a quote may be one that the message has not, or the only one."""

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
    if whole := exact(quote, messages.get(ref, ""), ref):
        return whole  # the person's own dots part nothing
    found: list[Match] = []
    for part in filter(words_of, PARTS.split(quote)):
        match = align(part, messages.get(ref, ""), ref)
        if match is None:
            others = [exact(part, text, other) for other, text in messages.items() if other != ref]
            if len(there := [*filter(None, others)]) != 1:
                return None
            match = there[0]
        found.append(match)
    parts = zip(*found, strict=True)  # runs with runs, leaps with leaps, repeats with repeats
    return Match(*(sum(part, ()) for part in parts)) if found else None


def exact(quote: str, text: str, ref: str) -> Match | None:
    """Every place where the text has the quote's words in a row, however they are spaced."""
    wanted = "".join(word.text for word in words_of(quote))
    there = words_of(text)
    places = {end: n for n, end in enumerate(accumulate((len(w.text) for w in there), initial=0))}
    found = re.finditer(f"(?={re.escape(wanted)})", "".join(w.text for w in there))
    runs = [
        _run(there, range(places[one.start()], places[one.start() + len(wanted)]), ref)
        for one in found
        if wanted and {one.start(), one.start() + len(wanted)} <= places.keys()
    ]
    return Match(tuple(runs[:1]), repeats=tuple(runs[1:])) if runs else None


def align(quote: str, text: str, ref: str) -> Match | None:
    """The run of a text that a quote stands for, exactly or with small repairs."""
    if found := exact(quote, text, ref):
        return found
    wanted, there = words_of(quote), words_of(text)
    rows = (_row(wanted, there, start) for start in range(len(there)))
    best = max(rows, key=len, default={})
    if len(best) < min(SHORT, len(wanted)) or not best:
        return None
    leaps = tuple(there[n] for n in range(min(best), max(best)) if n not in best)
    # "nobody in it" may stand for "nix in it", and never for "no name in it".
    exchanged = any(word.refuses and word.text != there[n].text for n, word in best.items())
    return None if leaps and exchanged else Match((_run(there, [*best], ref),), leaps)


def _row(wanted: Sequence[Word], there: Sequence[Word], start: int) -> dict[int, Word]:
    """The words of a quote by their places in a text, in order from one place on.

    Empty where more words are left over than may be, or one that may not.
    """
    row: dict[int, Word] = {}
    over, allowed = 0, max(len(wanted) > SHORT, len(wanted) // OTHER_WORDS)
    at, reach = start, 1
    for word in wanted:
        hit = next((n for n in range(at, min(len(there), at + reach)) if near(word, there[n])), -1)
        if hit >= 0:
            row[hit] = word
            at, reach = hit + 1, WIDEST_GAP + 1
            continue
        over += 1
        if over > allowed or len(word.text) > SHORT or word.refuses or word.number:
            return {}
    return row


def nearest(quote: str, text: str) -> str:
    """The run of a text that comes closest to a quote, to be copied instead of it."""
    place = fuzz.partial_ratio_alignment(quote.lower(), text.lower())
    if not place:
        return ""
    inside = [w for w in words_of(text) if w.start < place.dest_end and w.end > place.dest_start]
    return text[inside[0].start : inside[-1].end] if inside else ""


def _run(text: Sequence[Word], numbers: Sequence[int], ref: str) -> Run:
    return Run(ref, text[numbers[0]].start, text[numbers[-1]].end, frozenset(numbers))
