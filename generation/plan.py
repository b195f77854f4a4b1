"""What a call draws: a prompt, the picture that it starts from, and what goes along with it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from generation.image_request import OrderError
from storage.tables import REFERENCE, Brief, Conversation, Image, Job
from styles.style_use import StyleUse

NEWEST, WIDTH = 4, 48
"""Pictures that are named where none was meant and none has a number, as many as a call for several
draws, and letters of what each shows: with its id one line of 80."""

HERITAGE = ("size", "quality", "background", "output_format")
"""Options that a change takes over from the picture that it changes."""

DIMENSION = re.compile(r"[a-z][a-z_ -]{0,30}")
"""A dimension's name as it may stand in what a model is told; it comes from an answer."""


@dataclass(frozen=True)
class Reference:
    """A picture that the person referred to: as it was given, its small copy, what it is for."""

    given: str
    copy: str
    purpose: str


@dataclass(frozen=True)
class Plan:
    """What to draw.

    `parent` is the picture to start from; `is_change` says that the prompt changes it and does
    not say all that it shows. `references` go along where there is no picture to start from.
    `styles` are those that it is drawn in: their samples go along, and their words beside the
    prompt unless it is `styled` itself. `message` are words of the person that no dialogue has
    recorded.
    """

    prompt: str
    parent: Image | None = None
    is_change: bool = False
    references: tuple[Reference, ...] = ()
    styles: tuple[StyleUse, ...] = ()
    styled: bool = False
    message: str = ""


def plan_new(conversation: Conversation, prompt: str) -> Plan:
    """A prompt drawn from nothing but the pictures and styles that the dialogue refers to."""
    references = tuple(references_of(conversation))
    chosen = [StyleUse.model_validate(row) for row in conversation.style_uses]
    if not (is_led(conversation) and prompt == refined_prompt(conversation)):
        return Plan(prompt, references=references, styles=tuple(chosen))
    said = [quote for span in conversation.briefs[-1].phrases for quote in span.get("said", [])]
    resting = [rest for use in chosen if (rest := use.quoted(said)).lines.keys() - {"avoid"}]
    return Plan(prompt, references=references, styles=tuple(resting), styled=True)


def plan_change(conversation: Conversation, image_id: str, words: str) -> Plan:
    """A picture changed in the person's words. Raises `OrderError`."""
    return Plan(words, parent=picture_of(conversation, image_id), is_change=True, message=words)


def plan_from(conversation: Conversation, image_id: str) -> Plan:
    """What a picture shows, once more from it, in its styles. Raises `OrderError`."""
    parent = picture_of(conversation, image_id)
    plan = Plan(prompt_of_record(parent, conversation.images), parent=parent)
    return _in_styles_of(conversation.job_of(parent), plan)


def plan_again(conversation: Conversation, job: Job) -> Plan:
    """The same once more, from where it started. Raises `OrderError`."""
    if job.parent_image_id is None:
        return _in_styles_of(job, plan_new(conversation, job.prompt))
    parent = picture_of(conversation, job.parent_image_id)
    is_change = job.prompt != prompt_of_record(parent, conversation.images)
    return _in_styles_of(job, Plan(job.prompt, parent=parent, is_change=is_change))


def _in_styles_of(job: Job, plan: Plan) -> Plan:
    rows = [row for row in job.inputs if row["use"] == "style"]
    styles = tuple(StyleUse.model_validate(row["style"]) for row in rows)
    return replace(plan, styles=styles, styled=any(row["styled"] for row in rows))


def picture_of(conversation: Conversation, name: str) -> Image:
    """A picture of a conversation by its id, or by its number where a call drew several, of such
    calls the newest. Raises `OrderError` with those that there are."""
    sheets = conversation.sheets
    numbered = next((one for one in reversed(sheets) if len(one) > 1), [])
    known = {image.id: image for sheet in sheets for image in sheet}
    known |= {str(number): image for number, image in enumerate(numbered, start=1)}
    if name in known:
        return known[name]
    if not known:
        raise OrderError("from_image names no picture of this conversation, which has none.")
    newest = [image for sheet in reversed(sheets) for image in sheet][:NEWEST]
    lines = [
        f"- {f'{number} ' if numbered else ''}{one.id}: "
        f"{shorten(one.variation or one.prompt, WIDTH, placeholder=' …')}"
        for number, one in enumerate(numbered or newest, start=1)
    ]
    head = "from_image names no picture of this conversation. It has, among others:"
    raise OrderError(
        "\n".join([head, *lines, ""]),
        f"openai_list_conversations(conversation_id='{conversation.id}') shows all.",
    )


def refined_prompt(conversation: Conversation) -> str:
    """The prompt that a dialogue ended with, empty while it has not."""
    return prompt_of(conversation.briefs[-1]) if conversation.briefs else ""


def is_led(conversation: Conversation) -> bool:
    """Whether the newest prompt was written by a facilitator, and not taken word for word or from
    a template: of those nothing rests on a style."""
    turns = {turn.number: turn for turn in conversation.turns}
    newest = turns.get(conversation.briefs[-1].turn_number) if conversation.briefs else None
    return bool(newest and newest.model and not conversation.template)


def styles_of(conversation: Conversation) -> list[StyleUse]:
    """The styles that a dialogue's prompt is written in; none where it is, or is to be, others'
    words."""
    if conversation.template or (conversation.briefs and not is_led(conversation)):
        return []
    return [StyleUse.model_validate(row) for row in conversation.style_uses]


def styles_drawn(images: Sequence[Image], jobs: Iterable[Job]) -> list[StyleUse]:
    """The styles that pictures were drawn in, as far as there are their jobs."""
    by_id = {job.id: job for job in jobs}
    drawn = (by_id[image.job_id] for image in images if image.job_id in by_id)
    return [StyleUse.model_validate(row) for job in drawn for row in job.style_uses]


def lineage(image: Image, images: Sequence[Image]) -> list[Image]:
    """The pictures that a picture came from, the first one first, and the picture itself."""
    by_id = {one.id: one for one in images}
    result = [image]
    while parent := by_id.get(result[0].parent_image_id or ""):
        result.insert(0, parent)
    return result


def brief_of(image: Image, briefs: Sequence[Brief]) -> Brief | None:
    """The brief whose prompt a picture was drawn of; None for one of words alone."""
    return next((one for one in reversed(briefs) if prompt_of(one) == image.prompt), None)


def prompt_of(brief: Brief) -> str:
    """The prompt that a brief led to, empty while it has none."""
    return "".join(phrase["text"] for phrase in brief.phrases)


def words_of_record(image: Image, images: Sequence[Image]) -> list[str]:
    """What a picture was asked to be: the prompt of its first ancestor, then each change."""
    first, *others = lineage(image, images)
    words = [first.prompt]
    for one in others:
        # Drawn once more from its parent, in another size or as a variation: nothing was added.
        if one.prompt != "\n".join(words):
            words.append(one.prompt)
    return words


def changes_of(image: Image, images: Sequence[Image]) -> list[str]:
    """What a picture was asked to be beyond what it was drawn from; empty for a first one."""
    before = lineage(image, images)[:-1]
    known = words_of_record(before[-1], images) if before else [image.prompt]
    return words_of_record(image, images)[len(known) :]


def prompt_of_record(image: Image, images: Sequence[Image]) -> str:
    """All that a picture was asked to be, as one prompt."""
    return "\n".join(words_of_record(image, images))


def references_of(conversation: Conversation) -> list[Reference]:
    """The pictures that a dialogue refers to, each with the dimensions that rest on it.

    What a person was asked to take of one stands under each dimension that they named.
    """
    purposes: dict[str, list[str]] = {}
    for entry in conversation.entries:
        if entry["dimension"] == REFERENCE:
            continue
        for ref in {quote["ref"] for quote in entry.get("said", [])}:
            if DIMENSION.fullmatch(entry["dimension"]):
                purposes.setdefault(ref, []).append(entry["dimension"].replace("_", " "))
    return [
        Reference(one["given"], one["file"], " and ".join(purposes.get(one["id"], [])))
        for turn in conversation.turns
        for one in turn.pictures
    ]


def suggestion(conversation: Conversation, plan: Plan, image_model: str | None) -> dict[str, str]:
    """Options to draw with where the caller leaves them open.

    The dialogue's; a change keeps the shape, quality and format of the picture that it changes,
    unless the caller names another image model.
    """
    options = dict(conversation.briefs[-1].suggested) if conversation.briefs else {}
    if plan.parent is None:
        return options
    before = conversation.job_of(plan.parent).options
    if image_model and before.get("image_model") != image_model:
        return options
    return options | {name: before[name] for name in HERITAGE if name in before}
