"""What a turn leaves in the record: answers, questions, the brief, and what is sent again."""

from typing import Any

from consultation.errors import ConsultationError
from consultation.turn import Asked, FacilitatorTurn, Phrase
from storage.tables import Answer, Brief, Conversation, Question, Turn


def check_answers(conversation: Conversation, answers: list[dict[str, str]]) -> None:
    """Raise if an answer names a question that was never asked."""
    known = {question.label for question in conversation.questions}
    for given in answers:
        if given["question_id"] not in known:
            raise ConsultationError(
                f"answers names the question {given['question_id'][:20]!r}, which was never asked "
                f"here; there are {', '.join(sorted(known)) or 'none'}. An answer may also come "
                "as plain words in message."
            )


def answer_rows(turn: Turn, said: FacilitatorTurn) -> list[Answer]:
    """What the turn answered: as given by id, else as the facilitator mapped the words."""
    mapped = {item.question_id: item.answer for item in said.answered}
    given = {item["question_id"]: item["answer"] for item in turn.answers_given}
    return [
        Answer(
            conversation_id=turn.conversation_id,
            turn_number=turn.number,
            question=label,
            text=text,
        )
        for label, text in {**mapped, **given}.items()
    ]


def question_rows(conversation: Conversation, turn: Turn, asked: list[Asked]) -> list[Question]:
    """The questions of a turn, numbered on from those before."""
    first = len(conversation.questions) + 1
    return [
        Question(
            conversation_id=conversation.id,
            turn_number=turn.number,
            number=number,
            **question.model_dump(),
        )
        for number, question in enumerate(asked, start=first)
    ]


def brief_row(
    turn: Turn,
    *,
    entries: list[Any],
    share: int,
    phrases: list[Phrase],
    suggested: dict[str, str],
) -> Brief:
    """What is decided after a turn."""
    return Brief(
        conversation_id=turn.conversation_id,
        turn_number=turn.number,
        entries=entries,
        completeness=share,
        phrases=[phrase.model_dump() for phrase in phrases],
        suggested=suggested,
    )


def as_sent_again(said: FacilitatorTurn, questions: list[Question]) -> dict[str, Any]:
    """The turn as the model sees it in later requests: what was really put to the person.

    Without what it can do without: dimensions that are open, and settings to draw with.
    """
    shown = [{"id": question.label, **asked_fields(question)} for question in questions]
    turn = said.model_dump(exclude={"suggested"})
    turn["brief"] = [entry for entry in turn["brief"] if entry["source"] != "open"]
    return {**turn, "questions": shown}


def asked_fields(question: Question) -> dict[str, Any]:
    """A recorded question as the facilitator put it."""
    return {name: getattr(question, name) for name in Asked.model_fields}
