"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. Small repairs let a sloppy but honest model be understood.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz import fuzz

from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn, Quote
from consultation.words import HIRAGANA, Word, among, letters_of, near, size, words_of

PARTS = re.compile(r"\.\.\.|…|\bm\d+:")
"""Where a quote is cut into parts that are looked for by themselves."""

OTHER_LETTERS = 25
"""Per cent of a quote's letters that may be in words that the message has not, none of them a
number or a refusal: with 17 two more of ten sloppy answers go back."""

GAP = 3
"""Words beside the closest run of a message that may be of the quote: it leaps over some. With 1
three sloppy but honest answers more of ten go back, with 8 one."""

MOST_RUNS = 3
SHORTEST_RUN = 2
"""Runs that a quote may join without dots, and words of each: of other dialogues' quotes none is
found so."""


class Fault(NamedTuple):
    """What is wrong with a turn: which rule, where, what to do; `words` are what was
    refused."""

    rule: str
    where: str
    advice: str
    serious: bool = True
    words: str = ""


class Run(NamedTuple):
    """A piece of a text as it stands there: where, which of its words were quoted, whether
    all its letters are those of the quote, and whether the quote has words besides."""

    quote: Quote
    start: int
    end: int
    words: frozenset[int]
    is_exact: bool
    has_others: bool


class Statement(NamedTuple):
    """What a turn says in one place, such as a stretch of the prompt, and the quotes for it.

    `said` are the person's own words that it rests on, `runs` where those stand, `refused` the
    quotes that nobody said, each with what comes closest.
    """

    where: str
    text: str
    said: list[Quote]
    runs: list[Run]
    refused: list[tuple[Quote, str]]

    @property
    def words(self) -> str:
        """The person's own words as one text, a line for each quote."""
        return "\n".join(quote.quote for quote in self.said)


class Statements(NamedTuple):
    """Everything in a turn that quotes, in the order of the turn."""

    sources: list[Statement]
    brief: list[Statement]
    chosen: list[Statement]
    set_aside: list[Statement]


def statements_of(turn: FacilitatorTurn, transcript: Transcript) -> Statements:
    """Everything in a turn that quotes, held against what was said and picked."""
    texts = transcript.messages | transcript.option_texts(turn)
    texts |= {use.ref: use.text for use in transcript.styles}
    # Of records whose entries had no quotes, no message has the words.
    known = [quote for entry in transcript.brief for quote in entry.said]

    def statement(part: str, number: int, text: str, quotes: Sequence[Quote]) -> Statement:
        one = Statement(f"{part}[{number}]", text, [], [], [])
        for quote in quotes:
            runs = find_quote(quote.quote, quote.ref, texts)
            one.runs.extend(runs)
            if runs:
                one.said.extend(run.quote for run in runs)
            elif quote.ref in transcript.names or quote in known:
                one.said.append(quote)
            else:
                copy = closest(quote.quote, texts.get(quote.ref, ""))
                one.refused.append((quote, copy.quote.quote))
        return one

    picks = [Quote(ref=choice.ref, quote=choice.quote) for choice in turn.chosen]
    return Statements(
        [statement("sources", n, one.prompt, one.said) for n, one in enumerate(turn.sources)],
        [statement("brief", n, one.value, one.said) for n, one in enumerate(turn.brief)],
        [statement("chosen", n, one.quote, [one]) for n, one in enumerate(picks)],
        [statement("set_aside", n, one.quote, [one]) for n, one in enumerate(turn.set_aside)],
    )


def faults_of_quotes(statements: Sequence[Statement]) -> list[Fault]:
    """Quotes that nobody said, and those with words that nobody said."""
    faults = []
    for one in statements:
        for run in (run for run in one.runs if run.has_others):
            advice = f"the person wrote `{run.quote.quote}`. Copy that letter by letter."
            faults.append(Fault("quote", one.where, advice, serious=False))
        for quote, copy in one.refused:
            advice = f'"{quote.quote}" does not stand in {quote.ref}. '
            if quote.ref[:1] == "q":
                advice += "List in chosen every option that they picked of it. "
            advice += f"Copy letter by letter, such as `{copy}`, or " if copy else "Otherwise "
            advice += "leave the quote out."
            faults.append(Fault("quote", one.where, advice))
    return faults


def find_quote(quote: str, ref: str, texts: Mapping[str, str]) -> list[Run]:
    """The runs that a quote stands for, none where the text says no such thing.

    `ref` names the text; an exact run in exactly one other message mends a wrong `ref`.
    """
    whole = closest(quote, texts.get(ref, ""), ref)
    if whole.is_exact:
        return [whole]  # the person's own dots part nothing
    runs: list[Run] = []
    for part in filter(words_of, PARTS.split(quote)):
        there = [closest(part, texts.get(ref, ""), ref)]
        if not there[0].words:
            others = (n for n in texts if n != ref and message_number(n))
            there = [run for n in others if (run := closest(part, texts[n], n)).is_exact]
        if len(there) != 1:
            there = _in_runs(part, texts.get(ref, ""), ref, MOST_RUNS)
        if not there:
            return []
        runs += there
    return runs


def _in_runs(quote: str, text: str, ref: str, most: int) -> list[Run]:
    """The runs of a text, exact and in their order, that a quote joins; none where there are more
    than `most`, or one of a single word."""
    words = words_of(quote)
    for cut in range(SHORTEST_RUN, len(words) - SHORTEST_RUN + 1):
        head = closest(quote[: words[cut].start], text, ref)
        if most == 1 or not head.is_exact:
            break
        tail = quote[words[cut].start :]
        last = closest(tail, text, ref)
        rest = [last] if last.is_exact else _in_runs(tail, text, ref, most - 1)
        if rest and rest[0].start >= head.end:
            return [head, *rest]
    return []


@lru_cache(maxsize=1024)
def closest(quote: str, text: str, ref: str = "") -> Run:
    """The run of a text that comes closest to a quote, with those of its words that were quoted.

    There are none where it says something else.
    """
    wanted, there = words_of(quote), words_of(text)
    lines = ["".join(f" {word.text}" for word in words) + " " for words in (wanted, there)]
    begin = lines[1].find(lines[0])  # of places alike the alignment takes any
    stop = begin + len(lines[0])
    if begin < 0:
        place = fuzz.partial_ratio_alignment(*lines)
        begin, stop = (place.dest_start, place.dest_end) if place else (0, 0)
    ends = accumulate(len(word.text) + 1 for word in there)
    inside = [
        number
        for number, (word, end) in enumerate(zip(there, ends, strict=True))
        if begin < end and stop > end - len(word.text)
    ]
    if not wanted or not inside:
        return Run(Quote(ref=ref, quote=""), 0, 0, frozenset(), is_exact=False, has_others=False)
    is_exact = letters_of(there[n] for n in inside) == letters_of(wanted)
    quoted, other = (inside, []) if is_exact else _meant(wanted, there, inside)
    start, end = there[(quoted or inside)[0]].start, there[(quoted or inside)[-1]].end
    own = quote.strip()  # a copy keeps its signs, such as the one before a colour
    pattern = re.compile(re.escape(own), re.IGNORECASE)
    copy = pattern.search(text, max(0, start - len(own)), end + len(own))
    if copy and copy.start() <= start and end <= copy.end():
        start, end = copy.span()
    return Run(
        Quote(ref=ref, quote=text[start:end]),
        start,
        end,
        frozenset(quoted),
        is_exact,
        size(other) > 0,
    )


def _meant(
    wanted: Sequence[Word], there: Sequence[Word], inside: Sequence[int]
) -> tuple[list[int], list[Word]]:
    """The places of a quote's words in its closest run of a text or beside it, and those of its
    words that are not there. None where these are too many, a number or a refusal."""
    places = {n for n in inside if among(there[n], wanted)}
    missing = [word for word in wanted if not among(word, [there[n] for n in places])]
    around = range(max(0, inside[0] - GAP), min(len(there), inside[-1] + 1 + GAP))
    for word in missing:
        beside = [n for n in around if n not in places and near(word, there[n])]
        places |= {*sorted(beside, key=lambda n: abs(n - inside[0]))[:1]}
    places |= {n for n in around if HIRAGANA.match(there[n].text) and {n - 1, n + 1} <= places}
    other = [word for word in missing if not among(word, [there[n] for n in places])]
    is_other = 100 * len(letters_of(other)) > OTHER_LETTERS * len(letters_of(wanted))
    is_other |= any(word.refuses or word.number for word in other)
    return ([], []) if is_other else (sorted(places), other)
