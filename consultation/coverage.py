"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

A word is accounted for where a quote of the prompt's sources (of the brief while there is
no prompt), of a picked option or of what was set aside matched it. What is left is shown
to the person; words of an option or a decision, numbers and refusals go back to the model.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from consultation.evidence import Evidence, Fault
from consultation.transcript import Transcript
from consultation.turn import FORMAT, BriefEntry, FacilitatorTurn
from consultation.words import LONG, Word, asks, distinct, near, words_of
from gateway.capabilities import edges_of

UNSEEN = frozenset({"use", "platform"})
"""Dimensions of the types that say where a picture goes, not what it shows: what is quoted
for them in the brief is listed where it is not in the prompt, and not sent back."""

LIST_NUMBER = re.compile(r"(?<!\S)\d{1,2}(?:\)|\.\s)")
"""What a line of a list begins with; "(2)" and "18.5" are numbers of their own."""

PIXELS = re.compile(r"\d{3,5}x\d{3,5}")
"""A size as our own lines print it: it is set beside the prompt, and nothing in it shows it."""


@dataclass(frozen=True)
class Leftover:
    """Words of a message that found no place, and whether some of them matter most."""

    ref: str
    text: str
    hot: bool
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
        self._transcript = transcript
        self._words = {ref: words_of(text) for ref, text in transcript.messages.items()}
        self._placed: dict[str, set[int]] = {ref: set() for ref in self._words}
        self.accounted: dict[str, set[int]] = {ref: set() for ref in self._words}
        asking = not turn.prompt.strip()
        quoted = {quote.ref for source in turn.sources for quote in source.said}
        for one in evidence:
            places = one.part == "sources" and one.index in sources
            if one.part == "brief":
                places = asking or _sizes(turn.brief[one.index])
            elif one.part == "chosen":  # in a prompt without the option it would look placed
                places = asking or turn.chosen[one.index].question in quoted
            for run in one.runs if places or one.part == "set_aside" else ():
                self.accounted[run.ref] |= run.words
                self._placed[run.ref] |= run.words if places else set()
        self._excused = self._excuse(turn, evidence)

    @property
    def counts(self) -> tuple[int, int]:
        """How many content words there are, and how many of them found a place."""
        every = [
            (r, n) for r, words in self._words.items() for n, w in enumerate(words) if w.tells()
        ]
        return len(every), sum(number in self._placed[ref] for ref, number in every)

    @cached_property
    def leftovers(self) -> list[Leftover]:
        """The runs of words that are in no quote and not set aside."""
        quoted = {self._words[ref][n].text for ref, some in self.accounted.items() for n in some}
        found = []
        for ref, run in self._runs():
            text, words = self._transcript.messages[ref], self._words[ref]
            telling = [n for n in run if words[n].tells() and not self._is_label(words[n], text)]
            if all(words[n].text in quoted for n in telling):
                continue
            answered = ref != self._transcript.newest and asks(text, words[run[-1]].end)
            # The "no" of another refusal may be quoted; what this one refuses is not.
            new = any(not (words[n].refuses or self.is_spoken(words[n])) for n in telling)
            hot = [
                words[n]
                for n in telling
                if n not in self._excused[ref]
                and (self.matters(words[n]) or (words[n].refuses and new))
                # An answered question and the label `CLIENT:` wish for nothing.
                and (words[n].is_strict or not (answered or text[words[n].end :][:1] == ":"))
            ]
            whole = text[words[run[0]].start : words[run[-1]].end]
            refuses = any(word.refuses for word in hot)
            found.append(Leftover(ref, whole, bool(hot), len(telling), refuses))
        return found

    def matters(self, word: Word) -> bool:
        """Whether a word in no quote is a refusal, a number, or one of an option or decision."""
        if self.is_spoken(word):
            return False
        known = len(word.text) >= LONG and any(near(word, other) for other in self._known)
        number = word.number and not PIXELS.fullmatch(word.text)
        return word.refuses or number or known

    def is_spoken(self, word: Word) -> bool:
        """Whether a quote holds the word, wherever it stands."""
        return any(near(word, other) for other in self._spoken)

    @cached_property
    def _spoken(self) -> list[Word]:
        """The person's words that a quote holds, each once."""
        return distinct(self._words[ref][n] for ref, some in self._placed.items() for n in some)

    @cached_property
    def _known(self) -> list[Word]:
        """Long words of the options that were offered and of earlier decisions."""
        offered = [text for put in self._transcript.questions for text in put.options]
        decided = [q.quote for e in self._transcript.brief if not e.open for q in e.said]
        words = (word for text in (*offered, *decided) for word in words_of(text))
        return distinct(word for word in words if len(word.text) >= LONG)

    def _runs(self) -> Iterator[tuple[str, list[int]]]:
        """Rows of neighbours among the words that are not accounted for."""
        for ref, words in self._words.items():
            left = [n for n in range(len(words)) if n not in self.accounted[ref]]
            for _, row in groupby(enumerate(left), key=lambda pair: pair[1] - pair[0]):
                yield ref, [number for _, number in row]

    def _is_label(self, word: Word, text: str) -> bool:
        """Whether a word only says where others belong: the id of a question, `1)` in a list."""
        counts = word.number and LIST_NUMBER.match(text, word.start) is not None
        return counts or self._transcript.question(word.text) is not None

    def _excuse(self, turn: FacilitatorTurn, evidence: Sequence[Evidence]) -> dict[str, set[int]]:
        """Words that may miss in the prompt: what need not be seen, and, of a decision that other
        words of it say there, all but numbers and refusals."""
        excused: dict[str, set[int]] = {ref: set() for ref in self._words}
        for index, entry in enumerate(turn.brief):
            unseen = entry.dimension in UNSEEN
            runs = [r for e in evidence if (e.part, e.index) == ("brief", index) for r in e.runs]
            if unseen or any(run.words & self._placed[run.ref] for run in runs):
                for run in runs:
                    words = self._words[run.ref]
                    excused[run.ref] |= {n for n in run.words if unseen or not words[n].is_strict}
        return excused


def _sizes(entry: BriefEntry) -> bool:
    """Whether an entry decides the size: its words have their place there."""
    return entry.dimension == FORMAT and edges_of(entry.value) is not None


def faults_of_coverage(coverage: Coverage, turn: FacilitatorTurn) -> list[Fault]:
    """What got lost with words of an option, a number or a refusal in it; the rest is listed."""
    part, way = "in no quote", "Quote it in the brief"
    if turn.prompt:
        part, way = "quoted for no stretch of the prompt", "Put it into the prompt and quote it"
    way += "; or set it aside with its reason. `talk` is only for words that wish for nothing."
    return [
        Fault("lost", left.ref, f"`{left.text}` is {part}. {way}", words=left.text)
        for left in coverage.leftovers
        if left.hot
    ]
