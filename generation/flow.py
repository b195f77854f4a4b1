"""One picture: journaled before it is paid for, kept as it came, told in full."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from gateway import Drawing, Gateway
from gateway.errors import GatewayError
from generation.errors import GenerationError
from generation.options import Options, choose
from generation.picture import Picture, examine
from generation.plan import Plan, plan
from generation.request import build_request
from generation.result import Generation
from generation.rows import costs, image_row, job_row, spending_rows
from generation.tell import preview_of, tell, tell_again
from prompts.library import Library
from settings import Settings
from storage.errors import StorageError
from storage.pictures import Pictures
from storage.records import Records
from storage.tables import Conversation, Image, Job

TEMPLATE = "generation/draw"

Progress = Callable[[str], Awaitable[None]]
"""Told of each stage of a drawing by name."""

Drawn = tuple[Generation, bytes | None]
"""A result and its preview, a JPEG."""


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
        self._running: set[asyncio.Task[Drawn]] = set()

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
            return await self._shielded(self._collect(conversation, planned.pending, progress))
        suggested = conversation.briefs[-1].suggested if conversation.briefs else {}
        options = choose(wished, suggested, self._settings, datetime.now().astimezone().date())
        await asyncio.to_thread(self._pictures.check)
        await self._check_budget(options)
        return await self._shielded(self._buy(conversation, planned, options, progress))

    async def _shielded(self, work: Coroutine[Any, Any, Drawn]) -> Drawn:
        """Let work that is paid for go on when its caller goes away."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _buy(
        self, conversation: Conversation, planned: Plan, options: Options, progress: Progress
    ) -> Drawn:
        template = self._library.template(TEMPLATE)
        request = build_request(
            planned.prompt,
            options,
            template=template,
            conversation_id=conversation.id,
            previous_response_id=planned.parent.response_id if planned.parent else None,
        )
        job = job_row(conversation, planned, options, {template.name: template.fingerprint})
        await self._records.add(job)
        bought = self._gateway.draw(request, self._stages(job, progress))
        return await self._finish(conversation, job, bought, progress)

    async def _collect(self, conversation: Conversation, job: Job, progress: Progress) -> Drawn:
        """Fetch a picture that was bought but never arrived."""
        return await self._finish(
            conversation, job, self._gateway.collect(job.response_id), progress
        )

    async def _finish(
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
            await self._records.advance(job, state, error=str(error))

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
