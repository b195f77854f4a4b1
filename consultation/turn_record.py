"""What a turn leaves in the record: its words, answers, questions, brief, and the turn itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from consultation.consultation_result import Entry
from consultation.provenance import Span, name_of, source_of
from consultation.review import Review, not_used
from consultation.transcript import ConsultationError, Transcript, question_of
from consultation.turn import BriefEntry, FacilitatorTurn, Quote
from storage.records import NumberTaken, Records
from storage.stamps import now
from storage.tables import Answer, Brief, Conversation, Question, Turn
from styles.style_use import REF


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


def enter_turn(
    conversation: Conversation,
    message: str,
    answers: list[dict[str, str]],
    references: list[dict[str, Any]],
) -> Turn:
    """Enter a call into the conversation as its turn; a repeated call continues its own.

    What a repeated call brings besides (answers, pictures) joins what is there; styles replace
    those that are there.
    """
    last = conversation.turns[-1] if conversation.turns else None
    if last and last.is_waiting and last.words == message:
        known = {answer["question_id"] for answer in answers}
        others = [one for one in last.answers_given if one["question_id"] not in known]
        last.answers_given = [*others, *answers]
        has_styles = any("style" in row for row in references)
        last.references = [*(last.pictures if has_styles else last.references), *references]
        return last
    turn = Turn(
        conversation_id=conversation.id,
        words=message,
        answers_given=answers,
        templates={},
        notes=[],
        repairs=[],
        references=references,
        created_at=now(),
    )
    conversation.turns.append(turn)
    return turn


def style_row(use: dict[str, Any]) -> dict[str, Any]:
    """A style that comes with a turn, among its references."""
    return {"id": f"{REF}{use['name']}", "given": use["name"], "file": "", "style": use}


def style_rows(uses: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of styles in place of those `before`; without any, one that none counts any more."""
    if uses == before:
        return []
    return [style_row(use) for use in uses] or [
        {"id": REF, "given": "none", "file": "", "style": None}
    ]


def answer_rows(turn: Turn, settled: FacilitatorTurn, transcript: Transcript) -> list[Answer]:
    """What the turn answered: as it came by id, else as the facilitator understood a pick."""
    options = transcript.option_texts(settled)
    picked: dict[str, str] = {}
    for choice in settled.chosen:
        words = [picked.get(choice.question), choice.quote or options.get(choice.question)]
        picked[choice.question] = ", ".join(filter(None, words))
    by_id = {item["question_id"]: item["answer"] for item in turn.answers_given}
    return [
        Answer(
            conversation_id=turn.conversation_id, turn_number=turn.number, question=label, text=text
        )
        for label, text in {**picked, **by_id}.items()
    ]


def brief_row(
    turn: Turn,
    entries: Sequence[Entry],
    spans: Sequence[Span],
    *,
    share: int,
    suggested: Mapping[str, str],
) -> Brief:
    """What is decided after a turn, `share` per cent of it by the person."""
    return Brief(
        conversation_id=turn.conversation_id,
        turn_number=turn.number,
        entries=[entry.model_dump() for entry in entries],
        completeness=share,
        phrases=[span.model_dump() for span in spans],
        suggested=dict(suggested),
    )


def entry_of(entry: BriefEntry, transcript: Transcript) -> Entry:
    """An entry with where it comes from, as results and records have it."""
    said = transcript.as_picks(entry.said)
    return Entry(
        **entry.model_dump(),
        source="open" if entry.open else source_of(said),
        ref=name_of(said[0].ref) if said else None,
    )


def verbatim_spans(transcript: Transcript) -> list[Span]:
    """The person's words as the prompt, one message after another."""
    return [
        Span(
            text=text + ("" if ref == transcript.newest else "\n"),
            source="said",
            ref=ref,
            said=[Quote(ref=ref, quote=text)],
        )
        for ref, text in transcript.messages.items()
    ]


async def write_turn(
    records: Records,
    conversation: Conversation,
    turn: Turn,
    settled: FacilitatorTurn,
    held: Review,
    *,
    rows: Sequence[Answer | Brief],
) -> None:
    """Record a settled turn with its questions and `rows`, and what it says of the dialogue.

    Its questions take the next numbers, again where another client took these first.
    """
    style = settled.decided("style")
    described = {
        "mode": conversation.mode,
        "title": settled.title,
        "image_type": settled.image_type,
        "language": settled.language,
        "style": style.value if style else "",
        "template": conversation.template,
    }
    data = {
        **settled.model_dump(),
        "composed": [one.text for one in held.letters if one.standing == "composed"],
        "not_used": [one.model_dump() for one in not_used(held)],
        "accounted": {"words": held.counts[0], "placed": held.counts[1]},
    }
    while True:  # who was first has written, so this ends; a turn that is paid for stays
        last = max((question.number for question in conversation.questions), default=0)
        questions = [
            Question(
                conversation_id=conversation.id,
                turn_number=turn.number,
                number=number,
                **draft.model_dump(exclude={"follows"}),
            )
            for number, draft in enumerate(settled.questions, start=last + 1)
        ]
        # With the ids that they were put under.
        turn.reply = {**data, "questions": [question_of(row).model_dump() for row in questions]}
        try:
            await records.close_turn(turn, conversation=described, rows=[*questions, *rows])
            break
        except NumberTaken:
            conversation.questions = (await records.load(conversation.id)).questions
    conversation.questions = [*conversation.questions, *questions]
    conversation.image_type, conversation.language = settled.image_type, settled.language
