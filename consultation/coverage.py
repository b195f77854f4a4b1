"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

A word is accounted for where a quote of the prompt's sources (of the brief while there is
no prompt), of a picked option or of what was set aside matched it. What is left is shown
to the person; words of an option or a decision, numbers and refusals go back to the model.
No rule can tell every wish from talk, so the person is shown what was set aside, too.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from rapidfuzz import fuzz

from consultation.quotes import Fault, Statement, Statements
from consultation.refusals import refused_words
from consultation.transcript import Transcript
from consultation.turn import FORMAT, FacilitatorTurn, Reason
from consultation.words import LONG, Word, among, asks, content, distinct, size, words_of
from gateway.capabilities import edges_of
from storage.tables import REFERENCE

UNSEEN = frozenset({"use", "platform", REFERENCE})
"""Dimensions that say where a picture goes, or what it takes of another, and not what it shows: the
brief is their place."""

LIST_NUMBER = re.compile(r"(?<!\S)\d{1,2}(?:\)|\.\s)")
"""What a line of a list begins with; "(2)" and "18.5" are numbers of their own."""

LONGEST = 6
"""Content words set aside at once: of 54 honest entries none has more, of 38 dumps eleven have."""

MOST_LEFT_TO_US = 4
"""Content words that hand a choice over: "ask nothing more, just finish" has four in Zulu."""

SAME_WORDS = 75
"""Per cent of words that a leftover shares with a refused quote which means it."""


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
        statements: Statements,
        sources: Collection[int],
    ) -> None:
        """`sources` are the places of those sources whose stretch stands in the prompt."""
        self._turn, self._transcript, self._statements = turn, transcript, statements
        self._words = {ref: words_of(text) for ref, text in transcript.messages.items()}
        placing = [*_placing(turn, statements, sources)]
        self._placed = placed = _numbers(placing)
        self.accounted = _numbers([*placing, *statements["set_aside"]])
        self._in_part = _numbers(
            entry
            for entry in statements["brief"]
            if any(run.words & placed[run.quote.ref] for run in entry.runs)
        )
        self._spoken = distinct(self._words[ref][n] for ref, some in placed.items() for n in some)
        offered = [text for put in transcript.questions for text in put.options]
        decided = [q.quote for e in transcript.brief if not e.open for q in e.said]
        known = (word for text in (*offered, *decided) for word in words_of(text))
        self._known = distinct(word for word in known if len(word.text) >= LONG)

    @property
    def counts(self) -> tuple[int, int]:
        """How many content words there are, and how many of them found a place."""
        telling = [
            (r, n) for r, words in self._words.items() for n, w in enumerate(words) if w.tells()
        ]
        return len(telling), sum(number in self._placed[ref] for ref, number in telling)

    @cached_property
    def leftovers(self) -> list[Leftover]:
        """The runs of words that are in no quote and not set aside."""
        quoted = {self._words[ref][n].text for ref, some in self.accounted.items() for n in some}
        found = []
        for ref, words in self._words.items():
            left = [n for n in range(len(words)) if n not in self.accounted[ref]]
            for _, row in groupby(enumerate(left), key=lambda pair: pair[1] - pair[0]):
                run = [number for _, number in row]
                telling = [n for n in run if words[n].tells() and not self._is_label(ref, n)]
                if all(words[n].text in quoted for n in telling):
                    continue
                start, end = words[run[0]].start, words[run[-1]].end
                hot = [words[n] for n in telling if self._is_hot(ref, n, end)]
                text = self._transcript.messages[ref][start:end]
                refuses = any(word.refuses for word in hot)
                found.append(Leftover(ref, text, bool(hot), len(telling), refuses))
        return found

    def _is_label(self, ref: str, number: int) -> bool:
        """Whether a word only says where others belong: the id of a question, `1)` in a list."""
        word, text = self._words[ref][number], self._transcript.messages[ref]
        counts = word.number and LIST_NUMBER.match(text, word.start) is not None
        return counts or self._transcript.question(word.text) is not None

    def _is_hot(self, ref: str, number: int, end: int) -> bool:
        """Whether a word that found no place, in a run up to `end`, has to go back.

        Numbers and refusals do. Words of a question that was answered, a label such as
        `CLIENT:`, and those of a decision of which the prompt has other words do not.
        """
        word, text = self._words[ref][number], self._transcript.messages[ref]
        answered = ref != self._transcript.newest and asks(text, end, end)
        excused = answered or number in self._in_part[ref] or text[word.end :][:1] == ":"
        return self._matters(word) and (word.is_strict or not excused)

    def _matters(self, word: Word) -> bool:
        """Whether a word refuses, or is a number or of an option or decision, in no quote."""
        known = word.number or (len(word.text) >= LONG and among(word, self._known))
        return word.refuses or (known and not among(word, self._spoken))

    @cached_property
    def doubts(self) -> dict[int, str]:
        """Entries set aside in this turn that look like wishes, by their place, and what tells."""
        # What an earlier turn set aside was judged in its own turn.
        doubts = {
            one.index: self._doubt(one, entry.why)
            for one, entry in zip(self._statements["set_aside"], self._turn.set_aside, strict=True)
            if one.runs and entry not in self._transcript.set_aside
        }
        return {index: why for index, why in doubts.items() if why}

    @property
    def unused_references(self) -> list[str]:
        """Pictures that no quote takes anything of, where nobody was asked what to take."""
        if any(put.dimension == REFERENCE for put in self._transcript.questions):
            return []
        some = (one for part in self._statements.values() for one in part)
        quoted = {quote.ref for one in some for quote in one.said}
        return sorted(name for name in self._transcript.references if name not in quoted)

    def _doubt(self, aside: Statement, why: Reason) -> str:
        """What speaks against setting words aside, empty where nothing does."""
        run, text = aside.runs[0], aside.words
        wanted = [word for word in content(words_of(text)) if not word.refuses]
        asks_back = asks(self._transcript.messages[run.quote.ref], run.start, run.end)
        if why == "left_to_us":
            long = size(wanted) > MOST_LEFT_TO_US and not asks_back
            return "it says more than that the choice is ours" if long else ""
        # What cannot be seen, such as a use, may have its place in the brief.
        brief = words_of("\n".join(entry.words for entry in self._statements["brief"]))
        decided = why == "not_visible" and all(among(word, brief) for word in wanted)
        if why in {"replaced", "withdrawn"} or decided:
            return ""
        # "no idea" refuses nothing, "no people" does.
        if any(word.signed or len(word.text) >= LONG for word in refused_words(text)):
            return "it refuses something"
        if asks_back:
            return ""
        if hot := [w.text for w in wanted if len(w.text) >= LONG and self._matters(w)]:
            return f"{', '.join(hot)} belongs to an option or an earlier wish"
        new = [word for word in wanted if not among(word, self._spoken)]
        return "it is long enough to hold a wish" if size(new) > LONGEST else ""


def _placing(
    turn: FacilitatorTurn, statements: Statements, sources: Collection[int]
) -> Iterator[Statement]:
    """The statements in which words of the person have their place."""
    asking = not turn.prompt.strip()
    quoted = {quote.ref for source in turn.sources for quote in source.said}
    yield from (one for one in statements["sources"] if one.index in sources)
    for entry in statements["brief"]:
        dimension = turn.brief[entry.index].dimension
        sizes = dimension == FORMAT and edges_of(entry.text) is not None
        if asking or sizes or dimension in UNSEEN:
            yield entry
    for pick in statements["chosen"]:  # in a prompt without the option it would look placed
        if asking or turn.chosen[pick.index].question in quoted:
            yield pick


def _numbers(statements: Iterable[Statement]) -> Mapping[str, set[int]]:
    """The words of each message that statements rest on."""
    numbers: Mapping[str, set[int]] = defaultdict(set)
    for run in (run for statement in statements for run in statement.runs):
        numbers[run.quote.ref].update(run.words)
    return numbers


def faults_of_coverage(
    coverage: Coverage, turn: FacilitatorTurn, meant: Sequence[str]
) -> list[Fault]:
    """What got lost with words of an option, a number or a refusal in it, and what was set
    aside though it looks like a wish; the rest is listed.

    `meant` are refused quotes that reword something: they and what they left over are one fault.
    """
    part, way = "in no quote", "Quote it in the brief"
    if turn.prompt:
        part, way = "quoted for no stretch of the prompt", "Put it into the prompt and quote it"
    faults = []
    for left in (left for left in coverage.leftovers if left.hot):
        advice = f"`{left.text}` is {part}. {way}; or set it aside with its reason. `talk` is only "
        advice += "for words that wish for nothing."
        if not any(fuzz.token_set_ratio(left.text, words) >= SAME_WORDS for words in meant):
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
