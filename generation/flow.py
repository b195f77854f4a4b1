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
        self._origin = "sandbox" if settings.sandbox else "openai"
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
        suggested = conversation.briefs[-1].suggested if conversation.briefs else {}
        options = choose(wished, suggested, self._settings, datetime.now().astimezone().date())
        await asyncio.to_thread(self._pictures.check)
        await self._check_budget(options)
        task = asyncio.create_task(self._run(conversation, planned, options, progress))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for drawings that are still under way."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(
        self, conversation: Conversation, planned: Plan, options: Options, progress: Progress
    ) -> Drawn:
        started = time.monotonic()
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
        try:
            drawing = await self._gateway.draw(request, self._stages(job, progress))
            image, picture, notes = await self._keep(job, options, drawing)
        except (GatewayError, StorageError) as error:
            await self._give_up(job, error)
            raise error.within(conversation.id) from error.__cause__
        await progress("saved")
        result = tell(
            image,
            drawing,
            prices=costs(options, drawing),
            spent_today=await self._records.spent_today(self._origin),
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

    async def _keep(
        self, job: Job, options: Options, drawing: Drawing
    ) -> tuple[Image, Picture, list[str]]:
        """Put the bytes on disk exactly as they came, then the record and the price."""
        prices = spending_rows(job, drawing, costs(options, drawing))
        try:
            picture = await asyncio.to_thread(
                examine, drawing.data, preview=self._settings.preview == "on"
            )
        except GatewayError:
            await self._records.add(*prices)  # it was charged all the same
            raise
        path, note = await asyncio.to_thread(self._pictures.keep, drawing.data, picture.extension)
        image = image_row(job, drawing, picture, path)
        try:
            await self._records.keep(job, image, prices)
        except StorageError as error:
            raise StorageError(f"The picture is saved as {path}. {error}") from error
        return image, picture, [note] if note else []

    async def _give_up(self, job: Job, error: GatewayError | StorageError) -> None:
        """Record how a job ended without a picture."""
        unclear = isinstance(error, GatewayError) and error.spent == "maybe"
        with suppress(StorageError):  # what happened matters more than that it cannot be noted
            await self._records.advance(job, "unknown" if unclear else "failed", error=str(error))

    async def _show_again(self, conversation: Conversation, image: Image) -> Drawn:
        result = tell_again(
            image,
            spent_today=await self._records.spent_today(self._origin),
            checklist=self._checklist(conversation),
        )
        shown = self._settings.preview == "on"
        return result, await asyncio.to_thread(preview_of, image) if shown else None

    async def _check_budget(self, options: Options) -> None:
        budget = self._settings.daily_budget_usd
        if budget is None:
            return
        spent = await self._records.spent_today(self._origin)
        if spent + options.estimated_usd > budget:
            raise GenerationError(
                f"This picture (about ${options.estimated_usd:.3f}) would pass the daily budget of "
                f"${budget:.2f}; ${spent:.3f} are spent today. Nothing was charged. Draw it with a "
                "lower quality, tomorrow, or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD."
            )

    def _checklist(self, conversation: Conversation) -> list[str]:
        known = self._library.image_types().get(conversation.image_type)
        return known.checklist if known else []
