"""Look at a picture against its brief, and read format, size and alpha from its bytes."""

import asyncio

from errors import StorageError
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from generation.drawing_rows import charge_rows
from generation.picture_facts import UNREADABLE, examine, run_apart
from generation.preview import preview_of
from generation.verification import Finding, build_request, checklist, conclude, read
from prompts.store import PromptStore
from prompts.template import Rendering
from settings import Settings
from storage.picture_files import read_picture
from storage.records import Records
from storage.spending import booking
from storage.tables import Conversation, Image, Job

VERIFY = "generation/verify"
NOT_SHOWN = "The picture could not be shown to the model, so only its bytes were checked."
UNUSABLE = "The model's findings could not be used, so only the bytes were checked."
OPEN = {"", "auto"}
"""Values of an option that leave it to the model."""


class Verifier:
    """The independent look: a second model that sees the picture and the brief, nothing else."""

    def __init__(
        self, settings: Settings, gateway: Gateway, records: Records, prompt_store: PromptStore
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._prompt_store = prompt_store

    def items(self, conversation: Conversation) -> list[str]:
        """What is to be looked at: the brief, then what its image type wants checked."""
        image_type = self._prompt_store.image_types().get(conversation.image_type)
        entries = conversation.briefs[-1].entries if conversation.briefs else []
        return checklist(entries, image_type.checklist if image_type else [])

    async def verify(self, image: Image, job: Job, conversation: Conversation) -> float:
        """Store the findings with the picture; what that cost in USD.

        A failure is a note among the findings, never an error.
        """
        items = await asyncio.to_thread(self.items, conversation)
        try:
            data = await asyncio.to_thread(read_picture, image)
        except StorageError:
            data = b""
        rendered = await asyncio.to_thread(self._prompt_store.render, VERIFY, count=len(items))
        findings, model, usd, note = await self._ask(image, items, data, rendered)
        findings += await run_apart(facts, data, job)
        verification = conclude(
            findings,
            model,
            [note] if note else [],
            {rendered.name: rendered.fingerprint} if model else {},
        )
        try:
            await self._records.note_findings(image, verification.model_dump())
        except StorageError as error:
            verification.notes.append(str(error))
            image.verification = verification.model_dump()
        return usd

    async def _ask(
        self, image: Image, items: list[str], data: bytes, rendered: Rendering
    ) -> tuple[list[Finding], str, float, str | None]:
        """The model's findings, its name, the cost, and a note where it found nothing."""
        preview = await run_apart(preview_of, data)
        if not items or preview is None:
            return [], "", 0.0, NOT_SHOWN if items else None
        model = self._settings.facilitator_model
        request = build_request(items, preview, model=model, rendered=rendered)
        request["metadata"]["conversation"] = image.conversation_id
        try:
            reply = await self._gateway.talk(request)
        except GatewayError as error:
            sandbox = self._gateway.origin == "sandbox"
            await self._records.add(
                *charge_rows(
                    image.conversation_id, error.charges, sandbox=sandbox, job_id=image.job_id
                )
            )
            return [], "", sum(charge.cost.usd for charge in error.charges), str(error)
        await self._records.add(
            booking(image.conversation_id, "verification", **reply.as_booking, job_id=image.job_id)
        )
        try:
            return read(reply.text, items), reply.model, reply.cost.usd, None
        except ValueError:
            return [], reply.model, reply.cost.usd, UNUSABLE


def facts(data: bytes, job: Job) -> list[Finding]:
    """What the bytes say of each option that was set; nothing of bytes that end early.

    Of an SVG only the format counts: it is never rendered.
    """
    try:
        picture = examine(data)
    except GatewayError:  # the file is gone, or is no picture any more
        return []
    if picture.note == UNREADABLE:
        return []
    options = job.options
    format_ = picture.format
    rows = [("format", options["output_format"], format_, f"The bytes are {format_}.")]
    if picture.format != "svg":
        size = f"{picture.width}x{picture.height}"
        ground = "transparent" if picture.has_alpha else "opaque"
        pixels = "Some pixels are" if picture.has_alpha else "No pixel is"
        rows += [
            ("size", options["size"], size, f"It is {size} pixels; {options['size']} was wished."),
            ("background", options["background"], ground, f"{pixels} transparent."),
        ]
    return [
        Finding(
            item=f"{name}: {wish}",
            verdict="met" if value == wish else "not_met",
            seen=observation,
            source="bytes",
        )
        for name, wish, value, observation in rows
        if wish not in OPEN
    ]
