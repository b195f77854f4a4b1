"""Apply styles to words or to a conversation: one turn in which what they say is material."""

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from consultation.consultant import Consultant
from consultation.consultation_result import Consultation, MixAnswer, StyleApplication
from consultation.consultation_text import as_text
from consultation.transcript import ConsultationError
from prompts.wording import Wording
from settings import Origin
from storage.records import Records
from storage.stamps import is_meant_as
from storage.tables import Conversation
from styles.strength import ASPECTS, WHOLE, Aspect, StyleShare
from styles.style_mix import Contradiction, MixPart, answers_to, contradiction, mix
from styles.style_store import StyleStore
from styles.style_use import REF, StyleUse

ASK = (
    "Put the question to the person, then call again with the styles that belong to their answer, "
    "under choices. Nothing was charged for it."
)
NOT_APPLIED = (
    "The style was not applied, and the prompt is as it was. openai_conversational_image with "
    "style and dialogue_mode: skip sends what the style says beside the words."
)
OF_TEMPLATE = (
    "This conversation fills a template, whose text is the prompt, so no style is written into it."
)
OF_PICTURE = "to is the id of a picture, and a style is written into the prompt of a conversation."
FROM_PICTURE = (
    "Pass its conversation_id. To have the picture itself in the style, call "
    "openai_conversational_image with from_image and style, which is paid for."
)
ALONG = "Sample pictures of the style {name} that go along with the drawing: {count}."
BESIDE = "Draw it with style: what the style says goes along beside the prompt then."


@dataclass
class StyleDialogue:
    """Applies the styles of one installation."""

    consultant: Consultant
    records: Records
    style_store: StyleStore

    async def apply(
        self,
        shares: Sequence[StyleShare],
        to: str,
        *,
        strength: int,
        aspects: Collection[Aspect] = ASPECTS,
    ) -> StyleApplication:
        """The prompt of `to`, a conversation's id or words, in these styles; nothing is drawn.

        Where nobody leads the turn a conversation stays as it was. Raises a `Problem`.
        """
        if is_meant_as("img", to):
            raise ConsultationError(OF_PICTURE, FROM_PICTURE, charged="no")
        parts = await asyncio.to_thread(self.parts, shares, aspects)
        if question := contradiction(parts, strength):
            return _asked(question, parts, self.consultant.facilitator.origin)
        styles = mix(parts, strength)
        if not styles:
            raise ConsultationError(
                f"Nothing of these aspects is in {' and '.join(share.name for share in shares)}.",
                "Leave aspects out, or name others.",
                charged="no",
            )
        if not is_meant_as("conv", to):
            consultation = await self.consultant.consult(to, styles=styles, finish=True)
        else:
            consultation = await self._go_on(await self.records.load(to), styles)
        return await self._result(consultation, styles)

    def parts(self, shares: Sequence[StyleShare], aspects: Collection[Aspect]) -> list[MixPart]:
        """The styles as they are wanted. Raises `PromptError` for a missing or broken one."""
        return [
            MixPart(
                self.style_store.style(share.name),
                share.weight,
                [name for name in share.aspects or ASPECTS if name in aspects],
            )
            for share in shares
        ]

    async def _go_on(self, conversation: Conversation, styles: Sequence[StyleUse]) -> Consultation:
        """A turn that brings nothing but styles; it ends where the dialogue had ended before."""
        if conversation.template:
            raise ConsultationError(OF_TEMPLATE, BESIDE, charged="no")
        skips = conversation.mode == "skip"
        has_prompt = bool(conversation.briefs and conversation.briefs[-1].phrases)
        return await self.consultant.consult(
            "",
            conversation_id=conversation.id,
            mode="guided" if skips else None,
            styles=styles,
            finish=skips or has_prompt,
        )

    async def _result(
        self, consultation: Consultation, styles: Sequence[StyleUse]
    ) -> StyleApplication:
        conversation = await self.records.load(consultation.conversation_id)
        newest = conversation.turns[-1]
        if not (newest.reply and newest.style_uses == [use.model_dump() for use in styles]):
            before = self.consultant.recall(conversation) if conversation.briefs else consultation
            notes = [*consultation.notes, NOT_APPLIED]
            return _application(before, reply=consultation.reply, notes=notes)
        gave_way = [one for one in consultation.not_used if one.ref.startswith(REF)]
        samples = [
            ALONG.format(name=use.name, count=len(use.samples)) for use in styles if use.samples
        ]
        return _application(
            consultation,
            not_used=[one for one in consultation.not_used if one not in gave_way],
            styles=[*styles],
            gave_way=gave_way,
            notes=[*style_notes(consultation, styles), *samples, *consultation.notes],
        )


def _application(consultation: Consultation, **changes: Any) -> StyleApplication:
    return StyleApplication(**{**dict(consultation), **changes})


def _asked(question: Contradiction, parts: Sequence[MixPart], origin: Origin) -> StyleApplication:
    """What is asked where a picture cannot be both."""
    one, other = question
    answers = answers_to(question, parts)
    return StyleApplication(
        status="asking",
        question=f"The medium of {one.style.name} is “{one.words['medium']}”, that of "
        f"{other.style.name} “{other.words['medium']}”; a picture is one of them. Which?",
        options=[*answers],
        choices=[MixAnswer(option=option, styles=shares) for option, shares in answers.items()],
        origin=origin,
        next_step=ASK,
    )


def application_text(result: StyleApplication, wording: Wording) -> str:
    """All of it in words: where the dialogue stands, and what came from which style."""
    if result.question:
        choices = [
            f"- {one.option}: {json.dumps([share.model_dump() for share in one.styles])}"
            for one in result.choices
        ]
        parts = [question_of_mix(result), result.next_step, "\n".join(["choices:", *choices])]
        return "\n\n".join(parts)
    return as_text(result, wording)


def question_of_mix(result: StyleApplication) -> str:
    """What is asked, with its options."""
    return "\n".join([result.question, *(f"- {option}" for option in result.options)])


CHOSEN = (
    "The style {name} is chosen, at strength {strength}: what it says goes into the prompt where "
    "your own words do not say otherwise."
)
WENT_IN = "Of the style {name} went into the prompt, at strength {strength}: {lines}."
GAVE_WAY = "Of the style {name} gave way to your own words: {lines}."
NO_PLACE = "Of the style {name} found no place in the prompt: {lines}."


def style_notes(result: Consultation, styles: Sequence[StyleUse]) -> list[str]:
    """What of the styles of a dialogue is in its prompt, and what is not; while it asks, that they
    are chosen, and what of them gives way already."""
    return [note for use in styles for note in _notes_of(use, result)]


def _notes_of(use: StyleUse, result: Consultation) -> Iterator[str]:
    name = use.name if use.weight == WHOLE else f"{use.name} ({use.weight} %)"
    said = [one.quote for span in result.provenance for one in span.said if one.ref == use.ref]
    if result.refined_prompt is None:
        yield CHOSEN.format(name=name, strength=use.strength)
    elif lines := _lines_of(use, said):
        yield WENT_IN.format(name=name, strength=use.strength, lines=lines)
    lost = [one for one in result.not_used if one.ref == use.ref]
    if lines := _lines_of(use, [one.quote for one in lost if one.why != "unplaced"]):
        yield GAVE_WAY.format(name=name, lines=lines)
    if lines := _lines_of(use, [one.quote for one in lost if one.why == "unplaced"]):
        yield NO_PLACE.format(name=name, lines=lines)


def _lines_of(use: StyleUse, quotes: Sequence[str]) -> str:
    """What quotes have of a style, by what it is about."""
    parts = {
        about: ", ".join(dict.fromkeys(quote for quote in quotes if quote in line))
        for about, line in use.lines.items()
    }
    return "; ".join(f"{about}: {words}" for about, words in parts.items() if words)
