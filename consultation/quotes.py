"""Find what a model quotes in what the person wrote, and keep the person's own run of it.

A quote is never taken at its word: what is shown, counted and checked further is the run of
the message that it stands for. A careful model quotes exactly; small repairs let a sloppy one
be understood. Without them 9 of 10 sloppy but honest answers go back, with them 5.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, Quote
from consultation.words import Word, fold, near, words_of

PARTS = re.compile(r"\.\.\.|…|\bm\d+:")
"""Where a quote is cut into parts that are looked for by themselves."""

WIDEST_GAP = 2
"""Words of the message that a quote may leap over at once: a third wins nothing."""

OTHER_WORDS = 4
"""One word in so many of a quote may be one that the message has not, or the only one."""

OPENING = '“„«「『(\uff08"'
CLOSING = re.compile(r'(?:[^\w\n]{0,8}[^\w\s])?[”“»」』)\uff09"]{1,3}(?!\w)')
"""Signs up to the mark that closes words: of `"Repeat!"`, `"1 + 1 = ?"` none is left behind."""

SHORT = 2
"""Letters of such a word ("is", "a"); of four it could be the wish itself, blue for blow."""

ALIKE = 80
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
    """A piece of a text: its words as they stand there, where, and which of them were quoted."""

    quote: Quote
    start: int
    end: int
    words: frozenset[int]


@dataclass(frozen=True)
class Evidence:
    """A quote of a turn: where it stands in it, and the runs that it stands for.

    `shown` are the person's own words; without any the quote is refused.
    """

    part: Part
    index: int
    given: Quote
    shown: tuple[Quote, ...]
    runs: tuple[Run, ...] = ()

    @property
    def where(self) -> str:
        """The field of the turn that it stands in."""
        return f"{self.part}[{self.index}]"

    @property
    def text(self) -> str:
        """The person's own words."""
        return " ".join(quote.quote for quote in self.shown)


def gather(
    turn: FacilitatorTurn, transcript: Transcript, options: Mapping[str, str]
) -> list[Evidence]:
    """Every quote of the turn, those of the sources first; `options` are texts of picked ones."""
    return [
        _evidence(part, index, quote, transcript, options)
        for part, index, quote in _quotes_of(turn)
    ]


def _quotes_of(turn: FacilitatorTurn) -> Iterator[tuple[Part, int, Quote]]:
    yield from (("sources", n, quote) for n, one in enumerate(turn.sources) for quote in one.said)
    yield from (("brief", n, quote) for n, one in enumerate(turn.brief) for quote in one.said)
    yield from (("chosen", n, Quote(ref=c.ref, quote=c.quote)) for n, c in enumerate(turn.chosen))
    yield from (("set_aside", n, quote) for n, quote in enumerate(turn.set_aside))


def _evidence(
    part: Part, index: int, quote: Quote, transcript: Transcript, options: Mapping[str, str]
) -> Evidence:
    runs = find_quote(quote.quote, quote.ref, transcript.messages)
    shown = tuple(run.quote for run in runs)
    if transcript.question(quote.ref):  # a part of an option may be refused
        run = align(quote.quote, options.get(quote.ref, ""), quote.ref)
        runs, shown = (), (run.quote,) if run else ()
    if use := transcript.style(quote.ref):
        found = find_quote(quote.quote, quote.ref, {quote.ref: use.text})
        runs, shown = (), tuple(run.quote for run in found)
    # Of records whose entries had no quotes, no message has the words.
    known = (known for entry in transcript.brief for known in entry.said)
    if quote.ref in transcript.names or (not shown and quote in known):
        shown = (quote,)
    return Evidence(part, index, quote, shown, runs)


def words_behind(evidence: Sequence[Evidence], part: Part, index: int) -> tuple[Quote, ...]:
    """The person's own runs that one source, entry or pick of a turn rests on."""
    return tuple(
        quote for one in evidence if one.part == part and one.index == index for quote in one.shown
    )


def faults_of_quotes(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Quotes of sources (of the brief while asking) that nobody said: invented, or reworded."""
    part = "sources" if turn.prompt else "brief"
    faults = []
    for one in evidence:
        if one.part == part and not one.shown:
            ref, quote = one.given.ref, one.given.quote
            put = transcript.question(ref)
            offered = put.options if put else []
            use = transcript.style(ref)
            text = use.text if use else transcript.messages.get(ref, "")
            copy = nearest(quote, "\n".join(offered) or text)
            advice = f'"{quote}" does not stand in {ref}. '
            advice += "List in chosen every option that they picked of it. " if put else ""
            advice += f"Copy letter by letter, such as `{copy}`, or leave the quote out."
            texts = [*transcript.messages.values(), *offered]
            serious = _is_invented(quote, texts)
            faults.append(Fault("quote", one.where, advice, serious=serious, words=quote))
    return faults


def find_quote(quote: str, ref: str, messages: Mapping[str, str]) -> tuple[Run, ...]:
    """The runs that a quote stands for, none where the message says no such thing.

    `ref` names the message; an exact run in exactly one other message mends a wrong `ref`.
    """
    if whole := exact(quote, messages.get(ref, ""), ref):
        return (whole,)  # the person's own dots part nothing
    found: list[Run] = []
    for part in filter(words_of, PARTS.split(quote)):
        run = align(part, messages.get(ref, ""), ref)
        if run is None:
            others = (exact(part, text, other) for other, text in messages.items() if other != ref)
            if len(there := [*filter(None, others)]) != 1:
                return ()
            run = there[0]
        found.append(run)
    return tuple(found)


def exact(quote: str, text: str, ref: str) -> Run | None:
    """The first place where the text has the quote's words in a row, however they are spaced."""
    wanted = "".join(word.text for word in words_of(quote))
    there = words_of(text)
    places = {end: n for n, end in enumerate(accumulate((len(w.text) for w in there), initial=0))}
    found = re.finditer(f"(?={re.escape(wanted)})", "".join(w.text for w in there))
    for start in (one.start() for one in found):
        if wanted and {start, start + len(wanted)} <= places.keys():
            return _run(text, range(places[start], places[start + len(wanted)]), ref)
    return None


def align(quote: str, text: str, ref: str) -> Run | None:
    """The run of a text that a quote stands for, exactly or with small repairs."""
    if found := exact(quote, text, ref):
        return found
    wanted, there = words_of(quote), words_of(text)
    best = max((_row(wanted, there, start) for start in range(len(there))), key=len, default=[])
    return _run(text, best, ref) if best and len(best) >= min(SHORT, len(wanted)) else None


def _row(wanted: Sequence[Word], there: Sequence[Word], start: int) -> list[int]:
    """The places in a text of the words of a quote, in order from one place on.

    Empty where more words are left over than may be, or one that may not. A refusing word of
    the text is never leapt over: the quote would say the opposite.
    """
    row: list[int] = []
    over, allowed = 0, max(len(wanted) > SHORT, len(wanted) // OTHER_WORDS)
    at, reach = start, 1
    for word in wanted:
        for number in range(at, min(len(there), at + reach)):
            if near(word, there[number]):
                row.append(number)
                at, reach = number + 1, WIDEST_GAP + 1
                break
            if there[number].refuses:
                return []
        else:
            over += 1
            if over > allowed or len(word.text) > SHORT or word.is_strict:
                return []
    return row


def nearest(quote: str, text: str) -> str:
    """The run of a text that comes closest to a quote, to be copied instead of it."""
    place = fuzz.partial_ratio_alignment(quote.lower(), text.lower())
    if not place:
        return ""
    inside = [w for w in words_of(text) if w.start < place.dest_end and w.end > place.dest_start]
    return text[inside[0].start : inside[-1].end] if inside else ""


def _run(text: str, numbers: Sequence[int], ref: str) -> Run:
    words = words_of(text)
    start, end = words[numbers[0]].start, words[numbers[-1]].end
    closing = CLOSING.match(text, end)
    shown = text[start:end]
    if closing:
        opening = text[start - 1 : start]
        shown = f"{opening if opening in {*OPENING} else ''}{shown}{closing[0]}"
    return Run(Quote(ref=ref, quote=shown), start, end, frozenset(numbers))


def _is_invented(quote: str, texts: Sequence[str]) -> bool:
    """Whether a refused quote is like nothing that was said or offered, or has a new number."""
    own, folded = fold(quote), [fold(text) for text in texts]
    known = {word.text for text in folded for word in words_of(text)}
    renumbered = any(word.number and word.text not in known for word in words_of(own))
    return renumbered or max(fuzz.partial_ratio(own, text) for text in folded) < ALIKE
