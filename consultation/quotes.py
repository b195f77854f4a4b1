"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. A careful model quotes exactly; the repairs (a slip, an
ending, a small word more, a gap of two words, three runs) let a sloppy one be understood,
and let through none of 284 foreign, 6 changed and 79 refused words tried.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz import fuzz

from consultation.words import Word, fold, is_number, near, words_of

PARTS = re.compile(r"\s*(?:\.\.\.|…|\[…\])\s*|\bm\d+:\s*")
"""Where a quote is cut into parts that are looked for by themselves."""

WIDEST_GAP = 2
"""Words of the message that a quote may leap over: 1 loses three honest quotes, 3 wins none."""

MOST_RUNS = 3
"""Runs that one quote may be made of; scattered over more it is a collection, no quote."""

SHARE_OF_OTHER_WORDS = 0.25
"""Words of a quote that the message has not. 15 and 40 per cent make no difference."""

SHORT, SHORT_IF_COMMON = 2, 3
"""Letters of such a word; of four letters it could be the wish itself (`blue` for `blow`)."""


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


def find_quote(
    quote: str, ref: str, messages: Mapping[str, str], common: Collection[str] = ()
) -> Match | None:
    """The runs that a quote stands for, or None where the message says no such thing.

    `ref` names the message; an exact run in exactly one other message mends a wrong `ref`.
    `common` are folded words that a model may well add, beside those of the messages.
    """
    known = {word.text for text in messages.values() for word in words_of(text)} | set(common)
    runs: list[Run] = []
    leaps: list[Word] = []
    repeats: list[Run] = []
    for part in filter(str.strip, PARTS.split(quote)):
        found = align(part, messages.get(ref, ""), ref, known=known)
        if found is None:
            elsewhere = [
                match
                for other, text in messages.items()
                if other != ref and (match := exact(words_of(part), words_of(text), other))
            ]
            if len(elsewhere) != 1:
                return None
            found = elsewhere[0]
        runs += found.runs
        leaps += found.leaps
        repeats += found.repeats
    return Match(tuple(runs), tuple(leaps), tuple(repeats)) if runs else None


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


def align(
    quote: str, text: str, ref: str, *, known: Collection[str] = (), most_runs: int = MOST_RUNS
) -> Match | None:
    """The runs of a text that a quote stands for, exactly or with repairs."""
    wanted, there = words_of(quote), words_of(text)
    if found := exact(wanted, there, ref):
        return found
    pairs = _longest_runs(wanted, there)
    groups = [g for g in _joined(pairs) if len(g) > 1 or len(wanted) == 1]
    matched = {mine for group in groups for mine, _ in group}
    over = [word for number, word in enumerate(wanted) if number not in matched]
    if not groups or len(groups) > most_runs or not _may_be_added(over, wanted, known):
        return None
    other_refusal = any(
        wanted[mine].refuses and wanted[mine].text != there[theirs].text
        for group in groups
        for mine, theirs in group
    )
    runs, leaps = [], []
    for group in groups:
        hits = sorted(theirs for _, theirs in group)
        runs.append(_run(there, hits, ref))
        between = set(range(hits[0], hits[-1])) - set(hits)
        leaps += [there[number] for number in sorted(between)]
    # "nobody in it" may stand for "nix in it", and never for "no name in it".
    return None if leaps and other_refusal else Match(tuple(runs), tuple(leaps))


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


def _longest_runs(wanted: Sequence[Word], there: Sequence[Word]) -> list[tuple[int, int]]:
    """Pairs of words that are near each other, the longest rows first, each word used once."""
    mine: list[Word | None] = list(wanted)
    theirs: list[Word | None] = list(there)
    pairs: list[tuple[int, int]] = []
    while True:
        best = (0, 0, 0)
        row: dict[int, int] = {}
        for i, word in enumerate(mine):
            row = {
                k: row.get(k - 1, 0) + 1
                for k, other in enumerate(theirs)
                if word is not None and other is not None and near(word, other)
            }
            for k, length in row.items():
                best = max(best, (length, i, k), key=lambda one: one[0])
        length, i, k = best
        if not length:
            return pairs
        for step in range(length):
            pairs.append((i - step, k - step))
            mine[i - step] = theirs[k - step] = None


def _joined(pairs: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """The pairs as runs of the text: what follows in the same order within a gap is one run."""
    groups: list[list[tuple[int, int]]] = []
    for mine, theirs in sorted(pairs, key=lambda pair: pair[1]):
        last = groups[-1][-1] if groups else None
        if last and theirs - last[1] <= WIDEST_GAP + 1 and mine > last[0]:
            groups[-1].append((mine, theirs))
        else:
            groups.append([(mine, theirs)])
    return groups


def _may_be_added(over: list[Word], wanted: Sequence[Word], known: Collection[str]) -> bool:
    """Whether the words of a quote that the message has not are small talk of the model's."""
    if len(over) > max(1 if len(wanted) > SHORT else 0, SHARE_OF_OTHER_WORDS * len(wanted)):
        return False
    return all(
        not word.refuses
        and not is_number(word)
        and (
            len(word.text) <= SHORT
            or (len(word.text) <= SHORT_IF_COMMON and fold(word.text) in known)
        )
        for word in over
    )
