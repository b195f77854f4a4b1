"""One call of the consultation: words in, questions or a refined prompt out, all recorded."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from consultation.completeness import completeness
from consultation.consultation_result import SANDBOX_NOTE, Completeness, Consultation, Entry, Span
from consultation.consultation_result import Question as ShownQuestion
from consultation.consultation_result import Settings as Suggested
from consultation.earlier_work import earlier_work
from consultation.errors import ConsultationError
from consultation.facilitator import Facilitator, Heard
from consultation.modes import Mode
from consultation.preferences import Liking, learn, offer
from consultation.references import take_references
from consultation.suggested_settings import draft_note, estimate, settle
from consultation.template_dialogue import Follower
from consultation.template_values import name_answers
from consultation.transcript import said_in
from consultation.turn import BriefEntry, Phrase
from consultation.turn_rows import (
    answer_rows,
    as_sent_again,
    asked_fields,
    brief_row,
    check_answers,
    question_rows,
)
from errors import Problem
from gateway.connection import is_sandbox
from settings import Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.search import Search
from storage.stamps import now
from storage.tables import Brief, Conversation, Question, Turn

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
        self,
        settings: Settings,
        records: Records,
        inputs: InputFiles,
        *,
        facilitator: Facilitator,
        follower: Follower,
        search: Search,
    ) -> None:
        self._settings = settings
        self._records = records
        self._inputs = inputs
        self._facilitator = facilitator
        self._follower = follower
        self._search = search
        self._one_at_a_time: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def consult(
        self,
        message: str,
        *,
        conversation_id: str | None = None,
        mode: Mode | None = None,
        answers: list[dict[str, str]] | None = None,
        reference_images: Sequence[str] = (),
        template: str | None = None,
        finish: bool = False,
    ) -> Consultation:
        """One turn of the dialogue. Raises a `Problem`; what was said is kept all the same."""
        if template:
            library_template = self._follower.template(template)
            template = library_template.name  # the person may have put its folder before it
        if template and conversation_id is None:
            name_answers(answers or [], library_template, [])  # what cannot be begins none
        if conversation_id is None:
            conversation_id = await self._records.begin(mode or "guided", template or "")
        async with self._one_at_a_time[conversation_id]:
            conversation = await self._records.load(conversation_id)
            conversation.mode = mode or conversation.mode
            conversation.template = template or conversation.template
            references = await take_references(
                reference_images, conversation, self._inputs, self._records
            )
            turn = await self._note_down(conversation, message, answers or [], references)
            if conversation.mode == "skip" and not conversation.template:
                return await self._take_verbatim(conversation, turn)
            try:
                heard = await self._hear(conversation, turn, finish=finish)
            except Problem as problem:
                raise problem.within(conversation_id) from problem.__cause__
            return await self._conclude(conversation, turn, heard)

    async def _hear(self, conversation: Conversation, turn: Turn, *, finish: bool) -> Heard:
        """What the turn brings: along the template, where one was chosen, else freely."""
        said = said_in(conversation, finish=finish)
        if conversation.template:
            return await self._follower.hear(conversation, said, self._check_budget)
        await self._check_budget()
        likings = await self._likings(conversation)
        heard = await self._facilitator.hear(conversation, said, likings)
        heard.turn.questions, notes = offer(heard.turn.questions, likings)
        heard.notes += notes + await self._earlier(conversation, turn)
        heard.notes += await self._fitting(turn)
        return heard

    async def recall(self, conversation_id: str) -> Consultation:
        """Where a dialogue stands, without asking any model. Raises a `Problem`."""
        conversation = await self._records.load(conversation_id)
        if not conversation.briefs:
            raise ConsultationError("This conversation has no turn yet. Pass message to begin it.")
        turn, brief = conversation.turns[-1], conversation.briefs[-1]
        answered = {answer.question for answer in conversation.answers}
        waiting = [q for q in conversation.questions if q.label not in answered]
        return _result(
            conversation,
            turn,
            brief,
            questions=[] if brief.phrases else waiting,
            sandbox=is_sandbox(turn.response_id),
            next_step=DRAW if brief.phrases else ASK,
        )

    async def _likings(self, conversation: Conversation) -> list[Liking]:
        """What the person usually chooses, where that may be learnt."""
        if not self._settings.learn:
            return []
        return learn(await self._records.earlier_briefs(without=conversation.id))

    async def _earlier(self, conversation: Conversation, turn: Turn) -> list[str]:
        """In the first turn: earlier work that is close to the idea."""
        if turn.number > 1 or not self._settings.learn:
            return []
        return await earlier_work(self._search, turn.words, without=conversation.id)

    async def _fitting(self, turn: Turn) -> list[str]:
        """In the first turn: the template that the idea speaks of."""
        if turn.number > 1:
            return []
        return await asyncio.to_thread(self._follower.suggestion, turn.words)

    async def _check_budget(self) -> None:
        """Refuse a turn once the day's money is spent; the words are kept all the same."""
        budget = self._settings.daily_budget_usd
        if budget is None:
            return
        spent = await self._records.spending_today(self._facilitator.origin)
        if spent >= budget:
            raise ConsultationError(
                f"The daily budget of ${budget:.2f} is spent. Nothing was charged. Go on tomorrow, "
                "raise IMAGE_CONSULTANT_DAILY_BUDGET_USD, or use mode skip, which asks no model."
            )

    async def _note_down(
        self,
        conversation: Conversation,
        message: str,
        answers: list[dict[str, str]],
        references: list[dict[str, str]],
    ) -> Turn:
        """Record the words before anything can fail; a repeated call continues its own turn."""
        if conversation.template:
            library_template = self._follower.template(conversation.template)
            answers = name_answers(answers, library_template, conversation.questions)
        else:
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
            repairs=[],
            references=references,
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

    async def _conclude(self, conversation: Conversation, turn: Turn, heard: Heard) -> Consultation:
        """Record what the facilitator made of a turn, and put it as a result."""
        said, image_type = heard.turn, heard.image_type
        before = conversation.briefs[-1].completeness if conversation.briefs else 0
        share, missing = completeness(said.brief, image_type)
        suggested = settle(said.suggested, image_type, self._settings)
        questions = question_rows(conversation, turn, said.questions)
        brief = brief_row(
            turn,
            entries=[entry.model_dump() for entry in said.brief],
            share=share,
            phrases=said.phrases,
            suggested=suggested,
        )
        turn.model, turn.response_id = heard.model, heard.response_id
        turn.templates, turn.repairs = heard.templates, heard.repairs
        turn.notes = heard.notes + (draft_note(suggested, self._settings) if said.ready else [])
        turn.reply = as_sent_again(said, questions)
        await self._records.close_turn(
            turn,
            conversation={
                "mode": conversation.mode,
                "title": said.title,
                "image_type": image_type.name,
                "language": said.language,
                "style": _decided(said.brief, "style"),
                "template": conversation.template,
            },
            rows=[*questions, *answer_rows(turn, said), brief],
        )
        return _result(
            conversation,
            turn,
            brief,
            questions=questions,
            completeness=Completeness(before=before, now=share, missing=missing),
            estimated_cost_usd=estimate(suggested, self._settings),
            sandbox=heard.sandbox,
            next_step=DRAW if said.ready else ASK,
        )


def _decided(brief: list[BriefEntry], dimension: str) -> str:
    """What the brief says of a dimension, empty while that is open."""
    known = {entry.dimension: entry.value for entry in brief if entry.source != "open"}
    return known.get(dimension, "")


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
