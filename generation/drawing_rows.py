"""What a drawing leaves in the record: the job, the picture, the money."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from gateway import Charge, Cost, Drawing
from gateway.prices import image_cost, text_cost
from generation.input_images import Sources
from generation.options import Options
from generation.picture_check import Picture
from generation.plan import Plan
from generation.variations import Variation
from storage.records import booking, new_id, now
from storage.tables import Conversation, Image, Job, Spending


def job_rows(
    conversation: Conversation,
    planned: Plan,
    options: Options,
    *,
    sources: Sources,
    varied: list[Variation | None],
    templates: list[dict[str, str]],
) -> list[Job]:
    """The requests of one call for pictures, before any is sent."""
    parent = planned.parent.id if planned.parent else None
    ways = [way.label if way else "" for way in varied]
    asked = json.dumps(
        [planned.prompt, parent, options.as_data(), sources.keys, ways], sort_keys=True
    )
    batch = new_id("call")
    return [
        Job(
            id=new_id("job"),
            conversation_id=conversation.id,
            state="requested",
            prompt=planned.prompt,
            options=options.as_data(),
            templates=used,
            parent_image_id=parent,
            batch=batch,
            variation=way,
            inputs=sources.as_data,
            estimated_usd=options.estimated_usd(_inputs(planned, sources)),
            response_id="",
            error="",
            request_key=hashlib.sha256(asked.encode()).hexdigest(),
            beat_at=now(),
            created_at=now(),
            changed_at=now(),
        )
        for way, used in zip(ways, templates, strict=True)
    ]


def _inputs(planned: Plan, sources: Sources) -> int:
    return len(sources.pictures) + (1 if planned.parent and not sources.mask else 0)


def image_row(job: Job, drawing: Drawing, picture: Picture, path: Path) -> Image:
    """A picture that lies on disk."""
    return Image(
        id=new_id("img"),
        conversation_id=job.conversation_id,
        job_id=job.id,
        parent_image_id=job.parent_image_id,
        path=str(path),
        format=picture.format,
        width=picture.width,
        height=picture.height,
        bytes=len(drawing.data),
        has_alpha=picture.has_alpha,
        sha256=hashlib.sha256(drawing.data).hexdigest(),
        prompt=job.prompt,
        revised_prompt=drawing.revised_prompt or "",
        variation=job.variation,
        model=drawing.image_model or job.options["image_model"],
        response_id=drawing.response_id,
        created_at=now(),
    )


def costs(job: Job, drawing: Drawing) -> dict[str, Cost]:
    """What each of the two models cost: the one that was spoken to, the one that drew."""
    model = job.options["image_model"]
    size = drawing.size or job.options["size"]
    quality = drawing.quality or job.options["quality"]
    return {
        "assistant": text_cost(drawing.model, drawing.usage),
        "image": image_cost(model, drawing.usage, size=size, quality=quality),
    }


def spending_rows(job: Job, drawing: Drawing, prices: dict[str, Cost]) -> list[Spending]:
    """What a drawing cost, a row for each model."""
    models = {"assistant": drawing.model, "image": job.options["image_model"]}
    return [
        booking(
            job.conversation_id,
            purpose,
            model=models[purpose],
            usd=cost.usd,
            estimated=cost.estimated,
            usage=asdict(drawing.usage),
            sandbox=drawing.sandbox,
        )
        for purpose, cost in prices.items()
    ]


def charge_rows(conversation_id: str, charges: list[Charge], *, sandbox: bool) -> list[Spending]:
    """What calls cost that brought nothing usable."""
    return [
        booking(conversation_id, "failed", **charge.as_booking, sandbox=sandbox)
        for charge in charges
    ]
