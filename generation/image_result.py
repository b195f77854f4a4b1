"""What the image tool returns, as data and as text that stands alone."""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import BaseModel

from generation.verification import ResultVerification, finding_lines, item_words
from prompts.image_type import Assumption
from prompts.wording import NotUsed, Wording
from settings import Origin
from storage.tables import media_type

Status = Literal["done", "working", "asking", "failed"]

PLACEHOLDER_NOTE = (
    "Made by the sandbox, a stand-in for OpenAI: a placeholder, no model drew it. The cost is "
    "what OpenAI would charge; nothing was paid."
)


class PromptDifference(BaseModel):
    """What was added to a prompt and what was taken out, in its own words."""

    added: list[str]
    removed: list[str]


class ResultImage(BaseModel):
    """A picture on disk: where it lies, what it is, what it was changed from, what it cost.

    `current` is the one that changes start from; `changed` what was changed, `variation` what was
    varied on purpose.
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


class ImageResult(BaseModel):
    """What a drawing brought and cost; a cost is null where a model has no price that is known."""

    conversation_id: str
    status: Status
    images: list[ResultImage]
    prompt: str
    revised_prompt: str | None
    difference: PromptDifference | None
    assumptions: list[Assumption] = []
    not_used: list[NotUsed] = []
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


def as_text(result: ImageResult, wording: Wording) -> str:
    """The whole result in words, for clients that show the model only text.

    What a person reads is in their language; ids and what to call next are for the client.
    """
    t = wording.translate
    sandbox = result.origin == "sandbox"
    parts = _picture_lines(result.images, wording)
    parts.append(wording.sandbox if sandbox else money_words(result, wording))
    if [image.changed for image in result.images] != [result.prompt]:  # which says it already
        parts.append(f"{wording.label(t('Prompt'))} {result.prompt}")
    if result.revised_prompt and result.revised_prompt != result.prompt:
        parts.append(f"{wording.label(t('As the assistant model put it'))} {result.revised_prompt}")
    if result.difference:
        parts.append(_difference_lines(result.difference, wording))
    if result.assumptions:
        lines = [f"- {wording.decision(one.dimension, one.value)}" for one in result.assumptions]
        parts.append("\n".join([wording.label(wording.assumptions), *lines]))
    parts.append(wording.unused(result.not_used))
    if result.verification:
        parts.append("\n".join(finding_lines(result.verification, wording)))
    elif result.checklist:
        items = [f"- {item_words(item, wording)}" for item in result.checklist]
        parts.append("\n".join([wording.label(t("What to look at")), *items]))
    parts += map(wording.note, notes_for_person(result))
    parts.append("\n".join([_call_line(result), *_id_lines(result.images)]))
    parts.append(result.next_step)
    return "\n\n".join(part for part in parts if part)


def _picture_lines(images: Sequence[ResultImage], wording: Wording) -> list[str]:
    """Of each picture what sets it apart, where it lies and what it is; several have the numbers
    that the sheet shows them by."""
    t = wording.translate
    lines = []
    for number, image in enumerate(images, start=1):
        change = f"{wording.label(t('Changed'))} {image.changed}" if image.changed else ""
        head = [change, image.variation]
        if len(images) > 1:
            head = [f"{number}. {image.variation or image.changed or t('The picture')}"]
        facts = [
            f"{image.width}x{image.height} {image.format}" if image.width else image.format,
            t("transparent background") if image.has_alpha else "",
            t("quality {quality}", quality=image.quality) if image.quality else "",
            image.model,
        ]
        place = t("Saved as {path}", path=image.path)
        lines.append("\n".join(filter(None, [*head, place, ", ".join(filter(None, facts))])))
    return lines


def money_words(result: ImageResult, wording: Wording) -> str:
    """What it cost; nothing where pictures are shown again, which a note says, or still drawn."""
    usd = result.cost_usd
    if result.status == "working" or (usd == 0 and not result.attempts):
        return ""
    if result.origin == "sandbox":
        return wording.sandbox if usd is None else wording.play.format(usd=wording.number(usd))
    today = wording.number(result.spent_today_usd, 4)
    if usd is None:
        return wording.unpriced.format(today=today)
    about = wording.estimate if result.cost_is_estimate else ""
    return wording.paid.format(usd=wording.number(usd, 4), estimate=about, today=today)


def notes_for_person(result: ImageResult) -> list[str]:
    """What else is to be known; that it is the sandbox's stands beside the money."""
    return [note for note in result.notes if note != PLACEHOLDER_NOTE]


def _call_line(result: ImageResult) -> str:
    """What a client may want to know of the call."""
    about = " (estimate)" if result.cost_is_estimate and result.cost_usd is not None else ""
    attempts = "1 attempt" if result.attempts == 1 else f"{result.attempts} attempts"
    cost = (
        f"{_price(result.estimated_cost_usd)} expected"
        if result.status == "working"
        else f"cost {_price(result.cost_usd)}{about}"
    )
    models = f" Models: {', '.join(result.models.values())}." if result.models else ""
    play = " (play money of the sandbox)" if result.origin == "sandbox" else ""
    return (
        f"Conversation {result.conversation_id}: {result.status} in "
        f"{result.elapsed_seconds:.1f} s, {attempts}, {cost}, this conversation "
        f"${result.spent_conversation_usd:.4f}, today ${result.spent_today_usd:.4f}{play}.{models}"
    )


def _id_lines(images: Sequence[ResultImage]) -> Iterator[str]:
    for number, image in enumerate(images, start=1):
        yield f"{number}. {_id_line(image)}" if len(images) > 1 else _id_line(image)


def _id_line(image: ResultImage) -> str:
    cost = "" if image.cost_usd is None else f", ${image.cost_usd:.4f}"
    return (
        f"{image.image_id}{' (current)' if image.current else ''}"
        f"{f', changed from {image.parent_image_id}' if image.parent_image_id else ''}, "
        f"{image.bytes:,} bytes{cost}, drawn {image.created_at[:16].replace('T', ' ')} UTC as "
        f"{image.response_id}; its bytes are at {image.uri}."
    )


def _price(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:.4f}"


def _difference_lines(difference: PromptDifference, wording: Wording) -> str:
    added = [f"+ {words}" for words in difference.added]
    removed = [f"- {words}" for words in difference.removed]
    head = wording.label(wording.translate("Against the prompt before"))
    return "\n".join([head, *removed, *added]) if added or removed else ""
