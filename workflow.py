"""Do what a call of the image tools means: the one place where asking and drawing meet.

Tools and command line turn what came in into an `ImageRequest` and what comes out into their
own form; whether a question comes before the picture is decided here.
"""

import asyncio
import time
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from app import App
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
    TellFailure,
    meaning,
    newest_jobs,
    state_of,
)
from errors import Problem, StorageError
from generation.image_request import OPTIONS, ImageRequest

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.image_result import ImageResult
    from generation.input_images import InputImages
    from generation.jobs import ReportProgress
    from generation.plan import Plan
    from storage.records import Hold
    from storage.tables import Conversation, Image, Job

LEAST_SECONDS = 1.0
"""A picture is waited for at least so long, however much of the call's time the dialogue took."""

MOST_TRIES = 3
"""Times that a call is read anew because the request that it joined was taken back unsent."""

CHANGE_WAITS = (
    "The picture that is to be changed is still being drawn, so the change was not begun."
)
CHANGE_AGAIN = (
    "Make this same call again, with the change, in half a minute or so: that collects the picture "
    "and changes it."
)
SHOWN_AGAIN = (
    "The same call brought this on {day}, so it is shown again; redraw=true draws all of it anew."
)
IS_CURRENT = "Changes start from this picture now."


@dataclass(frozen=True)
class Questions:
    """The dialogue has questions for the person; nothing was drawn."""

    consultation: "Consultation"


@dataclass(frozen=True)
class Pictures:
    """What a drawing brought so far, and a JPEG to look at where previews are on."""

    result: "ImageResult"
    preview: bytes | None


Outcome = Questions | Pictures


async def consult(app: App, message: str, **arguments: Any) -> "Consultation":
    """One turn of the dialogue, as `Consultant.consult` takes it. Raises a `Problem`."""
    goes_on = arguments.get("conversation_id") and (
        arguments.get("finish") or arguments.get("mode") == "skip"
    )
    if not arguments.get("answers") and not goes_on:
        require_words(message, "message")
    names = (arguments.get("conversation_id"), *arguments.get("reference_images", ()))
    await app.earlier_work.note_use(names)
    return await app.consultant.consult(message, **arguments)


async def draw(app: App, request: ImageRequest, progress: "ReportProgress") -> Outcome:
    """Do what a call means, and tell `progress` of each step of a drawing. Raises a `Problem`.

    What can be refused is refused before anything is paid for.
    """
    from storage.job_journal import Withdrawn

    for _ in range(MOST_TRIES):
        try:
            return await _Call(app, request, progress).answer()
        except Withdrawn:
            continue
    raise Problem("Another call took the drawing back.", "Call again.", charged="no")


def require_words(text: str, name: str) -> None:
    """Refuse a parameter that says nothing. Raises a `Problem` that names it."""
    if not text.strip():
        raise Problem(
            f"{name} is empty.",
            "Put what the picture should show into it, in any words.",
            charged="no",
        )


class _Call:
    """One call for pictures, from what it means to what it brought."""

    def __init__(self, app: App, request: ImageRequest, progress: "ReportProgress") -> None:
        from generation.drawing import settle_size

        self._app = app
        self._request = settle_size(request)
        self._report = progress
        self._ends = time.monotonic() + app.settings.wait_seconds
        self._key = ""
        self._inputs: tuple[tuple[Any, ...], InputImages] | None = None

    async def answer(self) -> Outcome:
        """What the call brings. Raises a `Problem`, which is `Withdrawn` where it is to be made
        anew."""
        await self._app.image_generator.adopt_abandoned()
        request = self._request
        names = (request.conversation_id, request.from_image, *request.pictures)
        await self._app.earlier_work.note_use(names)
        if request.conversation_id is None and request.from_image:
            image = await self._app.records.image(request.from_image)
            request = replace(request, conversation_id=image.conversation_id)
        if request.conversation_id is None:
            return await self._with_assumptions(await self._open(request))
        conversation = await self._app.records.load(request.conversation_id)
        return await self._with_assumptions(await self._go_on(conversation, request))

    @property
    def _seconds(self) -> float:
        """What is left of the call's time for a picture."""
        return max(LEAST_SECONDS, self._ends - time.monotonic())

    async def _open(self, request: ImageRequest) -> Outcome:
        """A call without a conversation: a new one, or that of the same call of today."""
        require_words(request.prompt, "prompt")
        inputs = await self._check(request)
        means = meaning(request, None)
        mode = means.mode if isinstance(means, Ask) else "skip"
        records = self._app.records
        if request.redraw or not await records.is_same_call(self._key):
            await self._app.image_generator.check_budget(request, inputs)
        opening = await records.open_conversation(
            self._key, mode or "guided", redraw=request.redraw
        )
        if opening.is_new:
            conversation = await records.load(opening.conversation_id)
            return await self._act(means, conversation, request, hold=opening.hold)
        await self._app.consultant.wait_for_turn(opening.conversation_id)
        conversation = await records.load(opening.conversation_id)
        return await self._repeat(means, conversation, request)

    async def _repeat(
        self, means: Meaning, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """The same call as one of today: what that brought, or is about to bring."""
        jobs = [job for job in conversation.jobs if job.request_key == self._key]
        jobs = [job for job in jobs if job.batch == jobs[-1].batch]
        images = conversation.images_of(jobs)
        if images and all(job.finished_at for job in jobs):
            outcome = await self._show(conversation, images)
            outcome.result.notes.insert(0, SHOWN_AGAIN.format(day=images[0].created_at[:10]))
            costs = await self._app.records.spending_by_job(conversation.id)
            saved = sum(costs.get(job.id, 0.0) for job in jobs)
            with suppress(StorageError):  # a full disk is no reason to hide the picture
                origin = self._app.gateway.origin
                await self._app.records.reuses.note("shown", origin=origin, usd=saved)
            return outcome
        if jobs and not request.redraw:
            return await self._tell_failure(jobs)
        if not jobs and not any(turn.reply for turn in conversation.turns):
            return await self._act(means, conversation, request)
        again = replace(request, prompt="", conversation_id=conversation.id)
        return await self._go_on(conversation, again)

    async def _go_on(self, conversation: "Conversation", request: ImageRequest) -> Outcome:
        """A call in a conversation."""
        is_running = state_of(conversation).drawing == "under_way"
        if request.redraw and is_running and not request.from_image:
            return await self._collect_then_redraw(conversation, request)
        return await self._continue(conversation, request)

    async def _continue(
        self, conversation: "Conversation", request: ImageRequest, attended: Container[str] = ()
    ) -> Outcome:
        """What a call means where a conversation stands; jobs `attended` were waited for."""
        means = meaning(request, state_of(conversation, attended=attended))
        if isinstance(means, CollectThenChange) and await self._is_newest(conversation, request):
            means = Collect()
        return await self._act(means, conversation, request)

    async def _is_newest(self, conversation: "Conversation", request: ImageRequest) -> bool:
        """Whether the newest call for pictures was this very one."""
        await self._check(request)
        return conversation.jobs[-1].request_key == self._key

    async def _act(
        self,
        means: Meaning,
        conversation: "Conversation",
        request: ImageRequest,
        hold: "Hold | None" = None,
    ) -> Outcome:
        match means:
            case Ask(mode):
                return await self._ask(conversation, request, mode, hold)
            case DrawWords(alone):
                return await self._draw_words(conversation, request, hold, alone=alone)
            case ShowQuestions():
                return await self._show_questions(conversation, request)
            case CollectThenChange():
                return await self._collect_then_change(conversation, request)
            case DrawPrompt() | DrawAgain() | ChangePicture() | DrawFrom():
                return await self._draw(means, conversation, request)
            case Collect() | TellFailure() | MakeCurrent() | ShowPicture():
                return await self._recall(means, conversation)
            case _:
                assert_never(means)

    async def _draw(
        self,
        means: DrawPrompt | DrawAgain | ChangePicture | DrawFrom,
        conversation: "Conversation",
        request: ImageRequest,
    ) -> Pictures:
        """What is drawn without a turn of the dialogue."""
        from generation import plan

        match means:
            case DrawPrompt():
                request = request.with_order(conversation.order)
                what = plan.plan_new(conversation, plan.refined_prompt(conversation))
            case DrawAgain(image_id):
                jobs = _jobs_of(conversation, image_id)
                request = request.with_order(_order_of(jobs))
                what = plan.plan_again(conversation, jobs[0])
            case ChangePicture(image_id):
                what = plan.plan_change(conversation, image_id, request.words)
            case DrawFrom(image_id):
                what = plan.plan_from(conversation, image_id)
            case _:
                assert_never(means)
        return await self._buy(conversation, what, request)

    async def _recall(
        self,
        means: Collect | TellFailure | MakeCurrent | ShowPicture,
        conversation: "Conversation",
    ) -> Pictures:
        """What costs nothing more: what is there, or on its way."""
        match means:
            case Collect():
                return await self._collect(newest_jobs(conversation))
            case TellFailure():
                return await self._tell_failure(newest_jobs(conversation))
            case MakeCurrent(image_id):
                return await self._make_current(conversation, image_id)
            case ShowPicture():
                return await self._show(conversation, _shown_images(conversation))
            case _:
                assert_never(means)

    async def _ask(
        self,
        conversation: "Conversation",
        request: ImageRequest,
        mode: Any,
        hold: "Hold | None",
    ) -> Outcome:
        """A turn of the dialogue, and the picture where that leaves no question open."""
        request = request.with_order(conversation.order)
        await self._app.image_generator.check_budget(request, await self._check(request))
        if request.order:
            await self._app.records.keep_order(conversation.id, request.order)
        consultation = await self._consult(request.prompt, conversation.id, mode=mode, hold=hold)
        return await self._draw_or_ask(consultation, request)

    async def _draw_words(
        self,
        conversation: "Conversation",
        request: ImageRequest,
        hold: "Hold | None",
        *,
        alone: bool,
    ) -> Outcome:
        """The person's words as they are: all of them, or the newest alone."""
        from generation.plan import plan_new

        request = request.with_order(conversation.order)
        await self._check(request)
        if alone:
            what = replace(plan_new(conversation, request.words), message=request.words)
            return await self._buy(conversation, what, request)
        similar = None
        if not conversation.turns:
            offers = self._app.earlier_work.offers(request.words, without=conversation.id)
            similar = asyncio.create_task(offers)
        words, key = request.prompt, conversation.id
        try:
            consultation = await self._consult(words, key, mode="skip", hold=hold)
            outcome = await self._draw_or_ask(consultation, request)
            if similar is not None and isinstance(outcome, Pictures):
                outcome.result.notes += await similar
        finally:
            if similar is not None:
                similar.cancel()
        return outcome

    async def _show_questions(self, conversation: "Conversation", request: ImageRequest) -> Outcome:
        """The questions that are open; a turn that nobody has led yet is led now."""
        merged = request.with_order(conversation.order)
        if request.order:
            await self._check(merged)
            await self._app.records.keep_order(conversation.id, merged.order)
        turn = [turn for turn in conversation.turns if turn.reply != {}][-1]
        if turn.reply is not None:
            return Questions(self._app.consultant.recall(conversation))
        consultation = await self._consult(turn.words, conversation.id)
        return await self._draw_or_ask(consultation, merged)

    async def _consult(self, words: str, conversation_id: str, **arguments: Any) -> "Consultation":
        return await self._app.consultant.consult(
            words, conversation_id=conversation_id, **arguments
        )

    async def _draw_or_ask(self, consultation: "Consultation", request: ImageRequest) -> Outcome:
        """The picture of a dialogue that is ready, else its questions."""
        from consultation.consultation_result import SANDBOX_NOTE
        from generation.plan import plan_new, refined_prompt

        if consultation.status == "asking":
            return Questions(consultation)
        conversation = await self._app.records.load(consultation.conversation_id)
        what = plan_new(conversation, refined_prompt(conversation))
        outcome = await self._buy(conversation, what, request)
        notes = [note for note in consultation.notes if note != SANDBOX_NOTE]
        outcome.result.notes += [note for note in notes if note not in outcome.result.notes]
        return outcome

    async def _collect(self, jobs: "Sequence[Job]") -> Pictures:
        generator = self._app.image_generator
        return Pictures(*await generator.collect(jobs, self._report, seconds=self._seconds))

    async def _collect_then_change(
        self, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """What is under way, then its change; the change waits where that takes too long."""
        jobs = newest_jobs(conversation)
        outcome = await self._collect(jobs)
        if outcome.result.status == "working":
            outcome.result.notes.append(CHANGE_WAITS)
            outcome.result.next_step = CHANGE_AGAIN
            return outcome
        conversation = await self._app.records.load(conversation.id)
        return await self._continue(conversation, request, {job.id for job in jobs})

    async def _collect_then_redraw(
        self, conversation: "Conversation", request: ImageRequest
    ) -> Outcome:
        """What is under way is never bought again; what OpenAI does not know is, beside it."""
        jobs = newest_jobs(conversation)
        notes = await self._app.image_generator.release_lost(
            jobs, self._report, seconds=self._seconds
        )
        conversation = await self._app.records.load(conversation.id)
        if not notes:
            return await self._continue(conversation, request)
        outcome = await self._continue(conversation, request, {job.id for job in jobs})
        if isinstance(outcome, Pictures):
            outcome.result.notes[:0] = notes
        return outcome

    async def _tell_failure(self, jobs: "Sequence[Job]") -> Pictures:
        """How drawings ended: an error that says how to draw all the same, if they brought none."""
        from generation.purchase import DRAW_ANEW
        from storage.tables import UNDER_WAY

        try:
            return await self._collect(jobs)
        except Problem as problem:
            if any(job.state in UNDER_WAY for job in jobs):
                raise
            words = str(problem).replace(DRAW_ANEW, "").strip()
            failure = Problem(words, DRAW_ANEW, kind=problem.kind)
            failure.charged = problem.charged
            raise failure.within(jobs[0].conversation_id) from problem

    async def _make_current(self, conversation: "Conversation", image_id: str) -> Pictures:
        """Undo, redo, branching: changes start from this picture from now on."""
        from generation.plan import picture_of

        image = picture_of(conversation, image_id)
        await self._app.records.make_current(conversation.id, image.id)
        conversation = await self._app.records.load(conversation.id)
        outcome = await self._show(conversation, [image])
        outcome.result.notes.insert(0, IS_CURRENT)
        return outcome

    async def _show(self, conversation: "Conversation", images: "Sequence[Image]") -> Pictures:
        generator = self._app.image_generator
        return Pictures(*await generator.show(conversation, images, verify=self._request.verify))

    async def _check(self, request: ImageRequest, parent: "Image | None" = None) -> "InputImages":
        """Refuse what cannot be drawn, and name the call by what it asks for.

        What came along is read once.
        """
        place = (request.options, request.pictures, request.variations, parent and parent.id)
        if self._inputs is None or self._inputs[0] != place:
            inputs = await self._app.image_generator.check(request, parent)
            self._inputs = (place, inputs)
        self._key = self._key or self._request.key(self._inputs[1].keys)
        return self._inputs[1]

    async def _buy(
        self, conversation: "Conversation", what: "Plan", request: ImageRequest
    ) -> Pictures:
        """Draw what is planned; what came with an asking call is used up by it."""
        inputs = await self._check(request, what.parent)
        outcome = Pictures(
            *await self._app.image_generator.buy(
                conversation,
                what,
                request=request,
                inputs=inputs,
                key=self._key,
                report=self._report,
                seconds=self._seconds,
            )
        )
        if conversation.order:
            await self._app.records.keep_order(conversation.id, {})
        return outcome

    async def _with_assumptions(self, outcome: Outcome) -> Outcome:
        """A picture drawn of a dialogue's prompt names what nobody decided in it."""
        from generation.image_result import AssumedDecision
        from generation.plan import refined_prompt

        if isinstance(outcome, Pictures):
            conversation = await self._app.records.load(outcome.result.conversation_id)
            if conversation.briefs and outcome.result.prompt == refined_prompt(conversation):
                consultation = self._app.consultant.recall(conversation)
                outcome.result.assumptions = [
                    AssumedDecision(**assumption.model_dump())
                    for assumption in consultation.assumptions
                ]
        return outcome


def _shown_images(conversation: "Conversation") -> "list[Image]":
    """The picture that was chosen, else what the newest call for pictures brought."""
    current = conversation.current_image
    if conversation.current_image_id and current:
        return [current]
    newest = conversation.job_of(conversation.images[-1])
    return conversation.images_of(conversation.jobs_beside(newest))


def _jobs_of(conversation: "Conversation", image_id: str | None) -> "list[Job]":
    """The jobs of the call that brought a picture; without one those of the newest call."""
    if image_id is None:
        return newest_jobs(conversation)
    from generation.plan import picture_of

    image = picture_of(conversation, image_id)
    return conversation.jobs_beside(conversation.job_of(image))


def _order_of(jobs: "Sequence[Job]") -> dict[str, Any]:
    """What an earlier call for pictures was made with."""
    from generation.variations import variations_in

    first = jobs[0]
    prompts = [job.prompt for job in jobs]
    things = [*variations_in(job.variation for job in jobs)]
    several: dict[str, Any] = {"samples": len(jobs)}
    if len(set(prompts)) > 1:
        several = {"prompts": prompts}
    elif things:
        strategy = things[0] if len(things) == 1 else "mixed"
        several = {"variations": len(jobs), "strategy": strategy}
    return {
        **{name: first.options[name] for name in OPTIONS if first.options.get(name) is not None},
        "input_images": [one["given"] for one in first.inputs if one["use"] == "picture"],
        "mask": next((one["given"] for one in first.inputs if one["use"] == "mask"), None),
        **several,
    }
