"""A turn of the facilitator held against what was said: what is wrong, and what stands.

The prompt is never touched: nothing is added to it, cut from it or moved in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from consultation.coverage import Coverage, Leftover, faults_of_coverage
from consultation.decisions import carry_over, faults_of_changes, settle_brief
from consultation.evidence import Fault, faults_of_quotes, gather
from consultation.lettering import Letters, faults_of_lettering, settle_lettering
from consultation.provenance import (
    Span,
    faults_of_length,
    faults_of_sharing,
    place_sources,
    spans_of,
)
from consultation.question_rules import (
    faults_of_choices,
    faults_of_questions,
    settle_choices,
    settle_questions,
)
from consultation.refusals import faults_of_refusals
from consultation.set_aside import doubts, faults_of_set_aside
from consultation.transcript import Transcript
from consultation.turn import BriefEntry, Choice, FacilitatorTurn, QuestionDraft, SetAside

MOST_POINTS = 12
"""Points in one message to the model; with more a weak one begins to rewrite everything."""

SMALL_FAULTS = 2
"""Small faults that are worth a second call together; one alone is shown."""

SAME_WORDS = 75
"""Per cent of words that a leftover shares with a refused quote which means it."""

BLOCKING = frozenset({"turned round"})
"""What keeps a prompt from being ready after the second answer, beside lettering and lost
refusals: a picture of what somebody refused is worse than a question."""


@dataclass(frozen=True)
class Review:
    """What a turn comes to: its faults, and everything of it that holds."""

    turn: FacilitatorTurn
    faults: tuple[Fault, ...]
    brief: list[BriefEntry]
    choices: list[Choice]
    questions: list[QuestionDraft]
    spans: list[Span]
    letters: list[Letters]
    set_aside: list[SetAside]
    doubtful: frozenset[int]
    leftovers: list[Leftover]
    counts: tuple[int, int]

    @property
    def must_go_back(self) -> bool:
        """Whether the model is to answer again: one serious fault, or two small ones."""
        serious = sum(fault.serious for fault in self.faults)
        return bool(serious) or len(self.faults) >= SMALL_FAULTS

    @property
    def weight(self) -> tuple[int, int]:
        """How much is wrong, for choosing the better of two answers: serious faults first."""
        return sum(fault.serious for fault in self.faults), len(self.faults)

    @property
    def unresolved(self) -> list[str]:
        """The person's words that have to be asked about before anything is drawn."""
        lost = [left.text for left in self.leftovers if left.refuses]
        changed = [one.text for one in self.letters if one.standing == "changed"]
        round_ = [fault.words for fault in self.faults if fault.rule in BLOCKING]
        return list(dict.fromkeys([*round_, *lost, *changed]))


def review(turn: FacilitatorTurn, transcript: Transcript) -> Review:
    """Check everything that can be checked of a turn, and settle what holds of it."""
    joined = turn.model_copy(
        update={
            "chosen": [*turn.chosen, *transcript.choices],
            "set_aside": [*turn.set_aside, *_earlier(turn, transcript)],
            "brief": carry_over(turn, transcript),
        }
    )
    evidence = gather(joined, transcript, transcript.option_texts(turn))
    stretches, faults = place_sources(joined, evidence)
    wrong = faults_of_choices(turn, transcript, evidence)
    places = {fault.where for fault in wrong}  # words of a pick that does not hold have no place
    placed = [one for one in evidence if one.where not in places]
    coverage = Coverage(joined, transcript, placed, {place.source for place in stretches})
    doubtful = doubts(joined, transcript, evidence, coverage)
    letters = settle_lettering(turn, transcript)
    quotes = faults_of_quotes(joined, transcript, evidence)
    faults += quotes
    faults += faults_of_length(joined, evidence, stretches)
    faults += _without_meant(faults_of_coverage(coverage, joined), quotes)
    faults += faults_of_set_aside(joined, doubtful)
    faults += faults_of_refusals(joined, transcript, evidence, coverage.accounted)
    faults += faults_of_sharing(joined, transcript, evidence)
    faults += faults_of_lettering(turn, letters)
    faults += faults_of_changes(joined, transcript, evidence)
    faults += wrong
    faults += faults_of_questions(turn, transcript)
    brief = settle_brief(joined, transcript, evidence, faults)
    questions = settle_questions(turn, transcript, brief)
    asked_about = {question.dimension for question in questions}
    brief = [e.model_copy(update={"open": e.open or e.dimension in asked_about}) for e in brief]
    return Review(
        turn=turn,
        faults=tuple(sorted(faults, key=lambda fault: not fault.serious)),
        brief=brief,
        choices=settle_choices(turn, faults),
        questions=questions,
        spans=spans_of(turn.prompt, stretches) if turn.prompt.strip() else [],
        letters=letters,
        set_aside=joined.set_aside,
        doubtful=frozenset(doubtful),
        leftovers=coverage.leftovers,
        counts=coverage.counts,
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


def _without_meant(lost: list[Fault], quotes: list[Fault]) -> list[Fault]:
    """The faults without leftovers that a refused quote meant: those two are one."""
    meant = [fault.words for fault in quotes if not fault.serious]
    return [
        fault
        for fault in lost
        if not any(fuzz.token_set_ratio(fault.words, words) >= SAME_WORDS for words in meant)
    ]


def _earlier(turn: FacilitatorTurn, transcript: Transcript) -> list[SetAside]:
    """What earlier turns set aside, unless this one says it again."""
    known = {(entry.ref, entry.quote) for entry in turn.set_aside}
    return [entry for entry in transcript.set_aside if (entry.ref, entry.quote) not in known]
