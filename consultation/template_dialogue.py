"""Lead one turn of a dialogue that follows a template.

Answers that come by id fill parameters as they are; only other words are read by the
model that leads dialogues. Questions and prompt are the template's own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from consultation import template_values as taking
from consultation.facilitator import Heard
from consultation.model_call import ask
from consultation.provenance import keep_promises
from consultation.template_request import FILL, build_filling, parse_filling
from consultation.template_turn import draft_turn
from consultation.template_values import Taken
from consultation.transcript import Said
from consultation.turn import FacilitatorTurn, Filling
from gateway.api_errors import GatewayError
from gateway.client import Gateway, Reply
from prompts.library_template import LibraryTemplate, file_of, suggest
from prompts.store import PromptStore
from settings import Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.tables import Conversation

UNREAD_NOTE = "The words were not read into the template; they are kept as they were said."


class Follower:
    """Leads dialogues along templates of the library."""

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

    def template(self, name: str) -> LibraryTemplate:
        """A template by its name. Raises a `Problem` that names those that there are."""
        return self._prompt_store.library_template(name)

    def suggestion(self, idea: str) -> list[str]:
        """A sentence on the template that an idea speaks of, if it speaks of one."""
        fitting = suggest(idea, self._prompt_store.library_templates().values())
        if fitting is None:
            return []
        return [
            f"There is a template for this: {fitting.name}. {fitting.description} To use it, pass "
            f"template='{fitting.name}' with this conversation_id; nothing of it is used otherwise."
        ]

    async def hear(
        self, conversation: Conversation, said: Said, allow: Callable[[], Awaitable[None]]
    ) -> Heard:
        """One turn on what was said. Raises a `Problem` where the model cannot be asked.

        `allow` raises where asking it would cost too much.
        """
        template = self.template(conversation.template)
        used = {file_of(template.name, template.category): template.text.fingerprint}
        *before, turn = conversation.turns
        follows = any(used.keys() & one.templates.keys() for one in before)
        taken = taking.taken_before(conversation, template, follows=follows)
        taking.take_given(taken, turn, template, said)
        reply, filling = None, None
        if taking.says_more(turn, template) or (before and not follows):
            if conversation.mode != "skip":
                await allow()
                reply, filling = await self._read(conversation, template, taken, said, used)
            if filling:
                taking.take_read(taken, filling, template, said)
            else:
                taking.take_unread(taken, turn, template)
        draft = draft_turn(conversation, template, taken, said, filling)
        return self._kept(draft, template, taken, said, reply=reply, used=used)

    def _kept(
        self,
        draft: FacilitatorTurn,
        template: LibraryTemplate,
        taken: Taken,
        said: Said,
        *,
        reply: Reply | None,
        used: dict[str, str],
    ) -> Heard:
        """The turn, held to the same promises as one of the facilitator's."""
        answers = {item.question_id: item.answer for item in taken.answered}
        said = replace(said, answers=said.answers | answers)
        mended = keep_promises(draft, said, template.as_type)
        repairs = [{"broken": mended.broken, "trimmed": mended.trimmed}] if mended.broken else []
        return Heard(
            turn=mended.turn,
            image_type=template.as_type,
            model=reply.model if reply else "",
            response_id=reply.response_id if reply else "",
            sandbox=self._gateway.origin == "sandbox",
            templates=used,
            notes=[*(reply.notes if reply else []), *taken.notes, *self._faults(template)],
            repairs=repairs,
        )

    async def _read(
        self,
        conversation: Conversation,
        template: LibraryTemplate,
        taken: Taken,
        said: Said,
        used: dict[str, str],
    ) -> tuple[Reply | None, Filling | None]:
        """What the words say, as a model reads them; nothing where none can be asked."""
        told = self._prompt_store.render(FILL)
        used[told.name] = told.fingerprint
        request = build_filling(
            conversation,
            model=self._settings.facilitator_model,
            told=told,
            templates=used,
            template=template,
            values={name: entry.value for name, entry in taken.entries.items()},
            waiting=[
                {"id": label, "dimension": said.asked[label]}
                for label in taking.still_open(taken, said)
            ],
            inputs=self._inputs,
        )
        try:
            reply = await ask(request, conversation.id, self._gateway, self._records)
        except GatewayError as error:
            if not error.unavailable:
                raise
            taken.notes.append(f"{error} {UNREAD_NOTE}")
            return None, None
        filling = parse_filling(reply.text)
        if filling is None:
            taken.notes.append(UNREAD_NOTE)
        return reply, filling

    def _faults(self, template: LibraryTemplate) -> list[str]:
        """What is wrong with own files that this dialogue would use."""
        faults = self._prompt_store.faults("library/", f"{FILL}.")
        return [told for told in faults if f"/{template.name}.yaml" in told or FILL in told]
