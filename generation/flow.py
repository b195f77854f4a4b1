"""One picture: journaled before it is paid for, kept as it came, told in full."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from gateway import Drawing, Gateway
from gateway.errors import GatewayError
from generation.errors import GenerationError
from generation.jobs import UNDER_WAY, Drawn, Jobs, Progress
from generation.options import Options, choose
from generation.picture import Picture, examine
from generation.plan import Plan, plan
from generation.request import build_request, with_picture
from generation.rows import costs, image_row, job_row, spending_rows
from generation.tell import preview_of, tell, tell_again, tell_working
from prompts.library import Library
from settings import Settings
from storage.errors import StorageError
from storage.pictures import Pictures
from storage.records import Records, is_alive
from storage.tables import Conversation, Image, Job

TEMPLATE = "generation/draw"

LOST = (
    "An earlier request for this picture was sent, but what became of it cannot be known: it may "
    "have been charged. It is not repeated on its own; pass the prompt again to draw it anew."
)
UPLOADED = (
    "OpenAI no longer knew the earlier picture's response, so the kept file was uploaded instead."
)


class Artist:
    """Draws the pictures of one server."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        records: Records,
        pictures: Pictures,
        library: Library,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._pictures = pictures
        self._library = library
        self._jobs = Jobs(records, settings.wait_seconds)

    async def draw(
        self,
        prompt: str,
        *,
        conversation_id: str,
        from_image: str | None,
        wished: Mapping[str, Any],
        progress: Progress,
    ) -> Drawn:
        """Draw or change a picture. Raises a `Problem`.

        A caller that goes away does not stop a drawing that is paid for: it is kept.
        """
        conversation = await self._records.load(conversation_id)
        planned = plan(conversation, prompt, from_image)
        if planned.kept is not None:
            return await self._show_again(conversation, planned.kept)
        if planned.pending is not None:
            return await self._join(conversation, planned.pending, progress)
        suggested = conversation.briefs[-1].suggested if conversation.briefs else {}
        options = choose(wished, suggested, self._settings, datetime.now().astimezone().date())
        await asyncio.to_thread(self._pictures.check)
        await self._check_budget(options)
        template = self._library.template(TEMPLATE)
        request = build_request(
            planned.prompt,
            options,
            template=template,
            conversation_id=conversation.id,
            previous_response_id=planned.parent.response_id if planned.parent else None,
        )
        job = job_row(conversation, planned, options, {template.name: template.fingerprint})
        claimed = await self._records.claim(job)
        if claimed is not job:
            return await self._join(conversation, claimed, progress)
        self._jobs.start(job, lambda tell: self._buy(conversation, planned, job, request, tell))
        return await self._wait(job, progress)

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await self._jobs.finish()

    async def _wait(self, job: Job, progress: Progress) -> Drawn:
        """The picture, or word that it is being drawn."""
        waited = await self._jobs.wait(job, progress)
        if isinstance(waited, float):
            return await self._working(job, waited)
        return waited

    async def _join(self, conversation: Conversation, job: Job, progress: Progress) -> Drawn:
        """Wait for a job that is under way here or in another process, or go on with one left."""
        if self._jobs.runs_here(job):
            return await self._wait(job, progress)
        started = time.monotonic()
        job = await self._jobs.follow(job)
        if job.state == "kept":
            fresh = await self._records.load(conversation.id)
            made = next(image for image in fresh.images if image.job_id == job.id)
            return await self._show_again(fresh, made)
        if job.state in UNDER_WAY and is_alive(job):
            return await self._working(job, time.monotonic() - started)
        if job.state in UNDER_WAY and await self._records.adopt(job):
            return await self._recover(conversation, job, progress)
        raise GenerationError(job.error or LOST).within(conversation.id)

    async def _recover(self, conversation: Conversation, job: Job, progress: Progress) -> Drawn:
        """Go on with a job that its process left: fetch the picture, never buy it again."""
        if not job.response_id:
            await self._records.advance(job, "unknown", error=LOST, beat_at="")
            raise GenerationError(LOST).within(conversation.id)
        coming = self._gateway.collect(job.response_id)
        self._jobs.start(job, lambda tell: self._complete(conversation, job, coming, tell))
        return await self._wait(job, progress)

    async def _working(self, job: Job, elapsed: float) -> Drawn:
        origin = self._gateway.origin
        spent = await self._records.spent_today(origin)
        working = tell_working(job, elapsed, spent_today=spent, sandbox=origin == "sandbox")
        return working, None

    async def _buy(
        self,
        conversation: Conversation,
        planned: Plan,
        job: Job,
        request: dict[str, Any],
        progress: Progress,
    ) -> Drawn:
        """Draw; where OpenAI no longer knows the earlier turn, from the kept file, once."""
        stages = self._stages(job, progress)

        async def drawn() -> Drawing:
            try:
                return await self._gateway.draw(request, stages)
            except GatewayError as error:
                if planned.parent is None or error.kind not in {"previous_response", "not_found"}:
                    raise
                uploaded = await asyncio.to_thread(with_picture, request, planned.parent)
                drawing = await self._gateway.draw(uploaded, stages)
                drawing.notes.append(UPLOADED)
                return drawing

        return await self._complete(conversation, job, drawn(), progress)

    async def _complete(
        self,
        conversation: Conversation,
        job: Job,
        coming: Awaitable[Drawing],
        progress: Progress,
    ) -> Drawn:
        """Wait for a picture, keep it, and tell of it; or record how its job ended."""
        started = time.monotonic()
        try:
            drawing = await coming
            image, picture, notes = await self._keep(job, drawing)
        except (GatewayError, StorageError) as error:
            await self._give_up(job, error)
            raise error.within(conversation.id) from error.__cause__
        await progress("saved")
        result = tell(
            image,
            drawing,
            prices=costs(job, drawing),
            spent_today=await self._records.spent_today(self._gateway.origin),
            checklist=self._checklist(conversation),
            elapsed=time.monotonic() - started,
            notes=notes,
        )
        return result, picture.preview

    def _stages(self, job: Job, progress: Progress) -> Callable[[str, str], Awaitable[None]]:
        async def stage(name: str, response_id: str) -> None:
            if name == "submitted":
                await self._records.advance(job, "submitted", response_id=response_id)
            await progress(name)

        return stage

    async def _keep(self, job: Job, drawing: Drawing) -> tuple[Image, Picture, list[str]]:
        """Put the bytes on disk exactly as they came, then the record and the price."""
        prices = spending_rows(job, drawing, costs(job, drawing))
        try:
            picture = await asyncio.to_thread(
                examine, drawing.data, preview=self._settings.preview == "on"
            )
        except GatewayError:
            await self._records.add(*prices)  # it was charged all the same
            raise
        try:
            path, note = await asyncio.to_thread(
                self._pictures.keep, drawing.data, picture.extension
            )
        except StorageError as error:
            raise StorageError(
                f"{error} It was charged. OpenAI keeps it for 30 days as {drawing.response_id}: "
                "make room, then call again with only the conversation_id."
            ) from error
        image = image_row(job, drawing, picture, path)
        try:
            await self._records.keep(job, image, prices)
        except StorageError as error:
            raise StorageError(f"The picture is saved as {path}. {error}") from error
        return image, picture, [note] if note else []

    async def _give_up(self, job: Job, error: GatewayError | StorageError) -> None:
        """Record how a job ended without a picture.

        A picture that OpenAI may still hold stays submitted: it can be collected.
        """
        if isinstance(error, StorageError) or error.kind in {"cut", "unfinished"}:
            state = "submitted"
        else:
            state = "unknown" if error.kind == "unclear" else "failed"
        with suppress(StorageError):  # what happened matters more than that it cannot be noted
            await self._records.advance(job, state, error=str(error), beat_at="")

    async def _show_again(self, conversation: Conversation, image: Image) -> Drawn:
        result = tell_again(
            image,
            spent_today=await self._records.spent_today(self._gateway.origin),
            checklist=self._checklist(conversation),
        )
        shown = self._settings.preview == "on"
        return result, await asyncio.to_thread(preview_of, image) if shown else None

    async def _check_budget(self, options: Options) -> None:
        budget = self._settings.daily_budget_usd
        if budget is None:
            return
        spent = await self._records.spent_today(self._gateway.origin)
        if spent + options.estimated_usd > budget:
            raise GenerationError(
                f"This picture (about ${options.estimated_usd:.3f}) would pass the daily budget of "
                f"${budget:.2f}; ${spent:.3f} are spent today. Nothing was charged. Draw it with a "
                "lower quality, tomorrow, or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD."
            )

    def _checklist(self, conversation: Conversation) -> list[str]:
        known = self._library.image_types().get(conversation.image_type)
        return known.checklist if known else []
