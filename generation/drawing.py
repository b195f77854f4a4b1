"""One call for pictures: checked while that is free, claimed, drawn, told in full."""

import asyncio
from collections.abc import Iterable, Sequence
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from gateway.api_errors import GatewayError
from gateway.capabilities import size_in_pixels
from gateway.prices import has_price
from generation.drawing_failures import (
    DRAW_LOST,
    LOST_DRAWN,
    RELEASED,
    REST_DRAWN,
    REST_TAKEN_BACK,
    ended_in_vain,
    failure_of,
    over_budget,
    without_picture,
)
from generation.drawing_rows import job_rows
from generation.image_request import MOST_PICTURES, ImageRequest, OrderError
from generation.image_result import ImageResult
from generation.input_images import MOST, InputImages
from generation.jobs import JobOutcome, Jobs, JobView, ReportProgress
from generation.options import Options, choose, size_note
from generation.picture_facts import run_apart
from generation.plan import Plan, changes_of, lineage, suggestion
from generation.purchase import Buyer, Purchase, PurchaseOrder
from generation.request_body import instruct
from generation.result_builder import build_result, preview_of_all
from generation.variations import Variation, replaced_note, set_apart
from generation.verifier import Look
from prompts.store import PromptStore
from settings import Settings, local_date
from storage.job_journal import JUST_NOW, Withdrawn
from storage.records import Records
from storage.tables import Conversation, Image, Job

PROMPT_FILES = ("generation/", "image_types/", "variations.yaml")
"""Those that have a part in a picture: faults in own copies of them are told."""

FEWER = f"Ask for at most {MOST_PICTURES} in all: n for each of the prompts."


class DrawingResult(NamedTuple):
    """A result, its preview, which is a JPEG, and the conversation as it stands after it."""

    result: ImageResult
    preview: bytes | None
    conversation: Conversation


class ImageGenerator:
    """Draws the pictures of one server."""

    def __init__(
        self, settings: Settings, records: Records, prompt_store: PromptStore, buyer: Buyer
    ) -> None:
        self._settings = settings
        self._records = records
        self._prompt_store = prompt_store
        self._buyer = buyer
        self._jobs = Jobs(records)
        # Between the record of a job and its start nobody else may begin to wait for it: whoever
        # comes first says what is done, and that would be nothing.
        self._starting = asyncio.Lock()

    async def check(self, request: ImageRequest, parent: Image | None = None) -> InputImages:
        """Refuse what cannot be drawn before anything is paid for, a dialogue included.

        What comes along is returned as it was read. Raises a `Problem`.
        """
        if request.count > MOST_PICTURES:
            raise OrderError(f"{request.count} pictures are more than one call draws.", FEWER)
        inputs = await self._buyer.inputs.read(request.input_images, request.mask, parent=parent)
        choose(request.options, {}, self._settings, local_date())
        await asyncio.to_thread(self._buyer.pictures.check)
        return inputs

    async def check_budget(self, request: ImageRequest, inputs: InputImages) -> None:
        """Refuse a drawing that the day has no money for before a dialogue is paid. Raises
        `OrderError`."""
        budget = self._settings.daily_budget_usd
        if budget is None:
            return
        options = choose(request.options, {}, self._settings, local_date())
        each = options.estimated_usd(len(inputs.pictures), verifier=self._verifier(request))
        estimate = request.count * each
        due = await self._records.jobs.due_today(self._buyer.origin)
        if due + estimate > budget:
            raise over_budget(
                options, request.count, estimate, due=due, budget=budget, origin=self._buyer.origin
            )

    async def buy(
        self,
        conversation: Conversation,
        plan: Plan,
        *,
        request: ImageRequest,
        inputs: InputImages,
        key: str,
        report: ReportProgress,
        seconds: float,
        again: timedelta = JUST_NOW,
    ) -> DrawingResult:
        """Draw what is planned, unless the call of this key has drawings already: then those.

        Those that it brought up to `again` ago count, and what was taken back of them unsent is
        drawn. Raises a `Problem`. A caller that goes away does not stop a drawing that is paid for.
        """
        options = self.options(conversation, plan, request)
        inputs = await self._buyer.inputs.with_references(inputs, plan.references)
        variations, note = self._variations(conversation, plan, request)
        verifier = self._verifier(request)
        base = PurchaseOrder(conversation, plan, options, inputs, "", {}, bool(verifier))
        orders = [await asyncio.to_thread(self._with_instructions, base, one) for one in variations]
        jobs = job_rows(
            conversation,
            plan,
            options,
            key=key,
            inputs=inputs,
            verifier=verifier,
            variations=variations,
            templates=[one.templates for one in orders],
        )
        lost = without_picture(conversation.newest_jobs_of(key)) if request.redraw else []
        again = timedelta() if request.redraw else again
        jobs, are_new, mine = await self._start(jobs, orders, again, lost)
        if not are_new:
            taken_back = len(variations) - len(jobs)
            return await self._show_or_collect(
                conversation, jobs, request, report, seconds, taken_back=taken_back
            )
        # At once: of one that ends before anybody waits for it nothing is known here any more.
        news = await self._jobs.wait(jobs, report, seconds=seconds)
        answer = await self._conclude(conversation.id, *news)
        sized = _unsized(conversation, plan, request, options)
        replaced = replaced_note(variations, _drawn(news[0]))
        answer.result.notes += filter(None, [sized, note, replaced])
        answer.result.notes[:0] = _shared(len(jobs) - len(mine), len(jobs), lost=bool(lost))
        return answer

    def estimated_usd(
        self, conversation: Conversation, plan: Plan, request: ImageRequest
    ) -> float | None:
        """What each picture of a call should cost, None where its model has no known price.

        Raises `OrderError`.
        """
        return self.price(self.options(conversation, plan, request), plan, request)

    def price(self, options: Options, plan: Plan, request: ImageRequest) -> float | None:
        """The same with these options."""
        pictures = len(request.input_images) + len(plan.references)
        inputs = min(MOST, pictures) + (1 if plan.parent else 0)
        usd = options.estimated_usd(inputs, verifier=self._verifier(request))
        return round(usd, 6) if has_price(options.image_model) else None

    def options(self, conversation: Conversation, plan: Plan, request: ImageRequest) -> Options:
        """What to draw with: the call's options, else what the dialogue suggests, else settings."""
        model = request.image_model or self._settings.image_model
        suggested = suggestion(conversation, plan, model)
        return choose(request.options, suggested, self._settings, local_date())

    def _verifier(self, request: ImageRequest) -> str:
        """The model that will look at the pictures of a call, empty where none will."""
        verify = request.verify or self._settings.verify
        return self._settings.facilitator_model if verify else ""

    def _variations(
        self, conversation: Conversation, plan: Plan, request: ImageRequest
    ) -> tuple[list[Variation], str]:
        """How the pictures of a call differ, and a note on what could not be varied."""
        before = lineage(plan.parent, conversation.images) if plan.parent else []
        labels = [image.variation for image in before]
        beyond = plan.is_change or any(changes_of(one, conversation.images) for one in before)
        ways = self._prompt_store.ways()
        return set_apart(request, conversation.entries, labels, ways, beyond=beyond)

    async def _start(
        self,
        jobs: list[Job],
        orders: Sequence[PurchaseOrder],
        again: timedelta,
        lost: Sequence[Job],
    ) -> tuple[list[Job], bool, list[Job]]:
        """Claim the jobs of a call and begin with those that are new.

        Returns the jobs that stand, whether they are of this call, and which of them are drawn by
        it; the others it waits for.
        """
        async with self._starting:
            plan, options = orders[0].plan, orders[0].options
            jobs, are_new = await self._claim(jobs, plan.message, options, again, lost)
            mine = [job for job in jobs if are_new and self._records.jobs.is_mine(job.id)]
            for job, one in zip(jobs, orders, strict=True) if are_new else ():
                buying = partial(self._buyer.buy, job, one)
                attending = partial(self._buyer.attend, job)
                self._jobs.start(job, buying if job in mine else attending)
        return jobs, are_new, mine

    async def collect(
        self, jobs: Sequence[Job], report: ReportProgress, *, seconds: float
    ) -> DrawingResult:
        """Wait for jobs, here or elsewhere; go on with those that were left.

        Raises a `Problem`, which is `Withdrawn` where none of them was ever sent.
        """
        return await self._wait(jobs[0].conversation_id, jobs, report, seconds)

    async def release_lost(
        self, jobs: Sequence[Job], report: ReportProgress, *, seconds: float
    ) -> list[str]:
        """Wait for jobs that are to be drawn anew; those that OpenAI does not know stand in the way
        no longer, and a note says what is known of each."""
        outcomes, _ = await self._attend(jobs, report, seconds)
        lost = [
            one.job
            for one in outcomes
            if isinstance(one.problem, GatewayError) and one.problem.case == "lost"
        ]
        await self._records.jobs.release(lost)
        return [RELEASED.format(response_id=job.response_id) for job in lost]

    async def show(
        self, conversation: Conversation, images: Sequence[Image], *, verify: bool
    ) -> DrawingResult:
        """Pictures that are there already; they are looked at now if that is asked for."""
        jobs = {job.id: job for job in conversation.jobs}
        outcomes = []
        for image in images:
            job, look = jobs[image.job_id], Look()
            if (verify or self._settings.verify) and image.verification is None:
                look = await self._buyer.verifier.verify(image, job, conversation)
            outcomes.append(JobOutcome(job, Purchase(image, look.rows, looked=look.asked)))
        return await self._tell(conversation, outcomes, 0.0)

    def look(self, jobs: Sequence[Job]) -> list[JobView]:
        """How far drawings are, at once and free."""
        return [self._jobs.look(job) for job in jobs]

    def checklist(self, image: Image, conversation: Conversation) -> list[str]:
        """What is to be looked at in a picture."""
        return self._buyer.verifier.items(image, conversation)

    async def adopt_abandoned(self) -> None:
        """Go on with what servers that died have bought, whosever call it was.

        What they never sent is taken back, so that the day's money does not wait for it.
        """
        for job in await self._records.jobs.abandoned(self._buyer.origin):
            # Apart from this call: what it books is not on this call's receipt.
            Context().run(self._jobs.start, job, partial(self._buyer.attend, job))

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await self._jobs.finish()

    def _with_instructions(self, order: PurchaseOrder, variation: Variation) -> PurchaseOrder:
        """The order for one picture of several: with its own instructions, and prompt if any."""
        plan = replace(order.plan, prompt=variation.prompt or order.plan.prompt)
        instructions, templates = instruct(
            plan,
            order.conversation,
            self._prompt_store,
            inputs=order.inputs,
            variation=variation,
        )
        return replace(order, plan=plan, instructions=instructions, templates=templates)

    async def _claim(
        self,
        jobs: list[Job],
        message: str,
        options: Options,
        again: timedelta,
        lost: Sequence[Job],
    ) -> tuple[list[Job], bool]:
        """The jobs to wait for, and whether they are new. Raises where the budget forbids them."""
        budget = self._settings.daily_budget_usd
        claim = await self._records.jobs.claim(
            jobs,
            origin=self._buyer.origin,
            budget=budget,
            again=again,
            message=message,
            lost=lost,
        )
        if claim.over is None or budget is None:
            return claim.jobs, claim.new
        count = len(jobs) - len(claim.jobs)
        estimate = count * jobs[0].estimated_usd
        due = claim.over - estimate
        raise over_budget(
            options, count, estimate, due=due, budget=budget, origin=self._buyer.origin
        )

    async def _show_or_collect(
        self,
        conversation: Conversation,
        jobs: list[Job],
        request: ImageRequest,
        report: ReportProgress,
        seconds: float,
        *,
        taken_back: int,
    ) -> DrawingResult:
        """What another call of the same key draws, or drew just now, and how many it has not."""
        if any(job.state != "kept" for job in jobs):
            answer = await self.collect(jobs, report, seconds=seconds)
        else:
            conversation = await self._records.load(conversation.id)
            images = conversation.images_of(jobs)
            answer = await self.show(conversation, images, verify=request.verify)
        if taken_back > 0:
            note = REST_TAKEN_BACK.format(count=len(jobs), wanted=len(jobs) + taken_back)
            answer.result.notes.insert(0, note)
        return answer

    async def _wait(
        self, conversation_id: str, jobs: Sequence[Job], report: ReportProgress, seconds: float
    ) -> DrawingResult:
        """Tell what became of jobs when all have ended or the waiting time is over."""
        return await self._conclude(conversation_id, *await self._attend(jobs, report, seconds))

    async def _conclude(
        self, conversation_id: str, outcomes: list[JobOutcome], elapsed: float
    ) -> DrawingResult:
        """The result of jobs that were waited for. Raises `Withdrawn` where none is left."""
        problems = [one.problem for one in outcomes]
        if all(isinstance(problem, Withdrawn) for problem in problems) and problems[0]:
            raise problems[0]
        conversation = await self._records.load(conversation_id)
        return await self._tell(conversation, outcomes, elapsed)

    async def _attend(
        self, jobs: Sequence[Job], report: ReportProgress, seconds: float
    ) -> tuple[list[JobOutcome], float]:
        """What became of jobs so far, and the seconds that it took; nothing is bought."""
        async with self._starting:
            for job in jobs:
                self._jobs.start(job, partial(self._buyer.attend, job))
        return await self._jobs.wait([*jobs], report, seconds=seconds)

    async def _tell(
        self, conversation: Conversation, outcomes: list[JobOutcome], elapsed: float
    ) -> DrawingResult:
        """The result of a call. Raises where all of its pictures failed."""
        if all(one.problem for one in outcomes):
            raise failure_of(outcomes, conversation)
        totals = await self._records.ledger.totals(self._buyer.origin, conversation.id)
        images = [one.purchase.image for one in outcomes if one.purchase]
        checklist = await asyncio.to_thread(self._buyer.verifier.shared_items, images, conversation)
        wording = await asyncio.to_thread(self._prompt_store.wording, conversation.language or "en")
        result = build_result(
            conversation,
            outcomes,
            totals=totals,
            checklist=checklist,
            elapsed=elapsed,
            sandbox=self._buyer.origin == "sandbox",
            wording=wording,
        )
        result.notes += [DRAW_LOST] if ended_in_vain(outcomes, conversation) else []
        result.notes += await asyncio.to_thread(self._prompt_store.faults, *PROMPT_FILES)
        preview = None
        if self._settings.preview == "on":
            preview = await run_apart(preview_of_all, outcomes, wording)
        return DrawingResult(result, preview, conversation)


def _unsized(
    conversation: Conversation, plan: Plan, request: ImageRequest, options: Options
) -> str:
    """A note on words that ask for a shape which nothing set: a refined prompt has its size from
    the brief, other words are drawn as they are."""
    verbatim = plan.message or (plan.prompt if conversation.mode == "skip" else "")
    return "" if request.size else size_note(verbatim, options)


def _shared(count: int, wanted: int, *, lost: bool) -> list[str]:
    """What is told where some of the pictures are drawn by another call."""
    return (
        [(LOST_DRAWN if lost else REST_DRAWN).format(count=count, wanted=wanted)] if count else []
    )


def _drawn(outcomes: Iterable[JobOutcome]) -> dict[str, str]:
    """By its label, how the assistant model put the prompt of each picture."""
    bought = [(one.job, one.purchase) for one in outcomes if one.purchase]
    return {job.variation: purchase.image.revised_prompt for job, purchase in bought}


def settle_size(request: ImageRequest) -> ImageRequest:
    """The request with its size in pixels where it was a word, or written otherwise."""
    return replace(request, size=request.size and size_in_pixels(request.size))
