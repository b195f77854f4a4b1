"""Every quote of a turn held against what was said: what each one stands for, if anything."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from consultation.quotes import Match, Run, align, find_quote, nearest
from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn, Quote
from consultation.words import fold, words_of

Part = Literal["sources", "brief", "chosen", "set_aside"]

OPENING = '“„«「『(\uff08"'
CLOSING = re.compile(r'(?:[^\w\n]{0,8}[^\w\s])?[”“»」』)\uff09"]{1,3}(?!\w)')
"""Signs up to the mark that closes words: of `"Repeat!"`, `"1 + 1 = ?"` none is left behind."""

ALIKE = 80
"""Per cent of letters that a refused quote has in common with what it rewords; of 250 quotes
from other dialogues none has so many, of reworded ones nearly all."""


class Fault(NamedTuple):
    """What is wrong with a turn: which rule, where, what to do; `words` are the person's."""

    rule: str
    where: str
    advice: str
    serious: bool = True
    words: str = ""


@dataclass(frozen=True)
class Evidence:
    """A quote of a turn: where it stands in it, and the runs that it stands for.

    `shown` are the person's own words; without any the quote is refused.
    """

    part: Part
    index: int
    given: Quote
    match: Match | None
    shown: tuple[Quote, ...] = ()

    @property
    def where(self) -> str:
        """The field of the turn that it stands in."""
        return f"{self.part}[{self.index}]"

    @property
    def runs(self) -> tuple[Run, ...]:
        """Each place in a message that it stands for."""
        return (*self.match.runs, *self.match.repeats) if self.match else ()

    @property
    def text(self) -> str:
        """The person's own words."""
        return " ".join(quote.quote for quote in self.shown)


def gather(
    turn: FacilitatorTurn, transcript: Transcript, options: Mapping[str, str]
) -> list[Evidence]:
    """Every quote of the turn, those of the sources first; `options` are texts of picked ones."""
    quotes: list[tuple[Part, int, Quote]] = [
        *(("sources", n, q) for n, source in enumerate(turn.sources) for q in source.said),
        *(("brief", n, q) for n, entry in enumerate(turn.brief) for q in entry.said),
        *(("chosen", n, Quote(ref=c.ref, quote=c.quote)) for n, c in enumerate(turn.chosen)),
        *(("set_aside", n, q) for n, q in enumerate(turn.set_aside)),
    ]
    evidence = []
    for part, index, quote in quotes:
        match = None
        if quote.ref in transcript.names:
            shown: tuple[Quote, ...] = (quote,)
        elif transcript.question(quote.ref):
            shown = _option(quote, options.get(quote.ref, ""))
        else:
            match = _find(quote, transcript)
            runs = match.runs if match else ()
            shown = tuple(_shown(run, transcript.messages[run.ref]) for run in runs)
        evidence.append(Evidence(part, index, quote, match, shown))
    return evidence


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
    before = [quote for entry in transcript.brief for quote in entry.said]
    faults = []
    for one in evidence:
        if one.part == part and not one.shown and one.given not in before:
            ref, quote = one.given.ref, one.given.quote
            advice = (
                f'"{quote}" does not stand in {ref}. {_way_out(one.given, transcript)}or leave '
            )
            advice += "the quote out."
            invented = _is_invented(one.given, transcript)
            faults.append(Fault("quote", one.where, advice, serious=invented, words=quote))
    return faults


def _way_out(quote: Quote, transcript: Transcript) -> str:
    """What would make a refused quote hold: the run that it means, the pick that is missing."""
    put = transcript.question(quote.ref)
    text = "\n".join(put.options) if put else transcript.messages.get(quote.ref, "")
    copy = nearest(quote.quote, text)
    listed = "List in chosen every option that they picked of it, c" if put else "C"
    return f"{listed}opy letter by letter{f', such as `{copy}`' if copy else ''}, "


def _option(quote: Quote, option: str) -> tuple[Quote, ...]:
    """The part of a picked option that is quoted, as it was offered; a part may be refused."""
    if part := align(quote.quote, option, quote.ref):
        return (_shown(part.runs[0], option),)
    return (Quote(ref=quote.ref, quote=option),) if align(option, quote.quote, quote.ref) else ()


def _find(quote: Quote, transcript: Transcript) -> Match | None:
    """What a quote stands for; without a message named, in the newest that has it."""
    refs = [quote.ref] if message_number(quote.ref) else [*reversed(transcript.messages)]
    found = (find_quote(quote.quote, ref, transcript.messages) for ref in refs)
    return next(filter(None, found), None)


def _shown(run: Run, text: str) -> Quote:
    """A run with the marks that touch it."""
    closing = CLOSING.match(text, run.end)
    begins = closing is not None and text[run.start - 1 : run.start] in {*OPENING}
    end = closing.end() if closing else run.end
    return Quote(ref=run.ref, quote=text[run.start - begins : end])


def _is_invented(quote: Quote, transcript: Transcript) -> bool:
    """Whether a refused quote is like nothing that was said or offered, or has a new number."""
    put = transcript.question(quote.ref)
    texts = [fold(one) for one in (*transcript.messages.values(), *(put.options if put else ()))]
    own, known = fold(quote.quote), {word.text for text in texts for word in words_of(text)}
    renumbered = any(word.number and word.text not in known for word in words_of(own))
    return renumbered or max(fuzz.partial_ratio(own, text) for text in texts) < ALIKE
