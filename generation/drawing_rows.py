"""What a drawing leaves: the picture and its price, in the record and in the result."""

import hashlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from errors import StorageError
from gateway.image_response import GeneratedImage
from gateway.prices import Charge, image_cost, text_cost
from generation.picture_facts import PictureFacts
from storage.records import Records
from storage.spending import booking
from storage.stamps import new_id, now
from storage.tables import Image, Job, Spending


@dataclass(frozen=True)
class Purchase:
    """One picture of a result: what is on disk, what it cost, what there is to say of it.

    `rows` are what this call paid for it: none where it was there already. `assistant` is the
    model that called the image tool, None where nothing was asked of it. `looked` says whether
    a model was asked to look at a picture that was there already.
    """

    image: Image
    rows: list[Spending] = field(default_factory=list)
    looked: bool = False
    attempts: int = 0
    assistant: str | None = None
    notes: list[str] = field(default_factory=list)
    preview: bytes | None = field(default=None, repr=False)

    @property
    def usd(self) -> float:
        """What this call paid for it, as far as prices are known."""
        return sum(row.usd or 0.0 for row in self.rows)

    @property
    def unpriced(self) -> list[str]:
        """Models that had a part in it and whose price nobody knows."""
        return [row.model for row in self.rows if row.usd is None]

    @property
    def estimated(self) -> bool:
        """Whether any part of its price is an estimate."""
        return any(row.estimated for row in self.rows)


def image_row(job: Job, answer: GeneratedImage, facts: PictureFacts, path: Path) -> Image:
    """A picture that lies on disk."""
    return Image(
        id=new_id("img"),
        conversation_id=job.conversation_id,
        job_id=job.id,
        parent_image_id=job.parent_image_id,
        path=str(path),
        format=facts.format,
        width=facts.width,
        height=facts.height,
        bytes=len(answer.data),
        has_alpha=bool(facts.has_alpha),
        sha256=hashlib.sha256(answer.data).hexdigest(),
        prompt=job.prompt,
        revised_prompt=answer.revised_prompt or "",
        variation=job.variation,
        model=answer.image_model or job.options["image_model"],
        quality=answer.quality or job.options["quality"],
        response_id=answer.response_id,
        created_at=now(),
    )


def spending_rows(job: Job, answer: GeneratedImage) -> list[Spending]:
    """What a drawing cost: the assistant, and the model that drew."""
    model = answer.image_model or job.options["image_model"]
    size = answer.size or job.options["size"]
    quality = answer.quality or job.options["quality"]
    prices = {
        "assistant": (answer.model, text_cost(answer.model, answer.usage)),
        "image": (model, image_cost(model, answer.usage, size=size, quality=quality)),
    }
    return [
        booking(
            job.conversation_id,
            purpose,
            model=name,
            usd=cost.booked,
            estimated=cost.estimated,
            usage=asdict(answer.usage),
            sandbox=answer.sandbox,
            job_id=job.id,
        )
        for purpose, (name, cost) in prices.items()
    ]


def charge_rows(
    conversation_id: str, charges: list[Charge], *, sandbox: bool, job_id: str | None = None
) -> list[Spending]:
    """Rows for calls that brought nothing usable and were charged all the same."""
    return [
        booking(conversation_id, "failed", **charge.as_booking, sandbox=sandbox, job_id=job_id)
        for charge in charges
    ]


class Bill:
    """What the requests of a job cost; of one that failed it is booked as soon as that is known."""

    def __init__(self, job: Job, records: Records, *, sandbox: bool) -> None:
        self.rows: list[Spending] = []
        self._job = job
        self._records = records
        self._sandbox = sandbox

    async def __call__(self, charges: list[Charge]) -> None:
        """Take what an attempt cost that brought nothing. Raises `TakenOver`."""
        owner, job_id = self._job.conversation_id, self._job.id
        self.rows += charge_rows(owner, charges, sandbox=self._sandbox, job_id=job_id)
        try:
            await self._records.jobs.book(self._job, self.rows)
        except StorageError:  # they are written with whatever comes next
            return
