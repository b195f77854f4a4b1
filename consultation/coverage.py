"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

Words of an option or a decision, numbers and refusals that found no place go back to the
model. No rule can tell every wish from talk, so the person is shown what was set aside, too.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from consultation.quotes import Fault, Statement, Statements
from consultation.transcript import Transcript
from consultation.turn import FORMAT, FacilitatorTurn
from consultation.words import (
    LONG,
    SHORTEST_TO_SHARE,
    Word,
    among,
    asks,
    clauses,
    content,
    refusals,
    refused_words,
    refuses,
    shares,
    size,
    words_of,
)
from gateway.capabilities import edges_of
from storage.tables import REFERENCE
from styles.style_use import REF

UNSEEN = frozenset({"use", "platform", REFERENCE})
"""Dimensions that say where a picture goes, or what it takes of another, and not what it shows: the
brief is their place."""

LABEL = re.compile(r"(?<!\S)(?:\d{1,2}(?:\)|\.\s)|[^\W\d]+:|q\d+\b)")
"""Where words belong, and no wish: the number in a list, `CLIENT:`, the id of a question."""

LONGEST = 6
"""Content words set aside at once: of 54 honest entries none has more, of 38 dumps eleven have."""

LONGEST_LEFT = 4
"""Content words that hand a choice over: "the rest is yours, dear" has three."""

MOST = 0.5
"""Share of all words that may be set aside: of honest turns none has more than 0.39."""

FEWEST_ABSENT = 3
"""Content words of a clause of a quote that one word of the prompt has to show."""

Place = tuple[str, int]
"""Where a word stands: the message, and its number there."""


class Leftover(NamedTuple):
    """Words of a message that found no place, and whether some of them matter most."""

    ref: str
    text: str
    hot: bool
    size: int
    refuses: bool


def words_in(transcript: Transcript) -> dict[Place, Word]:
    """Every word of the person by its place."""
    return {
        (ref, number): word
        for ref, text in transcript.messages.items()
        for number, word in enumerate(words_of(text))
    }


def places_in(statements: Iterable[Statement]) -> set[Place]:
    """Where the words stand that statements rest on."""
    return {
        (run.quote.ref, number) for one in statements for run in one.runs for number in run.words
    }


def distinct(words: Iterable[Word]) -> list[Word]:
    """Each word once: a long message repeats most of its own."""
    return [*{word.text: word for word in words}.values()]


def placing(
    turn: FacilitatorTurn,
    statements: Statements,
    sources: Sequence[Statement],
    transcript: Transcript,
) -> set[Place]:
    """Where the words stand that have their place: in the prompt, while asking in the brief.

    `sources` are those whose stretch stands in the prompt.
    """
    asking = not turn.prompt.strip()
    quoted = {quote.ref for source in turn.sources for quote in source.said}
    evidence = [*sources]
    for entry, one in zip(turn.brief, statements.brief, strict=True):
        is_size = entry.dimension == FORMAT and edges_of(entry.value) is not None
        evidence += [one] if asking or is_size or entry.dimension in UNSEEN else []
    for choice, one in zip(turn.chosen, statements.chosen, strict=True):
        # In a prompt without the option its words would look placed.
        evidence += [one] if asking or choice.question in quoted else []
    absent = _absent(sources, transcript, turn.prompt)
    return places_in(evidence) - (absent - places_in(statements.chosen))


def _absent(sources: Sequence[Statement], transcript: Transcript, prompt: str) -> set[Place]:
    """Where the clauses of quotes stand of which the prompt has no word."""
    there = distinct(words_of(prompt))
    places = set()
    # A stretch that shares nothing with its whole quote is shown beside it.
    for one in (one for one in sources if shares(words_of(one.text), words_of(one.words))):
        for run in one.runs:
            text = transcript.messages.get(run.quote.ref, "")
            numbers = {word.start: number for number, word in enumerate(words_of(text))}
            for clause in clauses(text):
                quoted = [word for word in clause if numbers[word.start] in run.words]
                # "No people" is heard by an empty square.
                present = any(word.refuses for word in quoted) and refuses(one.text)
                if size(quoted) >= FEWEST_ABSENT and not (present or shares(quoted, there)):
                    places |= {(run.quote.ref, numbers[word.start]) for word in quoted}
    return places


def weight_of(transcript: Transcript, present: Sequence[Word]) -> Callable[[Word], bool]:
    """What tells whether a word has to go back where it found no place: it refuses, or is a number
    or of an option or a decision and not among those `present`."""
    decided = [q.quote for entry in transcript.brief if not entry.open for q in entry.said]
    # A decision that is heard at all may leave words behind, such as the reason for it.
    lost = [text for text in decided if not shares(content(words_of(text)), present)]
    options = [option for put in transcript.questions for option in put.options]
    known = [word for text in (*options, *lost) for word in words_of(text)]
    offered = distinct(word for word in known if len(word.text) >= LONG)

    def matters(word: Word) -> bool:
        is_known = word.number or (len(word.text) >= LONG and among(word, offered))
        return word.refuses or (is_known and not among(word, present))

    return matters


def leftovers_of(
    transcript: Transcript, accounted: Collection[Place], matters: Callable[[Word], bool]
) -> list[Leftover]:
    """The runs of words that are in no quote and not set aside, refusals with what they refuse."""
    words = words_in(transcript)
    quoted = {word.text for place, word in words.items() if place in accounted}
    refused = {ref: dict(refusals(text)) for ref, text in transcript.messages.items()}
    runs = []
    for (ref, is_accounted), row in groupby(
        words.items(), key=lambda item: (item[0][0], item[0] in accounted)
    ):
        run, text = [word for _, word in row], transcript.messages[ref]
        # Words of a question that was answered are no wish.
        answered = ref != transcript.newest and asks(text, run[-1].end, run[-1].end)
        hot = [
            word
            for word in filter(matters, content(run))
            if word.refuses or not (answered or LABEL.match(text, word.start))
        ]
        new = [word for word in content(run) if word.text not in quoted and not word.number]
        if not is_accounted and (hot or new):
            whole = [w for word in run for w in (word, *refused[ref].get(word, ()))]
            part = text[min(w.start for w in whole) : max(w.end for w in whole)]
            refuses = any(word.refuses for word in hot)
            runs.append(Leftover(ref, part, bool(hot), len(new), refuses))
    return runs


def lines_without_place(transcript: Transcript, statements: Sequence[Statement]) -> list[Leftover]:
    """What styles say of which neither the prompt nor what was set aside has a word."""
    quoted = [quote for one in statements for quote in one.said]
    return [
        Leftover(use.ref, line, False, len(words_of(line)), refuses=False)
        for use in transcript.styles
        for line in use.lines.values()
        if not any(quote.ref == use.ref and quote.quote in line for quote in quoted)
    ]


def doubts_of(
    turn: FacilitatorTurn,
    statements: Sequence[Statement],
    transcript: Transcript,
    placed: Collection[Place],
) -> list[int]:
    """The places of those set aside that look like wishes: they refuse something, have words of an
    option or a decision, say much, or all together more than what is left; or they were replaced
    and nothing newer has a place."""
    words, in_prompt = words_in(transcript), words_of(turn.prompt)
    present = distinct(word for place, word in words.items() if place in placed)
    matters = weight_of(transcript, present)
    order = {place: number for number, place in enumerate(words)}
    newest = max((order.get(place, 0) for place in placed), default=0)
    entries = [*zip(turn.set_aside, statements, strict=True)]
    wishes = [
        number
        for number, (entry, one) in enumerate(entries)
        if entry.why != "replaced" and not _asks_back(one, transcript)
    ]
    aside = places_in(statements[number] for number in wishes) & words.keys()
    is_most = size(words[place] for place in aside) > MOST * size(words.values())
    doubts = {*wishes} if in_prompt and is_most else set()
    for number, (entry, one) in enumerate(entries):
        wanted = [word for word in content(words_of(one.words)) if not word.refuses]
        refused = _refuses(one.words, in_prompt)
        hot = any(matters(word) for word in wanted if not word.number)
        longest = LONGEST
        if entry.why == "left_to_us":  # "I don't mind the colours" refuses none
            refused, hot, longest = False, False, LONGEST_LEFT
        long = size(word for word in wanted if not among(word, present)) > longest
        is_wish = refused or (number in wishes and (hot or long))
        if entry.why == "replaced":
            is_wish = any(order.get(place, 0) > newest for place in places_in([one]))
        if is_wish and entry.why != "withdrawn":
            doubts.add(number)
    return sorted(doubts)


def _refuses(text: str, in_prompt: Sequence[Word]) -> bool:
    """Whether words refuse something: "no people" does, "no idea" does not, and "no dog" where a
    prompt has one."""
    return any(
        word.signed or len(word.text) >= LONG or among(word, in_prompt)
        for word in content(refused_words(text), SHORTEST_TO_SHARE)
    )


def _asks_back(entry: Statement, transcript: Transcript) -> bool:
    messages = transcript.messages
    return any(asks(messages.get(run.quote.ref, ""), run.start, run.end) for run in entry.runs)


def faults_of_coverage(
    leftovers: Iterable[Leftover],
    doubts: Iterable[int],
    turn: FacilitatorTurn,
    transcript: Transcript,
) -> list[Fault]:
    """What got lost with words of an option, a number or a refusal in it, and what was set
    aside though it looks like a wish; the rest is listed."""
    part, way = "in no quote", "Quote it in the brief"
    if turn.prompt.strip():
        part, way = "quoted for no stretch of the prompt", "Put it into the prompt and quote it"
    faults = []
    for left in (one for one in leftovers if one.hot or one.ref.startswith(REF)):
        advice = f"`{left.text}` is {part}. {way}; or set it aside with its reason. `talk` is only "
        advice += "for words that wish for nothing."
        faults.append(Fault("lost", left.ref, advice, serious=left.hot))
    for number in doubts:
        entry = turn.set_aside[number]
        if entry in transcript.set_aside:
            continue  # judged in its own turn
        advice = (
            f"`{entry.quote}` is set aside as {entry.why}, but looks like a wish. {way}; leave "
        )
        advice += "it set aside only if it truly asks for nothing."
        faults.append(Fault("set aside", f"set_aside[{number}]", advice))
    return faults
