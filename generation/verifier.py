"""Look at a picture against what was asked for, and read the facts of its bytes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from errors import StorageError
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from gateway.prices import Charge
from generation.picture_facts import facts, run_apart
from generation.plan import (
    brief_of,
    lineage,
    prompt_of_record,
    styles_drawn,
    words_of_record,
)
from generation.preview import preview_of
from generation.variations import looks_of, variations_in, without_varied
from generation.verification import (
    Finding,
    Verification,
    checklist,
    confidence,
    read,
    verification_request,
)
from prompts.store import PromptStore
from prompts.template import Rendering
from settings import Settings
from storage.picture_files import read_picture
from storage.records import Records
from storage.spending import booking, charge_rows
from storage.stamps import FOLLOW_SECONDS
from storage.tables import FORMAT, Conversation, Image, Job, Spending

VERIFY = "generation/verify"
NOT_SHOWN = "The picture could not be shown to the model, so only its bytes were checked."
UNUSABLE = "The model's findings could not be used, so only the bytes were checked."
BUDGET_SPENT = "The daily budget of ${budget:.2f} is spent, so only the bytes were checked."


@dataclass
class Look:
    """What a look brought: findings of the model `model`, or a note why there are none.

    `asked` says whether a model was asked, `rows` what that cost, `final` that there is nothing
    to gain by looking again.
    """

    findings: list[Finding] = field(default_factory=list)
    model: str = ""
    note: str | None = None
    rows: list[Spending] = field(default_factory=list)
    asked: bool = False
    final: bool = False


@dataclass
class Verifier:
    """The independent look: a second model that sees the picture and what was asked for alone."""

    settings: Settings
    gateway: Gateway
    records: Records
    prompt_store: PromptStore

    def items(self, image: Image, conversation: Conversation, job: Job | None = None) -> list[str]:
        """What is to be looked at: the brief, what came later, what the image type wants checked.

        Empty where the picture was drawn without a brief. `job` is its own where the conversation
        was read before that was begun.
        """
        pictures = lineage(image, conversation.images)
        brief = brief_of(pictures[0], conversation.briefs)
        if brief is None or not brief.entries:
            return []
        labels, later = variations_in(pictures), pictures[1:]
        looks = looks_of(styles_drawn(later, [*conversation.jobs, *([job] if job else [])]))
        sizes = {(one.width, one.height) for one in (pictures[0], image)}
        gone = {*looks, *([FORMAT] if len(sizes) > 1 else [])}
        entries = [
            entry
            for entry in without_varied(brief.entries, labels)
            # A later style takes the place of the one before.
            if entry["dimension"] not in gone and not (looks and entry.get("source") == "style")
        ]
        changes = words_of_record(image, conversation.images)[1:]
        image_type = self.prompt_store.image_type(conversation.image_type)
        return checklist(
            entries,
            [
                *labels.values(),
                *(f"{name}: {words}" for name, words in looks.items()),
                *(f"change: {words}" for words in changes),
            ],
            image_type.checklist if image_type else [],
        )

    def shared_items(self, images: Sequence[Image], conversation: Conversation) -> list[str]:
        """What is to be looked at in each of several pictures."""
        first, *others = [self.items(image, conversation) for image in images] or [[]]
        return [item for item in first if all(item in one for one in others)]

    async def verify(self, image: Image, job: Job, conversation: Conversation) -> Look:
        """Give the picture its findings, and store them unless the look failed.

        A failure is a note among the findings, never an error. Of calls at once, in whichever
        process, one looks.
        """
        try:
            while (hold := await self.records.holds.take(image.id, Image)) is None:  # noqa: ASYNC110
                await asyncio.sleep(FOLLOW_SECONDS)
            async with self.records.holds.keep(hold):
                image.verification = (await self.records.image(image.id)).verification
                if image.verification is None:
                    return await self._verify(image, job, conversation)
        except StorageError as error:
            failed = Verification(findings=[], confidence=None, model="", notes=[str(error)])
            image.verification = failed.model_dump()
        return Look()

    async def _verify(self, image: Image, job: Job, conversation: Conversation) -> Look:
        items = await asyncio.to_thread(self.items, image, conversation, job)
        # Later lines win over earlier ones: a variation was to stay within what the words decide.
        labels = variations_in(lineage(image, conversation.images)).values()
        prompt = "\n".join([*labels, prompt_of_record(image, conversation.images)])
        try:
            data = await asyncio.to_thread(read_picture, image)
        except StorageError:
            data = b""
        rendering = await asyncio.to_thread(self.prompt_store.render, VERIFY, count=len(items))
        look = await self._ask(image, items, prompt, data, rendering)
        findings = look.findings + await run_apart(facts, data, job)
        verification = Verification(
            findings=findings,
            confidence=confidence(findings),
            model=look.model,
            notes=[look.note] if look.note else [],
            templates={rendering.name: rendering.fingerprint} if look.model else {},
        )
        try:
            if look.final and data:
                await self.records.note_findings(image, verification.model_dump())
        except StorageError as error:
            verification.notes.append(str(error))
        image.verification = verification.model_dump()
        return look

    async def _ask(
        self, image: Image, items: list[str], prompt: str, data: bytes, rendering: Rendering
    ) -> Look:
        """The model's findings, or why there are none; what they cost is booked."""
        preview = await run_apart(preview_of, data)
        if preview is None:
            return Look(note=NOT_SHOWN, final=True)
        origin = self.gateway.origin
        budget = self.settings.daily_budget_usd
        try:
            if await self.records.ledger.is_spent(budget, origin):
                return Look(note=BUDGET_SPENT.format(budget=budget))
        except StorageError as error:
            return Look(note=str(error))
        model = self.settings.facilitator_model
        request = verification_request(items, prompt, preview, model=model, rendering=rendering)
        request["metadata"]["conversation"] = image.conversation_id
        owner, job_id = image.conversation_id, image.job_id
        rows: list[Spending] = []

        async def book(*costs: Spending) -> None:
            rows.extend(costs)
            await self.records.ledger.book(*costs)

        async def bill(charges: list[Charge]) -> None:
            await book(*charge_rows(owner, charges, sandbox=origin == "sandbox", job_id=job_id))

        try:
            reply = await self.gateway.talk(request, bill)
        except (GatewayError, StorageError) as error:
            return Look(note=str(error), rows=rows, asked=True)
        note = None
        try:
            await book(booking(owner, "verification", **reply.as_booking, job_id=job_id))
        except StorageError as error:
            note = str(error)
        try:
            findings = read(reply.text, items)
        except ValueError:
            return Look(model=reply.model, note=UNUSABLE, rows=rows, asked=True)
        return Look(findings, reply.model, note, rows=rows, asked=True, final=True)
