"""What the image tool returns, as data and as text that stands alone."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from pydantic import BaseModel

from generation.plan import prompt_of_record
from generation.verification import Finding
from prompts.wording import met_items
from settings import Origin
from storage.picture_files import media_type
from storage.tables import Image

Status = Literal["done", "working", "asking", "failed"]

SANDBOX_NOTE = (
    "Made by the sandbox, a stand-in for OpenAI: a placeholder, no model drew it. The cost is "
    "what OpenAI would charge; nothing was paid."
)

WORDS = re.compile(r"(?<!\s)\s*\S+")

VERDICTS = {"met": "met", "not_met": "NOT MET", "cannot_tell": "cannot tell"}


class PromptDifference(BaseModel):
    """What was added to a prompt and what was taken out, in its own words."""

    added: list[str]
    removed: list[str]


class AssumedDecision(BaseModel):
    """A decision in a dialogue's prompt that nobody made but us."""

    dimension: str
    value: str


class ResultImage(BaseModel):
    """A picture on disk: where it lies, what it is, what it was changed from, what it cost.

    `current` is the one that changes start from; `changed` what was changed or varied.
    """

    image_id: str
    parent_image_id: str | None
    current: bool
    path: str
    width: int
    height: int
    format: str
    quality: str
    model: str
    bytes: int
    has_alpha: bool
    changed: str | None
    variation: str | None
    created_at: str
    response_id: str
    cost_usd: float | None

    @property
    def uri(self) -> str:
        """The address that its bytes can be read at."""
        return f"image://{self.image_id}"

    @property
    def mime_type(self) -> str:
        """What they are read as."""
        return media_type(self.format)


class ResultFinding(Finding):
    """A finding, and the picture it is about."""

    image_id: str


class ResultVerification(BaseModel):
    """What an independent look found; `confidence` is the share met of the items that could be
    judged, 0 to 1. Findings of the source `bytes` are facts, and no part of it."""

    confidence: float | None
    findings: list[ResultFinding]
    notes: list[str]


class ImageResult(BaseModel):
    """What a drawing brought and cost; a cost is null where a model has no price that is known."""

    conversation_id: str
    status: Status
    images: list[ResultImage]
    prompt: str
    revised_prompt: str | None
    difference: PromptDifference | None
    assumptions: list[AssumedDecision] = []
    models: dict[str, str]
    cost_usd: float | None
    cost_is_estimate: bool
    estimated_cost_usd: float | None
    spent_today_usd: float
    spent_conversation_usd: float
    checklist: list[str]
    verification: ResultVerification | None
    elapsed_seconds: float
    attempts: int
    origin: Origin
    notes: list[str]
    next_step: str


def as_text(result: ImageResult) -> str:
    """The whole result in words, for clients that show the model only text."""
    parts = _image_lines(result.images)
    parts.append(_money_line(result))
    parts.append(f"Prompt: {result.prompt}")
    if result.revised_prompt and result.revised_prompt != result.prompt:
        parts.append(f"As the assistant model put it: {result.revised_prompt}")
    if result.difference:
        parts.append(_difference_line(result.difference))
    if result.assumptions:
        lines = [f"- {one.dimension}: {one.value}" for one in result.assumptions]
        parts.append("\n".join(["Assumed, since nobody decided it:", *lines]))
    if result.verification:
        parts.append("\n".join(finding_lines(result.verification)))
    elif result.checklist:
        parts.append("To look at:\n" + "\n".join(f"- {item}" for item in result.checklist))
    parts += result.notes
    parts.append(result.next_step)
    return "\n\n".join(part for part in parts if part)


def _image_lines(images: Sequence[ResultImage]) -> list[str]:
    """A line each; several have the numbers and the names that the sheet shows them by."""
    if len(images) == 1:
        changed = f" ({images[0].changed})" if images[0].changed else ""
        return [f"Picture {_image_words(images[0], changed)}"]
    return [
        f"{number}. {image.variation or image.changed or 'Picture'}: {_image_words(image)}"
        for number, image in enumerate(images, start=1)
    ]


def _image_words(image: ResultImage, changed: str = "") -> str:
    size = f"{image.width}x{image.height} " if image.width else ""
    facts = [
        f"{image.image_id}{' (current)' if image.current else ''}",
        f"{size}{image.format}{', transparent' if image.has_alpha else ''}",
        f"{image.bytes:,} bytes",
        f"saved as {image.path}",
        f"changed from {image.parent_image_id}" if image.parent_image_id else "",
    ]
    cost = "" if image.cost_usd is None else f", for ${image.cost_usd:.4f}"
    return (
        f"{', '.join(fact for fact in facts if fact)}{changed}. Drawn by {image.model} in quality "
        f"{image.quality or 'auto'}{cost}, {image.created_at[:16].replace('T', ' ')} UTC, as "
        f"{image.response_id}; its bytes are at {image.uri}."
    )


def _money_line(result: ImageResult) -> str:
    about = " (estimate)" if result.cost_is_estimate and result.cost_usd is not None else ""
    attempts = "1 attempt" if result.attempts == 1 else f"{result.attempts} attempts"
    cost = (
        f"{_price(result.estimated_cost_usd)} expected"
        if result.status == "working"
        else f"cost {_price(result.cost_usd)}{about}"
    )
    return (
        f"Conversation {result.conversation_id}: {result.status} in "
        f"{result.elapsed_seconds:.1f} s, {attempts}, {cost}, this conversation "
        f"${result.spent_conversation_usd:.4f}, today ${result.spent_today_usd:.4f}. Models: "
        f"{', '.join(result.models.values())}."
    )


def _price(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:.4f}"


def _difference_line(difference: PromptDifference) -> str:
    added = [f"+ {words}" for words in difference.added]
    removed = [f"- {words}" for words in difference.removed]
    return "\n".join(["Against the prompt before:", *removed, *added]) if added or removed else ""


def finding_lines(verification: ResultVerification) -> list[str]:
    """What a model saw of each picture, then what the bytes say, then what else is to know."""
    findings = verification.findings
    verdicts = [finding.verdict for finding in findings if finding.source == "model"]
    heads = {
        "model": f"Looked at against what was asked for: {met_items(verdicts)}.",
        "bytes": "Read from the bytes:",
    }
    several = len({finding.image_id for finding in findings}) > 1
    lines = []
    for source, head in heads.items():
        own = [finding for finding in findings if finding.source == source]
        lines += [head] if own else []
        for image_id, group in groupby(own, key=lambda finding: finding.image_id):
            lines += [f"{image_id}:"] if several else []
            lines += [f"- {VERDICTS[one.verdict]}: {one.item} ({one.seen})" for one in group]
    return [*lines, *verification.notes]


def difference(image: Image, pictures: list[Image]) -> PromptDifference | None:
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
    earlier = [one for one in pictures if one.created_at < image.created_at]
    return earlier[-1] if earlier else None
