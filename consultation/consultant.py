"""One call of the consultation: words in, questions or a refined prompt out, all recorded."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from consultation.consultation_result import Consultation, PictureSettings
from consultation.earlier_work import EarlierWork, words_of_the_picture
from consultation.facilitator import Facilitator, Outcome
from consultation.facilitator_request import take_references
from consultation.preferences import dislikes_of, learn, note_preferences
from consultation.provenance import with_picks
from consultation.recorded_result import completeness, recorded_result
from consultation.review import Review, settle
from consultation.shared_turns import SharedTurns
from consultation.suggested_settings import (
    draft_notes,
    estimate,
    plain_settings,
    settle_settings,
    size_notes,
)
from consultation.template_dialogue import TemplateDialogue
from consultation.template_values import name_answers
from consultation.transcript import ConsultationError, Transcript, timeline_of, transcript_of
from consultation.turn import BriefEntry, FacilitatorTurn
from consultation.turn_record import (
    answer_rows,
    brief_row,
    check_answers,
    enter_turn,
    entry_of,
    style_row,
    style_rows,
    verbatim_spans,
    write_turn,
)
from errors import Problem
from prompts.store import PromptStore
from settings import Mode, Settings
from storage.input_files import InputFiles
from storage.records import LONGEST_FIRST_TITLE, OpenedCall, Records
from storage.stamps import title_of, without_controls
from storage.tables import Answer, Brief, Conversation, Turn
from styles.style_use import StyleUse, samples_of

CONTROL_NOTE = "Control characters were left out of your words; check that nothing is missing."


@dataclass(frozen=True)
class _TurnCall:
    """All that a call says: one that says the same joins its turn."""

    message: str
    conversation_id: str | None
    mode: Mode | None
    answers: list[dict[str, str]]
    reference_images: list[str]
    template: str | None
    styles: list[dict[str, Any]]
    finish: bool


@dataclass
class Consultant:
    """Leads the dialogues of one server."""

    settings: Settings
    records: Records
    input_files: InputFiles
    facilitator: Facilitator
    template_dialogue: TemplateDialogue
    prompt_store: PromptStore
    earlier_work: EarlierWork

    def __post_init__(self) -> None:
        """No turn is under way yet."""
        self.turns = SharedTurns(self.records)

    async def consult(
        self,
        message: str,
        *,
        conversation_id: str | None = None,
        mode: Mode | None = None,
        answers: list[dict[str, str]] | None = None,
        reference_images: Sequence[str] = (),
        template: str | None = None,
        styles: Sequence[StyleUse] = (),
        finish: bool = False,
        opened: OpenedCall | None = None,
    ) -> Consultation:
        """One turn of the dialogue. Raises a `Problem`; what was said is kept all the same.

        A caller that goes away does not stop a turn: the same call shows what it brought.
        `styles` are material for the prompt from now on, in place of earlier ones; a turn that
        brings nothing else is not kept where nobody leads it. `opened` is the conversation that
        this call has just opened; its words join it.
        """
        words = without_controls(message)
        call = _TurnCall(
            message=words,
            conversation_id=conversation_id,
            mode=mode,
            answers=[{**a, "answer": without_controls(a["answer"])} for a in answers or []],
            reference_images=[*reference_images],
            template=template,
            styles=[use.model_dump() for use in styles],
            finish=finish,
        )
        result = await self.turns.share(
            conversation_id, json.dumps(asdict(call)), lambda: self._consult(call, opened)
        )
        if words != message:
            result.notes.append(CONTROL_NOTE)
        return result

    async def _consult(self, call: _TurnCall, opened: OpenedCall | None) -> Consultation:
        template, conversation_id = call.template, call.conversation_id
        if template:
            template = self.prompt_store.library_template(template).name
        accepted = None
        if conversation_id is None:
            # Refused first calls leave no conversation behind.
            blank = Conversation(mode=call.mode or "guided", template=template or "")
            accepted = await self._accept(blank, call.answers, call.reference_images)
            conversation_id = await self.records.begin(blank.mode, blank.template)
        hold = (opened and opened.hold) or await self.turns.hold(conversation_id)
        async with self.records.holds.keep(hold):
            conversation = (
                opened.conversation if opened else await self.records.load(conversation_id)
            )
            conversation.mode = call.mode or conversation.mode
            conversation.template = template or conversation.template
            if accepted is None:
                accepted = await self._accept(conversation, call.answers, call.reference_images)
            answers, references = accepted
            references = [*references, *map(style_row, call.styles)]
            turn = enter_turn(conversation, call.message, answers, references)
            if conversation.mode == "skip" and not conversation.template:
                return await self._take_verbatim(conversation, turn, durable=opened is None)
            await self.records.open_turn(turn)  # before anything can fail
            transcript = transcript_of(conversation, finish=call.finish)
            try:
                outcome = await self._lead(conversation, turn, transcript)
            except Problem as problem:
                await self._drop_unsaid(turn)
                raise problem.within(conversation_id) from problem.__cause__
            if outcome.review is None:
                await self._drop_unsaid(turn)
                return self._failed(conversation, outcome)
            return await self._conclude(conversation, turn, outcome, outcome.review, transcript)

    def recall(self, conversation: Conversation) -> Consultation:
        """Where a dialogue stands, without asking any model. Raises a `Problem`."""
        if not conversation.briefs:
            raise ConsultationError("This conversation has no turn yet. Pass message to begin it.")
        result = recorded_result(conversation, self.prompt_store, self.facilitator.origin)
        if result.refined_prompt and not result.suggested:  # words as they are suggest nothing
            result.suggested = PictureSettings(**plain_settings(self.settings))
        if result.suggested:
            styles = [StyleUse.model_validate(row) for row in conversation.style_uses]
            pictures = [one for turn in conversation.turns for one in turn.pictures]
            references = len(pictures) + len(samples_of(styles))
            suggested = result.suggested.model_dump()
            result.estimated_cost_usd = estimate(suggested, self.settings, references)
        return result

    def _failed(self, conversation: Conversation, outcome: Outcome) -> Consultation:
        """What a turn comes to that nobody led: the reply says so, what was said is kept."""
        result = recorded_result(conversation, self.prompt_store, self.facilitator.origin)
        wording = self.prompt_store.wording(result.language)
        result.reply = wording.unusable if outcome.failure == "unusable" else wording.nobody
        return result

    async def _drop_unsaid(self, turn: Turn) -> None:
        """Take a turn back that nobody led and that says nothing: it only brought a style."""
        if turn.style_uses and not timeline_of(turn):
            await self.records.drop_turn(turn)

    async def _lead(
        self, conversation: Conversation, turn: Turn, transcript: Transcript
    ) -> Outcome:
        """What the turn brings: along the template, where one was chosen, else freely."""
        if conversation.template:
            return await self.template_dialogue.lead(conversation, transcript, self._check_budget)
        await self._check_budget()
        past = []
        if self.settings.learn:
            origin, history = self.facilitator.origin, self.records.preference_history
            past = await history.conversations(origin, without=conversation.id)
        preferences = learn(past)
        outcome = await self.facilitator.lead(
            conversation, transcript, preferences, dislikes_of(past)
        )
        led = outcome.review.turn if outcome.review else FacilitatorTurn()
        wording = self.prompt_store.wording(led.language)
        habits = note_preferences(led.questions, preferences, wording)
        turn.notes = [*turn.notes, *habits, *await self._offers(conversation, turn, led.brief)]
        return outcome

    async def _offers(
        self, conversation: Conversation, turn: Turn, brief: Sequence[BriefEntry]
    ) -> list[str]:
        """In the first turn: earlier work that is close, and the template that fits the idea."""
        if turn.number > 1:
            return []
        offers = await asyncio.to_thread(self.template_dialogue.suggestion, turn.words)
        shown = words_of_the_picture(turn.words, brief)
        return offers + await self.earlier_work.offers(shown, without=conversation.id)

    async def _check_budget(self) -> None:
        """Refuse a turn once the day's money is spent; the words are kept all the same."""
        await self.records.ledger.refuse_spent(
            self.settings.daily_budget_usd,
            self.facilitator.origin,
            "Go on tomorrow, raise IMAGE_CONSULTANT_DAILY_BUDGET_USD, or use mode skip, which "
            "asks no model.",
        )

    async def _accept(
        self,
        conversation: Conversation,
        answers: list[dict[str, str]],
        reference_images: Sequence[str],
    ) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        """The answers by their questions, and the pictures kept small. Raises a `Problem`."""
        if conversation.template:
            template = self.prompt_store.library_template(conversation.template)
            answers = name_answers(answers, template, conversation.questions)
        else:
            check_answers(conversation, answers)
        return answers, await take_references(
            reference_images, conversation, self.input_files, self.records
        )

    async def _take_verbatim(
        self, conversation: Conversation, turn: Turn, *, durable: bool
    ) -> Consultation:
        """Mode skip: the person's words are the prompt, one message after another."""
        spans = verbatim_spans(transcript_of(conversation, finish=False))
        prompt = "".join(span.text for span in spans)
        turn.reply = {"prompt": prompt, "reply": "", "language": conversation.language}
        brief = brief_row(turn, [], spans, share=0, suggested={})
        await self.records.close_turn(
            turn,
            conversation={
                "mode": "skip",
                "title": conversation.title or title_of(turn.words, LONGEST_FIRST_TITLE),
            },
            rows=[brief],
            durable=durable,
        )
        conversation.briefs.append(brief)
        return self.recall(conversation)

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
        wording = self.prompt_store.wording(held.turn.language)
        settled = settle(held, transcript, wording)
        settled = settled.model_copy(update={"image_type": image_type.name})
        suggested = settle_settings(image_type, settled, self.settings)
        spans = held.spans if settled.is_ready else []
        brief = brief_row(
            turn,
            [entry_of(entry, transcript) for entry in settled.brief],
            [with_picks(span, transcript) for span in spans],
            share=completeness(settled.brief, image_type, transcript.styles)[0],
            suggested=suggested,
        )
        if outcome.styles is not None and not turn.style_uses:  # what the call names counts more
            uses = [use.model_dump() for use in outcome.styles]
            turn.references = [*turn.references, *style_rows(uses, conversation.style_uses)]
        sized = size_notes(suggested["size"], settled, wording)
        drafts = draft_notes(suggested, self.settings, wording) if spans else []
        turn.notes = [*turn.notes, *sized, *drafts]
        rows: list[Answer | Brief] = [*answer_rows(turn, settled, transcript), brief]
        await write_turn(self.records, conversation, turn, settled, held, rows=rows)
        conversation.briefs = [*conversation.briefs, brief]
        return self.recall(conversation)
