"""One call of the consultation: words in, questions or a refined prompt out, all recorded."""

import asyncio
import json
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from consultation.consultation_result import Consultation
from consultation.earlier_work import EarlierWork, words_of_the_picture
from consultation.facilitator import TURN_SECONDS, Facilitator, Outcome
from consultation.facilitator_request import take_references
from consultation.preferences import dislikes_of, learn, note_preferences
from consultation.provenance import Span, with_picks
from consultation.recorded_result import completeness, failed_result, recorded_result
from consultation.review import Review
from consultation.settling import assumptions, settle, settled_turn
from consultation.suggested_settings import draft_notes, estimate, settle_settings, size_notes
from consultation.template_dialogue import TemplateDialogue
from consultation.transcript import ConsultationError, Transcript, transcript_of
from consultation.turn import BriefEntry, FacilitatorTurn, Quote
from consultation.turn_rows import (
    answer_rows,
    brief_row,
    check_answers,
    decided_value,
    entry_of,
    question_rows,
    turn_as_data,
)
from errors import DAILY_BUDGET, Problem
from prompts.store import PromptStore
from settings import Mode, Settings
from storage.holds import Hold
from storage.input_files import InputFiles
from storage.records import LONGEST_FIRST_TITLE, NumberTaken, OpenedCall, Records
from storage.stamps import now, without_controls
from storage.tables import Answer, Brief, Conversation, Turn

FOLLOW_SECONDS = 0.2
"""Between looks at whether another process still asks: SQLite has no call for it."""

CONTROL_NOTE = "Control characters were left out of your words; check that nothing is missing."

REMEMBERED_SECONDS = 600.0
"""How long a turn waits for a caller who went away: those whose time was over call again soon."""

_Call = tuple[str | None, str]
"""A conversation, None for a new one, and all that a call says."""


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
        earlier_work: EarlierWork,
    ) -> None:
        self._settings = settings
        self._records = records
        self._input_files = input_files
        self._facilitator = facilitator
        self._template_dialogue = template_dialogue
        self._prompt_store = prompt_store
        self._earlier_work = earlier_work
        self._turns: dict[_Call, asyncio.Task[Consultation]] = {}
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
        opened: OpenedCall | None = None,
    ) -> Consultation:
        """One turn of the dialogue. Raises a `Problem`; what was said is kept all the same.

        A caller that goes away does not stop a turn: the same call shows what it brought.
        `opened` is the conversation that this call has just opened; its words join it.
        """
        words = without_controls(message)
        call: dict[str, Any] = {
            "message": words,
            "conversation_id": conversation_id,
            "mode": mode,
            "answers": [{**a, "answer": without_controls(a["answer"])} for a in answers or []],
            "reference_images": [*reference_images],
            "template": template,
            "finish": finish,
        }
        key = (conversation_id, json.dumps(call))
        turn = self._turns.get(key)
        if turn is None:
            self._forget_ended(conversation_id)
            turn = asyncio.create_task(self._consult(**call, opened=opened))
            turn.add_done_callback(partial(self._remember, key))
            self._turns[key] = turn
        try:
            result = await asyncio.shield(turn)
        finally:
            if turn.done() and not _is_cancelled():
                self._forget(key, turn)
        result = result.model_copy(deep=True)
        result.notes += [CONTROL_NOTE] * (words != message)
        return result

    async def wait_for_turn(self, conversation_id: str) -> None:
        """Wait while a turn is with the facilitator, in whichever process.

        Raises `ConsultationError` where that takes longer than a turn may.
        """
        ends = time.monotonic() + TURN_SECONDS
        while await self._records.holds.is_held(conversation_id):
            if time.monotonic() > ends:
                raise ConsultationError(
                    "Another call has the facilitator's answer to this conversation under way.",
                    "Make this call again in half a minute.",
                    charged="no",
                )
            await asyncio.sleep(FOLLOW_SECONDS)

    async def finish(self) -> None:
        """Wait for turns that are still with the facilitator: they are paid for."""
        if turns := [turn for turn in self._turns.values() if not turn.done()]:
            await asyncio.wait(turns, timeout=TURN_SECONDS)

    async def _consult(
        self,
        *,
        message: str,
        conversation_id: str | None,
        mode: Mode | None,
        answers: list[dict[str, str]] | None,
        reference_images: Sequence[str],
        template: str | None,
        finish: bool,
        opened: OpenedCall | None,
    ) -> Consultation:
        if template:
            template = self._template_dialogue.check_name(template, answers, conversation_id)
        accepted = None
        if conversation_id is None:
            # Refused first calls leave no conversation behind.
            blank = Conversation(mode=mode or "guided", template=template or "")
            accepted = await self._accept(blank, answers or [], reference_images)
            conversation_id = await self._records.begin(blank.mode, blank.template)
        lock = self._one_at_a_time.setdefault(conversation_id, asyncio.Lock())
        async with (
            lock,
            self._records.holds.keep((opened and opened.hold) or await self._take(conversation_id)),
        ):
            conversation = (
                opened.conversation if opened else await self._records.load(conversation_id)
            )
            conversation.mode = mode or conversation.mode
            conversation.template = template or conversation.template
            if accepted is None:
                accepted = await self._accept(conversation, answers or [], reference_images)
            turn = _newest_turn(conversation, message, *accepted)
            if conversation.mode == "skip" and not conversation.template:
                return await self._take_verbatim(conversation, turn, durable=opened is None)
            await self._records.open_turn(turn)  # before anything can fail
            transcript = transcript_of(conversation, finish=finish)
            try:
                outcome = await self._lead(conversation, turn, transcript)
            except Problem as problem:
                raise problem.within(conversation_id) from problem.__cause__
            if outcome.review is None:
                return failed_result(
                    conversation, outcome, transcript, self._prompt_store, self._facilitator.origin
                )
            return await self._conclude(conversation, turn, outcome, outcome.review, transcript)

    def _remember(self, key: _Call, turn: "asyncio.Task[Consultation]") -> None:
        """Have a turn that ended for a while; of one that failed the same call tries anew."""
        if turn.cancelled() or turn.exception() is not None:
            self._forget(key, turn)
        else:
            turn.get_loop().call_later(REMEMBERED_SECONDS, self._forget, key, turn)

    def _forget(self, key: _Call, turn: "asyncio.Task[Consultation]") -> None:
        if self._turns.get(key) is turn:
            del self._turns[key]

    def _forget_ended(self, conversation_id: str | None) -> None:
        """Once a conversation goes on, the words of an earlier turn are a new one."""
        for key, turn in [*self._turns.items()]:
            if conversation_id is not None and key[0] == conversation_id and turn.done():
                del self._turns[key]

    async def _take(self, conversation_id: str) -> Hold:
        """Become the one process that asks in a conversation, once no other does."""
        await self._records.load(conversation_id)  # an unknown one is told as such
        while (hold := await self._records.holds.take(conversation_id)) is None:
            await self.wait_for_turn(conversation_id)
        return hold

    def recall(self, conversation: Conversation) -> Consultation:
        """Where a dialogue stands, without asking any model. Raises a `Problem`."""
        if not conversation.briefs:
            raise ConsultationError("This conversation has no turn yet. Pass message to begin it.")
        result = recorded_result(conversation, self._prompt_store)
        if result.suggested:
            result.estimated_cost_usd = self._estimate(conversation, result.suggested.model_dump())
        return result

    def _estimate(self, conversation: Conversation, suggested: dict[str, str]) -> float | None:
        """USD for one picture of a dialogue; what it refers to goes along."""
        references = sum(len(turn.references) for turn in conversation.turns)
        return estimate(suggested, self._settings, references)

    async def _lead(
        self, conversation: Conversation, turn: Turn, transcript: Transcript
    ) -> Outcome:
        """What the turn brings: along the template, where one was chosen, else freely."""
        if conversation.template:
            return await self._template_dialogue.lead(conversation, transcript, self._check_budget)
        await self._check_budget()
        past = []
        if self._settings.learn:
            origin = self._facilitator.origin
            past = await self._records.earlier_briefs.newest(origin, without=conversation.id)
        preferences = learn(past)
        outcome = await self._facilitator.lead(
            conversation, transcript, preferences, dislikes_of(past)
        )
        if outcome.review and outcome.review.questions:
            wording = self._prompt_store.wording(outcome.review.turn.language)
            outcome.notes += note_preferences(outcome.review.questions, preferences, wording)
        brief = outcome.review.brief if outcome.review else []
        outcome.notes += await self._offers(conversation, turn, brief)
        return outcome

    async def _offers(
        self, conversation: Conversation, turn: Turn, brief: Sequence[BriefEntry]
    ) -> list[str]:
        """In the first turn: earlier work that is close, and the template that fits the idea."""
        if turn.number > 1:
            return []
        offers = await asyncio.to_thread(self._template_dialogue.suggestion, turn.words)
        shown = words_of_the_picture(turn.words, brief)
        return offers + await self._earlier_work.offers(shown, without=conversation.id)

    async def _check_budget(self) -> None:
        """Refuse a turn once the day's money is spent; the words are kept all the same."""
        budget, origin = self._settings.daily_budget_usd, self._facilitator.origin
        if await self._records.ledger.is_spent(budget, origin):
            raise ConsultationError(
                f"The daily budget of ${budget:.2f} is spent.",
                "Go on tomorrow, raise IMAGE_CONSULTANT_DAILY_BUDGET_USD, or use mode skip, which "
                "asks no model.",
                kind="budget",
                code=DAILY_BUDGET,
                charged="no",
            )

    async def _accept(
        self,
        conversation: Conversation,
        answers: list[dict[str, str]],
        reference_images: Sequence[str],
    ) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """The answers by their questions, and the pictures kept small. Raises a `Problem`."""
        if conversation.template:
            answers = self._template_dialogue.name_answers(conversation, answers)
        else:
            check_answers(conversation, answers)
        return answers, await take_references(
            reference_images, conversation, self._input_files, self._records
        )

    async def _take_verbatim(
        self, conversation: Conversation, turn: Turn, *, durable: bool
    ) -> Consultation:
        """Mode skip: the person's words are the prompt, one message after another."""
        transcript = transcript_of(conversation, finish=False)
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
            conversation={
                "mode": "skip",
                "title": conversation.title or turn.words[:LONGEST_FIRST_TITLE],
            },
            rows=[brief],
            durable=durable,
        )
        conversation.briefs.append(brief)
        return recorded_result(conversation, self._prompt_store)

    async def _conclude(
        self,
        conversation: Conversation,
        turn: Turn,
        outcome: Outcome,
        held: Review,
        transcript: Transcript,
    ) -> Consultation:
        """Record what the facilitator made of a turn, and put it as a result."""
        image_type = outcome.image_type
        wording = self._prompt_store.wording(held.turn.language)
        standing = settle(held, transcript, wording)
        settled = settled_turn(held, image_type.name, standing)
        suggested = settle_settings(image_type, held.brief, self._settings)
        share, _ = completeness(held.brief, image_type)
        brief = brief_row(
            turn,
            entries=[entry_of(entry, transcript) for entry in held.brief],
            share=share,
            spans=[with_picks(span, transcript) for span in held.spans if standing.ready],
            suggested=suggested,
        )
        turn.model, turn.response_id = outcome.model, outcome.response_id
        turn.templates, turn.repairs = outcome.templates, outcome.attempts
        turn.notes = [*outcome.notes, *size_notes(suggested["size"], held.brief, wording)]
        turn.notes += draft_notes(suggested, self._settings, wording) if standing.ready else []
        rows: list[Answer | Brief] = [*answer_rows(turn, settled, transcript), brief]
        await self._write(conversation, turn, settled, held, rows)
        conversation.briefs = [*conversation.briefs, brief]
        result = recorded_result(conversation, self._prompt_store)
        if standing.ready:
            result.assumptions = assumptions(held)
        result.estimated_cost_usd = self._estimate(conversation, suggested)
        return result

    async def _write(
        self,
        conversation: Conversation,
        turn: Turn,
        settled: FacilitatorTurn,
        held: Review,
        rows: list[Answer | Brief],
    ) -> None:
        """Record a settled turn with its questions and `rows`, and what it says of the dialogue.

        Its questions take the next numbers, again where another client took these first.
        """
        described = {
            "mode": conversation.mode,
            "title": settled.title,
            "image_type": settled.image_type,
            "language": settled.language,
            "style": decided_value(settled.brief, "style"),
            "template": conversation.template,
        }
        while True:  # who was first has written, so this ends; a turn that is paid for stays
            questions = question_rows(conversation, turn, settled.questions)
            turn.reply = turn_as_data(settled, questions, held)
            try:
                await self._records.close_turn(
                    turn, conversation=described, rows=[*questions, *rows]
                )
                break
            except NumberTaken:
                conversation.questions = (await self._records.load(conversation.id)).questions
        conversation.questions = [*conversation.questions, *questions]
        conversation.image_type, conversation.language = settled.image_type, settled.language


def _newest_turn(
    conversation: Conversation,
    message: str,
    answers: list[dict[str, str]],
    references: list[dict[str, str]],
) -> Turn:
    """The turn of a call, now in the conversation; a repeated call continues its own.

    What a repeated call brings besides (answers, pictures) joins what is there.
    """
    last = conversation.turns[-1] if conversation.turns else None
    if last and last.reply is None and last.words == message:
        known = {answer["question_id"] for answer in answers}
        kept = [one for one in last.answers_given if one["question_id"] not in known]
        last.answers_given = [*kept, *answers]
        last.references = [*last.references, *references]
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


def _is_cancelled() -> bool:
    """Whether the caller of this turn has gone away."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
