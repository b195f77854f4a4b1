"""Tell what was drawn: the record of a picture as the result of a call."""

from pathlib import Path

from gateway import Cost, Drawing
from gateway.reading import is_sandbox
from generation.picture import examine
from generation.result import SANDBOX_NOTE, Generation, ShownImage
from storage.tables import Image, Job

REFINE = (
    "To change the picture, pass the change as prompt with this conversation_id; from_image "
    "starts from an earlier picture instead."
)

COLLECT = (
    "Call again with only this conversation_id, in half a minute or so: that collects the picture "
    "and costs nothing more."
)


def tell(
    image: Image,
    drawing: Drawing,
    *,
    prices: dict[str, Cost],
    spent_today: float,
    checklist: list[str],
    elapsed: float,
    notes: list[str],
) -> Generation:
    """The result of a drawing that was just made."""
    return Generation(
        conversation_id=image.conversation_id,
        status="done",
        images=[_shown(image)],
        prompt=image.prompt,
        revised_prompt=drawing.revised_prompt,
        models={"assistant": drawing.model, "image": image.model},
        cost_usd=round(sum(cost.usd for cost in prices.values()), 6),
        cost_is_estimate=any(cost.estimated for cost in prices.values()),
        spent_today_usd=round(spent_today, 6),
        checklist=checklist,
        elapsed_seconds=round(elapsed, 1),
        attempts=drawing.attempts,
        origin="sandbox" if drawing.sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if drawing.sandbox else []), *drawing.notes, *notes],
        next_step=REFINE,
    )


def tell_again(image: Image, *, spent_today: float, checklist: list[str]) -> Generation:
    """The result for a picture that is already there, for no further money."""
    sandbox = is_sandbox(image.response_id)
    note = "This picture was there already; nothing was charged for showing it."
    return Generation(
        conversation_id=image.conversation_id,
        status="done",
        images=[_shown(image)],
        prompt=image.prompt,
        revised_prompt=image.revised_prompt or None,
        models={"image": image.model},
        cost_usd=0.0,
        cost_is_estimate=False,
        spent_today_usd=round(spent_today, 6),
        checklist=checklist,
        elapsed_seconds=0.0,
        attempts=0,
        origin="sandbox" if sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if sandbox else []), note],
        next_step=REFINE,
    )


def tell_working(job: Job, elapsed: float, *, spent_today: float, sandbox: bool) -> Generation:
    """The result of a call whose waiting time is over before the picture is there."""
    return Generation(
        conversation_id=job.conversation_id,
        status="working",
        images=[],
        prompt=job.prompt,
        revised_prompt=None,
        models={
            "assistant": job.options["assistant_model"],
            "image": job.options["image_model"],
        },
        cost_usd=0.0,
        cost_is_estimate=False,
        spent_today_usd=round(spent_today, 6),
        checklist=[],
        elapsed_seconds=round(elapsed, 1),
        attempts=0,
        origin="sandbox" if sandbox else "openai",
        notes=["The drawing goes on, whatever becomes of this call; it is paid for once."],
        next_step=COLLECT,
    )


def preview_of(image: Image) -> bytes | None:
    """A preview of a kept picture, None if its file is gone."""
    try:
        return examine(Path(image.path).read_bytes(), preview=True).preview
    except OSError:
        return None


def _shown(image: Image) -> ShownImage:
    return ShownImage(
        image_id=image.id,
        parent_image_id=image.parent_image_id,
        path=image.path,
        width=image.width,
        height=image.height,
        format=image.format,
        bytes=image.bytes,
        has_alpha=image.has_alpha,
        changed=image.prompt if image.parent_image_id else None,
    )
