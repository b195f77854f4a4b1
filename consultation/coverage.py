"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

A word is accounted for where a quote of the prompt's sources (of the brief while there is
no prompt), of a picked option or of what was set aside matched it. What is left is shown
to the person; words of an option or a decision, numbers and refusals go back to the model.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from consultation.evidence import Evidence, Fault
from consultation.quotes import find_quote
from consultation.transcript import LONG_WORD, Transcript
from consultation.turn import FacilitatorTurn
from consultation.words import (
    Word,
    asks,
    content,
    distinct,
    is_content,
    near,
    words_of,
)

UNSEEN = frozenset({"use", "platform"})
"""Dimensions of the types that say where a picture goes, not what it shows: what is quoted
for them in the brief is listed where it is not in the prompt, and not sent back."""


LIST_NUMBER = re.compile(r"\d{1,2}(?:\)|\.\s)")
"""What a line of a list begins with; "(2)" and "18.5" are numbers of their own."""


@dataclass(frozen=True)
class Leftover:
    """Words of a message that found no place, and those of them that matter most."""

    ref: str
    text: str
    hot: tuple[str, ...]
    size: int
    refuses: bool


class Coverage:
    """Which words of each message are accounted for by a turn."""

    def __init__(
        self,
        turn: FacilitatorTurn,
        transcript: Transcript,
        evidence: Sequence[Evidence],
        sources: Collection[int],
    ) -> None:
        """`sources` are the places of those sources whose stretch stands in the prompt."""
        self._turn = turn
        self._sources = sources
        self._transcript = transcript
        self._words = {ref: words_of(text) for ref, text in transcript.messages.items()}
        self.placed: dict[str, set[int]] = {ref: set() for ref in self._words}
        self.aside: dict[str, set[int]] = {ref: set() for ref in self._words}
        self.unseen: dict[str, set[int]] = {ref: set() for ref in self._words}
        self.prompt = words_of(turn.prompt)
        for one in evidence:
            if one.part == "set_aside":
                _add(self.aside, one)
            elif self._places(one):
                _add(self.placed, one)
            elif one.part == "brief" and turn.brief[one.index].dimension in UNSEEN:
                _add(self.unseen, one)
        self._add_earlier_choices()
        self._add_told(evidence)

    @cached_property
    def spoken(self) -> list[Word]:
        """The person's words that a quote holds, each once."""
        return distinct(self._words[ref][n] for ref, some in self.placed.items() for n in some)

    @property
    def counts(self) -> tuple[int, int]:
        """How many content words there are, and how many of them found a place."""
        every = [
            (r, n) for r, words in self._words.items() for n, w in enumerate(words) if is_content(w)
        ]
        return len(every), sum(n in self.placed[ref] for ref, n in every)

    @cached_property
    def leftovers(self) -> list[Leftover]:
        """The runs of words that are in no quote and not set aside."""
        covered = {ref: self.placed[ref] | self.aside[ref] for ref in self._words}
        quoted = {self._words[ref][n].text for ref, numbers in covered.items() for n in numbers}
        spoken, known = self.spoken, self.known
        found = []
        for ref, words in self._words.items():
            for run in _runs([n for n in range(len(words)) if n not in covered[ref]]):
                telling = [w for w in content([words[n] for n in run]) if not self._counts(w, ref)]
                if all(word.text in quoted for word in telling):
                    continue
                text = self._transcript.messages[ref][words[run[0]].start : words[run[-1]].end]
                weighty = content([words[n] for n in run if n not in self.unseen[ref]])
                if self._was_answered(ref, words[run[-1]]):
                    weighty = [word for word in weighty if word.refuses or word.number]
                hot = [
                    word
                    for word in weighty
                    if matters(word, known, spoken)
                    and not (self._counts(word, ref) or self._is_label(word, ref))
                ]
                refuses = any(word.refuses for word in hot)
                found.append(Leftover(ref, text, tuple(w.text for w in hot), len(telling), refuses))
        return found

    def _counts(self, word: Word, ref: str) -> bool:
        """Whether a word only says where others belong: the id of a question, `1)` in a list."""
        text = self._transcript.messages[ref]
        if word.number and LIST_NUMBER.match(text, word.start):
            return text[word.start - 1 : word.start] in {"", " ", "\n", "\t"}
        return self._transcript.question(word.text) is not None

    def _was_answered(self, ref: str, last: Word) -> bool:
        """Whether words end a question of an earlier message: its answer is what counts now."""
        text = self._transcript.messages[ref]
        return ref != self._transcript.newest and asks(text, last.end)

    def _is_label(self, word: Word, ref: str) -> bool:
        """Whether a word is what a line of a form begins with, such as `CLIENT:`."""
        behind = self._transcript.messages[ref][word.end : word.end + 1]
        return behind == ":" and not (word.refuses or word.number)

    def _places(self, one: Evidence) -> bool:
        if one.part == "brief":
            return not self._turn.prompt.strip()
        if one.part == "sources":
            return one.index in self._sources
        if one.part == "chosen" and self._turn.prompt:  # else a dropped pick would look placed
            return self._is_quoted(self._turn.chosen[one.index].question)
        return True

    def _add_earlier_choices(self) -> None:
        """Words that picked an option in an earlier turn are placed while the option is."""
        for choice in self._transcript.choices:
            if not self._turn.prompt or self._is_quoted(choice.question):
                found = find_quote(choice.quote, choice.ref or "m1", self._transcript.messages)
                for run in found.runs if found else ():
                    self.placed[run.ref] |= run.words

    def _add_told(self, evidence: Sequence[Evidence]) -> None:
        """Words of a decision that is in the prompt by others of its words: listed, not sent back.

        "I would like a picture after the lines" need not stand beside the lines themselves.
        """
        for index in range(len(self._turn.brief)):
            runs = [
                run for e in evidence if e.part == "brief" and e.index == index for run in e.runs
            ]
            if any(run.words & self.placed[run.ref] for run in runs):
                for run in runs:
                    words = self._words[run.ref]
                    telling = {n for n in run.words if not (words[n].refuses or words[n].number)}
                    self.unseen[run.ref] |= telling

    def _is_quoted(self, question: str) -> bool:
        return any(q.ref == question for source in self._turn.sources for q in source.said)

    @cached_property
    def known(self) -> list[Word]:
        """Long words of the options that were offered and of earlier decisions."""
        offered = [text for put in self._transcript.questions for text in put.options]
        decided = [
            quote.quote
            for entry in self._transcript.brief
            if not entry.open
            for quote in entry.said
        ]
        words = (word for text in (*offered, *decided) for word in words_of(text))
        return distinct(word for word in words if len(word.text) >= LONG_WORD)


def faults_of_coverage(coverage: Coverage, turn: FacilitatorTurn) -> list[Fault]:
    """What got lost with words of an option, a number or a refusal in it; the rest is listed."""
    way = "Put it into the prompt and quote it" if turn.prompt else "Quote it in the brief"
    part = "quoted for no stretch of the prompt" if turn.prompt else "in no quote"
    return [
        Fault(
            "lost",
            left.ref,
            f"`{left.text}` is {part}. {way}; or set it aside with its reason. `talk` is only "
            "for words that wish for nothing, `replaced` needs newer words.",
            words=left.text,
        )
        for left in coverage.leftovers
        if left.hot
    ]


def _add(hits: dict[str, set[int]], one: Evidence) -> None:
    for run in one.runs:
        hits[run.ref] |= run.words


def matters(word: Word, known: Sequence[Word], spoken: Sequence[Word]) -> bool:
    """Whether a lost word is a refusal, a number, or one of an option or decision."""
    if any(near(word, other) for other in spoken):
        return False
    if word.refuses or word.number:
        return True
    return len(word.text) >= LONG_WORD and any(near(word, other) for other in known)


def _runs(numbers: list[int]) -> Iterable[list[int]]:
    """Numbers as rows of neighbours."""
    row: list[int] = []
    for number in numbers:
        if row and number != row[-1] + 1:
            yield row
            row = []
        row.append(number)
    if row:
        yield row
