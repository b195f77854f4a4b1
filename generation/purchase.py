"""One job from its request to a picture on disk: bought once, saved as it came, booked in full."""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from errors import Problem, StorageError
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from gateway.connection import is_sandbox
from gateway.image_response import GeneratedImage, OnStep, Step
from generation.input_images import InputResolver
from generation.job_end import (
    ELSEWHERE,
    LOST,
    TAKEN_BACK,
    Bill,
    JobOutcome,
    fault_of_ours,
    image_row,
    recorded_problem,
    spending_rows,
    state_after,
)
from generation.picture_facts import PictureFacts, read_facts, run_apart
from generation.request_body import PurchaseOrder, drawing_request, request_with_bytes
from generation.verifier import Verifier
from settings import Settings
from storage.job_journal import TakenOver
from storage.picture_files import PictureFiles
from storage.records import Records
from storage.stamps import FOLLOW_SECONDS, is_alive
from storage.tables import UNDER_WAY, Conversation, Image, Job, Spending

logger = logging.getLogger(__name__)

ASIDE = "What came lies in {path}."


@dataclass
class Buyer:
    """Buys pictures, puts them on disk and books them."""

    gateway: Gateway
    records: Records
    pictures: PictureFiles
    inputs: InputResolver
    verifier: Verifier
    settings: Settings

    @property
    def origin(self) -> str:
        """Who draws: `openai` or the `sandbox`."""
        return self.gateway.origin

    async def buy(self, job: Job, order: PurchaseOrder, on_step: OnStep) -> JobOutcome:
        """Draw and save. Raises a `Problem`; the job's record says how it ended."""
        verify = order.conversation if order.verify else None
        bill = self._bill(job)
        coming = self._draw(job, order, on_step, bill)
        return await self._complete(job, coming, on_step, bill, verify)

    async def attend(self, job: Job, on_step: OnStep) -> JobOutcome:
        """Bring a job to its end that was claimed elsewhere, and never buy it again.

        Waits while another process works on it, and takes it over once none does: its
        picture is fetched where OpenAI has it. Raises a `Problem`, which is `Withdrawn` for a
        job that was never sent.
        """
        seen = ""
        while True:
            job = await self.records.jobs.job(job.id)
            if job.state not in UNDER_WAY:
                return await self._ended(job, on_step)
            if not is_alive(job.beat_at):
                # The id tells: what a server asks behind another address it learns from answers.
                if self.origin == "sandbox" and job.response_id and not is_sandbox(job.response_id):
                    raise Problem(*ELSEWHERE, charged="unknown").within(job.conversation_id)
                with suppress(TakenOver):  # its own server was only late with its heartbeat
                    if await self.records.jobs.adopt(job):
                        return await self._recover(job, on_step)
                continue  # someone was quicker, or it has just ended
            if job.state not in {seen, "requested"}:
                await on_step(Step(job.state, job.response_id))
            seen = job.state
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _recover(self, job: Job, on_step: OnStep) -> JobOutcome:
        """Go on with a job that its process left."""
        if job.response_id:
            bill = self._bill(job)
            coming = self.gateway.images.collect(job.response_id, bill)
            return await self._complete(job, coming, on_step, bill)
        if job.state == "requested":
            await self.records.jobs.withdraw(job, TAKEN_BACK)
        else:
            await self.records.jobs.end(job, "unknown", LOST)
        return await self._ended(await self.records.jobs.job(job.id), on_step)

    async def _ended(self, job: Job, on_step: OnStep) -> JobOutcome:
        """What the record says of a job that has ended."""
        image = await self.records.jobs.picture(job)
        if image is None:
            raise recorded_problem(job)
        await on_step(Step("saved", image.response_id))
        return JobOutcome(job, image)

    def _bill(self, job: Job) -> Bill:
        return Bill(job, self.records, sandbox=self.origin == "sandbox")

    async def _draw(
        self, job: Job, order: PurchaseOrder, on_step: OnStep, bill: Bill
    ) -> GeneratedImage:
        """The picture; where OpenAI no longer has what it starts from, that is sent again, once."""

        async def journal(step: Step) -> None:
            if step.name == "sending":
                await self.records.jobs.send(job)
            elif step.name == "submitted":
                await self._note_response(job, step.response_id)
            elif step.name == "waiting":
                await self.records.jobs.pause(job)
            await on_step(step)

        request, note = await drawing_request(order, self.inputs)
        try:
            answer = await self.gateway.images.draw(request, journal, bill)
        except GatewayError as error:
            again = await request_with_bytes(request, order, self.inputs, error)
            if again is None:
                raise
            answer = await self.gateway.images.draw(again, journal, bill)
            note = f"{error.event} The kept file was uploaded instead."
            if self.settings.sandbox and error.case == "previous_response":
                note = ""  # it lives as long as its process, so each command finds a new one
        if note:
            answer.notes.append(note)
        return answer

    async def _note_response(self, job: Job, response_id: str) -> None:
        """Journal the id to fetch a picture with. It is paid for: a full disk does not end it.

        Known here before it is written, so that it is written with whatever comes next where a
        deadline or the server's end cuts this off.
        """
        job.response_id = response_id
        with suppress(StorageError):
            await self.records.jobs.submit(job, response_id)

    async def _complete(
        self,
        job: Job,
        coming: Awaitable[GeneratedImage],
        on_step: OnStep,
        bill: Bill,
        verify: Conversation | None = None,
    ) -> JobOutcome:
        """Wait for a picture, save it, and say what it cost; or record how its job ended."""
        answer, costs = None, list[Spending]()
        try:
            async with self.records.jobs.work(job):
                answer = await coming
                costs = spending_rows(job, answer)
                image, facts, notes = await self._save(job, answer, [*bill.rows, *costs])
        except asyncio.CancelledError:
            # By a caller who takes it back, or by the server's end: whoever meets it next goes on.
            await self._note_end(job, "submitted" if job.response_id else job.state, bill.rows)
            raise
        except TakenOver:
            return await self.attend(job, on_step)
        except Problem as error:
            problem = await self._give_up(job, error, bill, costs)
            raise problem.within(job.conversation_id) from error.__cause__
        except Exception as bug:  # each time that it is fetched the same would come of it
            logger.exception("Error drawing %s", job.id)
            problem = await self._give_up(job, fault_of_ours(job, answer), bill, costs)
            raise problem.within(job.conversation_id) from bug
        await on_step(Step("saved", answer.response_id))
        rows = [*bill.rows, *costs]
        if verify:
            rows += (await self.verifier.verify(image, job, verify)).rows
        return JobOutcome(
            job,
            image,
            preview=facts.preview,
            rows=rows,
            attempts=answer.attempts,
            notes=[*answer.notes, *notes, *([facts.note] if facts.note else [])],
        )

    async def _save(
        self, job: Job, answer: GeneratedImage, costs: list[Spending]
    ) -> tuple[Image, PictureFacts, list[str]]:
        """Put the bytes on disk exactly as they came, then the record and the price."""
        try:
            facts = await run_apart(read_facts, answer.data, preview=self.settings.preview == "on")
        except GatewayError as error:
            error.response_id, error.content = answer.response_id, answer.data
            raise
        try:
            path, note = await asyncio.to_thread(
                self.pictures.save,
                answer.data,
                facts.extension,
                at=job.created_at,
                tag=job.id[-8:],
            )
        except StorageError as error:
            raise StorageError(
                f"{error} OpenAI keeps the picture for 30 days as {answer.response_id}.",
                "Make room, then call again with only the conversation_id.",
                charged="yes",
            ) from error
        image = image_row(job, answer, facts, path)
        logger.info(
            "Saved %s: %s of %s, %dx%d, %d bytes, by %s.",
            path, image.id, job.conversation_id, image.width, image.height, image.bytes,
            image.model,
        )  # fmt: skip
        try:
            await self.records.jobs.record_picture(job, image, costs)
        except StorageError as error:
            raise StorageError(f"The picture is saved as {path}. {error}", charged="yes") from error
        return image, facts, [note] if note else []

    async def _give_up(
        self, job: Job, problem: Problem, bill: Bill, costs: list[Spending]
    ) -> Problem:
        """Record how a job ended without a picture, and what that cost; the error to tell.

        `costs` are of bytes that came and could not be kept as a picture.
        """
        if isinstance(problem, GatewayError) and problem.content:
            problem = await self._set_aside(job, problem)
        if bill.rows:
            problem.note_charge()
        state = state_after(job, problem)
        if isinstance(problem, GatewayError):  # a body that is no stream names it only now
            job.response_id = job.response_id or problem.response_id or ""
        # What can be fetched is booked when it is.
        rows = [*bill.rows, *costs] if state == "failed" else bill.rows
        await self._note_end(job, state, rows, problem)
        return problem

    async def _note_end(
        self, job: Job, state: str, rows: list[Spending], problem: Problem | None = None
    ) -> None:
        """Write down how a job stands that this process is done with, and what it cost; one that is
        not with OpenAI is taken back. What happened matters more than that it cannot be noted."""
        with suppress(StorageError, TakenOver):
            if state == "requested":
                await self.records.jobs.withdraw(job, problem or TAKEN_BACK, rows)
            else:
                await self.records.jobs.end(job, state, problem, rows)

    async def _set_aside(self, job: Job, error: GatewayError) -> GatewayError:
        """Keep what came instead of a picture: it was paid for. The error that says where."""
        keep = partial(self.pictures.set_aside, at=job.created_at, tag=job.id[-8:])
        path = await asyncio.to_thread(keep, error.content)
        if path is None:
            return error
        place = ASIDE.format(path=path)
        return GatewayError(
            error.case, detail=place, charged=error.charged, response_id=error.response_id
        )
