"""What a drawing leaves in the record: the job, the picture, the money."""

import hashlib
from dataclasses import asdict
from pathlib import Path

from gateway.image_response import GeneratedImage
from gateway.prices import Charge, image_cost, text_cost
from generation.input_images import InputImages
from generation.options import Options
from generation.picture_facts import PictureFacts
from generation.plan import Plan
from generation.variations import Variation
from storage.spending import booking
from storage.stamps import new_id, now
from storage.tables import Conversation, Image, Job, Spending


def job_rows(
    conversation: Conversation,
    plan: Plan,
    options: Options,
    *,
    key: str,
    inputs: InputImages,
    verifier: str,
    variations: list[Variation],
    templates: list[dict[str, str]],
) -> list[Job]:
    """The requests of one call for pictures, before any is sent.

    `key` names the call, `verifier` the model that will look at them, if one will.
    """
    parent = plan.parent.id if plan.parent else None
    batch, moment = new_id("call"), now()
    return [
        Job(
            id=new_id("job"),
            conversation_id=conversation.id,
            state="requested",
            prompt=one.prompt or plan.prompt,
            options=options.as_data(),
            templates=fingerprints,
            parent_image_id=parent,
            batch=batch,
            variation=one.label,
            inputs=inputs.as_data,
            estimated_usd=options.estimated_usd(_count(plan, inputs), verifier=verifier),
            response_id="",
            error="",
            request_key=key,
            beat_at=moment,
            created_at=moment,
            changed_at=moment,
        )
        for one, fingerprints in zip(variations, templates, strict=True)
    ]


def _count(plan: Plan, inputs: InputImages) -> int:
    return len(inputs.pictures) + (1 if plan.parent and not inputs.mask else 0)


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
        has_alpha=facts.has_alpha,
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
