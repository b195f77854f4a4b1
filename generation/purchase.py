"""One job from its request to a picture on disk: bought once, saved as it came, booked in full."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from errors import StorageError
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from gateway.image_response import GeneratedImage, OnStep, Step
from generation.drawing_rows import charge_rows, image_row, spending_rows
from generation.input_images import InputImages, InputResolver
from generation.options import Options
from generation.picture_facts import PictureFacts, examine, run_apart
from generation.plan import Plan
from generation.request_body import build_request, with_picture
from generation.verifier import Verifier
from storage.picture_files import PictureFiles
from storage.records import Records
from storage.tables import Conversation, Image, Job, Spending

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
class Purchase:
    """One picture of a result: what is on disk, what it cost, what there is to say of it.

    `usd` is what this call paid for it: 0 where it was there already. `assistant` is the
    model that called the image tool, None where nothing was asked of it.
    """

    image: Image
    usd: float = 0.0
    estimated: bool = False
    attempts: int = 0
    assistant: str | None = None
    notes: list[str] = field(default_factory=list)
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PurchaseOrder:
    """All that one picture needs to be asked for."""

    conversation: Conversation
    plan: Plan
    options: Options
    inputs: InputImages
    instructions: str
    templates: dict[str, str]
    verify: bool


class Buyer:
    """Buys pictures, puts them on disk and books them."""

    def __init__(
        self,
        gateway: Gateway,
        records: Records,
        pictures: PictureFiles,
        inputs: InputResolver,
        verifier: Verifier,
        *,
        preview: bool,
    ) -> None:
        self._gateway = gateway
        self._records = records
        self.pictures = pictures
        self.inputs = inputs
        self.verifier = verifier
        self._preview = preview

    @property
    def origin(self) -> str:
        """Who draws: `openai` or the `sandbox`."""
        return self._gateway.origin

    async def buy(self, job: Job, order: PurchaseOrder, on_step: OnStep) -> Purchase:
        """Draw and save. Raises a `Problem`; the job's record says how it ended."""
        verify = order.conversation if order.verify else None
        return await self._complete(job, self._draw(job, order, on_step), on_step, verify)

    async def recover(self, job: Job, on_step: OnStep) -> Purchase:
        """Fetch and save what a process that died has bought. Raises a `Problem`."""
        coming = self._gateway.images.collect(job.response_id)
        return await self._complete(job, coming, on_step, None)

    async def _draw(self, job: Job, order: PurchaseOrder, on_step: OnStep) -> GeneratedImage:
        """The picture; where OpenAI no longer has what it starts from, that is sent again, once."""

        async def journal(step: Step) -> None:
            if step.name == "submitted":
                await self._records.jobs.submit(job, step.response_id)
            await on_step(step)

        request, note = await self._request(order)
        try:
            answer = await self._gateway.images.draw(request, journal)
        except GatewayError as error:
            again = await self._request_with_bytes(request, order, error)
            if again is None:
                raise
            answer = await self._gateway.images.draw(again, journal)
            answer.charges = [*error.charges, *answer.charges]
            note = UPLOADED
        if note:
            answer.notes.append(note)
        return answer

    async def _request(
        self, order: PurchaseOrder, *, anew: bool = False
    ) -> tuple[dict[str, Any], str | None]:
        """The request of an order, and a note where it does not start as one would expect."""
        inputs = order.inputs
        pictures = [await self.inputs.part(one, anew=anew) for one in inputs.pictures]
        mask = await self.inputs.part(inputs.mask, anew=anew) if inputs.mask else None
        request = build_request(
            order.plan,
            order.options,
            conversation_id=order.conversation.id,
            instructions=order.instructions,
            templates=order.templates,
            pictures=pictures,
            mask=mask,
        )
        parent = order.plan.parent
        if parent is None or mask is not None:
            return request, None
        if "previous_response_id" not in request:
            return with_picture(request, await self.inputs.part_of(parent)), NO_RESPONSE
        if _is_of_other_assistant(order):
            return with_picture(request, await self.inputs.part_of(parent)), OTHER_MODEL
        return request, None

    async def _request_with_bytes(
        self, request: dict[str, Any], order: PurchaseOrder, error: GatewayError
    ) -> dict[str, Any] | None:
        """The request with the bytes themselves, where OpenAI lost what it referred to."""
        parent = order.plan.parent
        is_lost = error.case in {"previous_response", "not_found"}
        if is_lost and parent is not None and "previous_response_id" in request:
            return with_picture(request, await self.inputs.part_of(parent))
        if error.case == "input_image" and _names_files(request):
            return (await self._request(order, anew=True))[0]
        return None

    async def _complete(
        self,
        job: Job,
        coming: Awaitable[GeneratedImage],
        on_step: OnStep,
        verify: Conversation | None,
    ) -> Purchase:
        """Wait for a picture, save it, and say what it cost; or record how its job ended."""
        try:
            answer = await coming
            spending = spending_rows(job, answer)
            image, facts, notes = await self._save(job, answer, spending)
        except asyncio.CancelledError:
            await self._records.jobs.advance(job, "failed", error=TAKEN_BACK, beat_at="")
            raise
        except (GatewayError, StorageError) as error:
            await self._give_up(job, error)
            raise error.within(job.conversation_id) from error.__cause__
        await on_step(Step("saved", answer.response_id))
        verification = await self.verifier.verify(image, job, verify) if verify else 0.0
        return Purchase(
            image=image,
            preview=facts.preview,
            usd=sum(row.usd for row in spending) + verification,
            estimated=any(row.estimated for row in spending),
            attempts=answer.attempts,
            assistant=answer.model,
            notes=[*answer.notes, *notes, *([facts.note] if facts.note else [])],
        )

    async def _save(
        self, job: Job, answer: GeneratedImage, spending: list[Spending]
    ) -> tuple[Image, PictureFacts, list[str]]:
        """Put the bytes on disk exactly as they came, then the record and the price."""
        try:
            facts = await run_apart(examine, answer.data, preview=self._preview)
        except GatewayError:
            await self._records.add(*spending)  # it was charged all the same
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
                f"{error} It was charged. OpenAI keeps it for 30 days as {answer.response_id}: "
                "make room, then call again with only the conversation_id."
            ) from error
        image = image_row(job, answer, facts, path)
        try:
            await self._records.jobs.record_picture(job, image, spending)
        except StorageError as error:
            raise StorageError(f"The picture is saved as {path}. {error}") from error
        return image, facts, [note] if note else []

    async def _give_up(self, job: Job, error: GatewayError | StorageError) -> None:
        """Record how a job ended without a picture, and what that cost.

        A picture that OpenAI may still hold stays submitted: it can be collected.
        """
        if isinstance(error, StorageError) or error.case in {"cut", "unfinished"}:
            state = "submitted" if job.response_id else "failed"
        else:
            state = "unknown" if error.case in {"unclear", "lost"} else "failed"
        sandbox = self.origin == "sandbox"
        charges = error.charges if isinstance(error, GatewayError) else []
        with suppress(StorageError):  # what happened matters more than that it cannot be noted
            await self._records.jobs.advance(job, state, error=str(error), beat_at="")
            await self._records.add(
                *charge_rows(job.conversation_id, charges, sandbox=sandbox, job_id=job.id)
            )


def _is_of_other_assistant(order: PurchaseOrder) -> bool:
    """Whether another assistant model holds the earlier turn."""
    parent = order.plan.parent
    models = {job.id: job.options.get("assistant_model") for job in order.conversation.jobs}
    return parent is not None and models.get(parent.job_id) != order.options.assistant_model


def _names_files(request: dict[str, Any]) -> bool:
    (turn,) = request["input"]
    return any("file_id" in part for part in turn["content"])
