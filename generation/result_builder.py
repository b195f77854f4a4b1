"""The records of pictures as the result of a call."""

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from itertools import takewhile
from pathlib import Path

from errors import StorageError
from gateway.connection import is_sandbox
from gateway.prices import has_price
from generation.image_request import numbered
from generation.image_result import (
    PLACEHOLDER_NOTE,
    ImageResult,
    PromptDifference,
    ResultImage,
)
from generation.job_end import JobOutcome
from generation.picture_facts import style_fact
from generation.plan import changes_of, prompt_of_record, styles_drawn
from generation.preview import contact_sheet, preview_of
from generation.variations import label_words
from generation.verification import (
    Finding,
    ResultFinding,
    ResultVerification,
    Verification,
    confidence,
)
from prompts.wording import Wording
from storage.picture_files import read_picture
from storage.tables import Conversation, Image

REFINE = (
    "To change the picture, pass the change as prompt with this conversation_id. Without words "
    "another quality, size or format draws it once more, for money; from_image alone goes back to "
    "an earlier picture, free; verify alone has a second model look at this one."
)
RESTYLE = (
    " A change that is to be in the style, too, passes style={name} and style_strength={strength}."
)
CHOOSE = (
    "To go on with one of them, pass its number or image_id as from_image with the change as "
    "prompt and this conversation_id; without from_image the last one changes."
)
COLLECT = (
    "Call again with only this conversation_id, in half a minute or so: that collects the picture "
    "and costs nothing more."
)
GOES_ON = (
    "You may go on with something else; the picture is kept. Once OpenAI has the request, it is "
    "paid for and cannot be cancelled."
)
UNPRICED = "No price of {model} is known here: what it cost is in none of these sums."
SHOWN_AGAIN = "Nothing was drawn and nothing was charged: this was there already."
LOOKED_AT = "Nothing was drawn: this was there already; only the look at it is paid for."
FILE_GONE = (
    "The file of {image_id} is no longer at {path}: it was moved or deleted. What it was drawn "
    "from is kept; redraw=true draws it anew."
)
NOT_DRAWN = "{picture} was not drawn: {problem}"
ONE_PICTURE = "One picture"

WORDS = re.compile(r"(?<!\s)\s*\S+")
"""Of a prompt, each with the space before it: joined they are the prompt again."""


def build_result(
    conversation: Conversation,
    outcomes: list[JobOutcome],
    *,
    spent_today: float,
    checklist: list[str],
    facts: Mapping[str, Finding],
    elapsed: float,
    sandbox: bool,
    wording: Wording,
) -> ImageResult:
    """The result of a call for pictures, finished or not.

    `facts` hold pictures of these ids against the styles that they were drawn in.
    """
    pending = [one for one in outcomes if not one.image and not one.problem]
    is_unpriced = any(one.unpriced for one in outcomes)
    images = [one.image for one in outcomes if one.image]
    sandbox = any(is_sandbox(image.response_id) for image in images) if images else sandbox
    return ImageResult(
        conversation_id=conversation.id,
        status="working" if pending else "failed" if len(images) < len(outcomes) else "done",
        images=[result_image(image, conversation, wording) for image in images],
        prompt=numbered(one.job.prompt for one in outcomes),
        revised_prompt=(images[0].revised_prompt or None) if len(images) == 1 else None,
        difference=_difference(images[0], conversation.images) if len(images) == 1 else None,
        models=_models(outcomes),
        cost_usd=None if is_unpriced else round(sum(one.usd for one in outcomes), 6),
        cost_is_estimate=any(one.estimated for one in outcomes),
        estimated_cost_usd=_estimate(outcomes),
        spent_today_usd=round(spent_today, 6),
        spent_conversation_usd=round(conversation.cost_usd, 6),
        checklist=[*checklist, *_items(images, facts)] if images else [],
        verification=_verification(images, facts),
        elapsed_seconds=round(elapsed, 1),
        attempts=sum(one.attempts for one in outcomes),
        origin="sandbox" if sandbox else "openai",
        notes=[
            *([PLACEHOLDER_NOTE] if sandbox else []),
            *_notes(outcomes, pending, wording),
        ],
        next_step=COLLECT if pending else _how_to_go_on(images, conversation),
    )


def preview_of_all(outcomes: list[JobOutcome], wording: Wording) -> bytes | None:
    """What there is to see: the picture, several on one sheet, or the newest unfinished one."""
    if len(outcomes) == 1 and outcomes[0].preview:
        return outcomes[0].preview
    images = [one.image for one in outcomes if one.image]
    pictures = [
        (label_words(image.variation, wording) or image.id, _bytes(image)) for image in images
    ]
    if len(pictures) > 1:
        return contact_sheet(pictures)
    if pictures:
        return preview_of(pictures[0][1])
    partials = [one.partial for one in outcomes if one.partial]
    return preview_of(partials[-1]) if partials else None


def _estimate(outcomes: list[JobOutcome]) -> float | None:
    """USD expected before, None where the image model has no price."""
    total = sum(one.job.estimated_usd for one in outcomes)
    return round(total, 6) if has_price(outcomes[0].job.options["image_model"]) else None


def _models(outcomes: list[JobOutcome]) -> dict[str, str]:
    """The models that the call asked, by their part in it; those that it asks while none is
    drawn."""
    if any(one.image for one in outcomes):
        rows = [row for one in outcomes for row in one.rows]
        return {row.purpose: row.model for row in rows if row.purpose != "failed"}
    options = outcomes[0].job.options
    return {"assistant": options["assistant_model"], "image": options["image_model"]}


def style_facts(outcomes: list[JobOutcome], wording: Wording) -> dict[str, Finding]:
    """What is measured of each picture beside its styles, by its id."""
    bought = [(one.image, one.job) for one in outcomes if one.image]
    facts = {image.id: style_fact(image, job, wording) for image, job in bought}
    return {image_id: fact for image_id, fact in facts.items() if fact}


def _how_to_go_on(images: list[Image], conversation: Conversation) -> str:
    """What may be called next; of several styles that are mixed the weightiest is named."""
    uses = styles_drawn(images, conversation.jobs)[:1]
    steps = [RESTYLE.format(name=use.name, strength=use.strength) for use in uses]
    return "".join([CHOOSE if len(images) > 1 else REFINE, *steps])


def _items(images: list[Image], facts: Mapping[str, Finding]) -> list[str]:
    """Facts as items of a checklist; those of several pictures begin with the picture's number."""
    return [
        f"{number}. {facts[image.id].item}" if len(images) > 1 else facts[image.id].item
        for number, image in enumerate(images, start=1)
        if image.id in facts
    ]


def _verification(images: list[Image], facts: Mapping[str, Finding]) -> ResultVerification | None:
    """The findings about all pictures, in one."""
    verifications = {
        image.id: Verification.model_validate(image.verification)
        for image in images
        if image.verification
    }
    if not verifications:
        return None
    findings = [
        ResultFinding(image_id=image_id, **finding.model_dump())
        for image_id, one in verifications.items()
        for finding in [*one.findings, *filter(None, [facts.get(image_id)])]
    ]
    notes = [note for one in verifications.values() for note in one.notes]
    return ResultVerification(
        confidence=confidence(findings), findings=findings, notes=list(dict.fromkeys(notes))
    )


def _notes(outcomes: list[JobOutcome], pending: list[JobOutcome], wording: Wording) -> list[str]:
    notes = [note for one in outcomes for note in one.notes]
    notes += [UNPRICED.format(model=model) for one in outcomes for model in one.unpriced]
    images = [one.image for one in outcomes if one.image]
    if images and not any(one.attempts for one in outcomes if one.image):
        notes.append(LOOKED_AT if any(one.looked for one in outcomes) else SHOWN_AGAIN)
    notes += [
        FILE_GONE.format(image_id=image.id, path=image.path)
        for image in images
        if not Path(image.path).is_file()
    ]
    notes += [one.pause or GOES_ON for one in pending]
    for one in outcomes:
        if one.problem:
            picture = label_words(one.job.variation, wording) or wording.translate(ONE_PICTURE)
            notes.append(NOT_DRAWN.format(picture=picture, problem=one.problem))
    return list(dict.fromkeys(notes))


def _bytes(image: Image) -> bytes:
    try:
        return read_picture(image)
    except StorageError:
        return b""


def result_image(image: Image, conversation: Conversation, wording: Wording) -> ResultImage:
    """A recorded picture as results have it."""
    current, cost = conversation.current_image, conversation.cost_of(image)
    return ResultImage(
        image_id=image.id,
        parent_image_id=image.parent_image_id,
        current=current is not None and current.id == image.id,
        path=image.path,
        width=image.width,
        height=image.height,
        format=image.format,
        quality=image.quality,
        model=image.model,
        bytes=image.bytes,
        has_alpha=image.has_alpha,
        changed="; ".join(changes_of(image, conversation.images)) or None,
        variation=label_words(image.variation, wording) or None,
        created_at=image.created_at,
        response_id=image.response_id,
        cost_usd=None if cost is None else round(cost, 6),
    )


def _difference(image: Image, pictures: list[Image]) -> PromptDifference | None:
    """Against the picture it was changed from, else the one drawn before it; None for the first.

    `pictures` are all of the conversation, oldest first.
    """
    before = _before(image, pictures)
    if before is None:
        return None
    old = WORDS.findall(prompt_of_record(before, pictures))
    new = WORDS.findall(prompt_of_record(image, pictures))
    added, removed = [], []
    # With its rule for frequent words: without, a thousand times the same word takes seconds.
    for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            removed.append("".join(old[a:b]).strip())
            added.append("".join(new[c:d]).strip())
    return PromptDifference(
        added=[one for one in added if one], removed=[one for one in removed if one]
    )


def _before(image: Image, pictures: list[Image]) -> Image | None:
    for one in pictures:
        if one.id == image.parent_image_id:
            return one
    earlier = [*takewhile(lambda one: one.id != image.id, pictures)]
    return earlier[-1] if earlier else None
