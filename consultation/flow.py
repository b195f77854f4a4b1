"""One call of the consultation: words in, questions or a refined prompt out, all recorded."""

import asyncio
from collections import defaultdict

from consultation.completeness import completeness
from consultation.errors import ConsultationError
from consultation.modes import Mode, questions_left
from consultation.promises import is_done, keep_to_budget, mark_unfounded, own_words
from consultation.request import TEMPLATE, build_request
from consultation.result import SANDBOX_NOTE, Completeness, Consultation, Entry, Span
from consultation.result import Question as ShownQuestion
from consultation.result import Settings as Suggested
from consultation.rows import (
    answer_rows,
    as_sent_again,
    asked_fields,
    brief_row,
    check_answers,
    question_rows,
    spending_row,
)
from consultation.suggestion import estimate, settle
from consultation.turn import FacilitatorTurn, Phrase, parse_turn
from gateway import Gateway, Reply
from gateway.errors import GatewayError
from prompts.image_type import ImageType
from prompts.library import FALLBACK_TYPE, Library
from settings import Settings
from storage.records import Records, now
from storage.tables import Answer, Brief, Conversation, Question, Turn

ASK = (
    "The person answers these in their own words; pass the words on in message with this "
    "conversation_id. finish=true ends the questions."
)
DRAW = (
    "Show the refined prompt to the person. openai_conversational_image with this "
    "conversation_id and no prompt draws it; a further message here changes it first."
)


class Consultant:
    """Leads the dialogues of one server."""

    def __init__(
        self, settings: Settings, gateway: Gateway, records: Records, library: Library
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._library = library
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def consult(
        self,
        message: str,
        *,
        conversation_id: str | None = None,
        mode: Mode | None = None,
        answers: list[dict[str, str]] | None = None,
        finish: bool = False,
    ) -> Consultation:
        """One turn of the dialogue. Raises a `Problem`; what was said is kept all the same."""
        if conversation_id is None:
            conversation_id = await self._records.begin(mode or "guided")
        async with self._one_at_a_time[conversation_id]:
            conversation = await self._records.load(conversation_id)
            conversation.mode = mode or conversation.mode
            turn = await self._note_down(conversation, message, answers or [])
            if conversation.mode == "skip":
                return await self._take_verbatim(conversation, turn)
            try:
                return await self._facilitate(conversation, turn, finish=finish)
            except (GatewayError, ConsultationError) as error:
                raise error.within(conversation_id) from error.__cause__

    async def _note_down(
        self, conversation: Conversation, message: str, answers: list[dict[str, str]]
    ) -> Turn:
        """Record the words before anything can fail; a repeated call continues its own turn."""
        check_answers(conversation, answers)
        last = conversation.turns[-1] if conversation.turns else None
        if last and last.reply is None and last.words == message:
            return last
        turn = Turn(
            conversation_id=conversation.id,
            number=len(conversation.turns) + 1,
            words=message,
            answers_given=answers,
            templates={},
            notes=[],
            created_at=now(),
        )
        await self._records.add(turn)
        conversation.turns.append(turn)
        return turn

    async def _take_verbatim(self, conversation: Conversation, turn: Turn) -> Consultation:
        """Mode skip: the words are the prompt, and no model is asked."""
        phrases = [Phrase(text=turn.words, source="request", ref=f"m{turn.number}")]
        turn.reply = {"phrases": [phrase.model_dump() for phrase in phrases]}
        brief = brief_row(turn, entries=[], share=0, phrases=phrases, suggested={})
        await self._records.close_turn(
            turn,
            conversation={"mode": "skip", "title": conversation.title or turn.words[:60]},
            rows=[brief],
        )
        return _result(conversation, turn, brief, next_step=DRAW)

    async def _facilitate(
        self, conversation: Conversation, turn: Turn, *, finish: bool
    ) -> Consultation:
        template = self._library.template(TEMPLATE)
        types = self._library.image_types()
        left = questions_left(conversation.mode, len(conversation.questions))
        finish = finish or (left == 0)
        request = build_request(
            conversation,
            model=self._settings.facilitator_model,
            template=template,
            instructions=template.render(mode=conversation.mode, image_types=list(types.values())),
            finish=finish,
        )
        reply = await self._gateway.talk(request)
        await self._records.add(spending_row(conversation, reply))
        said = parse_turn(reply.text)
        turn.model, turn.response_id = reply.model, reply.response_id
        turn.templates = {template.name: template.fingerprint}
        image_type = types.get(said.image_type) or types[FALLBACK_TYPE]
        return await self._conclude(
            conversation, turn, said, reply, image_type, left=left, finish=finish
        )

    async def _conclude(
        self,
        conversation: Conversation,
        turn: Turn,
        said: FacilitatorTurn,
        reply: Reply,
        image_type: ImageType,
        *,
        left: int,
        finish: bool,
    ) -> Consultation:
        """Hold the turn to the code's promises, record it, and put it as a result."""
        before = conversation.briefs[-1].completeness if conversation.briefs else 0
        answered = answer_rows(conversation, turn, said)
        asked = keep_to_budget(
            said.questions,
            left=0 if finish or said.ready else left,
            asked_before={question.dimension for question in conversation.questions},
        )
        questions = question_rows(conversation, turn, asked)
        phrases: list[Phrase] = []
        if is_done(said, asked):
            phrases = self._write_prompt(conversation, turn, said, answered)
        share, missing = completeness(said.brief, image_type)
        suggested = settle(said.suggested, image_type, self._settings)
        brief = brief_row(
            turn,
            entries=[entry.model_dump() for entry in said.brief],
            share=share,
            phrases=phrases,
            suggested=suggested,
        )
        turn.notes = [*turn.notes, *reply.notes]
        turn.reply = as_sent_again(said, questions, phrases)
        await self._records.close_turn(
            turn,
            conversation={
                "mode": conversation.mode,
                "title": said.title,
                "image_type": image_type.name,
                "language": said.language,
            },
            rows=[*questions, *answered, brief],
        )
        return _result(
            conversation,
            turn,
            brief,
            questions=questions,
            completeness=Completeness(before=before, now=share, missing=missing),
            estimated_cost_usd=estimate(suggested, self._settings),
            sandbox=reply.sandbox,
            next_step=DRAW if phrases else ASK,
        )

    def _write_prompt(
        self,
        conversation: Conversation,
        turn: Turn,
        said: FacilitatorTurn,
        answered: list[Answer],
    ) -> list[Phrase]:
        answers = [(answer.question, answer.text) for answer in [*conversation.answers, *answered]]
        phrases, notes = mark_unfounded(
            said.phrases, answers=dict(answers), messages=len(conversation.turns)
        )
        turn.notes = notes
        if not "".join(phrase.text for phrase in phrases).strip():
            turn.notes = ["The facilitator wrote no prompt, so the person's words are the prompt."]
            replied = {answer.turn_number for answer in [*conversation.answers, *answered]}
            words = ["" if t.number in replied else t.words for t in conversation.turns]
            return own_words(words, answers)
        return phrases


def _result(
    conversation: Conversation,
    turn: Turn,
    brief: Brief,
    *,
    next_step: str,
    questions: list[Question] | None = None,
    completeness: Completeness | None = None,
    estimated_cost_usd: float | None = None,
    sandbox: bool = False,
) -> Consultation:
    spans = [Span(**phrase) for phrase in brief.phrases]
    return Consultation(
        conversation_id=conversation.id,
        status="ready" if spans else "asking",
        questions=[ShownQuestion(id=q.label, **asked_fields(q)) for q in questions or []],
        brief=[Entry(**entry) for entry in brief.entries],
        completeness=completeness,
        refined_prompt="".join(span.text for span in spans) if spans else None,
        provenance=spans,
        assumptions=[span.text.strip() for span in spans if span.source == "assumption"],
        suggested=Suggested(**brief.suggested) if brief.suggested else None,
        estimated_cost_usd=estimated_cost_usd,
        origin="sandbox" if sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if sandbox else []), *turn.notes],
        next_step=next_step,
    )
