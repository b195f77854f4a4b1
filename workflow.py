"""Do what a call of the image tools means: the one place where asking and drawing meet.

Tools and command line turn what came in into an `ImageRequest` and what comes out into their
own form; whether a question comes before the picture is decided here.
"""

import asyncio
import time
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from app import App
from call_drawing import Drawing
from call_meaning import (
    Ask,
    ChangePicture,
    Collect,
    CollectThenChange,
    DrawAgain,
    DrawFrom,
    DrawPrompt,
    DrawWords,
    MakeCurrent,
    Meaning,
    ShowPicture,
    ShowQuestions,
    meaning,
    newest_jobs,
    state_of,
)
from errors import Problem
from generation.image_request import ImageRequest

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.drawing import DrawingResult
    from generation.jobs import TellProgress
    from storage.records import OpenedCall
    from storage.tables import Conversation

MOST_TRIES = 3
"""Times that a call is read anew because the request that it joined was taken back unsent."""

CHANGE_WAITS = (
    "The picture that is to be changed is still being drawn, so the change was not begun."
)
CHANGE_AGAIN = (
    "Make this same call again, with the change, in half a minute or so: that collects the picture "
    "and changes it."
)

Outcome: TypeAlias = "Consultation | DrawingResult"
"""What a call brings: questions of the dialogue, where nothing was drawn, or pictures."""


async def consult(app: App, message: str, **arguments: Any) -> "Consultation":
    """One turn of the dialogue, as `Consultant.consult` takes it. Raises a `Problem`."""
    from gateway.capabilities import size_note

    goes_on = arguments.get("conversation_id") and (
        arguments.get("finish") or arguments.get("mode") == "skip" or arguments.get("template")
    )
    answers = [one for one in arguments.pop("answers", None) or [] if one["answer"].strip()]
    if not answers and not goes_on:
        require_words(message, "message")
    names = (arguments.get("conversation_id"), *arguments.get("reference_images", ()))
    await app.earlier_work.note_use(names)
    consultation = await app.consultant.consult(message, answers=answers, **arguments)
    drawn = consultation.suggested
    if consultation.refined_prompt and drawn and consultation.completeness is None:  # their words
        note = size_note(consultation.refined_prompt, app.settings.image_model, drawn.size)
        consultation.notes += [note] if note else []
    return consultation


async def draw(app: App, request: ImageRequest, progress: "TellProgress") -> Outcome:
    """Do what a call means, and tell `progress` of each step of a drawing. Raises a `Problem`.

    What can be refused is refused before anything is paid for.
    """
    from gateway.capabilities import size_in_pixels
    from storage.job_journal import Withdrawn

    # A word is the same wish as its pixels.
    request = replace(request, size=request.size and size_in_pixels(request.size))
    ends = time.monotonic() + app.settings.wait_seconds  # one clock, however often it is tried
    for _ in range(MOST_TRIES):
        try:
            return await _answer(app, request, progress, ends)
        except Withdrawn:
            continue
    raise Problem("Another call took the drawing back.", "Call again.", charged="no")


def require_words(text: str, name: str) -> None:
    """Refuse a parameter that says nothing. Raises a `Problem` that names it."""
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise Problem(
            f"{name} is empty, or holds no sign that can be read.",
            "Put what the picture should show into it, in any words.",
            charged="no",
        )


async def _answer(
    app: App, request: ImageRequest, progress: "TellProgress", ends: float
) -> Outcome:
    """What a call brings. Raises a `Problem`, which is `Withdrawn` where it is to be made anew."""
    from generation.drawing import DrawingResult
    from generation.plan import picture_of

    await app.image_generator.adopt_abandoned()
    names = (request.conversation_id, request.from_image, *request.pictures)
    await app.earlier_work.note_use(names)
    is_number = request.conversation_id and (request.from_image or "").isdecimal()
    if request.from_image and not is_number:
        image = await app.records.image(request.from_image, request.conversation_id)
        request = replace(request, conversation_id=image.conversation_id)
    has_style = bool(request.style)
    if request.conversation_id is None:
        outcome = await _open(app, request, Drawing(app, request, progress, ends))
    else:
        conversation = await app.records.load(request.conversation_id)
        if request.from_image:
            start = picture_of(conversation, request.from_image)
            request = replace(request, from_image=start.id)
        drawing = Drawing(app, request, progress, ends)
        has_style = has_style or bool(conversation.style_uses)
        outcome = await _Call(app, drawing, request, conversation).go_on()
    if isinstance(outcome, DrawingResult):
        _name_assumptions(app, outcome)
    elif has_style:
        await _tell_styles(app, outcome)
    return outcome


async def _open(app: App, request: ImageRequest, drawing: Drawing) -> Outcome:
    """A call without a conversation: a new one, or that of the same call of today."""
    from generation.plan import Plan

    require_words(request.prompt, "prompt")
    await drawing.check(request)
    means = meaning(request, None)
    mode = means.mode if isinstance(means, Ask) else "skip"
    has_budget = app.settings.daily_budget_usd is not None
    if has_budget and not await app.records.is_same_call(drawing.key, redraw=request.redraw):
        await app.image_generator.orders.check_budget(request, Plan(request.words))
    opening = await app.records.open_conversation(
        drawing.key, mode or "guided", redraw=request.redraw
    )
    if opening.is_new:
        return await _Call(app, drawing, request, opening.conversation, opening).act(means)
    await app.consultant.turns.wait(opening.conversation.id)
    conversation = await app.records.load(opening.conversation.id)
    return await _Call(app, drawing, request, conversation).repeat(means)


@dataclass(frozen=True)
class _Call:
    """One call for pictures where its conversation stands: what it means there, and brings.

    `opened` is the conversation where this very call opened it.
    """

    app: App
    drawing: Drawing
    request: ImageRequest
    conversation: "Conversation"
    opened: "OpenedCall | None" = None

    async def go_on(self) -> Outcome:
        """A call in a conversation."""
        is_running = state_of(self.conversation).drawing == "under_way"
        if self.request.redraw and is_running and not self.request.from_image:
            return await self._collect_then_redraw()
        return await self.interpret()

    async def repeat(self, means: Meaning) -> Outcome:
        """The same call as one of today: what that brought, or is about to bring."""
        conversation, redraw = self.conversation, self.request.redraw
        jobs = conversation.newest_jobs_of(self.drawing.key)
        images = conversation.images_of(jobs)
        if images and all(job.finished_at for job in jobs) and not redraw:
            return await self.drawing.show_again(conversation, jobs)
        if jobs and not redraw:
            return await self.drawing.collect(conversation, jobs)
        if not jobs and not any(turn.reply for turn in conversation.turns):
            return await self.act(means)
        again = replace(self.request, prompt="", conversation_id=conversation.id)
        return await replace(self, request=again).go_on()

    async def interpret(self, attended: Container[str] = ()) -> Outcome:
        """Do what a call means where a conversation stands; jobs `attended` were waited for."""
        state = state_of(self.conversation, self.request.from_image, attended=attended)
        means = meaning(self.request, state)
        if isinstance(means, CollectThenChange) and await self._is_newest():
            means = Collect()
        return await self.act(means)

    async def _is_newest(self) -> bool:
        """Whether the newest call for pictures was this very one."""
        await self.drawing.check(self.request)
        return self.conversation.jobs[-1].request_key == self.drawing.key

    async def act(self, means: Meaning) -> Outcome:  # noqa: C901, PLR0911  # a table: a row, a case
        """Do it."""
        from generation.plan import plan_change, plan_from

        drawing, conversation, request = self.drawing, self.conversation, self.request
        match means:
            case Ask(mode):
                return await self._ask(mode)
            case DrawWords(alone):
                return await self._draw_words(alone=alone)
            case ShowQuestions():
                return await self._show_questions()
            case DrawPrompt():
                return await drawing.draw_prompt(conversation, request)
            case Collect():
                return await drawing.collect(conversation, newest_jobs(conversation))
            case CollectThenChange():
                return await self._collect_then_change()
            case DrawAgain(image_id):
                return await drawing.draw_again(conversation, request, image_id)
            case ChangePicture(image_id):
                change = plan_change(conversation, image_id, request.words)
                return await drawing.buy(conversation, change, request)
            case DrawFrom(image_id):
                return await drawing.buy(conversation, plan_from(conversation, image_id), request)
            case MakeCurrent(image_id):
                return await drawing.make_current(conversation, image_id)
            case ShowPicture():
                return await drawing.show_current(conversation)
            case _:
                assert_never(means)

    def _merged(self) -> ImageRequest:
        """The call with what came with an earlier one that was answered with questions."""
        return self.request.with_order(self.conversation.order)

    async def _ask(self, mode: Any) -> Outcome:
        """A turn of the dialogue, and the picture where that leaves no question open."""
        from generation.plan import plan_new, refined_prompt

        request = self._merged()
        await self.drawing.check(request)
        plan = plan_new(self.conversation, request.words)
        await self.app.image_generator.orders.check_budget(request, plan)
        if request.order:
            await self.app.records.keep_order(self.conversation.id, request.order)
        prompt = refined_prompt(self.conversation)
        is_said = request.words in {"", prompt}  # only its style is new
        consultation = await self._consult(
            "" if is_said else request.prompt, mode=mode, finish=is_said and bool(prompt)
        )
        return await self._draw_or_ask(consultation, request)

    async def _draw_words(self, *, alone: bool) -> Outcome:
        """The person's words as they are: all of them, or the newest alone."""
        from generation.drawing import DrawingResult
        from generation.plan import plan_new

        conversation, request = self.conversation, self._merged()
        await self.drawing.check(request)
        if alone:
            plan = replace(plan_new(conversation, request.words), message=request.words)
            return await self.drawing.buy(conversation, plan, request)
        similar = None
        if not conversation.turns:
            offers = self.app.earlier_work.offers(request.words, without=conversation.id)
            similar = asyncio.create_task(offers)
        try:
            consultation = await self._consult(request.prompt, mode="skip")
            known = self.opened.conversation if self.opened else None  # the words joined it
            outcome = await self._draw_or_ask(consultation, request, known)
            if similar is not None and isinstance(outcome, DrawingResult):
                outcome.result.notes += await similar
        finally:
            if similar is not None:
                similar.cancel()
        return outcome

    async def _show_questions(self) -> Outcome:
        """The questions that are open; a turn that nobody has led yet is led now."""
        request = self._merged()
        if self.request.order:
            await self.drawing.check(request)
            await self.app.records.keep_order(self.conversation.id, request.order)
        turn = [turn for turn in self.conversation.turns if turn.is_of_dialogue][-1]
        if not turn.is_waiting:
            return self.app.consultant.recall(self.conversation)
        return await self._draw_or_ask(await self._consult(turn.words), request)

    async def _consult(self, words: str, **arguments: Any) -> "Consultation":
        return await self.app.consultant.consult(
            words,
            conversation_id=self.conversation.id,
            styles=self.drawing.styles,
            opened=self.opened,
            **arguments,
        )

    async def _draw_or_ask(
        self,
        consultation: "Consultation",
        request: ImageRequest,
        conversation: "Conversation | None" = None,
    ) -> Outcome:
        """The picture of a dialogue that is ready, else its questions.

        `conversation` is that of the dialogue, where it is known as it stands now.
        """
        from consultation.consultation_result import SANDBOX_NOTE
        from generation.plan import plan_new, refined_prompt

        if consultation.status == "asking":
            return consultation
        conversation = conversation or await self.app.records.load(consultation.conversation_id)
        plan = plan_new(conversation, refined_prompt(conversation))
        outcome = await self.drawing.buy(conversation, plan, request)
        notes = [note for note in consultation.notes if note != SANDBOX_NOTE]
        outcome.result.notes += [note for note in notes if note not in outcome.result.notes]
        return outcome

    async def _reloaded(self) -> "_Call":
        """The call where its conversation stands now."""
        return replace(self, conversation=await self.app.records.load(self.conversation.id))

    async def _collect_then_change(self) -> Outcome:
        """What is under way, then its change; the change waits where that takes too long."""
        jobs = newest_jobs(self.conversation)
        outcome = await self.drawing.collect(self.conversation, jobs)
        if outcome.result.status == "working":
            outcome.result.notes.append(CHANGE_WAITS)
            outcome.result.next_step = CHANGE_AGAIN
            return outcome
        return await (await self._reloaded()).interpret({job.id for job in jobs})

    async def _collect_then_redraw(self) -> Outcome:
        """What is under way is never bought again; what OpenAI does not know is, beside it."""
        from generation.drawing import DrawingResult

        jobs = newest_jobs(self.conversation)
        report = self.drawing.report(self.conversation)
        notes = await self.app.image_generator.release_lost(
            jobs, report, seconds=self.drawing.seconds
        )
        after = await self._reloaded()
        if not notes:
            has_come = state_of(after.conversation).drawing == "kept"
            # As it stood before, the call collects what has come, and buys nothing beside it.
            return await (self if has_come else after).interpret()
        outcome = await after.interpret({job.id for job in jobs})
        if isinstance(outcome, DrawingResult):
            outcome.result.notes[:0] = notes
        return outcome


async def _tell_styles(app: App, consultation: "Consultation") -> None:
    """Questions say what became of a style."""
    from consultation.style_dialogue import style_notes
    from generation.plan import styles_of

    conversation = await app.records.load(consultation.conversation_id)
    consultation.notes += style_notes(consultation, styles_of(conversation))


def _name_assumptions(app: App, outcome: "DrawingResult") -> None:
    """A picture drawn of a dialogue's prompt names what nobody decided in it, and says which words
    are not in it, and what became of a style."""
    from consultation.style_dialogue import style_notes
    from generation.plan import refined_prompt, styles_of
    from styles.style_use import REF

    conversation, result = outcome.conversation, outcome.result
    if not conversation.briefs or result.prompt != refined_prompt(conversation):
        return
    consultation = app.consultant.recall(conversation)
    result.assumptions = consultation.assumptions
    result.not_used = [one for one in consultation.not_used if not one.ref.startswith(REF)]
    result.notes += style_notes(consultation, styles_of(conversation))
