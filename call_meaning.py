"""What a call for pictures means where its conversation stands: the table, on plain data."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from generation.image_request import OPTIONS, ImageRequest
from settings import Mode

if TYPE_CHECKING:
    from storage.tables import Conversation, Job


@dataclass(frozen=True)
class ConversationState:
    """Where a conversation stands, as far as it decides what a call means.

    `dialogue` and `refined_prompt` are of a dialogue that nothing was drawn of yet, `drawing`
    and `drawn_prompt` of the newest call for pictures. `current` is the picture that changes
    start from. `drawn_with` are the options that the picture was drawn with which the call starts
    from, `styles` names and strengths of those that the dialogue or that picture has.
    """

    mode: Mode = "guided"
    dialogue: Literal["none", "asking", "ready"] = "none"
    refined_prompt: str = ""
    drawing: Literal["none", "under_way", "failed", "kept"] = "none"
    drawn_prompt: str = ""
    current: str | None = None
    drawn_with: Mapping[str, Any] = field(default_factory=dict)
    styles: Collection[tuple[str, int]] = ()


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
    """What became of the newest call for pictures is told, and waited for while it is under way or
    was left by a process that died; never bought."""


@dataclass(frozen=True)
class CollectThenChange:
    """What is under way is waited for, then changed in the person's words."""


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
    """The chosen picture once more, else those of the newest call; free."""


Meaning = (
    Ask
    | DrawWords
    | ShowQuestions
    | DrawPrompt
    | Collect
    | CollectThenChange
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
    restyles = _restyles(request, state)
    if state.dialogue == "ready" and request.words in {"", state.refined_prompt}:
        return Ask(request.dialogue_mode) if restyles and not _skips(request) else DrawPrompt()
    if _skips(request):
        return DrawWords()
    return Ask(request.dialogue_mode) if request.words or restyles else ShowQuestions()


def _of_failure(request: ImageRequest, state: ConversationState) -> Meaning:
    """What a call means after a drawing that brought nothing, or of which nothing is known."""
    if request.words in {"", state.drawn_prompt}:
        return DrawAgain() if request.redraw else Collect()
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
    others = request.options.items() - state.drawn_with.items()
    if request.pictures or request.variations > 1 or others or _restyles(request, state):
        return DrawFrom(image_id)
    if request.redraw:
        return DrawAgain(image_id)
    return ShowPicture() if request.from_image is None else MakeCurrent(image_id)


def _skips(request: ImageRequest) -> bool:
    return request.dialogue_mode == "skip"


def _restyles(request: ImageRequest, state: ConversationState) -> bool:
    """Whether a call names a style that is not there yet, or not so strong."""
    chosen = (request.style, request.style_strength)
    return bool(request.style) and chosen not in state.styles


def state_of(
    conversation: "Conversation", from_image: str | None = None, *, attended: Container[str] = ()
) -> ConversationState:
    """Where a recorded conversation stands for a call that starts from a picture, or from none.

    Jobs `attended` were waited for: what of them is under way still cannot be fetched for now.
    """
    from storage.tables import UNDER_WAY

    jobs = newest_jobs(conversation)
    is_running = any(job.state in UNDER_WAY and job.id not in attended for job in jobs)
    has_brought = any(job.state == "kept" for job in jobs)
    current = conversation.current_image
    start = next((one for one in conversation.images if one.id == from_image), current)
    job = conversation.job_of(start) if start else None
    options = job.options if job else {}
    prompt = undrawn_prompt(conversation)
    is_written = prompt is not None and from_image is None
    uses = conversation.style_uses if is_written else job.style_uses if job else []
    return ConversationState(
        mode=cast("Mode", conversation.mode),
        dialogue="none" if prompt is None else "ready" if prompt else "asking",
        refined_prompt=prompt or "",
        drawing="none" if not jobs else "under_way" if is_running else "kept" if has_brought
        else "failed",
        drawn_prompt=jobs[0].prompt if jobs else "",
        current=current.id if current else None,
        drawn_with={name: options.get(name) for name in OPTIONS},
        styles=[(use["name"], use["strength"]) for use in uses],
    )  # fmt: skip


def newest_jobs(conversation: "Conversation") -> "list[Job]":
    """The jobs of the newest call for pictures."""
    return conversation.jobs_beside(conversation.jobs[-1]) if conversation.jobs else []


def undrawn_prompt(conversation: "Conversation") -> str | None:
    """The refined prompt of a dialogue of which nothing was drawn yet.

    Empty while that still asks, None where there is no such dialogue.
    """
    turns = [turn for turn in conversation.turns if turn.is_of_dialogue]
    drawn = conversation.jobs[-1].turn_number if conversation.jobs else 0
    if not turns or turns[-1].number <= drawn:
        return None
    brief = conversation.briefs[-1] if conversation.briefs else None
    if brief is None or not turns[-1].reply:
        return ""
    return "".join(phrase["text"] for phrase in brief.phrases)
