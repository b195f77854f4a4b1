"""The result of a dialogue, read from its record: what was just written reads the same later."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from consultation.consultation_result import (
    SANDBOX_NOTE,
    Accounted,
    Completeness,
    Consultation,
    PictureSettings,
)
from consultation.provenance import Span
from consultation.transcript import Transcript, question_of, transcript_of
from consultation.turn import BriefEntry, OpenQuestion
from consultation.turn_record import entry_of
from gateway.connection import is_sandbox
from prompts.image_type import Assumption, ImageType
from prompts.parameter import LEFT_OUT
from prompts.source import PromptError
from prompts.store import FALLBACK_TYPE, PromptStore
from prompts.wording import NotUsed
from settings import Origin
from storage.tables import Brief, Conversation, Turn
from styles.style_use import STYLE, StyleUse

ASK = (
    "The person answers these in their own words, also by number; pass the words on as message "
    "(of the image tool: as prompt) with this conversation_id. finish=true ends the questions."
)
DRAW = (
    "Show the refined prompt to the person, with what was assumed and not used. "
    "openai_conversational_image with this conversation_id and no prompt draws it; a further "
    "message here changes it first."
)
BESIDE = (
    " Drawn it is a new picture, not made from those that there are; to change one of them, pass "
    "the change as prompt with its from_image, and style where it is to be in one."
)
AGAIN = (
    "Nothing is ready to be drawn. The same call again continues this turn; mode=skip here, or "
    "dialogue_mode=skip of openai_conversational_image, takes the person's words as they are."
)


def recorded_result(
    conversation: Conversation, prompt_store: PromptStore, origin: Origin
) -> Consultation:
    """Where a dialogue stands, as its newest turn and brief say; while nobody has led that turn,
    nothing is ready. `origin` is who would be asked now, and counts where nobody was."""
    turn = _led_turns(conversation)[-1]
    reply = turn.reply or {}
    newest = conversation.briefs[-1] if conversation.briefs else Brief()
    # Turns of the predecessor have no reply, and a brief all the same.
    is_led = bool(reply) or newest.turn_number == turn.number
    brief = newest if is_led else Brief()
    spans = [Span(**phrase) for phrase in brief.phrases or []]
    transcript = transcript_of(conversation, finish=False)
    sandbox = is_sandbox(turn.response_id) if turn.response_id else origin == "sandbox"
    assumed = [Assumption(dimension="text", value=text) for text in reply.get("composed", [])]
    assumed += [
        Assumption(dimension=entry.dimension, value=entry.value)
        for entry in transcript.brief
        if entry.value not in {"", LEFT_OUT} and (entry.open or not entry.said)
    ]
    return Consultation(
        conversation_id=conversation.id,
        status="ready" if spans else "asking",
        reply=reply.get("reply", ""),
        language=reply.get("language") or conversation.language or "en",
        questions=[] if spans else _waiting(conversation, transcript),
        brief=[entry_of(entry, transcript) for entry in transcript.brief],
        completeness=_completeness(conversation, transcript, prompt_store),
        refined_prompt="".join(span.text for span in spans) if spans else None,
        provenance=spans,
        assumptions=assumed if spans else [],
        not_used=[NotUsed(**one) for one in reply.get("not_used", [])],
        lettering=reply.get("lettering", []) if spans else [],
        accounted=Accounted(**reply["accounted"]) if reply.get("accounted") else None,
        suggested=PictureSettings(**brief.suggested) if brief.suggested else None,
        origin="sandbox" if sandbox else "openai",
        notes=[*([SANDBOX_NOTE] if sandbox else []), *turn.notes],
        next_step=DRAW + BESIDE * bool(conversation.images) if spans else ASK if is_led else AGAIN,
    )


def _waiting(conversation: Conversation, transcript: Transcript) -> list[OpenQuestion]:
    """The questions that wait: those of the newest turn, and those overlooked before it."""
    waiting = {put.id for put in transcript.open_questions(transcript.brief)}
    newest = _led_turns(conversation)[-1].number
    return [
        question_of(row)
        for row in conversation.questions
        if row.label in waiting or row.turn_number == newest
    ]


def _led_turns(conversation: Conversation) -> list[Turn]:
    """The turns of the dialogue; the others are words that change a picture."""
    return [turn for turn in conversation.turns if turn.is_of_dialogue]


def completeness(
    brief: Iterable[BriefEntry], image_type: ImageType, styles: Sequence[StyleUse]
) -> tuple[int, list[str]]:
    """The share of the type's dimensions that are decided (0-100), and the others in order; who
    chose `styles` decided that one.

    The first dimension of a type counts most, the last least: of n they weigh n to 1.
    """
    known = {e.dimension for e in brief if not e.open and e.value and e.said}
    known |= {STYLE} if styles else set()
    names = list(image_type.dimensions)
    weights = {name: len(names) - place for place, name in enumerate(names)}
    share = sum(weight for name, weight in weights.items() if name in known)
    return round(100 * share / sum(weights.values())), [n for n in names if n not in known]


def _completeness(
    conversation: Conversation, transcript: Transcript, prompt_store: PromptStore
) -> Completeness | None:
    """How much is decided after the first turn and now; None where no model led a turn."""
    if conversation.mode == "skip" and not conversation.template:
        return None
    image_type = _type_of(conversation, prompt_store)
    share, missing = completeness(transcript.brief, image_type, transcript.styles)
    first = conversation.briefs[0].completeness if conversation.briefs else share
    return Completeness(first=first, now=share, missing=missing)


def _type_of(conversation: Conversation, prompt_store: PromptStore) -> ImageType:
    """What decides the dimensions: its template if that is there, else its image type."""
    if conversation.template:
        with suppress(PromptError):
            return prompt_store.library_template(conversation.template).as_type
    named = prompt_store.image_type(conversation.image_type)
    return named or prompt_store.image_types()[FALLBACK_TYPE]
