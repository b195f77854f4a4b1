"""One call for pictures: planned, checked, journaled, drawn, told in full."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from generation.drawing_rows import job_rows
from generation.errors import GenerationError
from generation.image_order import Wish
from generation.image_request import instruct
from generation.image_result import Generation
from generation.input_images import Sources
from generation.jobs import Jobs, Progress, Waited
from generation.options import Options, choose
from generation.picture_check import aside
from generation.plan import Plan, plan, suggestion
from generation.purchase import LOST, TAKEN_BACK, Maker, Order
from generation.purchase_result import Made
from generation.result_builder import Purse, preview_of_all, tell
from generation.variations import variations
from prompts.store import PromptStore
from settings import Settings
from storage.records import UNDER_WAY, Records, is_alive
from storage.tables import Conversation, Image, Job

WRITTEN = ("generation/", "image_types/", "variations.yaml", "changes.yaml")
"""The prompt files that have a part in a picture."""

Drawn = tuple[Generation, bytes | None]
"""A result and its preview, a JPEG."""


class Artist:
    """Draws the pictures of one server."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        prompt_store: PromptStore,
        maker: Maker,
    ) -> None:
        self._settings = settings
        self._records = records
        self._prompt_store = prompt_store
        self._maker = maker
        self._jobs = Jobs(records, settings.wait_seconds)
        self._took_over = False

    async def draw(self, wish: Wish, progress: Progress) -> Drawn:
        """Draw, change or collect pictures. Raises a `Problem`.

        A caller that goes away does not stop a drawing that is paid for: it is kept.
        """
        await self._take_over()
        wish = replace(wish, verify=wish.verify or self._settings.verify)
        conversation = await self._records.load(wish.conversation_id)
        planned = plan(conversation, wish)
        if planned.kept:
            return await self._show_again(planned.kept, wish)
        if planned.pending is not None:
            return await self._collect(await self._records.batch(planned.pending), wish, progress)
        return await self._buy(conversation, planned, wish, progress)

    async def check(self, given: Sequence[str]) -> None:
        """Refuse pictures that cannot be used, before a dialogue is paid for."""
        await self._maker.sending.check(given)

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await self._jobs.finish()

    async def _buy(
        self, conversation: Conversation, planned: Plan, wish: Wish, progress: Progress
    ) -> Drawn:
        model = wish.options.get("image_model") or self._settings.image_model
        suggested = suggestion(conversation, planned, model)
        today = datetime.now().astimezone().date()
        options = choose(wish.options, suggested, self._settings, today)
        sources = await self._maker.sending.take(
            wish.input_images, wish.mask, parent=planned.parent
        )
        orders = await asyncio.to_thread(
            self._orders, conversation, planned, options, sources, wish
        )
        await asyncio.to_thread(self._maker.pictures.check)
        jobs = job_rows(
            conversation,
            planned,
            options,
            sources=sources,
            varied=variations(wish.strategy, wish.variations, self._prompt_store.ways()),
            templates=[order.templates for order in orders],
        )
        jobs, new = await self._claim(jobs, options)
        if not new:
            return await self._collect(jobs, wish, progress)
        for job, order in zip(jobs, orders, strict=True):
            self._jobs.start(job, lambda t, j=job, o=order: self._maker.buy(j, o, t))  # type: ignore[misc]  # bound early
        return await self._wait(jobs, wish, progress)

    def _orders(
        self,
        conversation: Conversation,
        planned: Plan,
        options: Options,
        sources: Sources,
        wish: Wish,
    ) -> list[Order]:
        """One order for each picture: they differ in what the assistant model is told."""
        told = [
            instruct(
                planned,
                conversation,
                self._prompt_store,
                pictures=len(sources.pictures),
                masked=sources.mask is not None,
                variation=way,
            )
            for way in variations(wish.strategy, wish.variations, self._prompt_store.ways())
        ]
        return [
            Order(conversation, planned, options, sources, instructions, used, wish.verify)
            for instructions, used in told
        ]

    async def _claim(self, jobs: list[Job], options: Options) -> tuple[list[Job], bool]:
        """The jobs to wait for, and whether they are new. Raises where the budget forbids them."""
        budget = self._settings.daily_budget_usd
        claim = await self._records.claim(jobs, origin=self._maker.origin, budget=budget)
        if claim.over is None or budget is None:
            return claim.jobs, claim.new
        spent = claim.over - sum(job.estimated_usd for job in jobs)
        about = "This picture" if len(jobs) == 1 else f"These {len(jobs)} pictures"
        raise GenerationError(
            f"{about} (about ${claim.over - spent:.3f}) would pass the daily budget of "
            f"${budget:.2f}; ${spent:.3f} are spent today or being drawn for. Nothing was charged. "
            f"A draft with quality low costs about ${options.draft_usd:.3f}; or draw it tomorrow, "
            "or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD."
        )

    async def _collect(self, jobs: list[Job], wish: Wish, progress: Progress) -> Drawn:
        """Wait for jobs that are under way, here or elsewhere; go on with those that were left."""
        if not any(self._jobs.runs_here(job) for job in jobs):
            jobs = await self._jobs.follow(jobs)
            if all(job.error == TAKEN_BACK for job in jobs):
                return await self.draw(wish, progress)
            for job in jobs:
                await self._adopt(job)
        return await self._wait(jobs, wish, progress)

    async def _wait(self, jobs: list[Job], wish: Wish, progress: Progress) -> Drawn:
        """Tell what became of jobs when all have ended or the waiting time is over."""
        here = [job for job in jobs if self._jobs.runs_here(job)]
        seen: dict[str, Waited] = {}
        elapsed = 0.0
        if here:
            waited, elapsed = await self._jobs.wait(here, progress)
            seen = {one.job.id: one for one in waited}
        conversation = await self._records.load(wish.conversation_id)
        kept = {image.job_id: image for image in conversation.images}
        now = {job.id: job for job in conversation.jobs}
        ended = [seen.get(job.id) or _from_record(now[job.id], kept.get(job.id)) for job in jobs]
        if not any(one.made for one in ended) and (failed := _failure(ended)):
            raise _failure_of(failed, wish.conversation_id)
        return await self._told(conversation, ended, elapsed)

    async def _told(self, conversation: Conversation, ended: list[Waited], elapsed: float) -> Drawn:
        purse = Purse(
            today=await self._records.spending_today(self._maker.origin),
            conversation=await self._records.spending_on(conversation.id),
        )
        checklist = await asyncio.to_thread(self._maker.look.items, conversation)
        result = tell(
            conversation,
            ended,
            purse=purse,
            checklist=checklist,
            elapsed=elapsed,
            sandbox=self._maker.origin == "sandbox",
        )
        result.notes += await asyncio.to_thread(self._prompt_store.faults, *WRITTEN)
        if self._settings.preview == "off":
            return result, None
        return result, await aside(preview_of_all, ended)

    async def _show_again(self, images: list[Image], wish: Wish) -> Drawn:
        """Pictures that are there already; they are looked at now if that is asked for."""
        conversation = await self._records.load(wish.conversation_id)
        jobs = {job.id: job for job in conversation.jobs}
        ended = []
        for image in images:
            job, looked = jobs[image.job_id], None
            if wish.verify and image.verification is None:
                looked = await self._maker.look.at(image, job, conversation)
            made = Made(image, usd=looked.usd if looked else 0.0)
            ended.append(Waited(job, made=made))
        return await self._told(conversation, ended, 0.0)

    async def _take_over(self) -> None:
        """Once, at the first call: go on with what servers that died have bought."""
        if self._took_over:
            return
        self._took_over = True
        for job in await self._records.abandoned_jobs():
            await self._adopt(job)

    async def _adopt(self, job: Job) -> None:
        """Go on with a job that its process left: fetch the picture, never buy it again."""
        if job.state not in UNDER_WAY or is_alive(job) or not await self._records.adopt(job):
            return
        if job.response_id:
            self._jobs.start(job, lambda tell: self._maker.recover(job, tell))
        else:
            await self._records.advance(job, "unknown", error=LOST, beat_at="")


def _from_record(job: Job, image: Image | None) -> Waited:
    """What the record says of a job that is not worked on here."""
    if image is not None:
        return Waited(job, made=Made(image))
    if job.state in UNDER_WAY:
        return Waited(job)
    return Waited(job, problem=GenerationError(job.error))


def _failure(ended: list[Waited]) -> list[Waited]:
    """Those that failed, if no other is still drawn."""
    failed = [one for one in ended if one.problem]
    return failed if len(failed) == len(ended) else []


def _failure_of(failed: list[Waited], conversation_id: str) -> Exception:
    """One error for a call whose pictures all failed."""
    problems = {str(one.problem): one.problem for one in failed if one.problem}
    if len(problems) == 1:
        (problem,) = problems.values()
        return problem.within(conversation_id)
    told = " ".join(f"{one.job.variation or 'One'}: {one.problem}" for one in failed)
    return GenerationError(f"None of the {len(failed)} pictures was drawn. {told}").within(
        conversation_id
    )
