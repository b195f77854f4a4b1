"""Have a picture looked at against its brief, and read from its bytes what code can tell."""

import asyncio
from dataclasses import dataclass

from errors import StorageError
from gateway import Gateway
from gateway.api_errors import GatewayError
from generation.drawing_rows import charge_rows
from generation.picture_check import aside
from generation.picture_facts import facts
from generation.preview import preview_of
from generation.verification import Finding, Verification, build_request, checklist, conclude, read
from prompts.store import PromptStore
from prompts.template import Rendered
from settings import Settings
from storage.picture_files import read_picture
from storage.records import Records, booking
from storage.tables import Conversation, Image, Job

VERIFY = "generation/verify"
UNSEEN = "The picture could not be shown to the model, so only its bytes were checked."
UNUSABLE = "The model's findings could not be used, so only the bytes were checked."


@dataclass(frozen=True)
class Looked:
    """What a look found, and what it cost (USD)."""

    found: Verification
    usd: float


class Look:
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
        known = self._prompt_store.image_types().get(conversation.image_type)
        entries = conversation.briefs[-1].entries if conversation.briefs else []
        return checklist(entries, known.checklist if known else [])

    async def at(self, image: Image, job: Job, conversation: Conversation) -> Looked:
        """Look, and keep what was found with the picture. A failure is a note, never an error."""
        items = await asyncio.to_thread(self.items, conversation)
        try:
            data = await asyncio.to_thread(read_picture, image)
        except StorageError:
            data = b""
        told = await asyncio.to_thread(self._prompt_store.render, VERIFY, count=len(items))
        seen, model, usd, note = await self._ask(image, items, data, told)
        measured = await aside(self._facts, job, conversation, data)
        used = {told.name: told.fingerprint} if model else {}
        found = conclude([*seen, *measured], model, [note] if note else [], used)
        try:
            await self._records.note_findings(image, found.model_dump())
        except StorageError as error:
            found.notes.append(str(error))
        return Looked(found, usd)

    async def _ask(
        self, image: Image, items: list[str], data: bytes, told: Rendered
    ) -> tuple[list[Finding], str, float, str | None]:
        """The model's findings, its name, the cost, and a note where it found nothing."""
        shown = await aside(preview_of, data)
        if not items or shown is None:
            return [], "", 0.0, UNSEEN if items else None
        model = self._settings.facilitator_model
        request = build_request(items, shown, model=model, told=told)
        request["metadata"]["conversation"] = image.conversation_id
        try:
            reply = await self._gateway.talk(request)
        except GatewayError as error:
            sandbox = self._gateway.origin == "sandbox"
            await self._records.add(
                *charge_rows(image.conversation_id, error.charges, sandbox=sandbox)
            )
            return [], "", sum(charge.cost.usd for charge in error.charges), str(error)
        await self._records.add(booking(image.conversation_id, "verification", **reply.as_booking))
        try:
            return read(reply.text, items), reply.model, reply.cost.usd, None
        except ValueError:
            return [], reply.model, reply.cost.usd, UNUSABLE

    def _facts(self, job: Job, conversation: Conversation, data: bytes) -> list[Finding]:
        entries = conversation.briefs[-1].entries if conversation.briefs else []
        palette = [
            entry["value"]
            for entry in entries
            if entry["dimension"] == "palette" and entry["source"] != "open"
        ]
        return facts(
            data,
            wished_size=job.options["size"],
            wished_background=job.options["background"],
            wished_format=job.options["output_format"],
            palette=" ".join(palette),
        )
