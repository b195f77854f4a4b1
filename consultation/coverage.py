"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

Words of an option or a decision, numbers and refusals that found no place go back to the
model, and so does what its own brief decides or avoids and no stretch of its prompt rests on.
No rule can tell every wish from talk, so the person is shown what was set aside, too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from consultation.quotes import Fault, Statement, Statements
from consultation.transcript import Transcript, message_number
from consultation.turn import AVOID, FacilitatorTurn, SetAside
from consultation.words import (
    LONG,
    SHORTEST_TO_SHARE,
    Word,
    among,
    asks,
    content,
    refusals,
    refused_words,
    refuses,
    shares,
    size,
    words_of,
)
from storage.tables import FORMAT, REFERENCE
from styles.style_use import REF

UNSEEN = frozenset({"use", "platform", REFERENCE})
"""Dimensions that say where a picture goes, or what it takes of another, and not what it shows: the
brief is their place."""

LABEL = re.compile(r"(?<!\S)(?:\d{1,2}(?:\)|\.\s)|[^\W\d]+:|q\d+\b)")
"""Where words belong, and no wish: the number in a list, `CLIENT:`, the id of a question."""

LONGEST = 6
"""Content words of a clause that is set aside: of 139 honest entries none has more. A story of many
clauses may be set aside at once, as it may be clause by clause."""

LONGEST_LEFT = 4
"""Content words that hand a choice over: "the rest is yours, dear" has three."""

MOST = 0.5
"""Share of all words that may be set aside: of honest turns none has more than 0.39."""

FEWEST_ABSENT = 3
"""Content words of a clause of a quote of which the prompt has to show one: two may both be said in
other words."""

Place = tuple[str, int]
"""Where a word stands: the message, and its number there."""


class Leftover(NamedTuple):
    """Words of a message that found no place, and whether some of them matter most."""

    ref: str
    text: str
    hot: bool
    size: int
    refuses: bool


class Decision(NamedTuple):
    """Where a quote stands that the brief rests on, whether it refuses something, and whether
    its entry has none that is newer."""

    places: set[Place]
    refuses: bool
    newest: bool


def places_in(statements: Iterable[Statement]) -> set[Place]:
    """Where the words stand that statements rest on."""
    return {
        (run.quote.ref, number) for one in statements for run in one.runs for number in run.words
    }


@dataclass(frozen=True)
class Coverage:
    """What became of the person's words in a turn: those with a place, those set aside, the rest.

    `sources` are those whose stretch stands in the prompt.
    """

    turn: FacilitatorTurn
    transcript: Transcript
    statements: Statements
    sources: Sequence[Statement]

    @cached_property
    def leftovers(self) -> list[Leftover]:
        """The runs of words that are in no quote and not set aside, refusals with what they
        refuse; and what styles say of which a prompt has no word."""
        accounted = self._placed | places_in(self.statements.set_aside)
        quoted = {word.text for place, word in self._words.items() if place in accounted}
        heard = {ref for ref, _ in accounted}
        lost = self._lost_picks.union(*(one.places for one in self._unheard))
        runs = []
        for (ref, is_accounted), row in groupby(
            self._words.items(), key=lambda item: (item[0][0], item[0] in accounted)
        ):
            if is_accounted:
                continue
            places, run = zip(*row, strict=True)
            text = self.transcript.messages[ref]
            # Words of a question that was answered are no wish.
            answered = ref != self.transcript.newest and asks(text, run[-1].end, run[-1].end)
            refuses = any(word.refuses for word in run) or not self._refused.isdisjoint(places)
            is_hot = refuses or not lost.isdisjoint(places)
            is_hot |= not answered and any(
                self._matters(word) and not LABEL.match(text, word.start) for word in run
            )
            # A message of short words alone, of which none is heard, is shown for these.
            telling = content(run) or ([] if ref in heard else run)
            new = [word for word in telling if word.text not in quoted and not word.number]
            if is_hot or new:
                whole = [w for word in run for w in (word, *refusals(text).get(word, ()))]
                part = text[min(w.start for w in whole) : max(w.end for w in whole)]
                runs.append(Leftover(ref, part, is_hot, len(new), refuses))
        return [*runs, *self._lines_without_place()]

    @cached_property
    def doubts(self) -> list[int]:
        """The places of those set aside that look like wishes: they refuse something, have words of
        an option or a decision, say much, or all together more than what is left; or they were
        replaced and nothing newer has a place."""
        entries = [*zip(self.turn.set_aside, self.statements.set_aside, strict=True)]
        wishes = {
            number: one
            for number, (entry, one) in enumerate(entries)
            if entry.why != "replaced" and not self._asks_back(one)
        }
        aside = places_in(wishes.values()) & self._words.keys()
        is_most = size(self._words[place] for place in aside) > MOST * size(self._words.values())
        doubts = {*wishes} if self._drawn and is_most else set()
        doubts |= {number for number, one in enumerate(entries) if self._is_wish(*one)}
        return sorted(doubts)

    @property
    def counts(self) -> tuple[int, int]:
        """How many words say something, and how many of them have a place."""
        telling = {place for place, word in self._words.items() if content([word])}
        return len(telling), len(self._placed & telling)

    def faults(self) -> list[Fault]:
        """What got lost with words of an option, a number or a refusal in it, and what was set
        aside though it looks like a wish; the rest is listed."""
        part, way = "in no quote", "Quote it in the brief"
        if self._drawn:
            part, way = "quoted for no stretch of the prompt", "Put it into the prompt and quote it"
        faults = []
        for left in (one for one in self.leftovers if one.hot or one.ref.startswith(REF)):
            advice = f"`{left.text}` is {part}. {way}; or set it aside with its reason. `talk` is "
            advice += "only for words that wish for nothing."
            faults.append(Fault("lost", left.ref, advice, serious=left.hot))
        for number in self.doubts:
            entry = self.turn.set_aside[number]
            if entry in self.transcript.set_aside:
                continue  # judged in its own turn
            advice = (
                f"`{entry.quote}` is set aside as {entry.why}, but looks like a wish. {way}; leave "
            )
            advice += "it set aside only if it truly asks for nothing."
            faults.append(Fault("set aside", f"set_aside[{number}]", advice))
        return faults

    @property
    def _drawn(self) -> bool:
        return bool(self.turn.prompt.strip())

    @cached_property
    def _words(self) -> dict[Place, Word]:
        """Every word of the person by its place."""
        return {
            (ref, number): word
            for ref, text in self.transcript.messages.items()
            for number, word in enumerate(words_of(text))
        }

    @cached_property
    def _placed(self) -> set[Place]:
        """Where the words stand that have a place: in the prompt, while asking in the brief."""
        evidence = []
        for entry, one in zip(self.turn.brief, self.statements.brief, strict=True):
            is_size = entry.dimension == FORMAT and self.turn.edges is not None
            evidence += [one] if not self._drawn or is_size or entry.dimension in UNSEEN else []
        quoted = {quote.ref for one in (*self.sources, *evidence) for quote in one.said}
        for choice, one in zip(self.turn.chosen, self.statements.chosen, strict=True):
            # In a prompt without the option its words would look placed.
            evidence += [one] if not self._drawn or choice.question in quoted else []
        return places_in(evidence) | places_in(self.sources) - self._absent

    @property
    def _absent(self) -> set[Place]:
        """Where the clauses of quotes stand of which the prompt has no word."""
        there, places = _distinct(words_of(self.turn.prompt)), set()
        # A stretch that shares nothing with its whole quote is shown beside it.
        for one in (s for s in self.sources if shares(words_of(s.text), words_of(s.words))):
            for run in (run for run in one.runs if run.quote.ref in self.transcript.messages):
                words = words_of(self.transcript.messages[run.quote.ref])
                for _, row in groupby(sorted(run.words), key=lambda at: words[at].clause):
                    numbers = [*row]
                    quoted = [words[number] for number in numbers]
                    # "No people" is heard by an empty square.
                    refused = any(word.refuses for word in quoted)
                    refused |= not self._refused.isdisjoint((run.quote.ref, n) for n in numbers)
                    present = refused and refuses(one.text)
                    if size(quoted) >= FEWEST_ABSENT and not (present or shares(quoted, there)):
                        places |= {(run.quote.ref, number) for number in numbers}
        return places

    @cached_property
    def _lost_picks(self) -> set[Place]:
        """Where words stand that pick an option without a place: "the second one" has none of its
        words, and in scripts without spaces no word would be long enough."""
        return places_in(self.statements.chosen) - self._placed

    @cached_property
    def _decided(self) -> list[Decision]:
        """What the brief of a prompt rests on, a quote each; what is not seen needs no place."""
        decided = []
        for entry, one in zip(self.turn.brief, self.statements.brief, strict=True):
            newest = max((message_number(run.quote.ref) for run in one.runs), default=0)
            decided += [
                Decision(
                    places_in([one._replace(runs=[run])]),
                    entry.dimension == AVOID,
                    message_number(run.quote.ref) == newest,
                )
                for run in one.runs
                if self._drawn and entry.dimension not in {*UNSEEN, FORMAT}
            ]
        return decided

    @cached_property
    def _refused(self) -> set[Place]:
        """Where words stand that refuse something by the brief, whether or not a list has them."""
        return {place for one in self._decided if one.refuses for place in one.places}

    @cached_property
    def _unheard(self) -> list[Decision]:
        """Those of which no stretch of the prompt has a word."""
        return [one for one in self._decided if one.places.isdisjoint(self._placed)]

    @cached_property
    def _present(self) -> list[Word]:
        return _distinct(self._words[place] for place in self._placed & self._words.keys())

    @cached_property
    def _known(self) -> list[Word]:
        """Words of options, and of decisions that are not heard at all: one that is may leave
        words behind, such as the reason for it."""
        brief, questions = self.transcript.brief, self.transcript.questions
        decided = [q.quote for entry in brief if not entry.open for q in entry.said]
        lost = [text for text in decided if not shares(content(words_of(text)), self._present)]
        options = [option for put in questions for option in put.options]
        words = (word for text in (*options, *lost) for word in words_of(text))
        return _distinct(word for word in words if len(word.text) >= LONG)

    def _matters(self, word: Word) -> bool:
        """Whether a word has to go back where it found no place: it refuses, or is a number or of
        an option or a decision and not among those that have theirs."""
        is_known = word.number or (len(word.text) >= LONG and among(word, self._known))
        return word.refuses or (is_known and not among(word, self._present))

    def _is_wish(self, entry: SetAside, one: Statement) -> bool:
        places = places_in([one])
        is_gone = entry.why in {"withdrawn", "replaced"}  # newer words of the decision may say so
        unheard = (decision for decision in self._unheard if decision.newest or not is_gone)
        if any(not decision.places.isdisjoint(places) for decision in unheard):
            return True
        if entry.why == "withdrawn":
            return False
        if entry.why == "replaced":
            return self._is_newest(one)
        wanted = [word for word in content(words_of(one.words)) if not word.refuses]
        new = [word for word in wanted if not among(word, self._present)]
        if entry.why == "left_to_us":  # "I don't mind the colours" refuses none
            return size(new) > LONGEST_LEFT and not self._asks_back(one)
        hot = any(self._matters(word) for word in wanted if not word.number)
        hot |= not self._lost_picks.isdisjoint(places)
        clauses = groupby(new, key=lambda word: word.clause)
        long = any(size(clause) > LONGEST for _, clause in clauses)
        is_wish = (hot or long) and not self._asks_back(one)
        return is_wish or _refuses(one.words, words_of(self.turn.prompt))

    def _is_newest(self, one: Statement) -> bool:
        """Whether nothing that was said after these words has a place."""
        order = {place: number for number, place in enumerate(self._words)}
        newest = max((order.get(place, 0) for place in self._placed), default=0)
        return any(order.get(place, 0) > newest for place in places_in([one]))

    def _asks_back(self, entry: Statement) -> bool:
        messages = self.transcript.messages
        return any(asks(messages.get(run.quote.ref, ""), run.start, run.end) for run in entry.runs)

    def _lines_without_place(self) -> list[Leftover]:
        """What styles say of which neither the prompt nor what was set aside has a word."""
        statements = [*self.sources, *self.statements.set_aside]
        quoted = [quote for one in statements for quote in one.said]
        return [
            Leftover(use.ref, line, False, len(words_of(line)), refuses=False)
            for use in (self.transcript.styles if self._drawn else ())
            for line in use.lines.values()
            if not any(quote.ref == use.ref and quote.quote in line for quote in quoted)
        ]


def _refuses(text: str, in_prompt: Sequence[Word]) -> bool:
    """Whether words refuse something: "no people" does, "no idea" does not, and "no dog" where a
    prompt has one."""
    return any(
        word.signed or len(word.text) >= LONG or among(word, in_prompt)
        for word in content(refused_words(text), SHORTEST_TO_SHARE)
    )


def _distinct(words: Iterable[Word]) -> list[Word]:
    """Each word once: a long message repeats most of its own."""
    return [*{word.text: word for word in words}.values()]
