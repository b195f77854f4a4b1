"""What a turn sets aside: words that wish for nothing, and wishes that only look so.

No rule can tell every wish from talk, so the person is shown what was set aside; these
signs met 32 of 38 wishes that were dumped there, and none of 54 honest entries.
"""

from collections.abc import Sequence

from consultation.coverage import Coverage, matters
from consultation.evidence import Evidence, Fault
from consultation.refusals import refused_words
from consultation.transcript import LONG_WORD, Transcript, message_number
from consultation.turn import FacilitatorTurn, SetAside
from consultation.words import QUESTION_MARKS, Word, asks, content, near, related, size, words_of

LONGEST = 6
"""Content words in one entry: of 54 honest ones none has more, of 38 dumps eleven have."""

MOST_OF_ALL = 0.5
"""The share of all words that may be set aside; honest turns stay below 0.35."""

MOST_LEFT_TO_US = 3
"""Content words that hand a choice over: "colours I honestly don't mind" has three."""

TAKEN_BACK = frozenset({"replaced", "withdrawn"})
"""Reasons that need newer words of the person."""

CORRECTION = 6
"""Words after what is taken back in which the new words begin: "oh actually hang on put"."""


def doubts(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    coverage: Coverage,
) -> dict[int, str]:
    """Entries of this turn that look like wishes, by their place, each with what tells so."""
    found = {}
    for one in evidence:
        if one.part != "set_aside" or not one.accepted:
            continue
        entry = turn.set_aside[one.index]
        if entry in transcript.set_aside:  # it was judged in its own turn
            continue
        if entry.why in TAKEN_BACK and _asks_back(entry, transcript):
            why = ""
        elif entry.why in TAKEN_BACK:
            why = _doubt_of_replacing(entry, turn, transcript, evidence)
        else:
            why = _doubt(entry, one.text, transcript, evidence, coverage)
        if why:
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
    aside = [
        entry
        for entry in turn.set_aside
        if entry.why not in TAKEN_BACK and not _is_decided(entry, evidence)
    ]
    amount = sum(len(content(words_of(entry.quote))) for entry in aside)
    total, _ = coverage.counts
    if total > LONGEST and amount > MOST_OF_ALL * total:
        faults.append(
            Fault(
                "set aside",
                "set_aside",
                "More than half of what the person said is set aside. Put into the prompt what "
                "can be seen, and quote it.",
            )
        )
    return faults


def _doubt(
    entry: SetAside,
    own: str,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    coverage: Coverage,
) -> str:
    """What speaks against an entry that is no wish, empty where nothing does."""
    telling = content(words_of(own))
    wanted = [word for word in telling if not word.refuses]
    if entry.why == "left_to_us":
        over = size(wanted) > MOST_LEFT_TO_US
        return "it says more than that the choice is ours" if over else ""
    if _is_decided(entry, evidence):
        return ""
    if any(_is_thing(word, coverage) for word in refused_words(own)):
        return "it refuses something"
    return "" if _asks_back(entry, transcript) else _wish(wanted, coverage)


def _wish(wanted: Sequence[Word], coverage: Coverage) -> str:
    """What makes an entry look like a wish: words of an option, or sheer length."""
    long = [word for word in wanted if len(word.text) >= LONG_WORD]
    known, spoken = coverage.known, coverage.spoken
    if hot := [word.text for word in long if matters(word, known, spoken)]:
        return f"{', '.join(hot)} belongs to an option or an earlier wish"
    return "it is long enough to hold a wish" if size(wanted) > LONGEST else ""


def _doubt_of_replacing(
    entry: SetAside,
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
) -> str:
    """Nothing where newer words are quoted that share a word, or decide its dimension anew."""
    own = content(words_of(entry.quote), 3)
    dimensions = {
        old.dimension
        for old in transcript.brief
        if any(entry.quote in q.quote or q.quote in entry.quote for q in old.said)
    }
    first = message_number(entry.ref)
    newer = [
        (one, quote)
        for one in evidence
        if one.part in {"sources", "brief"}
        for quote in one.shown
        if quote.quote != entry.quote
        and (message_number(quote.ref) >= first or not message_number(quote.ref))
    ]
    held = any(
        (one.part == "brief" and turn.brief[one.index].dimension in dimensions)
        or any(related(a, b) for a in own for b in words_of(quote.quote))
        for one, quote in newer
    )
    if held or not own or _is_corrected(entry, evidence, transcript):
        return ""
    return "no newer words are quoted that replace it"


def _is_corrected(entry: SetAside, evidence: Sequence[Evidence], transcript: Transcript) -> bool:
    """Whether quoted words follow at once in the same message: "no writing, oh, put his name"."""
    text = transcript.messages.get(entry.ref, "")
    end = text.find(entry.quote) + len(entry.quote)
    near_by = [w.start for w in words_of(text) if w.start >= end][:CORRECTION]
    return bool(near_by) and any(
        run.ref == entry.ref and end <= run.start <= near_by[-1]
        for one in evidence
        if one.part in {"sources", "brief"}
        for run in one.runs
    )


def _is_decided(entry: SetAside, evidence: Sequence[Evidence]) -> bool:
    """Whether an entry cannot be seen and its words are in the brief as well, such as a use."""
    if entry.why != "not_visible":
        return False
    telling = content(words_of(entry.quote))
    brief = [word for one in evidence if one.part == "brief" for word in words_of(one.text)]
    return all(any(near(word, other) for other in brief) for word in telling)


def _is_thing(word: Word, coverage: Coverage) -> bool:
    """Whether a word beside a refusing one may be a thing: "no idea" is none, "no text" is.

    It is where it is long, stands in the prompt, or is of a script without spaces.
    """
    long = len(word.text) >= LONG_WORD or word.script != "spaced"
    return long or any(related(word, there) for there in coverage.prompt)


def _asks_back(entry: SetAside, transcript: Transcript) -> bool:
    """Whether the words end in a question mark where they stand: "what is gouache?"."""
    text = transcript.messages.get(entry.ref, "")
    place = text.find(entry.quote)
    is_followed = place >= 0 and asks(text, place + len(entry.quote))
    return is_followed or any(mark in entry.quote for mark in QUESTION_MARKS)
