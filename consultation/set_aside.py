"""What a turn sets aside: words that wish for nothing, and wishes that only look so.

No rule can tell every wish from talk, so the person is shown what was set aside; these
signs met 32 of 38 wishes that were dumped there, and none of 54 honest entries.
"""

from collections.abc import Sequence

from consultation.coverage import Coverage
from consultation.evidence import Evidence, Fault
from consultation.refusals import refused_words
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, SetAside
from consultation.words import LONG, QUESTION_MARKS, asks, content, near, size, words_of

LONGEST = 6
"""Content words in one entry: of 54 honest ones none has more, of 38 dumps eleven have."""

MOST_LEFT_TO_US = 4
"""Content words that hand a choice over: "ask nothing more, just finish" has four in Zulu."""

TAKEN_BACK = frozenset({"replaced", "withdrawn"})
"""Reasons of what the person took back: such words did wish for something."""


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


def faults_of_set_aside(turn: FacilitatorTurn, doubtful: dict[int, str]) -> list[Fault]:
    """Entries that look like wishes."""
    way = "Put it into the prompt and quote it" if turn.prompt else "Quote it in the brief"
    faults = []
    for index, why in doubtful.items():
        quote = turn.set_aside[index].quote
        advice = f"`{quote}` is set aside as {turn.set_aside[index].why}, but {why}. {way}; leave "
        advice += "it set aside only if it truly asks for nothing."
        faults.append(Fault("set aside", f"set_aside[{index}]", advice, words=quote))
    return faults


def _doubt(
    entry: SetAside, one: Evidence, text: str, evidence: Sequence[Evidence], coverage: Coverage
) -> str:
    """What speaks against setting words aside, empty where nothing does."""
    wanted = [word for word in content(words_of(one.text)) if not word.refuses]
    asks_back = {*QUESTION_MARKS} & {*entry.quote} or asks(text, one.runs[0].end)
    if entry.why == "left_to_us":
        long = size(wanted) > MOST_LEFT_TO_US and not asks_back
        return "it says more than that the choice is ours" if long else ""
    if entry.why in TAKEN_BACK or _is_decided(entry, evidence):
        return ""
    # "no idea" refuses nothing, "no people" does.
    if any(word.signed or len(word.text) >= LONG for word in refused_words(one.text)):
        return "it refuses something"
    if asks_back:
        return ""
    if hot := [w.text for w in wanted if len(w.text) >= LONG and coverage.matters(w)]:
        return f"{', '.join(hot)} belongs to an option or an earlier wish"
    new = [word for word in wanted if not coverage.is_spoken(word)]
    return "it is long enough to hold a wish" if size(new) > LONGEST else ""


def _is_decided(entry: SetAside, evidence: Sequence[Evidence]) -> bool:
    """Whether an entry cannot be seen and its words are in the brief as well, such as a use."""
    if entry.why != "not_visible":
        return False
    brief = [word for one in evidence if one.part == "brief" for word in words_of(one.text)]
    return all(any(near(w, other) for other in brief) for w in content(words_of(entry.quote)))
