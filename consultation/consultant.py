"""One call of the consultation: words in, questions or a refined prompt out, all recorded."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from consultation.completeness import Completeness, completeness
from consultation.consultation_result import (
    SANDBOX_NOTE,
    Accounted,
    Assumption,
    Consultation,
    Entry,
    NotUsed,
)
from consultation.consultation_result import (
    Settings as Suggested,
)
from consultation.earlier_work import earlier_work
from consultation.errors import ConsultationError
from consultation.facilitator import Facilitator, Outcome, settled_turn
from consultation.modes import Mode
from consultation.preferences import dislikes_of, learn, note_preferences
from consultation.provenance import Span
from consultation.references import take_references
from consultation.settling import accounted, assumptions, not_used, settle
from consultation.suggested_settings import draft_note, estimate, settle_settings
from consultation.template_dialogue import TemplateDialogue
from consultation.transcript import Transcript, transcript_of
from consultation.turn import Quote
from consultation.turn_rows import (
    answer_rows,
    brief_row,
    check_answers,
    entry_of,
    question_rows,
    recorded_entry,
    recorded_span,
    shown_question,
    turn_as_data,
)
from errors import Problem
from gateway.connection import is_sandbox
from prompts.store import PromptStore
from settings import Settings
from storage.input_files import InputFiles
from storage.records import NumberTaken, Records
from storage.search import Search
from storage.stamps import now
from storage.tables import Brief, Conversation, Question, Turn

ASK = (
    "The person answers these in their own words, also by number; pass the words on in message "
    "with this conversation_id. finish=true ends the questions."
)
DRAW = (
    "Show the refined prompt to the person, with what was assumed and not used. "
    "openai_conversational_image with this conversation_id and no prompt draws it; a further "
    "message here changes it first."
)
AGAIN = (
    "Nothing is ready to be drawn. The same call again continues this turn; mode=skip takes the "
    "person's words as they are."
)

MOST_TRIES = 3
"""Times that a turn is numbered anew where another process wrote to the conversation."""


class Consultant:
    """Leads the dialogues of one server."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        input_files: InputFiles,
        *,
        facilitator: Facilitator,
        template_dialogue: TemplateDialogue,
        prompt_store: PromptStore,
        search: Search,
    ) -> None:
        self._settings = settings
        self._records = records
        self._input_files = input_files
        self._facilitator = facilitator
        self._template_dialogue = template_dialogue
        self._prompt_store = prompt_store
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
            template = self._template_dialogue.check_name(template, answers, conversation_id)
        if conversation_id is None:
            conversation_id = await self._records.begin(mode or "guided", template or "")
        async with self._one_at_a_time[conversation_id]:
            conversation = await self._records.load(conversation_id)
            conversation.mode = mode or conversation.mode
            conversation.template = template or conversation.template
            references = await take_references(
                reference_images, conversation, self._input_files, self._records
            )
            turn = await self._open_turn(conversation, message, answers or [], references)
            transcript = transcript_of(conversation, finish=finish)
            if conversation.mode == "skip" and not conversation.template:
                return await self._take_verbatim(conversation, turn, transcript)
            try:
                outcome = await self._lead(conversation, turn, transcript)
            except Problem as problem:
                raise problem.within(conversation_id) from problem.__cause__
            if outcome.review is None:
                return self._failed(conversation, outcome, transcript)
            return await self._conclude(conversation, turn, outcome, transcript)

    async def recall(self, conversation_id: str) -> Consultation:
        """Where a dialogue stands, without asking any model. Raises a `Problem`."""
        conversation = await self._records.load(conversation_id)
        if not conversation.briefs:
            raise ConsultationError("This conversation has no turn yet. Pass message to begin it.")
        turn, brief = conversation.turns[-1], conversation.briefs[-1]
        reply = turn.reply or {}
        return _result(
            conversation,
            turn,
            brief,
            questions=[] if brief.phrases else _open_rows(conversation),
            completeness=_known_completeness(conversation, brief, self._prompt_store),
            not_used=[NotUsed(**one) for one in reply.get("not_used", [])],
            accounted=Accounted(**reply["accounted"]) if reply.get("accounted") else None,
            sandbox=is_sandbox(turn.response_id),
        )

    async def _lead(
        self, conversation: Conversation, turn: Turn, transcript: Transcript
    ) -> Outcome:
        """What the turn brings: along the template, where one was chosen, else freely."""
        if conversation.template:
            return await self._template_dialogue.lead(conversation, transcript, self._check_budget)
        await self._check_budget()
        past = []
        if self._settings.learn:
            past = await self._records.earlier_briefs(without=conversation.id)
        preferences = learn(past)
        outcome = await self._facilitator.lead(
            conversation, transcript, preferences, dislikes_of(past)
        )
        if outcome.review and outcome.review.questions:
            outcome.notes += note_preferences(outcome.review.questions, preferences)
        outcome.notes += await self._offers(conversation, turn)
        return outcome

    async def _offers(self, conversation: Conversation, turn: Turn) -> list[str]:
        """In the first turn: earlier work that is close, and the template that fits the idea."""
        if turn.number > 1:
            return []
        offers = await asyncio.to_thread(self._template_dialogue.suggestion, turn.words)
        if self._settings.learn:
            offers += await earlier_work(self._search, turn.words, without=conversation.id)
        return offers

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

    async def _open_turn(
        self,
        conversation: Conversation,
        message: str,
        answers: list[dict[str, str]],
        references: list[dict[str, str]],
    ) -> Turn:
        """Record the words before anything can fail; a repeated call continues its own turn.

        What a repeated call brings besides (answers, pictures) joins what is there.
        """
        if conversation.template:
            answers = self._template_dialogue.name_answers(conversation, answers)
        else:
            check_answers(conversation, answers)
        last = conversation.turns[-1] if conversation.turns else None
        if last and last.reply is None and last.words == message:
            known = {answer["question_id"] for answer in answers}
            kept = [one for one in last.answers_given if one["question_id"] not in known]
            last.answers_given = [*kept, *answers]
            last.references = [*last.references, *references]
            await self._records.update_turn(last)
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
        await self._records.open_turn(turn)
        conversation.turns.append(turn)
        return turn

    async def _take_verbatim(
        self, conversation: Conversation, turn: Turn, transcript: Transcript
    ) -> Consultation:
        """Mode skip: the person's words are the prompt, one message after another."""
        *before, newest = transcript.messages
        spans = [
            Span(
                text=transcript.messages[ref] + ("" if ref == newest else "\n"),
                source="said",
                ref=ref,
                said=[Quote(ref=ref, quote=transcript.messages[ref])],
            )
            for ref in (*before, newest)
        ]
        prompt = "".join(span.text for span in spans)
        turn.reply = {"prompt": prompt, "reply": "", "language": conversation.language}
        brief = brief_row(turn, entries=[], share=0, spans=spans, suggested={})
        await self._records.close_turn(
            turn,
            conversation={"mode": "skip", "title": conversation.title or turn.words[:60]},
            rows=[brief],
        )
        return _result(conversation, turn, brief)

    async def _conclude(
        self, conversation: Conversation, turn: Turn, outcome: Outcome, transcript: Transcript
    ) -> Consultation:
        """Record what the facilitator made of a turn, and put it as a result."""
        held, image_type = outcome.review, outcome.image_type
        if held is None:
            raise ValueError("nobody led this turn")
        settled = settled_turn(outcome)
        wording = self._prompt_store.wording(settled.language)
        standing = settle(held, transcript, wording)
        settled = settled.model_copy(
            update={"reply": standing.reply, "questions": standing.questions}
        )
        share, missing = completeness(held.brief, image_type)
        suggested = settle_settings(image_type, self._settings)
        entries = [entry_of(entry) for entry in held.brief]
        words, unused = accounted(held), not_used(held)
        turn.model, turn.response_id = outcome.model, outcome.response_id
        turn.templates, turn.repairs = outcome.templates, outcome.attempts
        hint = draft_note(suggested, self._settings) if standing.ready else []
        turn.notes = [*outcome.notes, *hint]
        for _ in range(MOST_TRIES):
            questions = question_rows(conversation, turn, standing.questions)
            turn.reply = {
                **turn_as_data(settled, questions),
                "not_used": [one.model_dump() for one in unused],
                "accounted": words.model_dump(),
            }
            brief = brief_row(
                turn,
                entries=entries,
                share=share,
                spans=held.spans if standing.ready else [],
                suggested=suggested,
            )
            try:
                await self._records.close_turn(
                    turn,
                    conversation={
                        "mode": conversation.mode,
                        "title": settled.title,
                        "image_type": image_type.name,
                        "language": settled.language,
                        "style": _value_of(entries, "style"),
                        "template": conversation.template,
                    },
                    rows=[*questions, *answer_rows(turn, settled, transcript), brief],
                )
                break
            except NumberTaken:  # another client put questions meanwhile
                conversation.questions = (await self._records.load(conversation.id)).questions
        conversation.questions = [*conversation.questions, *questions]
        conversation.language = settled.language
        first = conversation.briefs[0].completeness if conversation.briefs else share
        return _result(
            conversation,
            turn,
            brief,
            questions=[] if standing.ready else _open_rows(conversation, held_brief=entries),
            completeness=Completeness(first=first, now=share, missing=missing),
            not_used=unused,
            accounted=words,
            assumed=assumptions(held),
            estimated_cost_usd=estimate(suggested, self._settings),
            sandbox=outcome.sandbox,
        )

    def _failed(
        self, conversation: Conversation, outcome: Outcome, transcript: Transcript
    ) -> Consultation:
        """Nobody led the turn: nothing is ready, what was said is kept, and the reply says so."""
        wording = self._prompt_store.wording(conversation.language or "en")
        entries = [entry_of(entry) for entry in transcript.brief]
        share, missing = completeness(transcript.brief, outcome.image_type)
        first = conversation.briefs[0].completeness if conversation.briefs else share
        return Consultation(
            conversation_id=conversation.id,
            status="asking",
            reply=wording.unusable if outcome.failure == "unusable" else wording.nobody,
            language=conversation.language or "en",
            questions=[shown_question(row) for row in _open_rows(conversation)],
            brief=entries,
            completeness=Completeness(first=first, now=share, missing=missing),
            origin="sandbox" if self._facilitator.origin == "sandbox" else "openai",
            notes=outcome.notes,
            next_step=AGAIN,
        )


def _value_of(entries: list[Entry], dimension: str) -> str:
    """What the brief says of a dimension, empty while that is open."""
    return next((e.value for e in entries if e.dimension == dimension and not e.open), "")


def _open_rows(
    conversation: Conversation, held_brief: Sequence[Entry] | None = None
) -> list[Question]:
    """The questions that wait for an answer, those overlooked in earlier turns first."""
    transcript = transcript_of(conversation, finish=False)
    brief = transcript.brief if held_brief is None else held_brief
    waiting = transcript.open_questions(brief, [c.question for c in transcript.choices])
    labels = {put.id for put in waiting}
    newest = conversation.turns[-1].number if conversation.turns else 0
    return [
        row for row in conversation.questions if row.label in labels or row.turn_number == newest
    ]


def _known_completeness(
    conversation: Conversation, brief: Brief, prompt_store: PromptStore
) -> Completeness | None:
    """The completeness of a recorded brief, if its type is still there."""
    image_type = prompt_store.image_types().get(conversation.image_type)
    if image_type is None:
        return None
    entries = transcript_of(conversation, finish=False).brief
    _, missing = completeness(entries, image_type)
    return Completeness(
        first=conversation.briefs[0].completeness, now=brief.completeness, missing=missing
    )


def _result(
    conversation: Conversation,
    turn: Turn,
    brief: Brief,
    *,
    questions: list[Question] | None = None,
    completeness: Completeness | None = None,
    not_used: list[NotUsed] | None = None,
    accounted: Accounted | None = None,
    assumed: list[Assumption] | None = None,
    estimated_cost_usd: float | None = None,
    sandbox: bool = False,
) -> Consultation:
    spans = [recorded_span(phrase) for phrase in brief.phrases]
    reply = turn.reply or {}
    entries = [recorded_entry(row) for row in brief.entries]
    if assumed is None:
        assumed = [
            Assumption(dimension=entry.dimension, value=entry.value)
            for entry in entries
            if entry.source == "assumed" and entry.value
        ]
    return Consultation(
        conversation_id=conversation.id,
        status="ready" if spans else "asking",
        reply=reply.get("reply", ""),
        language=reply.get("language") or conversation.language or "en",
        questions=[shown_question(row) for row in questions or []],
        brief=entries,
        completeness=completeness,
        refined_prompt="".join(span.text for span in spans) if spans else None,
        provenance=spans,
        assumptions=assumed if spans else [],
        not_used=not_used or [],
        lettering=reply.get("lettering", []) if spans else [],
        accounted=accounted,
        suggested=Suggested(**brief.suggested) if brief.suggested else None,
        estimated_cost_usd=estimated_cost_usd,
        origin="sandbox" if sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if sandbox else []), *turn.notes],
        next_step=DRAW if spans else ASK,
    )
