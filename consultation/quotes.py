"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. A careful model quotes exactly; small repairs let a sloppy one
be understood. Without them 9 of 10 sloppy but honest answers go back, with them 5.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, Quote
from consultation.words import Word, near, words_of

PARTS = re.compile(r"\.\.\.|…|\bm\d+:")
"""Where a quote is cut into parts that are looked for by themselves."""

WIDEST_GAP = 3
"""Words beside the closest run of a message among which one of the quote may stand: it leaps over
some. With two one more of ten sloppy answers goes back."""

OTHER_WORDS = 4
"""One word in so many of a quote may be one that the message has not, or the only one."""

SHORT = 2
"""Letters of such a word ("is", "a"); of four it could be the wish itself, blue for blow."""

OPENING = '“„«「『(\uff08"'
CLOSING = re.compile(r'(?:[^\w\n]{0,8}[^\w\s])?[”“»」』)\uff09"]{1,3}(?!\w)')
"""Signs up to the mark that closes words: of `"Repeat!"`, `"1 + 1 = ?"` none is left behind."""

EXACT = 100
ALIKE = 83
"""Per cent of letters that a refused quote has in common with what it rewords; of 250 quotes
from other dialogues none has so many, of reworded ones nearly all."""

Part = Literal["sources", "brief", "chosen", "set_aside"]


class Fault(NamedTuple):
    """What is wrong with a turn: which rule, where, what to do; `words` are the person's."""

    rule: str
    where: str
    advice: str
    serious: bool = True
    words: str = ""


class Run(NamedTuple):
    """A piece of a text: its words as they stand there, where, and which of them were quoted.

    `likeness` is how many per cent of the quote it has.
    """

    quote: Quote
    start: int
    end: int
    words: frozenset[int]
    likeness: float


@dataclass(frozen=True)
class Statement:
    """What a turn says in one place, such as a stretch of the prompt, and the quotes for it.

    `said` are the person's own words that it rests on, `runs` those of them that stand in
    messages, `refused` the quotes that nobody said.
    """

    where: str
    index: int
    text: str
    said: Sequence[Quote] = ()
    runs: Sequence[Run] = ()
    refused: Sequence[Quote] = ()

    @property
    def words(self) -> str:
        """The person's own words as one text, a line for each quote."""
        return "\n".join(quote.quote for quote in self.said)


Statements = Mapping[Part, Sequence[Statement]]


def statements_of(turn: FacilitatorTurn, transcript: Transcript) -> dict[Part, list[Statement]]:
    """Everything in a turn that quotes, held against what was said and picked."""
    options = transcript.option_texts(turn)
    picks = [Quote(ref=choice.ref, quote=choice.quote) for choice in turn.chosen]
    parts: dict[Part, list[tuple[str, Sequence[Quote]]]] = {
        "sources": [(source.prompt, source.said) for source in turn.sources],
        "brief": [(entry.value, entry.said) for entry in turn.brief],
        "chosen": [(pick.quote, [pick]) for pick in picks],
        "set_aside": [(entry.quote, [entry]) for entry in turn.set_aside],
    }
    return {
        part: [
            _with_runs(Statement(f"{part}[{index}]", index, text), quotes, transcript, options)
            for index, (text, quotes) in enumerate(texts)
        ]
        for part, texts in parts.items()
    }


def _with_runs(
    bare: Statement, quotes: Sequence[Quote], transcript: Transcript, options: Mapping[str, str]
) -> Statement:
    """A statement with what its quotes stand for."""
    # Of records whose entries had no quotes, no message has the words.
    known = [quote for entry in transcript.brief for quote in entry.said]
    said: list[Quote] = []
    runs: list[Run] = []
    refused: list[Quote] = []
    for quote in quotes:
        texts = transcript.messages
        if use := transcript.style(quote.ref):
            texts = {quote.ref: use.text}
        elif transcript.question(quote.ref):
            texts = {quote.ref: options.get(quote.ref, "")}
        found = find_quote(quote.quote, quote.ref, texts)
        runs += found if texts is transcript.messages else []
        # Of a style as it stands there: a run of words would lose the sign before a colour.
        is_copy = use is not None and quote.quote in use.text
        if is_copy or quote.ref in transcript.names or (not found and quote in known):
            said.append(quote)
        elif found:
            said += [run.quote for run in found]
        else:
            refused.append(quote)
    return replace(bare, said=said, runs=runs, refused=refused)


def faults_of_quotes(
    turn: FacilitatorTurn, transcript: Transcript, statements: Statements
) -> list[Fault]:
    """Quotes of sources (of the brief while asking) that nobody said: invented, or reworded."""
    faults = []
    for statement in statements["sources" if turn.prompt else "brief"]:
        for ref, quote in ((refused.ref, refused.quote) for refused in statement.refused):
            put = transcript.question(ref)
            offered = put.options if put else []
            use = transcript.style(ref)
            text = use.text if use else transcript.messages.get(ref, "")
            copy = closest(quote, "\n".join(offered) or text, ref)
            advice = f'"{quote}" does not stand in {ref}. '
            advice += "List in chosen every option that they picked of it. " if put else ""
            advice += f"Copy letter by letter, such as `{copy.quote.quote}`, or leave "
            advice += "the quote out."
            serious = _is_invented(quote, [*transcript.messages.values(), *offered])
            faults.append(Fault("quote", statement.where, advice, serious=serious, words=quote))
    return faults


def _is_invented(quote: str, texts: Sequence[str]) -> bool:
    """Whether a refused quote is like nothing that was said or offered, or has a new number."""
    known = {word.text for text in texts for word in words_of(text)}
    renumbered = any(word.number and word.text not in known for word in words_of(quote))
    return renumbered or all(closest(quote, text, "").likeness < ALIKE for text in texts)


def find_quote(quote: str, ref: str, texts: Mapping[str, str]) -> list[Run]:
    """The runs that a quote stands for, none where the text says no such thing.

    `ref` names the text; an exact run in exactly one other mends a wrong `ref`.
    """
    whole = closest(quote, texts.get(ref, ""), ref)
    if whole.likeness == EXACT:
        return [whole]  # the person's own dots part nothing
    found: list[Run] = []
    for part in filter(words_of, PARTS.split(quote)):
        there = [closest(part, texts.get(ref, ""), ref)]
        if not there[0].words:
            others = (closest(part, text, name) for name, text in texts.items() if name != ref)
            there = [run for run in others if run.likeness == EXACT]
        if len(there) != 1:
            return []
        found += there
    return found


@lru_cache(maxsize=1024)
def closest(quote: str, text: str, ref: str) -> Run:
    """The run of a text that comes closest to a quote, with those of its words that were quoted.

    There are none where it says something else.
    """
    wanted, there = words_of(quote), words_of(text)
    place = fuzz.partial_ratio_alignment(_spaced(wanted), _spaced(there))
    ends = [*accumulate(len(word.text) + 1 for word in there)]
    inside = [
        number
        for number, end in enumerate(ends)
        if place and place.dest_start < end and place.dest_end > end - len(there[number].text)
    ]
    if not wanted or not place or not inside:
        return Run(Quote(ref=ref, quote=""), 0, 0, frozenset(), 0)
    if "".join(there[n].text for n in inside) == "".join(word.text for word in wanted):
        return _run(text, inside, ref, inside, EXACT)  # however they are spaced
    numbers = _alike(wanted, there, inside)
    return _run(text, numbers or inside, ref, numbers, min(place.score, EXACT - 1))


def _alike(wanted: Sequence[Word], there: Sequence[Word], inside: Sequence[int]) -> list[int]:
    """The places of a quote's words in a text, in order, inside its closest run or beside it.

    None where one is missing that says something, or where they leap over a refusing word of
    the text: the quote would say the opposite.
    """
    at, end = max(0, inside[0] - WIDEST_GAP), min(len(there), inside[-1] + 1 + WIDEST_GAP)
    numbers: list[int] = []
    over = 0
    for word in wanted:
        number = next((n for n in range(at, end) if near(word, there[n])), None)
        if number is not None:
            numbers.append(number)
            at = number + 1
        elif len(word.text) > SHORT or word.is_strict:
            return []
        else:
            over += 1
    leapt = {*range(numbers[0], numbers[-1])} - {*numbers} if numbers else ()
    allowed = max(len(wanted) > SHORT, len(wanted) // OTHER_WORDS)
    return [] if over > allowed or any(there[n].refuses for n in leapt) else numbers


def _spaced(words: Sequence[Word]) -> str:
    return "".join(f" {word.text}" for word in words) + " "


def _run(
    text: str, numbers: Sequence[int], ref: str, quoted: Sequence[int], likeness: float
) -> Run:
    words = words_of(text)
    start, end = words[numbers[0]].start, words[numbers[-1]].end
    sign = "#" if text[:start].endswith("#") else ""  # without it a colour is none
    shown = f"{sign}{text[start:end]}"
    if closing := CLOSING.match(text, end):
        opening = text[start - 1 : start]
        shown = f"{opening if opening in {*OPENING} else ''}{shown}{closing[0]}"
    return Run(Quote(ref=ref, quote=shown), start, end, frozenset(quoted), likeness)
