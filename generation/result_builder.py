"""Tell what was drawn: the records of pictures as the result of a call."""

from dataclasses import dataclass
from pathlib import Path

from errors import StorageError
from gateway.prices import draft_hint
from gateway.response_items import is_sandbox
from generation.difference import difference
from generation.image_result import (
    SANDBOX_NOTE,
    Generation,
    ShownFinding,
    ShownImage,
    ShownVerification,
    Status,
)
from generation.jobs import Waited
from generation.preview import contact_sheet, preview_of
from generation.purchase_result import Made
from generation.verification import Verification, confidence
from storage.picture_files import read_picture
from storage.tables import Conversation, Image

REFINE = (
    "To change the picture, pass the change as prompt with this conversation_id; from_image "
    "starts from an earlier picture instead."
)
CHOOSE = (
    "To go on with one of them, pass its image_id as from_image with the change as prompt and this "
    "conversation_id."
)
COLLECT = (
    "Call again with only this conversation_id, in half a minute or so: that collects the picture "
    "and costs nothing more."
)
GOES_ON = (
    "The drawing goes on whatever becomes of this call: once OpenAI has the request it is paid "
    "for, once, and cannot be cancelled."
)
SHOWN_AGAIN = "This picture was there already; nothing was charged for showing it."


@dataclass(frozen=True)
class Purse:
    """What was spent so far, in USD."""

    today: float
    conversation: float


def tell(
    conversation: Conversation,
    ended: list[Waited],
    *,
    purse: Purse,
    checklist: list[str],
    elapsed: float,
    sandbox: bool,
) -> Generation:
    """The result of a call for pictures, finished or not."""
    made = [one.made for one in ended if one.made]
    working = [one for one in ended if not one.made and not one.problem]
    first = ended[0].job
    images = [one.image for one in made]
    sandbox = any(is_sandbox(image.response_id) for image in images) if images else sandbox
    return Generation(
        conversation_id=conversation.id,
        status=_status(working),
        images=[_shown(image) for image in images],
        prompt=first.prompt,
        revised_prompt=(images[0].revised_prompt or None) if len(images) == 1 else None,
        difference=difference(images[0], conversation.images) if len(images) == 1 else None,
        models=_models(ended, made),
        cost_usd=round(sum(one.usd for one in made), 6),
        cost_is_estimate=any(one.estimated for one in made),
        estimated_cost_usd=round(sum(one.job.estimated_usd for one in ended), 6),
        spent_today_usd=round(purse.today, 6),
        spent_conversation_usd=round(purse.conversation, 6),
        checklist=checklist if made else [],
        verification=_verification(images),
        elapsed_seconds=round(elapsed, 1),
        attempts=sum(one.attempts for one in made),
        origin="sandbox" if sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if sandbox else []), *_notes(ended, made, working)],
        next_step=COLLECT if working else CHOOSE if len(images) > 1 else REFINE,
    )


def preview_of_all(ended: list[Waited]) -> bytes | None:
    """What there is to see: the picture, several on one sheet, or the newest unfinished one."""
    if len(ended) == 1 and ended[0].made and ended[0].made.preview:
        return ended[0].made.preview
    pictures = [
        (f"{number} {one.made.image.variation or one.made.image.id}", _bytes(one.made.image))
        for number, one in enumerate((one for one in ended if one.made), start=1)
        if one.made
    ]
    if len(pictures) > 1:
        return contact_sheet(pictures)
    if pictures:
        return preview_of(pictures[0][1])
    partials = [one.partial for one in ended if one.partial]
    return preview_of(partials[-1]) if partials else None


def _status(working: list[Waited]) -> Status:
    return "working" if working else "done"


def _models(ended: list[Waited], made: list[Made]) -> dict[str, str]:
    """The models that were asked, by their part in it."""
    options = ended[0].job.options
    models = {"assistant": options["assistant_model"], "image": options["image_model"]}
    if made:
        models["image"] = made[0].image.model
        asked = [one.assistant for one in made if one.assistant]
        models = {"image": models["image"], **({"assistant": asked[0]} if asked else {})}
    return models


def _verification(images: list[Image]) -> ShownVerification | None:
    """What the looks at the pictures found, all in one."""
    looked = {
        image.id: Verification.model_validate(image.verification)
        for image in images
        if image.verification
    }
    if not looked:
        return None
    findings = [
        ShownFinding(image_id=image_id, **finding.model_dump())
        for image_id, found in looked.items()
        for finding in found.findings
    ]
    notes = [note for found in looked.values() for note in found.notes]
    return ShownVerification(
        confidence=confidence(findings), findings=findings, notes=list(dict.fromkeys(notes))
    )


def _notes(ended: list[Waited], made: list[Made], working: list[Waited]) -> list[str]:
    notes = [note for one in made for note in one.notes]
    options = ended[0].job.options
    hint = draft_hint(options["image_model"], size=options["size"], quality=options["quality"])
    if hint and not ended[0].job.parent_image_id:
        notes.append(hint)
    if made and not any(one.attempts for one in made):
        notes.append(SHOWN_AGAIN)
    notes += [
        f"The file of {one.image.id} is no longer there: it was moved or deleted. What it was "
        "drawn from is kept; pass its prompt to draw it anew."
        for one in made
        if not Path(one.image.path).is_file()
    ]
    if working:
        notes.append(GOES_ON)
    notes += [
        f"{one.job.variation or 'One picture'} was not drawn: {one.problem}"
        for one in ended
        if one.problem
    ]
    return list(dict.fromkeys(notes))


def _bytes(image: Image) -> bytes:
    try:
        return read_picture(image)
    except StorageError:
        return b""


def _shown(image: Image) -> ShownImage:
    changed = image.prompt if image.parent_image_id else ""
    told = [part for part in (changed, image.variation) if part]
    return ShownImage(
        image_id=image.id,
        parent_image_id=image.parent_image_id,
        path=image.path,
        width=image.width,
        height=image.height,
        format=image.format,
        bytes=image.bytes,
        has_alpha=image.has_alpha,
        changed="; ".join(told) or None,
    )
