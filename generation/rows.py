"""What a drawing leaves in the record: the job, the picture, the money."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from gateway import Cost, Drawing
from gateway.prices import image_cost, text_cost
from generation.options import Options
from generation.picture import Picture
from generation.plan import Plan
from storage.records import booking, mint, now
from storage.tables import Conversation, Image, Job, Spending


def job_row(
    conversation: Conversation, planned: Plan, options: Options, templates: dict[str, str]
) -> Job:
    """A request for a picture, before it is sent."""
    parent = planned.parent.id if planned.parent else None
    asked = json.dumps([planned.prompt, parent, options.as_data()], sort_keys=True)
    return Job(
        id=mint("job"),
        conversation_id=conversation.id,
        state="requested",
        prompt=planned.prompt,
        options=options.as_data(),
        templates=templates,
        parent_image_id=parent,
        response_id="",
        error="",
        request_key=hashlib.sha256(asked.encode()).hexdigest(),
        beat_at=now(),
        created_at=now(),
        changed_at=now(),
    )


def image_row(job: Job, drawing: Drawing, picture: Picture, path: Path) -> Image:
    """A picture that lies on disk."""
    return Image(
        id=mint("img"),
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
