"""Have a model lead one turn: ask, check, send back once, keep the better answer whole."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from consultation.facilitator_request import (
    MORE_TOKENS,
    STYLES,
    TEMPLATE,
    ask,
    build_state,
    turn_request,
)
from consultation.preferences import Preference
from consultation.review import Review, complaint, review
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, UnusableAnswerError, parse_turn
from gateway.api_errors import GatewayError
from gateway.client import Gateway, Reply
from gateway.models import sent_back
from prompts.image_type import ImageType, fingerprint_of
from prompts.store import FALLBACK_TYPE, PromptStore
from settings import Origin, Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.tables import Conversation
from styles.style_use import StyleUse

TURN_SECONDS = 40
"""A turn with its second answer ends within this time: clients give a call up after 60 s,
and saving, searching and a slow network want the rest."""

SECOND_ANSWER_SECONDS = 6
"""Less than this left, and nobody is asked again: no model writes a turn faster."""

POOR = 1 / 3
"""The share of serious faults that may be left before the person hears of it."""

FEWEST_POOR = 2
"""Serious faults that are worth a note about the model; one may be a misjudgement of ours."""

POOR_NOTE = (
    "The facilitator did not keep well to what was said. A stronger model "
    "(IMAGE_CONSULTANT_FACILITATOR_MODEL) may, or dialogue_mode: skip draws the words as they are."
)


Failure = Literal["nobody", "unusable"]
"""Why nobody led a turn: the facilitator could not be asked, or what it said could not be used."""


@dataclass
class Outcome:
    """What a turn came to, whoever led it; `review` is None where nobody could.

    `styles` are those that a template's values name, None where they say nothing of styles.
    """

    image_type: ImageType
    review: Review | None = None
    failure: Failure | None = None
    styles: list[StyleUse] | None = None


class _Answer(NamedTuple):
    """One answer of the model, and what it comes to."""

    reply: Reply
    review: Review


@dataclass
class Facilitator:
    """The model that asks, on the wire."""

    settings: Settings
    gateway: Gateway
    records: Records
    prompt_store: PromptStore
    input_files: InputFiles

    @property
    def origin(self) -> Origin:
        """Who answers: `openai` or the `sandbox`."""
        return self.gateway.origin

    async def lead(
        self,
        conversation: Conversation,
        transcript: Transcript,
        preferences: list[Preference],
        dislikes: list[str],
    ) -> Outcome:
        """One turn on what was said; who led it, and how, is noted in its row.

        Raises a `Problem` where the owner or caller has to act.
        """
        turn = conversation.turns[-1]
        request, image_type = await asyncio.to_thread(  # it reads prompts, and pictures
            self._prepare, conversation, transcript, preferences, dislikes
        )
        ends = time.monotonic() + TURN_SECONDS
        first = await self._first(conversation, request, transcript, ends)
        if not isinstance(first, _Answer):
            return Outcome(image_type, failure=first)
        answers = [first]
        if first.review.must_go_back and ends - time.monotonic() > SECOND_ANSWER_SECONDS:
            again = sent_back(request, first.reply.text, complaint(first.review.faults))
            with suppress(GatewayError, UnusableAnswerError, TimeoutError):  # the first stands then
                answers.append(await self._ask(conversation, again, transcript, ends))
        best = min(reversed(answers), key=lambda answer: answer.review.weight)
        led = best.review.turn
        if not led.prompt.strip() and not _asks(led, transcript):  # neither, twice
            return Outcome(image_type, failure="unusable")
        turn.model, turn.response_id = best.reply.model, best.reply.response_id
        turn.notes = [*best.reply.notes, *_poor(answers, best), *turn.notes]
        turn.repairs = [_as_data(answer) for answer in answers if answer.review.faults]
        return Outcome(await asyncio.to_thread(self._type, led.image_type), best.review)

    def _prepare(
        self,
        conversation: Conversation,
        transcript: Transcript,
        preferences: list[Preference],
        dislikes: list[str],
    ) -> tuple[dict[str, Any], ImageType]:
        """The request for a turn, and the image type so far."""
        store, turn = self.prompt_store, conversation.turns[-1]
        types = store.image_types()
        instructions = store.render(TEMPLATE)
        used = {instructions.name: instructions.fingerprint, "image_types": fingerprint_of(types)}
        addition = ""
        if transcript.styles:
            styles = store.render(STYLES)
            used[styles.name], addition = styles.fingerprint, f"\n\n{styles.text}"
        request = turn_request(
            conversation,
            model=self.settings.facilitator_model,
            instructions=instructions,
            templates=used,
            addition=addition,
            state=build_state(conversation, transcript, types, preferences, dislikes),
            input_files=self.input_files,
        )
        turn.templates = used
        turn.notes = store.faults("consultation/", "image_types/", "wording/")
        return request, self._type(conversation.image_type)

    def _type(self, name: str) -> ImageType:
        """The image type of a name, or the one that fits anything."""
        return self.prompt_store.image_type(name) or self.prompt_store.image_types()[FALLBACK_TYPE]

    async def _first(
        self,
        conversation: Conversation,
        request: dict[str, Any],
        transcript: Transcript,
        ends: float,
    ) -> _Answer | Failure:
        """The first usable answer, or why there is none: one that was cut off or empty is asked for
        once more."""
        failure: Failure = "nobody"
        for tokens in (request["max_output_tokens"], MORE_TOKENS):
            try:
                fitting = {**request, "max_output_tokens": tokens}
                return await self._ask(conversation, fitting, transcript, ends)
            except UnusableAnswerError:
                failure = "unusable"
            except TimeoutError:
                break
            except GatewayError as error:
                if error.case in {"truncated", "empty", "unreadable"}:
                    failure = "unusable"
                elif error.unavailable:
                    turn = conversation.turns[-1]
                    turn.notes = [*turn.notes, str(error)]
                    break
                else:
                    raise
        return failure

    async def _ask(
        self,
        conversation: Conversation,
        request: dict[str, Any],
        transcript: Transcript,
        ends: float,
    ) -> _Answer:
        """One answer with its review. Raises `UnusableAnswerError` where it is no turn, and
        `TimeoutError` when the turn's time is over."""
        async with asyncio.timeout(ends - time.monotonic()):
            reply = await ask(request, conversation.id, self.gateway, self.records)
        # In a thread: of a very long message it takes a second.
        return _Answer(reply, await asyncio.to_thread(review, parse_turn(reply.text), transcript))


def _asks(turn: FacilitatorTurn, transcript: Transcript) -> bool:
    """Whether a turn leaves a question for the person, a new one or an earlier one."""
    return bool(
        turn.questions or transcript.open_questions(turn.brief, turn.chosen, turn.set_aside)
    )


def _poor(answers: list[_Answer], best: _Answer) -> list[str]:
    """A note where much of what was sent back is still wrong."""
    if len(answers) == 1 or not best.review.must_go_back:
        return []
    serious, left = answers[0].review.weight[0], best.review.weight[0]
    return [POOR_NOTE] if left >= FEWEST_POOR and left > POOR * serious else []


def _as_data(answer: _Answer) -> dict[str, Any]:
    """What was wrong with an answer, for the record."""
    faults = answer.review.faults
    return {
        "response_id": answer.reply.response_id,
        "sent_back": answer.review.must_go_back,
        "broken": [f"{fault.where}: {fault.advice}" for fault in faults],
        "rules": [fault.rule for fault in faults],
    }
