"""Do what a call of the image tools means: the one place where asking and drawing meet.

Tools and command line turn what came in into an `ImageRequest` and what comes out into their
own form; whether a question comes before the picture is decided here.
"""

import asyncio
import time
from collections.abc import Container
from dataclasses import replace
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
    goes_on = arguments.get("conversation_id") and (
        arguments.get("finish") or arguments.get("mode") == "skip" or arguments.get("template")
    )
    answers = [one for one in arguments.pop("answers", None) or [] if one["answer"].strip()]
    if not answers and not goes_on:
        require_words(message, "message")
    names = (arguments.get("conversation_id"), *arguments.get("reference_images", ()))
    await app.earlier_work.note_use(names)
    return await app.consultant.consult(message, answers=answers, **arguments)


async def draw(app: App, request: ImageRequest, progress: "TellProgress") -> Outcome:
    """Do what a call means, and tell `progress` of each step of a drawing. Raises a `Problem`.

    What can be refused is refused before anything is paid for.
    """
    from storage.job_journal import Withdrawn

    ends = time.monotonic() + app.settings.wait_seconds  # one clock, however often it is tried
    for _ in range(MOST_TRIES):
        try:
            return await _Call(app, request, progress, ends).answer()
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


class _Call:
    """One call for pictures, from what it means to what it brought."""

    def __init__(
        self, app: App, request: ImageRequest, progress: "TellProgress", ends: float
    ) -> None:
        from gateway.capabilities import size_in_pixels

        self._app = app
        # A word is the same wish as its pixels.
        size = request.size and size_in_pixels(request.size)
        self._request = replace(request, size=size)
        self._drawing = Drawing(app, self._request, progress, ends)

    async def answer(self) -> Outcome:
        """What the call brings. Raises a `Problem`, which is `Withdrawn` where it is to be made
        anew."""
        from generation.drawing import DrawingResult

        await self._app.image_generator.adopt_abandoned()
        request = self._request
        names = (request.conversation_id, request.from_image, *request.pictures)
        await self._app.earlier_work.note_use(names)
        if request.conversation_id is None and request.from_image:
            image = await self._app.records.image(request.from_image)
            request = replace(request, conversation_id=image.conversation_id)
        has_style = bool(request.style)
        if request.conversation_id is None:
            outcome = await self._open(request)
        else:
            conversation = await self._app.records.load(request.conversation_id)
            has_style = has_style or bool(conversation.style_uses)
            outcome = await self._go_on(conversation, request)
        if isinstance(outcome, DrawingResult):
            self._name_assumptions(outcome)
        elif has_style:
            await self._tell_styles(outcome)
        return outcome

    async def _open(self, request: ImageRequest) -> Outcome:
        """A call without a conversation: a new one, or that of the same call of today."""
        from generation.plan import Plan

        require_words(request.prompt, "prompt")
        await self._drawing.check(request)
        means = meaning(request, None)
        mode = means.mode if isinstance(means, Ask) else "skip"
        records = self._app.records
        has_budget = self._app.settings.daily_budget_usd is not None
        if has_budget and not await records.is_same_call(self._drawing.key, redraw=request.redraw):
            await self._app.image_generator.orders.check_budget(request, Plan(request.words))
        opening = await records.open_conversation(
            self._drawing.key, mode or "guided", redraw=request.redraw
        )
        if opening.is_new:
            return await self._act(means, opening.conversation, request, opening)
        await self._app.consultant.turns.wait(opening.conversation.id)
        conversation = await records.load(opening.conversation.id)
        return await self._repeat(means, conversation, request)

    async def _repeat(
        self, means: Meaning, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """The same call as one of today: what that brought, or is about to bring."""
        jobs = conversation.newest_jobs_of(self._drawing.key)
        images = conversation.images_of(jobs)
        if images and all(job.finished_at for job in jobs) and not request.redraw:
            return await self._drawing.show_again(conversation, jobs)
        if jobs and not request.redraw:
            return await self._drawing.collect(conversation, jobs)
        if not jobs and not any(turn.reply for turn in conversation.turns):
            return await self._act(means, conversation, request)
        again = replace(request, prompt="", conversation_id=conversation.id)
        return await self._go_on(conversation, again)

    async def _go_on(self, conversation: "Conversation", request: ImageRequest) -> Outcome:
        """A call in a conversation."""
        is_running = state_of(conversation).drawing == "under_way"
        if request.redraw and is_running and not request.from_image:
            return await self._collect_then_redraw(conversation, request)
        return await self._interpret(conversation, request)

    async def _interpret(
        self, conversation: "Conversation", request: ImageRequest, attended: Container[str] = ()
    ) -> Outcome:
        """Do what a call means where a conversation stands; jobs `attended` were waited for."""
        means = meaning(request, state_of(conversation, attended=attended))
        if isinstance(means, CollectThenChange) and await self._is_newest(conversation, request):
            means = Collect()
        return await self._act(means, conversation, request)

    async def _is_newest(self, conversation: "Conversation", request: ImageRequest) -> bool:
        """Whether the newest call for pictures was this very one."""
        await self._drawing.check(request)
        return conversation.jobs[-1].request_key == self._drawing.key

    async def _act(  # noqa: C901, PLR0911  # a table: a row, a case
        self,
        means: Meaning,
        conversation: "Conversation",
        request: ImageRequest,
        opened: "OpenedCall | None" = None,
    ) -> Outcome:
        from generation.plan import plan_change, plan_from

        drawing = self._drawing
        match means:
            case Ask(mode):
                return await self._ask(conversation, request, mode, opened)
            case DrawWords(alone):
                return await self._draw_words(conversation, request, opened, alone=alone)
            case ShowQuestions():
                return await self._show_questions(conversation, request)
            case DrawPrompt():
                return await drawing.draw_prompt(conversation, request)
            case Collect():
                return await drawing.collect(conversation, newest_jobs(conversation))
            case CollectThenChange():
                return await self._collect_then_change(conversation, request)
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

    async def _ask(
        self,
        conversation: "Conversation",
        request: ImageRequest,
        mode: Any,
        opened: "OpenedCall | None",
    ) -> Outcome:
        """A turn of the dialogue, and the picture where that leaves no question open."""
        from generation.plan import plan_new, refined_prompt

        request = request.with_order(conversation.order)
        await self._drawing.check(request)
        plan = plan_new(conversation, request.words)
        await self._app.image_generator.orders.check_budget(request, plan)
        if request.order:
            await self._app.records.keep_order(conversation.id, request.order)
        prompt = refined_prompt(conversation)
        is_said = request.words in {"", prompt}  # only its style is new
        consultation = await self._consult(
            "" if is_said else request.prompt,
            conversation.id,
            mode=mode,
            finish=is_said and bool(prompt),
            opened=opened,
        )
        return await self._draw_or_ask(consultation, request)

    async def _draw_words(
        self,
        conversation: "Conversation",
        request: ImageRequest,
        opened: "OpenedCall | None",
        *,
        alone: bool,
    ) -> Outcome:
        """The person's words as they are: all of them, or the newest alone."""
        from generation.drawing import DrawingResult
        from generation.plan import plan_new

        request = request.with_order(conversation.order)
        await self._drawing.check(request)
        if alone:
            plan = replace(plan_new(conversation, request.words), message=request.words)
            return await self._drawing.buy(conversation, plan, request)
        similar = None
        if not conversation.turns:
            offers = self._app.earlier_work.offers(request.words, without=conversation.id)
            similar = asyncio.create_task(offers)
        words, key = request.prompt, conversation.id
        try:
            consultation = await self._consult(words, key, mode="skip", opened=opened)
            known = opened.conversation if opened else None  # the words joined it
            outcome = await self._draw_or_ask(consultation, request, known)
            if similar is not None and isinstance(outcome, DrawingResult):
                outcome.result.notes += await similar
        finally:
            if similar is not None:
                similar.cancel()
        return outcome

    async def _show_questions(self, conversation: "Conversation", request: ImageRequest) -> Outcome:
        """The questions that are open; a turn that nobody has led yet is led now."""
        merged = request.with_order(conversation.order)
        if request.order:
            await self._drawing.check(merged)
            await self._app.records.keep_order(conversation.id, merged.order)
        turn = [turn for turn in conversation.turns if turn.is_of_dialogue][-1]
        if not turn.is_waiting:
            return self._app.consultant.recall(conversation)
        consultation = await self._consult(turn.words, conversation.id)
        return await self._draw_or_ask(consultation, merged)

    async def _consult(self, words: str, conversation_id: str, **arguments: Any) -> "Consultation":
        styles = self._drawing.styles
        return await self._app.consultant.consult(
            words, conversation_id=conversation_id, styles=styles, **arguments
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
        conversation = conversation or await self._app.records.load(consultation.conversation_id)
        plan = plan_new(conversation, refined_prompt(conversation))
        outcome = await self._drawing.buy(conversation, plan, request)
        notes = [note for note in consultation.notes if note != SANDBOX_NOTE]
        outcome.result.notes += [note for note in notes if note not in outcome.result.notes]
        return outcome

    async def _collect_then_change(
        self, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """What is under way, then its change; the change waits where that takes too long."""
        jobs = newest_jobs(conversation)
        outcome = await self._drawing.collect(conversation, jobs)
        if outcome.result.status == "working":
            outcome.result.notes.append(CHANGE_WAITS)
            outcome.result.next_step = CHANGE_AGAIN
            return outcome
        conversation = await self._app.records.load(conversation.id)
        return await self._interpret(conversation, request, {job.id for job in jobs})

    async def _collect_then_redraw(
        self, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """What is under way is never bought again; what OpenAI does not know is, beside it."""
        from generation.drawing import DrawingResult

        jobs = newest_jobs(conversation)
        notes = await self._app.image_generator.release_lost(
            jobs, self._drawing.report(conversation), seconds=self._drawing.seconds
        )
        before, conversation = conversation, await self._app.records.load(conversation.id)
        if not notes:
            has_come = state_of(conversation).drawing == "kept"
            # As it stood before, the call collects what has come, and buys nothing beside it.
            return await self._interpret(before if has_come else conversation, request)
        outcome = await self._interpret(conversation, request, {job.id for job in jobs})
        if isinstance(outcome, DrawingResult):
            outcome.result.notes[:0] = notes
        return outcome

    async def _tell_styles(self, consultation: "Consultation") -> None:
        """Questions say what became of a style."""
        from consultation.style_lines import style_notes
        from generation.plan import styles_of

        conversation = await self._app.records.load(consultation.conversation_id)
        consultation.notes += style_notes(consultation, styles_of(conversation))

    def _name_assumptions(self, outcome: "DrawingResult") -> None:
        """A picture drawn of a dialogue's prompt names what nobody decided in it, and says what
        became of a style."""
        from consultation.style_lines import style_notes
        from generation.plan import refined_prompt, styles_of

        conversation, result = outcome.conversation, outcome.result
        if not conversation.briefs or result.prompt != refined_prompt(conversation):
            return
        consultation = self._app.consultant.recall(conversation)
        result.assumptions = consultation.assumptions
        result.notes += style_notes(consultation, styles_of(conversation))
