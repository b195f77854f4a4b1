"""One job from its request to a kept picture: bought once, kept as it came, booked in full."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from errors import StorageError
from gateway import Drawing, Gateway, Stage, Step
from gateway.api_errors import GatewayError
from generation.drawing_rows import charge_rows, costs, image_row, spending_rows
from generation.image_request import build_request, with_picture
from generation.input_images import Sending, Sources
from generation.options import Options
from generation.picture_check import Picture, aside, examine
from generation.plan import Plan
from generation.purchase_result import Made
from generation.verifier import Look
from storage.picture_files import PictureFiles
from storage.records import Records
from storage.tables import Conversation, Image, Job

LOST = (
    "An earlier request for this picture was sent, but what became of it cannot be known: it may "
    "have been charged. It is not repeated on its own."
)
TAKEN_BACK = "The request was taken back before it was sent. Nothing was charged."
UPLOADED = (
    "OpenAI no longer knew the earlier picture's response, so the kept file was uploaded instead."
)
NO_RESPONSE = "No response of the earlier picture is known, so its kept file was uploaded instead."
OTHER_MODEL = (
    "Another assistant model drew the earlier picture, so its kept file was uploaded instead of "
    "its response."
)


@dataclass(frozen=True)
class Order:
    """All that one picture needs to be asked for."""

    conversation: Conversation
    planned: Plan
    options: Options
    sources: Sources
    instructions: str
    templates: dict[str, str]
    verify: bool


class Maker:
    """Buys pictures and keeps them."""

    def __init__(
        self,
        gateway: Gateway,
        records: Records,
        pictures: PictureFiles,
        sending: Sending,
        look: Look,
        *,
        preview: bool,
    ) -> None:
        self._gateway = gateway
        self._records = records
        self.pictures = pictures
        self.sending = sending
        self.look = look
        self._preview = preview

    @property
    def origin(self) -> str:
        """Who draws: `openai` or the `sandbox`."""
        return self._gateway.origin

    async def buy(self, job: Job, order: Order, tell: Stage) -> Made:
        """Draw and keep. Raises a `Problem`; the job's record says how it ended."""
        verify = order.conversation if order.verify else None
        return await self._complete(job, self._drawn(job, order, tell), tell, verify)

    async def recover(self, job: Job, tell: Stage) -> Made:
        """Fetch and keep what a process that died has bought. Raises a `Problem`."""
        return await self._complete(job, self._gateway.collect(job.response_id), tell, None)

    async def _drawn(self, job: Job, order: Order, tell: Stage) -> Drawing:
        """The picture; where OpenAI no longer has what it starts from, that is sent again, once."""

        async def stage(step: Step) -> None:
            if step.name == "submitted":
                await self._records.advance(job, "submitted", response_id=step.response_id)
            await tell(step)

        request, note = await self._request(order)
        try:
            drawing = await self._gateway.draw(request, stage)
        except GatewayError as error:
            again = await self._sent_again(request, order, error)
            if again is None:
                raise
            drawing = await self._gateway.draw(again, stage)
            drawing.charges = [*error.charges, *drawing.charges]
            note = UPLOADED
        if note:
            drawing.notes.append(note)
        return drawing

    async def _request(
        self, order: Order, *, anew: bool = False
    ) -> tuple[dict[str, Any], str | None]:
        """The request of an order, and a note where it does not start as one would expect."""
        sources = order.sources
        pictures = [await self.sending.part(one, anew=anew) for one in sources.pictures]
        mask = await self.sending.part(sources.mask, anew=anew) if sources.mask else None
        request = build_request(
            order.planned,
            order.options,
            conversation_id=order.conversation.id,
            instructions=order.instructions,
            templates=order.templates,
            pictures=pictures,
            mask=mask,
        )
        parent = order.planned.parent
        if parent is None or mask is not None:
            return request, None
        if "previous_response_id" not in request:
            return with_picture(request, await self.sending.kept(parent)), NO_RESPONSE
        if _drawn_by_another(order):
            return with_picture(request, await self.sending.kept(parent)), OTHER_MODEL
        return request, None

    async def _sent_again(
        self, request: dict[str, Any], order: Order, error: GatewayError
    ) -> dict[str, Any] | None:
        """The request with the bytes themselves, where OpenAI lost what it referred to."""
        parent = order.planned.parent
        lost = error.kind in {"previous_response", "not_found"}
        if lost and parent is not None and "previous_response_id" in request:
            return with_picture(request, await self.sending.kept(parent))
        if error.kind == "input_image" and _names_files(request):
            return (await self._request(order, anew=True))[0]
        return None

    async def _complete(
        self, job: Job, coming: Awaitable[Drawing], tell: Stage, verify: Conversation | None
    ) -> Made:
        """Wait for a picture, keep it, and say what it cost; or record how its job ended."""
        try:
            drawing = await coming
            image, picture, notes = await self._keep(job, drawing)
        except asyncio.CancelledError:
            await self._records.advance(job, "failed", error=TAKEN_BACK, beat_at="")
            raise
        except (GatewayError, StorageError) as error:
            await self._give_up(job, error)
            raise error.within(job.conversation_id) from error.__cause__
        await tell(Step("saved", drawing.response_id))
        prices = costs(job, drawing)
        paid = [*prices.values(), *(charge.cost for charge in drawing.charges)]
        looked = await self.look.at(image, job, verify) if verify else None
        return Made(
            image=image,
            preview=picture.preview,
            usd=sum(cost.usd for cost in paid) + (looked.usd if looked else 0.0),
            estimated=any(cost.estimated for cost in paid),
            attempts=drawing.attempts,
            assistant=drawing.model,
            notes=[*drawing.notes, *notes, *([picture.note] if picture.note else [])],
        )

    async def _keep(self, job: Job, drawing: Drawing) -> tuple[Image, Picture, list[str]]:
        """Put the bytes on disk exactly as they came, then the record and the price."""
        spent = spending_rows(job, drawing, costs(job, drawing))
        spent += charge_rows(job.conversation_id, drawing.charges, sandbox=drawing.sandbox)
        try:
            picture = await aside(examine, drawing.data, preview=self._preview)
        except GatewayError:
            await self._records.add(*spent)  # it was charged all the same
            raise
        try:
            path, note = await asyncio.to_thread(
                self.pictures.save,
                drawing.data,
                picture.extension,
                at=job.created_at,
                tag=job.id[-8:],
            )
        except StorageError as error:
            raise StorageError(
                f"{error} It was charged. OpenAI keeps it for 30 days as {drawing.response_id}: "
                "make room, then call again with only the conversation_id."
            ) from error
        image = image_row(job, drawing, picture, path)
        try:
            await self._records.record_picture(job, image, spent)
        except StorageError as error:
            raise StorageError(f"The picture is saved as {path}. {error}") from error
        return image, picture, [note] if note else []

    async def _give_up(self, job: Job, error: GatewayError | StorageError) -> None:
        """Record how a job ended without a picture, and what that cost.

        A picture that OpenAI may still hold stays submitted: it can be collected.
        """
        if isinstance(error, StorageError) or error.kind in {"cut", "unfinished"}:
            state = "submitted" if job.response_id else "failed"
        else:
            state = "unknown" if error.kind in {"unclear", "lost"} else "failed"
        sandbox = self.origin == "sandbox"
        charges = error.charges if isinstance(error, GatewayError) else []
        with suppress(StorageError):  # what happened matters more than that it cannot be noted
            await self._records.advance(job, state, error=str(error), beat_at="")
            await self._records.add(*charge_rows(job.conversation_id, charges, sandbox=sandbox))


def _drawn_by_another(order: Order) -> bool:
    """Whether another assistant model holds the earlier turn."""
    parent = order.planned.parent
    made_by = {job.id: job.options.get("assistant_model") for job in order.conversation.jobs}
    return parent is not None and made_by.get(parent.job_id) != order.options.assistant_model


def _names_files(request: dict[str, Any]) -> bool:
    (said,) = request["input"]
    return any("file_id" in part for part in said["content"])
