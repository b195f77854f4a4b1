"""What a call of the image tools means: the one place where asking and drawing meet.

Tools and command line turn what came in into an `ImageRequest` and what comes out into their
own form; whether a question comes before the picture is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from app import App
from consultation.modes import Mode
from errors import Problem
from generation.variations import Strategy
from settings import Quality

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.image_order import ImageOrder
    from generation.image_result import ImageResult
    from generation.jobs import ReportProgress

Background = Literal["auto", "opaque", "transparent"]
OutputFormat = Literal["png", "jpeg", "webp", "gif", "svg"]


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """One call for pictures, from whichever face; None where the caller left something open.

    `input_images` and `mask` are paths, image ids or OpenAI file ids, `size` is WIDTHxHEIGHT in
    pixels, `compression` percent.
    """

    prompt: str = ""
    conversation_id: str | None = None
    dialogue_mode: Mode | None = None
    from_image: str | None = None
    input_images: tuple[str, ...] = ()
    mask: str | None = None
    size: str | None = None
    quality: Quality | None = None
    background: Background | None = None
    output_format: OutputFormat | None = None
    compression: int | None = None
    image_model: str | None = None
    assistant_model: str | None = None
    variations: int = 1
    strategy: Strategy = "mixed"
    verify: bool = False

    @property
    def pictures(self) -> tuple[str, ...]:
        """Every picture that came along, the mask among them."""
        return (*self.input_images, *([self.mask] if self.mask else []))

    @property
    def options(self) -> Mapping[str, Any]:
        """What the image model is set to, by the names it has on the wire."""
        return {
            "size": self.size,
            "quality": self.quality,
            "background": self.background,
            "output_format": self.output_format,
            "compression": self.compression,
            "image_model": self.image_model,
            "assistant_model": self.assistant_model,
        }


@dataclass(frozen=True)
class DialogueFirst:
    """The words go to the dialogue; it is drawn where that leaves no question open."""

    mode: Mode | None


@dataclass(frozen=True)
class DrawNow:
    """The conversation is drawn, changed or collected as it stands."""


Meaning = DialogueFirst | DrawNow


@dataclass(frozen=True)
class Questions:
    """The dialogue has questions for the person; nothing was drawn."""

    consultation: "Consultation"


@dataclass(frozen=True)
class Pictures:
    """What a drawing brought so far, and a JPEG to look at where previews are on."""

    result: "ImageResult"
    preview: bytes | None


Outcome = Questions | Pictures


def meaning(request: ImageRequest) -> Meaning:
    """Whether a call is for the dialogue first, or to be drawn at once."""
    if request.conversation_id is None:
        # Pictures that come along show what is meant, so their words are drawn as they are.
        return DialogueFirst(request.dialogue_mode or ("skip" if request.pictures else None))
    if request.dialogue_mode in {None, "skip"}:
        return DrawNow()
    return DialogueFirst(request.dialogue_mode)


async def draw(app: App, request: ImageRequest, progress: "ReportProgress") -> Outcome:
    """Do what a call means, and tell `progress` of each step of a drawing. Raises a `Problem`.

    Pictures that cannot be used are refused before a dialogue is paid for.
    """
    request = await _with_conversation(app, request)
    if request.conversation_id is None:
        require_words(request.prompt, "prompt")
    await app.image_generator.check(request.pictures)
    match meaning(request):
        case DialogueFirst(mode):
            consultation = await app.consultant.consult(
                request.prompt, conversation_id=request.conversation_id, mode=mode
            )
            if consultation.status == "asking":
                return Questions(consultation)
            order = _order(replace(request, prompt=""), consultation.conversation_id)
        case DrawNow():
            order = _order(request, str(request.conversation_id))
    return Pictures(*await app.image_generator.draw(order, progress))


def require_words(text: str, name: str) -> None:
    """Refuse a parameter that says nothing. Raises a `Problem` that names it."""
    if not text.strip():
        raise Problem(f"{name} is empty. Put what the picture should show into it, in any words.")


async def _with_conversation(app: App, request: ImageRequest) -> ImageRequest:
    """The request, in the conversation of the picture that it starts from."""
    if request.conversation_id is not None or not request.from_image:
        return request
    image = await app.records.image(request.from_image)
    return replace(request, conversation_id=image.conversation_id)


def _order(request: ImageRequest, conversation_id: str) -> "ImageOrder":
    """What the drawing is told of a call. Without words it draws the conversation's prompt."""
    from generation.image_order import ImageOrder

    return ImageOrder(
        conversation_id=conversation_id,
        prompt=request.prompt.strip(),
        from_image=request.from_image,
        input_images=request.input_images,
        mask=request.mask,
        variations=request.variations,
        strategy=request.strategy,
        verify=request.verify,
        options=request.options,
    )
