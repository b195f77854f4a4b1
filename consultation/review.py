"""A turn of the facilitator held against what was said: what is wrong, and what stands.

The prompt is never touched: nothing is added to it, cut from it or moved in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from consultation.coverage import Coverage, Leftover
from consultation.decisions import carry_over, judge_brief, judge_choices, judge_questions
from consultation.lettering import Letters, judge_lettering
from consultation.provenance import (
    Span,
    faults_of_numbers,
    faults_of_refusals,
    faults_of_sharing,
    place_sources,
    spans_of,
)
from consultation.quotes import Fault, faults_of_quotes, statements_of
from consultation.transcript import Transcript
from consultation.turn import AVOID, FacilitatorTurn, QuestionDraft, SetAside
from consultation.words import fold, refused_words, shares, spoken, words_of
from prompts.wording import NotUsed, Wording

MOST_POINTS = 12
"""Points in one message to the model; with more a weak one begins to rewrite everything."""

SMALL_FAULTS = 2
"""Small faults that are worth a second call together; one alone is shown."""

LEAST_SUSPICIOUS = ("left_to_us", "replaced", "withdrawn", "not_visible", "talk")
"""What was set aside, in the order in which it is worth a look; chat comes last."""


@dataclass(frozen=True)
class Review:
    """What a turn comes to: everything of it that holds, and its faults.

    `turn` has the model's prompt untouched and the rest as it was settled; `set_aside` are the
    entries of all turns so far, `doubtful` the places of those that look like wishes; `unresolved`
    are the person's words that have to be asked about before anything is drawn.
    """

    turn: FacilitatorTurn
    faults: Sequence[Fault] = ()
    spans: Sequence[Span] = ()
    letters: Sequence[Letters] = ()
    set_aside: Sequence[SetAside] = ()
    doubtful: frozenset[int] = frozenset()
    leftovers: Sequence[Leftover] = ()
    counts: tuple[int, int] = (0, 0)
    unresolved: Sequence[str] = ()

    @property
    def must_go_back(self) -> bool:
        """Whether the model is to answer again: one serious fault, or two small ones."""
        return bool(self.weight[0]) or len(self.faults) >= SMALL_FAULTS

    @property
    def weight(self) -> tuple[int, int]:
        """How much is wrong, for choosing the better of two answers: serious faults first."""
        return sum(fault.serious for fault in self.faults), len(self.faults)


def review(turn: FacilitatorTurn, transcript: Transcript) -> Review:
    """Check everything that can be checked of a turn, and settle what holds of it."""
    with spoken({turn.language, *transcript.languages}):
        return _review(turn, transcript)


def _review(turn: FacilitatorTurn, transcript: Transcript) -> Review:
    choices, picks = judge_choices(turn, transcript)
    joined = _joined(turn.model_copy(update={"chosen": choices}), transcript)
    drawn = bool(turn.prompt.strip())
    statements = statements_of(joined, transcript)
    stretches, misplaced = place_sources(statements.sources, turn.prompt)
    sources = [one for one in statements.sources if one.where in stretches]
    coverage = Coverage(joined, transcript, statements, sources)
    letters, misspelt = judge_lettering(joined, transcript)
    brief, changes = judge_brief(joined, transcript, statements.brief)
    questions, unsound = judge_questions(joined, transcript, brief)
    faults = [
        *misplaced,
        *faults_of_quotes(statements.sources if drawn else statements.brief),
        *coverage.faults(),
        *faults_of_numbers(statements.sources),
        *faults_of_refusals(statements.sources, transcript),
        *faults_of_sharing([*statements.sources, *statements.brief], transcript),
        *misspelt,
        *changes,
        *picks,
        *unsound,
    ]
    asked_about = {question.dimension for question in questions}
    brief = [e.model_copy(update={"open": e.open or e.dimension in asked_about}) for e in brief]
    settled = {
        "brief": brief,
        "chosen": choices,
        "questions": questions,
        "lettering": [one.text for one in letters],
    }
    held = Review(
        turn=turn.model_copy(update=settled),
        faults=sorted(faults, key=lambda fault: not fault.serious),
        spans=spans_of(turn.prompt, stretches.values()) if drawn else [],
        letters=letters,
        set_aside=joined.set_aside,
        doubtful=frozenset(coverage.doubts),
        leftovers=coverage.leftovers,
        counts=coverage.counts,
    )
    # Here, while the languages of the dialogue are spoken.
    return replace(held, unresolved=_unresolved(held))


def _unresolved(held: Review) -> list[str]:
    """What is to be asked about: a picture of what somebody refused is worse than a question."""
    turned = [fault.words for fault in held.faults if fault.rule == "turned round"]
    lost = [left.text for left in held.leftovers if left.refuses]
    drawn = {*words_of(held.turn.prompt)} - {*refused_words(held.turn.prompt)}
    aside = (held.set_aside[number].quote for number in sorted(held.doubtful))
    lost += [words for words in aside if shares(refused_words(words), drawn)]
    changed = [one.text for one in held.letters if one.standing == "changed"]
    return list(dict.fromkeys([*turned, *lost, *changed]))


def _joined(turn: FacilitatorTurn, transcript: Transcript) -> FacilitatorTurn:
    """A turn with what earlier ones picked, set aside and decided, unless it says so again."""
    known = {(entry.ref, entry.quote) for entry in turn.set_aside}
    earlier = [e for e in transcript.set_aside if (e.ref, e.quote) not in known]
    return turn.model_copy(
        update={
            "chosen": [*turn.chosen, *transcript.choices],
            "set_aside": [*turn.set_aside, *earlier],
            "brief": carry_over(turn, transcript),
        }
    )


def complaint(faults: Sequence[Fault]) -> str:
    """The message that sends a turn back: what to keep, then each point with its way out."""
    points = [
        f"{number}. `{fault.where}`: {fault.advice}"
        for number, fault in enumerate(faults[:MOST_POINTS], start=1)
    ]
    return "\n".join(
        [
            "Keep the prompt, the questions and everything that is not named here exactly as they "
            "are. Correct these points, and answer with the whole turn again.",
            *points,
            "Never invent words for the person. A stretch that rests on nothing needs no source.",
        ]
    )


def settle(held: Review, transcript: Transcript, wording: Wording) -> FacilitatorTurn:
    """The turn as the person gets it: what may be turned round is asked first.

    Where nothing may be asked any more, the reply begins with a warning.
    """
    turn = held.turn
    doubts = held.unresolved if turn.prompt.strip() else []
    if not doubts:
        return turn
    words = doubts[0]
    if transcript.finish or not transcript.left:
        warning = wording.warning.format(words=words)
        return turn.model_copy(update={"reply": f"{warning} {turn.reply}".strip()})
    letters = words in {one.text for one in held.letters}
    question = QuestionDraft(
        dimension="text" if letters else AVOID,
        text=(wording.letters if letters else wording.holds).format(words=words),
        options=[wording.holds_yes, wording.holds_no],
        default=wording.holds_yes,
    )
    return turn.model_copy(update={"questions": [question]})


def not_used(held: Review) -> list[NotUsed]:
    """The person's words that are in no stretch of the prompt, the most suspicious first, and
    among them what a style says."""
    # Refused, hot, doubtful, whatever else got lost, and what was set aside in good faith.
    ranks = [((0 if e.refuses else 1 if e.hot else 3), -e.size) for e in held.leftovers]
    unused = [NotUsed(ref=e.ref, quote=e.text, why="unplaced") for e in held.leftovers]
    present = {fold(quote.quote) for span in held.spans for quote in span.said}
    for number, entry in enumerate(held.set_aside):
        if entry.why == "replaced" and fold(entry.quote) in present:
            continue  # by the same words once more
        ranks.append((2 if number in held.doubtful else 4, LEAST_SUSPICIOUS.index(entry.why)))
        unused.append(NotUsed(ref=entry.ref, quote=entry.quote, why=entry.why))
    return [one for _, one in sorted(zip(ranks, unused, strict=True), key=lambda pair: pair[0])]
