"""What the image tool returns, as data and as text that stands alone."""

from typing import Literal

from pydantic import BaseModel

from generation.difference import Difference
from generation.verification import Finding

Origin = Literal["openai", "sandbox"]
Status = Literal["done", "working", "asking", "failed"]

SANDBOX_NOTE = (
    "Made by the sandbox, a stand-in for OpenAI: a placeholder, no model drew it. The cost is "
    "what OpenAI would charge; nothing was paid."
)

VERDICTS = {"met": "met", "not_met": "NOT MET", "cannot_tell": "cannot tell"}


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


class ShownFinding(Finding):
    """A finding, and the picture it is about."""

    image_id: str


class ShownVerification(BaseModel):
    """What an independent look found; `confidence` is the share of items met, 0 to 1."""

    confidence: float | None
    findings: list[ShownFinding]
    notes: list[str]


class Generation(BaseModel):
    """What a drawing brought and cost."""

    conversation_id: str
    status: Status
    images: list[ShownImage]
    prompt: str
    revised_prompt: str | None
    difference: Difference | None
    models: dict[str, str]
    cost_usd: float
    cost_is_estimate: bool
    estimated_cost_usd: float
    spent_today_usd: float
    spent_conversation_usd: float
    checklist: list[str]
    verification: ShownVerification | None
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
    if result.difference:
        parts.append(_difference_line(result.difference))
    if result.verification:
        parts.append("\n".join(_finding_lines(result.verification)))
    elif result.checklist:
        parts.append("To look at:\n" + "\n".join(f"- {item}" for item in result.checklist))
    parts += result.notes
    parts.append(result.next_step)
    return "\n\n".join(part for part in parts if part)


def _image_line(image: ShownImage) -> str:
    size = f"{image.width}x{image.height} " if image.width else ""
    alpha = ", transparent" if image.has_alpha else ""
    line = (
        f"Picture {image.image_id}, {size}{image.format}{alpha}, {image.bytes:,} bytes, saved as "
        f"{image.path}"
    )
    if image.parent_image_id:
        line += f", changed from {image.parent_image_id}"
    return f"{line} ({image.changed})." if image.changed else f"{line}."


def _money_line(result: Generation) -> str:
    about = " (estimate)" if result.cost_is_estimate else ""
    attempts = "1 attempt" if result.attempts == 1 else f"{result.attempts} attempts"
    cost = (
        f"about ${result.estimated_cost_usd:.4f} expected"
        if result.status == "working"
        else f"cost ${result.cost_usd:.4f}{about}"
    )
    return (
        f"Conversation {result.conversation_id}: {result.status} in "
        f"{result.elapsed_seconds:.1f} s, {attempts}, {cost}, this conversation "
        f"${result.spent_conversation_usd:.4f}, today ${result.spent_today_usd:.4f}. Models: "
        f"{', '.join(result.models.values())}."
    )


def _difference_line(difference: Difference) -> str:
    added = [f"+ {words}" for words in difference.added]
    removed = [f"- {words}" for words in difference.removed]
    return "\n".join(["Against the prompt before:", *removed, *added]) if added or removed else ""


def _finding_lines(verification: ShownVerification) -> list[str]:
    share = verification.confidence
    several = len({finding.image_id for finding in verification.findings}) > 1
    found = "nothing could be checked" if share is None else f"{share:.0%} of the items are met"
    lines = [f"Looked at against the brief: {found}."]
    for finding in verification.findings:
        about = f" [{finding.image_id}]" if several else ""
        lines.append(f"- {VERDICTS[finding.verdict]}{about}: {finding.item} ({finding.seen})")
    return [*lines, *verification.notes]
