"""Decide what a call draws: the refined prompt, a new one, or a change of an earlier picture."""

from dataclasses import dataclass, field

from generation.image_request import ImageOrder, OrderError
from storage.tables import UNDER_WAY, Conversation, Image, Job

SHAPE = ("size", "background", "output_format")
"""Options that a change takes over from the picture that it changes."""


@dataclass(frozen=True)
class Plan:
    """What to draw.

    `parent` is the picture to change, `existing` those that are there already, `pending` a job
    that is under way or was left by a process that died.
    """

    prompt: str
    parent: Image | None = None
    existing: list[Image] = field(default_factory=list)
    pending: Job | None = None


def make_plan(conversation: Conversation, order: ImageOrder) -> Plan:
    """What a call means in this conversation. Raises `OrderError`.

    Words change the newest picture, or the one named by `from_image`. No words collect
    pictures that are under way or never arrived, else draw the refined prompt. Once that is
    drawn they show the newest pictures: nothing is bought twice, nor is a request repeated
    of which nobody knows what became. Variations of a picture need no words.
    """
    parent = _parent(conversation, order.from_image)
    if order.prompt:
        return Plan(order.prompt, parent=parent)
    if order.variations > 1 and parent is not None and _is_new_order(conversation, order):
        return Plan(parent.prompt, parent=parent)
    if order.from_image:
        raise OrderError("from_image needs a prompt that says what to change.")
    newest = conversation.jobs[-1] if conversation.jobs else None
    if newest and newest.state in UNDER_WAY:
        return Plan(newest.prompt, pending=newest)
    waiting = _others_pending(conversation, newest)
    if waiting is not None:
        return Plan(waiting.prompt, pending=waiting)
    if newest and newest.state == "unknown":
        raise OrderError(f"{newest.error} To draw it anew all the same, pass its prompt.")
    prompt = _refined_prompt(conversation)
    exists = any(image.prompt == prompt for image in conversation.images)
    return Plan(prompt, existing=_newest(conversation, order) if exists else [])


def suggestion(conversation: Conversation, plan: Plan, image_model: str) -> dict[str, str]:
    """Options to draw with where the caller leaves them open.

    The dialogue's; a change keeps the shape and format of the picture that it changes, unless
    another image model is to draw it.
    """
    options = dict(conversation.briefs[-1].suggested) if conversation.briefs else {}
    if plan.parent is None:
        return options
    before = next(job.options for job in conversation.jobs if job.id == plan.parent.job_id)
    if before.get("image_model") != image_model:
        return options
    return options | {name: before[name] for name in SHAPE if name in before}


def _is_new_order(conversation: Conversation, order: ImageOrder) -> bool:
    """Whether variations are asked of a picture that is there, not collected."""
    return bool(order.from_image) or not any(job.state in UNDER_WAY for job in conversation.jobs)


def _others_pending(conversation: Conversation, newest: Job | None) -> Job | None:
    """A job of the newest call that is not finished, though its last one is."""
    return next(
        (
            job
            for job in conversation.jobs
            if newest is not None and job.batch == newest.batch and job.state in UNDER_WAY
        ),
        None,
    )


def _newest(conversation: Conversation, order: ImageOrder) -> list[Image]:
    """The pictures of the last call that brought any, unless something else is asked for now."""
    last = conversation.images[-1]
    jobs = {job.id: job for job in conversation.jobs}
    before = jobs[last.job_id].options
    other = any(value not in {None, before.get(name)} for name, value in order.options.items())
    if other or order.input_images or order.mask:
        return []
    batch = jobs[last.job_id].batch
    return [image for image in conversation.images if jobs[image.job_id].batch == batch]


def _parent(conversation: Conversation, from_image: str | None) -> Image | None:
    if from_image is None:
        return conversation.images[-1] if conversation.images else None
    for image in conversation.images:
        if image.id == from_image:
            return image
    raise OrderError(
        f"from_image names no picture of this conversation; it has "
        f"{', '.join(image.id for image in conversation.images) or 'none'}."
    )


def _refined_prompt(conversation: Conversation) -> str:
    newest = conversation.briefs[-1] if conversation.briefs else None
    if newest is None or not newest.phrases:
        raise OrderError(
            "The dialogue of this conversation has no refined prompt yet.",
            "Answer its questions with openai_image_consultation, end it there with finish=true, "
            "or pass a prompt.",
        )
    return "".join(phrase["text"] for phrase in newest.phrases)
