"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

A word is accounted for where a quote of the prompt's sources (of the brief while there is
no prompt), of a picked option or of what was set aside matched it. What is left is shown
to the person; words of an option or a decision, numbers and refusals go back to the model.
No rule can tell every wish from talk, so the person is shown what was set aside, too.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from consultation.quotes import Evidence, Fault
from consultation.refusals import refused_words
from consultation.transcript import Transcript
from consultation.turn import FORMAT, FacilitatorTurn, SetAside
from consultation.words import (
    LONG,
    QUESTION_MARKS,
    Word,
    asks,
    content,
    distinct,
    near,
    size,
    words_of,
)
from gateway.capabilities import edges_of
from storage.tables import REFERENCE

UNSEEN = frozenset({"use", "platform"})
"""Dimensions that say where a picture goes, not what it shows: the brief is their place."""

LIST_NUMBER = re.compile(r"(?<!\S)\d{1,2}(?:\)|\.\s)")
"""What a line of a list begins with; "(2)" and "18.5" are numbers of their own."""

LONGEST = 6
"""Content words set aside at once: of 54 honest entries none has more, of 38 dumps eleven have."""

MOST_LEFT_TO_US = 4
"""Content words that hand a choice over: "ask nothing more, just finish" has four in Zulu."""


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
        self._turn, self._transcript, self._evidence = turn, transcript, evidence
        self._words = {ref: words_of(text) for ref, text in transcript.messages.items()}
        self._placed: dict[str, set[int]] = {ref: set() for ref in self._words}
        self.accounted: dict[str, set[int]] = {ref: set() for ref in self._words}
        asking = not turn.prompt.strip()
        quoted = {quote.ref for source in turn.sources for quote in source.said}
        for one in evidence:
            places = one.part == "sources" and one.index in sources
            if one.part == "brief":
                entry = turn.brief[one.index]
                sizes = entry.dimension == FORMAT and edges_of(entry.value) is not None
                places = asking or sizes or entry.dimension in UNSEEN
            elif one.part == "chosen":  # in a prompt without the option it would look placed
                places = asking or turn.chosen[one.index].question in quoted
            for run in one.runs if places or one.part == "set_aside" else ():
                self.accounted[run.quote.ref] |= run.words
                self._placed[run.quote.ref] |= run.words if places else set()

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
            hot = [
                words[n]
                for n in telling
                if n not in self._said_in_part[ref]
                and self.matters(words[n])
                # An answered question and the label `CLIENT:` wish for nothing.
                and (words[n].is_strict or not (answered or text[words[n].end :][:1] == ":"))
            ]
            whole = text[words[run[0]].start : words[run[-1]].end]
            refuses = any(word.refuses for word in hot)
            found.append(Leftover(ref, whole, bool(hot), len(telling), refuses))
        return found

    @cached_property
    def doubts(self) -> dict[int, str]:
        """Entries set aside in this turn that look like wishes, by their place, and what tells."""
        # What an earlier turn set aside was judged in its own turn.
        judged = self._transcript.set_aside
        aside = [e for e in self._evidence if e.part == "set_aside" and e.given not in judged]
        entries = {e.index: self._doubt(self._turn.set_aside[e.index], e) for e in aside if e.runs}
        return {index: why for index, why in entries.items() if why}

    @property
    def unused_references(self) -> list[str]:
        """Pictures that no quote takes anything of, where nobody was asked what to take."""
        if any(put.dimension == REFERENCE for put in self._transcript.questions):
            return []
        quoted = {one.given.ref for one in self._evidence}
        return sorted(name for name in self._transcript.references if name not in quoted)

    def matters(self, word: Word) -> bool:
        """Whether a word in no quote refuses, is a number, or one of an option or decision."""
        known = len(word.text) >= LONG and any(near(word, other) for other in self._known)
        return word.refuses or ((word.number or known) and not self._is_spoken(word))

    def _doubt(self, entry: SetAside, one: Evidence) -> str:
        """What speaks against setting words aside, empty where nothing does."""
        wanted = [word for word in content(words_of(one.text)) if not word.refuses]
        text = self._transcript.messages[one.runs[0].quote.ref]
        asks_back = {*QUESTION_MARKS} & {*entry.quote} or asks(text, one.runs[0].end)
        if entry.why == "left_to_us":
            long = size(wanted) > MOST_LEFT_TO_US and not asks_back
            return "it says more than that the choice is ours" if long else ""
        if entry.why in {"replaced", "withdrawn"} or self._is_decided(entry):
            return ""
        # "no idea" refuses nothing, "no people" does.
        if any(word.signed or len(word.text) >= LONG for word in refused_words(one.text)):
            return "it refuses something"
        if asks_back:
            return ""
        if hot := [w.text for w in wanted if len(w.text) >= LONG and self.matters(w)]:
            return f"{', '.join(hot)} belongs to an option or an earlier wish"
        new = [word for word in wanted if not self._is_spoken(word)]
        return "it is long enough to hold a wish" if size(new) > LONGEST else ""

    def _is_decided(self, entry: SetAside) -> bool:
        """Whether an entry cannot be seen and its words are in the brief as well, such as a use."""
        if entry.why != "not_visible":
            return False
        brief = [w for one in self._evidence if one.part == "brief" for w in words_of(one.text)]
        return all(any(near(w, other) for other in brief) for w in content(words_of(entry.quote)))

    def _is_spoken(self, word: Word) -> bool:
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

    @cached_property
    def _said_in_part(self) -> dict[str, set[int]]:
        """Words of decisions of which the prompt has other words; numbers and refusals are
        no such words."""
        excused: dict[str, set[int]] = {ref: set() for ref in self._words}
        for index in range(len(self._turn.brief)):
            runs = [r for e in self._evidence if e.where == f"brief[{index}]" for r in e.runs]
            if any(run.words & self._placed[run.quote.ref] for run in runs):
                for ref, numbers in ((run.quote.ref, run.words) for run in runs):
                    excused[ref] |= {n for n in numbers if not self._words[ref][n].is_strict}
        return excused

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


def faults_of_coverage(coverage: Coverage, turn: FacilitatorTurn) -> list[Fault]:
    """What got lost with words of an option, a number or a refusal in it, and what was set
    aside though it looks like a wish; the rest is listed."""
    part, way = "in no quote", "Quote it in the brief"
    if turn.prompt:
        part, way = "quoted for no stretch of the prompt", "Put it into the prompt and quote it"
    faults = []
    for left in coverage.leftovers:
        advice = f"`{left.text}` is {part}. {way}; or set it aside with its reason. `talk` is only "
        advice += "for words that wish for nothing."
        if left.hot:
            faults.append(Fault("lost", left.ref, advice, words=left.text))
    for index, why in coverage.doubts.items():
        quote, reason = turn.set_aside[index].quote, turn.set_aside[index].why
        advice = f"`{quote}` is set aside as {reason}, but {why}. {way}; leave it set aside only "
        advice += "if it truly asks for nothing."
        faults.append(Fault("set aside", f"set_aside[{index}]", advice, words=quote))
    for ref in coverage.unused_references if turn.prompt else ():
        advice = "nothing is taken of this picture. Quote it in each entry that something of it "
        advice += f"goes into, or ask under `{REFERENCE}` what to take."
        # Alone not worth a second call: the picture goes along, for what the words say of it.
        faults.append(Fault("unused", ref, advice, serious=False))
    return faults
