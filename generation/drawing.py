"""One call for pictures: claimed, drawn, told in full."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from errors import StorageError
from gateway.api_errors import GatewayError
from generation.image_request import ImageRequest
from generation.image_result import ImageResult
from generation.input_images import InputImages
from generation.job_end import (
    DRAW_LOST,
    LOST_DRAWN,
    RELEASED,
    JobOutcome,
    ended_in_vain,
    failure_of,
    without_picture,
)
from generation.jobs import Jobs, ReportProgress
from generation.orders import CallOrder, Orders
from generation.picture_facts import run_apart
from generation.plan import Plan
from generation.purchase import Buyer
from generation.result_builder import build_result, preview_of_all, style_facts
from generation.verifier import Look, Verifier
from prompts.store import PromptStore
from settings import Settings
from storage.job_claim import JUST_NOW, ClaimTerms
from storage.job_journal import Withdrawn
from storage.records import Records
from storage.tables import Conversation, Image, Job

PROMPT_FILES = ("generation/", "image_types/", "variations.yaml")
"""Those that have a part in a picture: faults in own copies of them are told."""


class DrawingResult(NamedTuple):
    """A result, a JPEG to look at where previews are on, and the conversation as it stands now."""

    result: ImageResult
    preview: bytes | None
    conversation: Conversation


@dataclass
class ImageGenerator:
    """Draws the pictures of one server; `orders` say what a call would, and check it for free."""

    settings: Settings
    records: Records
    prompt_store: PromptStore
    orders: Orders
    buyer: Buyer
    verifier: Verifier

    def __post_init__(self) -> None:
        """Nothing is drawn yet."""
        self.jobs = Jobs(self.records)
        # Between the record of a job and its start nobody else may begin to wait for it: whoever
        # comes first says what is done, and that would be nothing.
        self._starting = asyncio.Lock()

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
    ) -> DrawingResult:
        """Draw what is planned, unless the call of this key has drawings already: then those.

        Raises a `Problem`. A caller that goes away does not stop a drawing that is paid for.
        """
        order = await self.orders.prepare(
            conversation, plan, request=request, inputs=inputs, key=key
        )
        lost = without_picture(conversation.newest_jobs_of(key)) if request.redraw else []
        again = timedelta() if request.redraw else JUST_NOW
        jobs, are_new, mine = await self._start(order, again, lost)
        if not are_new:
            return await self._show_or_collect(conversation, jobs, request, report, seconds)
        # At once: of one that ends before anybody waits for it nothing is known here any more.
        outcomes, elapsed = await self.jobs.wait(jobs, report, seconds=seconds)
        answer = await self._conclude(conversation.id, outcomes, elapsed)
        answer.result.notes += order.notes
        if elsewhere := len(jobs) - len(mine):
            note = LOST_DRAWN.format(count=elsewhere, wanted=len(jobs))
            answer.result.notes.insert(0, note)
        return answer

    async def _start(
        self, order: CallOrder, again: timedelta, lost: Sequence[Job]
    ) -> tuple[list[Job], bool, list[Job]]:
        """Claim the jobs of a call and begin with those that are new.

        Returns the jobs that stand, whether they are of this call, and which of them are drawn by
        it; the others it waits for. Raises where the budget forbids them.
        """
        async with self._starting:
            jobs, are_new = await self._claim(order, again, lost)
            mine = [job for job in jobs if are_new and self.records.jobs.is_mine(job.id)]
            for job, one in zip(jobs, order.orders, strict=True) if are_new else ():
                buying = partial(self.buyer.buy, job, one)
                attending = partial(self.buyer.attend, job)
                self.jobs.start(job, buying if job in mine else attending)
        return jobs, are_new, mine

    async def _claim(
        self, order: CallOrder, again: timedelta, lost: Sequence[Job]
    ) -> tuple[list[Job], bool]:
        """The jobs to wait for, and whether they are new. Raises where the budget forbids them."""
        budget, origin = self.settings.daily_budget_usd, self.buyer.origin
        first = order.orders[0]
        message = first.plan.message
        terms = ClaimTerms(origin, budget, again, message, lost)
        claim = await self.records.jobs.claim(order.jobs, terms)
        if claim.over is None or budget is None:
            return claim.jobs, claim.new
        count = len(order.jobs) - len(claim.jobs)
        estimate = count * order.jobs[0].estimated_usd
        due = claim.over - estimate
        raise self.orders.over_budget(first.options, count, estimate, due=due)

    async def collect(
        self, jobs: Sequence[Job], report: ReportProgress, *, seconds: float
    ) -> DrawingResult:
        """Wait for jobs, here or elsewhere; go on with those that were left.

        Raises a `Problem`, which is `Withdrawn` where none of them was ever sent.
        """
        news = await self._attend(jobs, report, seconds)
        return await self._conclude(jobs[0].conversation_id, *news)

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
        released = await self.records.jobs.release(lost)
        return [RELEASED.format(response_id=response_id) for response_id in released]

    async def show(
        self, conversation: Conversation, images: Sequence[Image], *, verify: bool
    ) -> DrawingResult:
        """Pictures that are there already; they are looked at now if that is asked for."""
        jobs = {job.id: job for job in conversation.jobs}
        outcomes = []
        for image in images:
            job, look = jobs[image.job_id], Look()
            if (verify or self.settings.verify) and image.verification is None:
                look = await self.verifier.verify(image, job, conversation)
            outcomes.append(JobOutcome(job, image, rows=look.rows, looked=look.asked))
        return await self._tell(conversation.id, outcomes, 0.0)

    async def adopt_abandoned(self) -> None:
        """Go on with what servers that died have bought, whosever call it was.

        What they never sent is taken back, so that the day's money does not wait for it.
        """
        for job in await self.records.jobs.abandoned(self.buyer.origin):
            # Apart from this call: what it books is not on this call's receipt.
            Context().run(self.jobs.start, job, partial(self.buyer.attend, job))

    async def _show_or_collect(
        self,
        conversation: Conversation,
        jobs: list[Job],
        request: ImageRequest,
        report: ReportProgress,
        seconds: float,
    ) -> DrawingResult:
        """What another call of the same key draws, or drew just now."""
        if any(job.state != "kept" for job in jobs):
            return await self.collect(jobs, report, seconds=seconds)
        conversation = await self.records.load(conversation.id)
        images = conversation.images_of(jobs)
        return await self.show(conversation, images, verify=request.verify)

    async def _conclude(
        self, conversation_id: str, outcomes: list[JobOutcome], elapsed: float
    ) -> DrawingResult:
        """The result of jobs that were waited for. Raises `Withdrawn` where none is left."""
        problems = [one.problem for one in outcomes]
        if all(isinstance(problem, Withdrawn) for problem in problems) and problems[0]:
            raise problems[0]
        return await self._tell(conversation_id, outcomes, elapsed)

    async def _attend(
        self, jobs: Sequence[Job], report: ReportProgress, seconds: float
    ) -> tuple[list[JobOutcome], float]:
        """What became of jobs so far, and the seconds that it took; nothing is bought."""
        async with self._starting:
            for job in jobs:
                self.jobs.start(job, partial(self.buyer.attend, job))
        return await self.jobs.wait([*jobs], report, seconds=seconds)

    async def _tell(
        self, conversation_id: str, outcomes: list[JobOutcome], elapsed: float
    ) -> DrawingResult:
        """The result of a call. Raises where all of its pictures failed."""
        try:
            conversation = await self.records.load(conversation_id)
        except StorageError as error:  # what became of the pictures says more
            raise next((one.problem for one in outcomes if one.problem), error) from error
        if all(one.problem for one in outcomes):
            raise failure_of(outcomes, conversation)
        spent_today = await self.records.ledger.today(self.buyer.origin)
        images = [one.image for one in outcomes if one.image]
        checklist = await asyncio.to_thread(self.verifier.shared_items, images, conversation)
        wording = await asyncio.to_thread(self.prompt_store.wording, conversation.language or "en")
        facts = await run_apart(style_facts, outcomes, wording)
        result = build_result(
            conversation,
            outcomes,
            spent_today=spent_today,
            checklist=checklist,
            facts=facts,
            elapsed=elapsed,
            sandbox=self.buyer.origin == "sandbox",
            wording=wording,
        )
        result.notes += [DRAW_LOST] if ended_in_vain(outcomes, conversation) else []
        result.notes += await asyncio.to_thread(self.prompt_store.faults, *PROMPT_FILES)
        preview = None
        if self.settings.preview == "on":
            preview = await run_apart(preview_of_all, outcomes, wording)
        return DrawingResult(result, preview, conversation)
