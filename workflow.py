"""What a call of the image tools means: the one place where asking and drawing meet.

Tools and command line turn what came in into an `ImageRequest` and what comes out into their
own form; whether a question comes before the picture is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from app import App
from errors import Problem
from generation.image_request import ImageOrder, ImageRequest
from settings import Mode

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.image_result import ImageResult
    from generation.jobs import ReportProgress


@dataclass(frozen=True)
class ConversationState:
    """Where a conversation stands, as far as it decides what a call means.

    `dialogue` and `refined_prompt` are of a dialogue that nothing was drawn of yet, `drawing`
    and `drawn_prompt` of the newest call for pictures. `current` is the picture that changes
    start from, `drawn_with` the options that it was drawn with.
    """

    mode: Mode = "guided"
    dialogue: Literal["none", "asking", "ready"] = "none"
    refined_prompt: str = ""
    drawing: Literal["none", "under_way", "failed", "kept"] = "none"
    drawn_prompt: str = ""
    current: str | None = None
    drawn_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """The words go to the dialogue; where that ends in `ready`, its prompt is drawn."""

    mode: Mode | None


@dataclass(frozen=True)
class DrawWords:
    """What the person said is drawn as it is: all of it, or the newest words `alone`."""

    alone: bool = False


@dataclass(frozen=True)
class ShowQuestions:
    """The dialogue's open questions once more, free."""


@dataclass(frozen=True)
class DrawPrompt:
    """The refined prompt of the dialogue is drawn."""


@dataclass(frozen=True)
class Collect:
    """What is under way, or was left by a process that died, is waited for; never bought."""


@dataclass(frozen=True)
class CollectThenChange:
    """What is under way is waited for, then changed in the person's words."""


@dataclass(frozen=True)
class TellFailure:
    """How the newest call for pictures ended, without buying."""


@dataclass(frozen=True)
class DrawAgain:
    """A picture anew, from the same start; without one the newest call for pictures."""

    image_id: str | None = None


@dataclass(frozen=True)
class ChangePicture:
    """A picture is changed in the person's words."""

    image_id: str


@dataclass(frozen=True)
class DrawFrom:
    """What a picture shows is drawn anew from it, with other options, inputs or in variations."""

    image_id: str


@dataclass(frozen=True)
class MakeCurrent:
    """Changes start from this picture from now on: undo, redo, branching. Free."""

    image_id: str


@dataclass(frozen=True)
class ShowPicture:
    """The newest pictures once more, free."""


Meaning = (
    Ask
    | DrawWords
    | ShowQuestions
    | DrawPrompt
    | Collect
    | CollectThenChange
    | TellFailure
    | DrawAgain
    | ChangePicture
    | DrawFrom
    | MakeCurrent
    | ShowPicture
)


def meaning(  # noqa: PLR0911  # a table: a row, a return
    request: ImageRequest, state: ConversationState | None
) -> Meaning:
    """What a call means where its conversation stands; `state` is None where there is none yet."""
    if state is None:
        # Pictures that come along show what is meant, so their words are drawn as they are.
        is_plain = request.dialogue_mode is None and request.pictures
        return DrawWords() if is_plain or _skips(request) else Ask(request.dialogue_mode)
    if request.from_image:
        return _of_picture(request, request.from_image, state)
    if state.drawing == "under_way" and not request.words:
        return Collect()
    if state.dialogue != "none":
        return _of_dialogue(request, state)
    if state.drawing == "under_way":
        return CollectThenChange()
    if state.drawing == "failed":
        return _of_failure(request, state)
    if state.current is not None:
        return _of_picture(request, state.current, state)
    return _of_dialogue(request, state)


def _of_dialogue(request: ImageRequest, state: ConversationState) -> Meaning:
    """What a call means while a dialogue is not drawn yet."""
    if state.dialogue == "ready" and request.words in {"", state.refined_prompt}:
        return DrawPrompt()
    if _skips(request):
        return DrawWords()
    return Ask(request.dialogue_mode) if request.words else ShowQuestions()


def _of_failure(request: ImageRequest, state: ConversationState) -> Meaning:
    """What a call means after a drawing that brought nothing, or of which nothing is known."""
    if request.words in {"", state.drawn_prompt}:
        return DrawAgain() if request.redraw or request.words else TellFailure()
    if state.current is not None:
        return _of_picture(request, state.current, state)
    if state.mode == "skip" or _skips(request):
        return DrawWords(alone=True)  # the words before are what could not be drawn
    return Ask(request.dialogue_mode)


def _of_picture(request: ImageRequest, image_id: str, state: ConversationState) -> Meaning:
    """What a call means that starts from a picture."""
    if request.words:
        # A depth is asked for on purpose: then the change is talked over first.
        if request.dialogue_mode is None or _skips(request):
            return ChangePicture(image_id)
        return Ask(request.dialogue_mode)
    is_current = image_id == state.current
    drawn_with = state.drawn_with if is_current else {}
    others = request.options.items() - drawn_with.items()
    if request.pictures or request.variations > 1 or others:
        return DrawFrom(image_id)
    if request.redraw:
        return DrawAgain(image_id)
    return ShowPicture() if request.from_image is None else MakeCurrent(image_id)


def _skips(request: ImageRequest) -> bool:
    return request.dialogue_mode == "skip"


@dataclass(frozen=True)
class DialogueFirst:
    """The words go to the dialogue; it is drawn where that leaves no question open."""

    mode: Mode | None


@dataclass(frozen=True)
class DrawNow:
    """The conversation is drawn, changed or collected as it stands."""


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


def _first_step(request: ImageRequest) -> DialogueFirst | DrawNow:
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
    match _first_step(request):
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


def _order(request: ImageRequest, conversation_id: str) -> ImageOrder:
    """What the drawing is told of a call. Without words it draws the conversation's prompt."""
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
