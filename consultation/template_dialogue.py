"""Lead one turn of a dialogue that follows a template.

Values that came by name fill parameters as they are; only other words are read by the
model that leads dialogues. Questions and prompt are the template's own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from consultation.coverage import Coverage, Leftover
from consultation.facilitator import TURN_SECONDS, Outcome
from consultation.facilitator_request import ask, turn_request
from consultation.quotes import statements_of
from consultation.review import Review
from consultation.template_values import TemplateValues
from consultation.transcript import Transcript
from consultation.turn import FILLING_NAME, FacilitatorTurn, Filling, Quote, response_format
from consultation.words import words_of
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from prompts.library_template import LibraryTemplate, file_of
from prompts.parameter import LEFT_OUT
from prompts.store import PromptStore
from prompts.template_names import suggest
from settings import Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.stamps import title_of
from storage.tables import Conversation
from styles.strength import DEFAULT_STRENGTH
from styles.style_mix import MixPart, mix
from styles.style_store import StyleStore
from styles.style_use import StyleUse

FILL = "consultation/fill"

UNREAD_NOTE = "The words were not read into the template; they are kept as they were said."
NO_PLACE_NOTE = (
    "The template has no place for some of your words. Say them as a change once the picture is "
    "drawn, or begin without the template."
)
STYLED = "The style {style} goes along with the drawing at strength {strength}, beside the prompt."
LONGEST_TITLE = 60
"""Letters of a title, so that a list of conversations keeps to one line each."""

OFFER = (
    "There is a template for this: {name}. {description} To use it, pass template='{name}' with "
    "this conversation_id; nothing of it is used otherwise."
)


@dataclass
class TemplateDialogue:
    """Leads dialogues along templates of the library."""

    settings: Settings
    gateway: Gateway
    records: Records
    prompt_store: PromptStore
    input_files: InputFiles
    style_store: StyleStore

    def suggestion(self, idea: str) -> list[str]:
        """A sentence on the template that an idea speaks of, if it speaks of one."""
        fitting = suggest(idea, self.prompt_store.library_templates().values())
        if fitting is None:
            return []
        return [OFFER.format(name=fitting.name, description=fitting.description)]

    async def lead(
        self,
        conversation: Conversation,
        transcript: Transcript,
        allow: Callable[[], Awaitable[None]],
    ) -> Outcome:
        """One turn on what was said. Raises a `Problem` where the owner or caller has to act.

        `allow` raises where asking the model would cost too much.
        """
        template = await asyncio.to_thread(
            self.prompt_store.library_template, conversation.template
        )
        file = file_of(template.name, template.category)
        *before, turn = conversation.turns
        turn.templates = {file: template.text.fingerprint}
        follows = any(file in one.templates for one in before)
        values = TemplateValues(conversation, template, transcript, follows=follows)
        unread = values.take_answers()
        more = values.says_more(turn) or unread or (before and not follows)
        filling = None
        if more and conversation.mode != "skip":
            await allow()
            filling = await self._read(conversation, values)
        if filling:
            values.take_filling(filling)
        elif more and turn.words.strip():
            values.take_unread(Quote(ref=transcript.newest, quote=turn.words))
        values.keep_rest(is_read=bool(filling) or not more)
        besides = [NO_PLACE_NOTE] if values.besides else []
        outcome = Outcome(template.as_type, _review(conversation, values, filling))
        outcome.styles = await asyncio.to_thread(self._styles, values)
        styled = [
            STYLED.format(style=use.name, strength=use.strength)
            for use in outcome.styles or []
            if outcome.review and outcome.review.turn.prompt
        ]
        faults = self._faults(template)
        turn.notes = [*turn.notes, *values.notes, *besides, *styled, *faults]
        return outcome

    def _styles(self, values: TemplateValues) -> list[StyleUse] | None:
        """The style that a value names; nothing while none of them does."""
        template = values.template
        entry = values.entries.get(template.style_parameter)
        if entry is None:
            return None
        if entry.value == LEFT_OUT:
            return []
        strength = template.parameters[entry.dimension].strength
        style = self.style_store.style(entry.value)
        return mix([MixPart(style)], DEFAULT_STRENGTH if strength is None else strength)

    async def _read(self, conversation: Conversation, values: TemplateValues) -> Filling | None:
        """What the words say, as a model reads them; nothing where none can be asked."""
        turn = conversation.turns[-1]
        instructions = self.prompt_store.render(FILL)
        turn.templates = {**turn.templates, instructions.name: instructions.fingerprint}
        request = await asyncio.to_thread(  # it reads pictures of the person
            turn_request,
            conversation,
            model=self.settings.facilitator_model,
            instructions=instructions,
            templates=turn.templates,
            state=_state(values),
            input_files=self.input_files,
            answer=response_format(Filling, FILLING_NAME),
            temperature=0,
        )
        try:
            async with asyncio.timeout(TURN_SECONDS):
                reply = await ask(request, conversation.id, self.gateway, self.records)
            turn.model, turn.response_id, turn.notes = reply.model, reply.response_id, reply.notes
            return Filling.model_validate_json(reply.text)
        except GatewayError as error:
            if not error.unavailable:
                raise
            turn.notes = [f"{error} {UNREAD_NOTE}"]
        except (TimeoutError, ValidationError):
            turn.notes = [*turn.notes, UNREAD_NOTE]
        return None

    def _faults(self, template: LibraryTemplate) -> list[str]:
        """What is wrong with own files that this dialogue would use."""
        faults = self.prompt_store.faults("library/", f"{FILL}.")
        return [told for told in faults if f"/{template.name}.yaml" in told or FILL in told]


def _state(values: TemplateValues) -> dict[str, Any]:
    """Where the dialogue stands, for the model that reads words into the template."""
    waiting = [put for put in values.transcript.questions if put.dimension not in values.entries]
    return {
        "template": values.template.name,
        "about": values.template.description,
        "parameters": values.as_data(),
        "open_questions": [{"id": put.id, "dimension": put.dimension} for put in waiting],
        "answers": dict(values.transcript.answers),
    }


def _review(conversation: Conversation, values: TemplateValues, filling: Filling | None) -> Review:
    """The turn as a facilitator's would come out: questions, or the template's own text."""
    template, transcript = values.template, values.transcript
    unplaced = frozenset(wish.ref for wish in values.besides)
    transcript = replace(transcript, unplaced=unplaced)
    messages = transcript.messages
    asking = [] if conversation.mode == "skip" else values.questions()
    reply = filling.reply.strip() if filling else ""
    ends = transcript.finish or (filling and filling.left_to_us.strip())
    # What words leave unanswered stays open, such as a question that was answered with another.
    waiting = transcript.open_questions(values.entries.values(), values.chosen, values.set_aside)
    waits = filling and not ends and waiting
    asking = [] if waits or ends else asking
    is_ready = not (asking or waits)
    if is_ready:
        values.assume_rest()
    spans = values.spans() if is_ready else []
    title = (filling.title.strip() if filling else "") or conversation.title
    first = next(iter(messages.values()), template.title)
    turn = FacilitatorTurn(
        language=(filling.language if filling else "") or conversation.language or "en",
        title=title_of(title or first, LONGEST_TITLE),
        image_type=template.image_type,
        reply=reply,
        prompt="".join(span.text for span in spans),
        brief=list(values.entries.values()),
        chosen=values.chosen,
        questions=asking,
        set_aside=values.set_aside,
    )
    joined = turn.model_copy(update={"chosen": [*turn.chosen, *transcript.choices]})
    statements = statements_of(joined, transcript)
    return Review(
        turn=turn,
        spans=spans,
        leftovers=[
            Leftover(wish.ref, wish.quote, False, len(words_of(wish.quote)), refuses=False)
            for wish in values.besides
        ],
        set_aside=[*turn.set_aside, *(e for e in transcript.set_aside if e not in turn.set_aside)],
        counts=Coverage(joined, transcript, statements, statements.brief).counts,
    )
