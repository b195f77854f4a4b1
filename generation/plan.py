"""Decide what a call draws: the refined prompt, a new one, or a change of an earlier picture."""

from dataclasses import dataclass

from generation.errors import GenerationError
from storage.tables import Conversation, Image, Job


@dataclass(frozen=True)
class Plan:
    """What to draw.

    `parent` is the picture to change, `kept` one that is already there, `pending` a job
    that is under way or was left by a process that died.
    """

    prompt: str
    parent: Image | None = None
    kept: Image | None = None
    pending: Job | None = None


def plan(conversation: Conversation, prompt: str, from_image: str | None) -> Plan:
    """What a call means in this conversation. Raises `GenerationError`.

    Words change the newest picture, or the one named by `from_image`. No words collect a
    picture that is under way or never arrived, else draw the refined prompt. Once that is
    drawn they show the newest picture: nothing is bought twice.
    """
    parent = _parent(conversation, from_image)
    if prompt:
        return Plan(prompt, parent=parent)
    if from_image:
        raise GenerationError(
            "from_image needs a prompt that says what to change. Nothing was charged."
        )
    newest = conversation.jobs[-1] if conversation.jobs else None
    if newest and newest.state in {"requested", "submitted"}:
        return Plan(newest.prompt, pending=newest)
    refined = _refined(conversation)
    drawn = any(image.prompt == refined for image in conversation.images)
    return Plan(refined, kept=conversation.images[-1] if drawn else None)


def _parent(conversation: Conversation, from_image: str | None) -> Image | None:
    if from_image is None:
        return conversation.images[-1] if conversation.images else None
    for image in conversation.images:
        if image.id == from_image:
            return image
    raise GenerationError(
        f"from_image names no picture of this conversation; it has "
        f"{', '.join(image.id for image in conversation.images) or 'none'}. Nothing was charged."
    )


def _refined(conversation: Conversation) -> str:
    newest = conversation.briefs[-1] if conversation.briefs else None
    if newest is None or not newest.phrases:
        raise GenerationError(
            "The dialogue of this conversation has no refined prompt yet. Answer its questions "
            "with openai_image_consultation, end it there with finish=true, or pass a prompt. "
            "Nothing was charged."
        )
    return "".join(phrase["text"] for phrase in newest.phrases)
