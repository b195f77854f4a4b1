"""Have GPT-4o lead one turn, and hold it to the promises.

A broken turn is sent back once with what is wrong. What is still broken then is mended
in code and the dialogue goes on, so a person never pays for nothing.
"""

from dataclasses import dataclass, field
from typing import Any

from consultation.errors import ConsultationError
from consultation.facilitator_request import TEMPLATE, build_request, send_back
from consultation.model_call import ask
from consultation.preferences import Liking
from consultation.provenance import Mended, keep_promises
from consultation.transcript import Said
from consultation.turn import FacilitatorTurn, Suggestion, parse_turn
from gateway.api_errors import GatewayError
from gateway.client import Gateway, Reply
from prompts.image_type import ImageType, fingerprint_of
from prompts.store import FALLBACK_TYPE, PromptStore
from settings import Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.tables import Conversation

MENDED_NOTE = (
    "The facilitator's answer did not keep to what was said; it was put right in code, and "
    "whatever could not be traced to the person is marked as an assumption."
)
SILENT_NOTE = (
    "The facilitator could not be asked, so the prompt is the person's own words. To have the "
    "dialogue after all, send the words again later."
)
UNUSABLE_NOTE = (
    "The facilitator's answers could not be used, so the prompt is the person's own words."
)


@dataclass
class Heard:
    """A turn that keeps the promises, and how it came about."""

    turn: FacilitatorTurn
    image_type: ImageType
    model: str
    response_id: str
    sandbox: bool
    templates: dict[str, str]
    notes: list[str]
    repairs: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class _Attempt:
    """One answer of the model: what could be made of it."""

    reply: Reply
    mended: Mended | None
    image_type: ImageType
    broken: list[str]

    @property
    def as_data(self) -> dict[str, Any]:
        trimmed = self.mended.trimmed if self.mended else []
        return {"response_id": self.reply.response_id, "broken": self.broken, "trimmed": trimmed}


class Facilitator:
    """The model that asks, on the wire."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        records: Records,
        prompt_store: PromptStore,
        inputs: InputFiles,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._prompt_store = prompt_store
        self._inputs = inputs

    @property
    def origin(self) -> str:
        """Who answers: `openai` or the `sandbox`."""
        return self._gateway.origin

    async def hear(self, conversation: Conversation, said: Said, likings: list[Liking]) -> Heard:
        """One turn on what was said. Raises a `Problem` where the model cannot be asked."""
        types = self._prompt_store.image_types()
        told = self._prompt_store.render(
            TEMPLATE, mode=conversation.mode, image_types=list(types.values())
        )
        used = {told.name: told.fingerprint, "image_types": fingerprint_of(types)}
        faults = self._prompt_store.faults("consultation/", "image_types/")
        request = build_request(
            conversation,
            model=self._settings.facilitator_model,
            told=told,
            templates=used,
            finish=said.finish,
            inputs=self._inputs,
            likings=likings,
        )
        try:
            attempts = [await self._ask(conversation, request, said, types)]
        except GatewayError as error:
            if not error.unavailable:
                raise
            return _unheard(conversation, said, types[FALLBACK_TYPE], error, faults)
        if attempts[0].broken:
            attempts += await self._ask_again(conversation, request, attempts[0], said, types)
        best = next((one for one in reversed(attempts) if one.mended), attempts[-1])
        mended = best.mended or keep_promises(_nothing_heard(conversation), said, best.image_type)
        return Heard(
            turn=mended.turn,
            image_type=best.image_type,
            model=best.reply.model,
            response_id=best.reply.response_id,
            sandbox=best.reply.sandbox,
            templates=used,
            notes=[*best.reply.notes, *_notes(best), *faults],
            repairs=[one.as_data for one in attempts if one.broken or one.as_data["trimmed"]],
        )

    async def _ask(
        self,
        conversation: Conversation,
        request: dict[str, Any],
        said: Said,
        types: dict[str, ImageType],
    ) -> _Attempt:
        reply = await ask(request, conversation.id, self._gateway, self._records)
        try:
            turn = parse_turn(reply.text)
        except ConsultationError as error:
            return _Attempt(reply, None, types[FALLBACK_TYPE], [str(error)])
        image_type = types.get(turn.image_type) or types[FALLBACK_TYPE]
        mended = keep_promises(turn, said, image_type)
        return _Attempt(reply, mended, image_type, mended.broken)

    async def _ask_again(
        self,
        conversation: Conversation,
        request: dict[str, Any],
        first: _Attempt,
        said: Said,
        types: dict[str, ImageType],
    ) -> list[_Attempt]:
        """The second answer, or none where asking failed: the first is mended then."""
        again = send_back(request, first.reply.text, first.broken)
        try:
            return [await self._ask(conversation, again, said, types)]
        except GatewayError:
            if first.mended is None:
                raise
            return []


def _unheard(
    conversation: Conversation,
    said: Said,
    fallback: ImageType,
    error: GatewayError,
    faults: list[str],
) -> Heard:
    """The words as they are, where nobody answers: a fallback that costs nothing."""
    return Heard(
        turn=keep_promises(_nothing_heard(conversation), said, fallback).turn,
        image_type=fallback,
        model="",
        response_id="",
        sandbox=False,
        templates={},
        notes=[f"{error} {SILENT_NOTE}", *faults],
    )


def _notes(attempt: _Attempt) -> list[str]:
    if attempt.mended is None:
        return [UNUSABLE_NOTE]
    return [MENDED_NOTE] if attempt.broken else []


def _nothing_heard(conversation: Conversation) -> FacilitatorTurn:
    """A turn without anything of the model's: what was decided before stays."""
    last = conversation.briefs[-1] if conversation.briefs else None
    return FacilitatorTurn.model_validate(
        {
            "language": conversation.language,
            "title": conversation.title or conversation.turns[0].words[:60],
            "image_type": conversation.image_type or FALLBACK_TYPE,
            "brief": last.entries if last else [],
            "answered": [],
            "questions": [],
            "ready": True,
            "phrases": [],
            "suggested": Suggestion(
                size="", quality="", background="", output_format=""
            ).model_dump(),
        }
    )
