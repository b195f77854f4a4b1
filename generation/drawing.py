"""One call for pictures: planned, checked, journaled, drawn, told in full."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from dataclasses import replace
from datetime import datetime
from functools import partial

from generation.drawing_rows import job_rows
from generation.image_request import ImageOrder, OrderError
from generation.image_result import ImageResult
from generation.jobs import JobOutcome, Jobs, ReportProgress
from generation.options import Options, choose
from generation.picture_facts import run_apart
from generation.plan import Plan, make_plan, suggestion
from generation.purchase import Buyer, Purchase, PurchaseOrder
from generation.request_body import instruct
from generation.result_builder import SpendingTotals, build_result, preview_of_all
from generation.variations import Variation, variations
from prompts.store import PromptStore
from settings import Settings
from storage.job_journal import Withdrawn
from storage.records import Records
from storage.tables import Conversation, Image, Job

PROMPT_FILES = ("generation/", "image_types/", "variations.yaml", "changes.yaml")
"""Those that have a part in a picture: faults in own copies of them are told."""

ResultWithPreview = tuple[ImageResult, bytes | None]
"""A result and its preview, a JPEG."""


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

    async def draw(self, order: ImageOrder, report: ReportProgress) -> ResultWithPreview:
        """Draw, change or collect pictures. Raises a `Problem`.

        A caller that goes away does not stop a drawing that is paid for: it is saved.
        """
        await self._adopt_all()
        order = replace(order, verify=order.verify or self._settings.verify)
        conversation = await self._records.load(order.conversation_id)
        plan = make_plan(conversation, order)
        if plan.existing:
            return await self._show_again(plan.existing, order)
        if plan.pending is not None:
            return await self._collect(await self._records.jobs.batch(plan.pending), order, report)
        return await self._buy(conversation, plan, order, report)

    async def check(self, names: Sequence[str]) -> None:
        """Refuse pictures that cannot be used, before a dialogue is paid for."""
        await self._buyer.inputs.check(names)

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await self._jobs.finish()

    async def _buy(
        self, conversation: Conversation, plan: Plan, order: ImageOrder, report: ReportProgress
    ) -> ResultWithPreview:
        model = order.options.get("image_model") or self._settings.image_model
        today = datetime.now().astimezone().date()
        options = choose(
            order.options, suggestion(conversation, plan, model), self._settings, today
        )
        inputs = await self._buyer.inputs.read(order.input_images, order.mask, parent=plan.parent)
        ways = variations(order.strategy, order.variations, self._prompt_store.ways())
        base = PurchaseOrder(conversation, plan, options, inputs, "", {}, order.verify)
        orders = [await asyncio.to_thread(self._with_instructions, base, way) for way in ways]
        await asyncio.to_thread(self._buyer.pictures.check)
        jobs = job_rows(
            conversation,
            plan,
            options,
            inputs=inputs,
            ways=ways,
            templates=[one.templates for one in orders],
        )
        jobs, are_new = await self._claim(jobs, options)
        if not are_new:
            return await self._collect(jobs, order, report)
        for job, one in zip(jobs, orders, strict=True):
            self._jobs.start(job, partial(self._buyer.buy, job, one))
        return await self._wait(jobs, order, report)

    def _with_instructions(self, order: PurchaseOrder, way: Variation | None) -> PurchaseOrder:
        """The order for one picture: they differ in what the assistant model is told."""
        instructions, templates = instruct(
            order.plan,
            order.conversation,
            self._prompt_store,
            pictures=len(order.inputs.pictures),
            has_mask=order.inputs.mask is not None,
            variation=way,
        )
        return replace(order, instructions=instructions, templates=templates)

    async def _claim(self, jobs: list[Job], options: Options) -> tuple[list[Job], bool]:
        """The jobs to wait for, and whether they are new. Raises where the budget forbids them."""
        budget = self._settings.daily_budget_usd
        claim = await self._records.jobs.claim(jobs, origin=self._buyer.origin, budget=budget)
        if claim.over is None or budget is None:
            return claim.jobs, claim.new
        estimate = sum(job.estimated_usd for job in jobs)
        about = "This picture" if len(jobs) == 1 else f"These {len(jobs)} pictures"
        raise OrderError(
            f"{about} (about ${estimate:.3f}) would pass the daily budget of ${budget:.2f}; "
            f"${claim.over - estimate:.3f} are spent today or being drawn for.",
            f"A draft with quality low costs about ${options.draft_usd:.3f}; or draw it tomorrow, "
            "or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD.",
            kind="budget",
        )

    async def _collect(
        self, jobs: list[Job], order: ImageOrder, report: ReportProgress
    ) -> ResultWithPreview:
        """Wait for jobs that are under way, here or elsewhere; go on with those that were left."""
        for job in jobs:
            self._jobs.start(job, partial(self._buyer.attend, job))
        return await self._wait(jobs, order, report)

    async def _wait(
        self, jobs: list[Job], order: ImageOrder, report: ReportProgress
    ) -> ResultWithPreview:
        """Tell what became of jobs when all have ended or the waiting time is over.

        Where they were taken back before they were sent, this call draws in their place.
        """
        seconds = self._settings.wait_seconds
        outcomes, elapsed = await self._jobs.wait(jobs, report, seconds=seconds)
        if all(isinstance(one.problem, Withdrawn) for one in outcomes):
            return await self.draw(order, report)
        conversation = await self._records.load(order.conversation_id)
        return await self._tell(conversation, outcomes, elapsed)

    async def _tell(
        self, conversation: Conversation, outcomes: list[JobOutcome], elapsed: float
    ) -> ResultWithPreview:
        """The result of a call. Raises where all of its pictures failed."""
        if all(one.problem for one in outcomes):
            raise _failure_of(outcomes, conversation.id)
        totals = SpendingTotals(
            today=await self._records.spending_today(self._buyer.origin),
            conversation=await self._records.spending_on(conversation.id),
        )
        checklist = await asyncio.to_thread(self._buyer.verifier.items, conversation)
        result = build_result(
            conversation,
            outcomes,
            totals=totals,
            checklist=checklist,
            elapsed=elapsed,
            sandbox=self._buyer.origin == "sandbox",
        )
        result.notes += await asyncio.to_thread(self._prompt_store.faults, *PROMPT_FILES)
        if self._settings.preview == "off":
            return result, None
        return result, await run_apart(preview_of_all, outcomes)

    async def _show_again(self, images: list[Image], order: ImageOrder) -> ResultWithPreview:
        """PictureFiles that are there already; they are looked at now if that is asked for."""
        conversation = await self._records.load(order.conversation_id)
        jobs = {job.id: job for job in conversation.jobs}
        outcomes = []
        for image in images:
            job, usd = jobs[image.job_id], 0.0
            if order.verify and image.verification is None:
                usd = await self._buyer.verifier.verify(image, job, conversation)
            outcomes.append(JobOutcome(job, Purchase(image, usd=usd)))
        return await self._tell(conversation, outcomes, 0.0)

    async def _adopt_all(self) -> None:
        """Go on with what processes that died have left, whichever call meets it."""
        for job in await self._records.jobs.abandoned():
            if job.state != "requested":  # never sent, so there is nothing to save
                # Apart from this call: what it books is not on this call's receipt.
                Context().run(self._jobs.start, job, partial(self._buyer.attend, job))


def _failure_of(outcomes: list[JobOutcome], conversation_id: str) -> Exception:
    """One error for a call whose pictures all failed."""
    problems = {str(one.problem): one.problem for one in outcomes if one.problem}
    if len(problems) == 1:
        (problem,) = problems.values()
        return problem.within(conversation_id)
    each = " ".join(f"{one.job.variation or 'One'}: {one.problem}" for one in outcomes)
    return OrderError(f"None of the {len(outcomes)} pictures was drawn. {each}").within(
        conversation_id
    )
