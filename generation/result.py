"""What the image tool returns, as data and as text that stands alone."""

from typing import Literal

from pydantic import BaseModel

Origin = Literal["openai", "sandbox"]

SANDBOX_NOTE = (
    "Made by the sandbox, a stand-in for OpenAI: a placeholder, no model drew it. The cost is "
    "what OpenAI would charge; nothing was paid."
)


class ShownImage(BaseModel):
    """A picture on disk: where it lies, what it is, what it was changed from."""

    image_id: str
    parent_image_id: str | None
    path: str
    width: int
    height: int
    format: str
    bytes: int
    has_alpha: bool
    changed: str | None


class Generation(BaseModel):
    """What a drawing brought and cost."""

    conversation_id: str
    status: Literal["done", "working", "asking", "failed"]
    images: list[ShownImage]
    prompt: str
    revised_prompt: str | None
    models: dict[str, str]
    cost_usd: float
    cost_is_estimate: bool
    spent_today_usd: float
    checklist: list[str]
    verification: str | None = None
    elapsed_seconds: float
    attempts: int
    origin: Origin
    notes: list[str]
    next_step: str


def as_text(result: Generation) -> str:
    """The whole result in words, for clients that show the model only text."""
    parts = [_image_line(image) for image in result.images]
    parts.append(_money_line(result))
    parts.append(f"Prompt: {result.prompt}")
    if result.revised_prompt and result.revised_prompt != result.prompt:
        parts.append(f"As the assistant model put it: {result.revised_prompt}")
    if result.checklist:
        parts.append("To look at:\n" + "\n".join(f"- {item}" for item in result.checklist))
    parts += result.notes
    parts.append(result.next_step)
    return "\n\n".join(parts)


def _image_line(image: ShownImage) -> str:
    size = f"{image.width}x{image.height} " if image.width else ""
    alpha = ", transparent" if image.has_alpha else ""
    line = (
        f"Picture {image.image_id}, {size}{image.format}{alpha}, {image.bytes:,} bytes, saved as "
        f"{image.path}"
    )
    return f"{line}, changed from {image.parent_image_id}." if image.parent_image_id else f"{line}."


def _money_line(result: Generation) -> str:
    about = " (estimate)" if result.cost_is_estimate else ""
    attempts = "1 attempt" if result.attempts == 1 else f"{result.attempts} attempts"
    return (
        f"Conversation {result.conversation_id}: {result.status} in "
        f"{result.elapsed_seconds:.1f} s, {attempts}, cost "
        f"${result.cost_usd:.4f}{about}, today ${result.spent_today_usd:.4f}. Models: "
        f"{', '.join(result.models.values())}."
    )
