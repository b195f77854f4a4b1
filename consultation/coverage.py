"""Nothing lost: every word of the person lies in a quote, is set aside, or is shown.

Words of an option, numbers and refusals that found no place go back to the
model. No rule can tell every wish from talk, so the person is shown what was set aside, too.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from consultation.quotes import Fault, Statement, Statements
from consultation.transcript import Transcript
from consultation.turn import FORMAT, FacilitatorTurn, SetAside
from consultation.words import (
    LONG,
    Word,
    among,
    asks,
    content,
    refusals,
    refused_words,
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
    turn: FacilitatorTurn, statements: Statements, sources: Sequence[Statement]
) -> list[Statement]:
    """The statements in which words have their place: in the prompt, while asking in the brief.

    `sources` are those whose stretch stands in the prompt.
    """
    asking = not turn.prompt.strip()
    quoted = {quote.ref for source in turn.sources for quote in source.said}
    found = [*sources]
    for entry, one in zip(turn.brief, statements.brief, strict=True):
        is_size = entry.dimension == FORMAT and edges_of(entry.value) is not None
        found += [one] if asking or is_size or entry.dimension in UNSEEN else []
    for choice, one in zip(turn.chosen, statements.chosen, strict=True):
        # In a prompt without the option its words would look placed.
        found += [one] if asking or choice.question in quoted else []
    return found


def weight_of(transcript: Transcript, heard: Sequence[Word]) -> Callable[[Word], bool]:
    """What tells whether a word has to go back where it found no place: it refuses, or is a number
    or of an option and not among those `heard`."""
    options = (option for put in transcript.questions for option in put.options)
    offered = distinct(w for option in options for w in words_of(option) if len(w.text) >= LONG)

    def matters(word: Word) -> bool:
        is_known = word.number or (len(word.text) >= LONG and among(word, offered))
        return word.refuses or (is_known and not among(word, heard))

    return matters


def leftovers_of(
    transcript: Transcript, accounted: Collection[Place], matters: Callable[[Word], bool]
) -> list[Leftover]:
    """The runs of words that are in no quote and not set aside, refusals with what they refuse."""
    words = words_in(transcript)
    quoted = {word.text for place, word in words.items() if place in accounted}
    refused = {ref: dict(refusals(text)) for ref, text in transcript.messages.items()}
    found = []
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
            found.append(Leftover(ref, part, bool(hot), len(new), refuses))
    return found


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
    set_aside: Sequence[SetAside],
    statements: Sequence[Statement],
    transcript: Transcript,
    heard: Sequence[Word],
) -> list[int]:
    """The places of those set aside in this turn that look like wishes: they refuse something,
    have words of an option, or say much."""
    matters = weight_of(transcript, heard)
    doubts = []
    for number, (entry, one) in enumerate(zip(set_aside, statements, strict=True)):
        wanted = [word for word in content(words_of(one.words)) if not word.refuses]
        # "no idea" refuses nothing, "no people" does.
        refused = any(word.signed or len(word.text) >= LONG for word in refused_words(one.words))
        hot = any(matters(word) for word in wanted if not word.number)
        long = size(word for word in wanted if not among(word, heard)) > LONGEST
        asks_back = any(
            asks(transcript.messages.get(run.quote.ref, ""), run.start, run.end) for run in one.runs
        )
        if entry.why == "left_to_us":  # "I don't mind the colours" refuses none
            refused = hot = False
        # What an earlier turn set aside was judged in its own turn.
        is_new = entry.why not in {"replaced", "withdrawn"} and entry not in transcript.set_aside
        if is_new and (refused or (not asks_back and (hot or long))):
            doubts.append(number)
    return doubts


def faults_of_coverage(
    leftovers: Iterable[Leftover], doubts: Iterable[int], turn: FacilitatorTurn
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
        advice = (
            f"`{entry.quote}` is set aside as {entry.why}, but looks like a wish. {way}; leave "
        )
        advice += "it set aside only if it truly asks for nothing."
        faults.append(Fault("set aside", f"set_aside[{number}]", advice))
    return faults
