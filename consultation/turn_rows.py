"""What a turn leaves in the record: answers, questions, the brief, and the turn itself."""

from collections.abc import Sequence
from typing import Any

from consultation.consultation_result import Entry, OpenQuestion
from consultation.provenance import Span, name_of, source_of
from consultation.review import Review
from consultation.settling import not_used
from consultation.transcript import ConsultationError, Transcript
from consultation.turn import BriefEntry, FacilitatorTurn, QuestionDraft
from storage import tables
from storage.tables import Conversation, Turn

BEFORE = {"request": "said", "answer": "chosen", "assumption": "assumed"}
"""What records of version 0.1 call sources that have other names now."""


def check_answers(conversation: Conversation, answers: list[dict[str, str]]) -> None:
    """Raise if an answer names a question that was never asked."""
    known = {question.label for question in conversation.questions}
    for answer in answers:
        if answer["question_id"] not in known:
            raise ConsultationError(
                f"answers names the question {answer['question_id'][:20]!r}, which was never asked "
                f"here; there are {', '.join(sorted(known)) or 'none'}. An answer may also come "
                "as plain words in message."
            )


def answer_rows(
    turn: Turn, settled: FacilitatorTurn, transcript: Transcript
) -> list[tables.Answer]:
    """What the turn answered: as it came by id, else as the facilitator understood a pick."""
    options = transcript.option_texts(settled)
    picked: dict[str, str] = {}
    for choice in settled.chosen:
        words = [picked.get(choice.question), choice.quote or options.get(choice.question)]
        picked[choice.question] = ", ".join(filter(None, words))
    by_id = {item["question_id"]: item["answer"] for item in turn.answers_given}
    return [
        tables.Answer(
            conversation_id=turn.conversation_id, turn_number=turn.number, question=label, text=text
        )
        for label, text in {**picked, **by_id}.items()
    ]


def question_rows(
    conversation: Conversation, turn: Turn, drafts: list[QuestionDraft]
) -> list[tables.Question]:
    """The questions of a turn, numbered on from those before."""
    first = max((question.number for question in conversation.questions), default=0) + 1
    return [
        tables.Question(
            conversation_id=conversation.id,
            turn_number=turn.number,
            number=number,
            **draft.model_dump(exclude={"follows"}),
        )
        for number, draft in enumerate(drafts, start=first)
    ]


def brief_row(
    turn: Turn,
    *,
    entries: list[Entry],
    share: int,
    spans: list[Span],
    suggested: dict[str, str],
) -> tables.Brief:
    """What is decided after a turn."""
    return tables.Brief(
        conversation_id=turn.conversation_id,
        turn_number=turn.number,
        entries=[entry.model_dump() for entry in entries],
        completeness=share,
        phrases=[span.model_dump() for span in spans],
        suggested=suggested,
    )


def entry_of(entry: BriefEntry, transcript: Transcript) -> Entry:
    """An entry with where it comes from, as results and records have it."""
    said = transcript.as_picks(entry.said)
    return Entry(
        **entry.model_dump(),
        source="open" if entry.open else source_of(said),
        ref=name_of(said[0].ref) if said else None,
    )


def shown_question(row: tables.Question) -> OpenQuestion:
    """A recorded question as results have it."""
    names = set(QuestionDraft.model_fields) - {"follows"}
    return OpenQuestion(id=row.label, **{name: getattr(row, name) for name in names})


def recorded_span(row: dict[str, Any]) -> Span:
    """A span of a recorded prompt, those of records of version 0.1 among them."""
    source = BEFORE.get(row["source"], row["source"])
    return Span(text=row["text"], source=source, ref=row.get("ref"), said=row.get("said", []))


def turn_as_data(
    settled: FacilitatorTurn, questions: list[tables.Question], held: Review
) -> dict[str, Any]:
    """The turn as the record keeps it: its questions with the ids they were put under."""
    return {
        **settled.model_dump(),
        "questions": [shown_question(row).model_dump() for row in questions],
        "not_used": [one.model_dump() for one in not_used(held)],
        "accounted": {"words": held.counts[0], "placed": held.counts[1]},
    }


def decided_value(brief: Sequence[BriefEntry], dimension: str) -> str:
    """What the brief says of a dimension, empty while that is open."""
    return next((e.value for e in brief if e.dimension == dimension and not e.open), "")
