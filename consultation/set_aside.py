"""What a turn sets aside: words that wish for nothing, and wishes that only look so.

No rule can tell every wish from talk, so the person is shown what was set aside; these
signs met 32 of 38 wishes that were dumped there, and none of 54 honest entries.
"""

from collections.abc import Sequence

from consultation.coverage import Coverage
from consultation.evidence import Evidence, Fault
from consultation.refusals import refused_words
from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn, SetAside
from consultation.words import LONG, QUESTION_MARKS, Word, asks, content, near, size, words_of

LONGEST = 6
"""Content words in one entry: of 54 honest ones none has more, of 38 dumps eleven have."""

MOST_OF_ALL = 0.5
"""The share of all words that may be set aside; honest turns stay below 0.35."""

MOST_LEFT_TO_US = 4
"""Content words that hand a choice over: "ask nothing more, just finish" has four in Zulu."""

TAKEN_BACK = frozenset({"replaced", "withdrawn"})
"""Reasons that need newer words of the person."""


def doubts(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    coverage: Coverage,
) -> dict[int, str]:
    """Entries of this turn that look like wishes, by their place, each with what tells so."""
    found = {}
    for one in evidence:
        # What an earlier turn set aside was judged in its own turn.
        if one.part == "set_aside" and one.match and one.given not in transcript.set_aside:
            entry = turn.set_aside[one.index]
            text = transcript.messages.get(entry.ref, "")
            if why := _doubt(entry, one, text, evidence, coverage):
                found[one.index] = why
    return found


def faults_of_set_aside(
    turn: FacilitatorTurn,
    doubtful: dict[int, str],
    coverage: Coverage,
    evidence: Sequence[Evidence],
) -> list[Fault]:
    """Entries that look like wishes, and a conversation of which too much is set aside."""
    way = "Put it into the prompt and quote it" if turn.prompt else "Quote it in the brief"
    faults = [
        Fault(
            "set aside",
            f"set_aside[{index}]",
            f"`{turn.set_aside[index].quote}` is set aside as {turn.set_aside[index].why}, but "
            f"{why}. {way}; leave it set aside only if it truly asks for nothing.",
            words=turn.set_aside[index].quote,
        )
        for index, why in doubtful.items()
    ]
    aside = " ".join(
        entry.quote
        for entry in turn.set_aside
        if entry.why not in TAKEN_BACK and not _is_decided(entry, evidence)
    )
    total, _ = coverage.counts
    if total > LONGEST and len(content(words_of(aside))) > MOST_OF_ALL * total:
        advice = "More than half of what the person said is set aside. Put into the prompt what "
        advice += "can be seen, and quote it."
        faults.append(Fault("set aside", "set_aside", advice))
    return faults


def _doubt(
    entry: SetAside, one: Evidence, text: str, evidence: Sequence[Evidence], coverage: Coverage
) -> str:
    """What speaks against setting words aside, empty where nothing does."""
    wanted = [word for word in content(words_of(one.text)) if not word.refuses]
    asks_back = {*QUESTION_MARKS} & {*entry.quote} or asks(text, one.runs[0].end)
    signs: dict[str, bool] = {}
    if entry.why in TAKEN_BACK:
        signs["no newer words are quoted that replace it"] = not _has_newer(one, evidence)
    elif entry.why == "left_to_us":
        long = size(wanted) > MOST_LEFT_TO_US
        signs["it says more than that the choice is ours"] = long and not asks_back
    elif not _is_decided(entry, evidence):
        hot = [w.text for w in wanted if len(w.text) >= LONG and coverage.matters(w)]
        signs["it refuses something"] = any(map(_is_thing, refused_words(one.text)))
        signs[f"{', '.join(hot)} belongs to an option or an earlier wish"] = bool(
            hot and not asks_back
        )
        new = [word for word in wanted if not coverage.is_spoken(word)]
        signs["it is long enough to hold a wish"] = size(new) > LONGEST and not asks_back
    return next((why for why, holds in signs.items() if holds), "")


def _has_newer(one: Evidence, evidence: Sequence[Evidence]) -> bool:
    """Whether something is quoted that was said after words which were taken back."""
    said = max((message_number(run.ref), run.end) for run in one.runs)
    return any(
        (message_number(run.ref), run.start) >= said
        for other in evidence
        if other.part != "set_aside"
        for run in other.runs
    )


def _is_decided(entry: SetAside, evidence: Sequence[Evidence]) -> bool:
    """Whether an entry cannot be seen and its words are in the brief as well, such as a use."""
    if entry.why != "not_visible":
        return False
    brief = [word for one in evidence if one.part == "brief" for word in words_of(one.text)]
    return all(any(near(w, other) for other in brief) for w in content(words_of(entry.quote)))


def _is_thing(word: Word) -> bool:
    """Whether a word beside a refusing one is a thing: "no idea" is none, "no people" is."""
    return len(word.text) >= LONG or word.script != "spaced"
