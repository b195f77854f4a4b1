"""Put questions as a form, where the client is known to show one or the setting says so.

Clients of the legacy era are asked in the middle of a call; those of 2026-07-28 get an
`input_required` result and make the call again with the answers. A client that does
not answer in time, declines, or has no forms gets the questions as text, as ever.
"""

import asyncio
from collections.abc import Container
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fastmcp import Context
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

from app import App

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from consultation.turn import OpenQuestion
    from prompts.wording import Wording

FIRST_MODERN = "2026-07-28"
"""The first protocol version with `input_required` results."""
FIRST_TITLED = "2025-11-25"
"""The first in which a choice has its options as `oneOf`: to a client of before such a question is
a line of text, its options nowhere."""

FORM = "answers"
OWN_WORDS = "own_words"
"""The field for what no option says, to whichever question."""

CLIENTS = (
    "claude-code",  # its release notes, 2026-11; the others the protocol's list, 2026-05
    "Visual Studio Code", "Visual Studio Code - Insiders", "cursor-vscode", "codex-mcp-client",
    "github-copilot-developer",
)  # fmt: skip
"""What clients call themselves that put a form before the person. Others may declare forms and hang
on them."""

Schema = dict[str, Any]


class FormReply(NamedTuple):
    """A form that came back: its conversation, and what was filled in where it was sent off."""

    conversation_id: str
    content: dict[str, str] | None


async def read_reply(ctx: Context, app: App) -> FormReply | None:
    """The form that came back with a call, if one did."""
    if ctx.input_responses is None or ctx.request_state is None:
        return None
    response: Any = ctx.input_responses.get(FORM)
    if response is None or response.action != "accept":
        return FormReply(ctx.request_state, None)
    conversation = await app.records.load(ctx.request_state)
    labels = {question.label for question in conversation.questions}
    return FormReply(conversation.id, _filled_in(response.content, labels))


async def ask(
    ctx: Context, app: App, consultation: "Consultation", reply: FormReply | None
) -> "Consultation | InputRequiredResult":
    """Where the dialogue stands once no form is left to show; for modern clients the next form.

    A form that came back with this very call and says nothing is not put again.
    """
    if (reply is not None and reply.content is None) or not _shows(ctx, app.settings.elicitation):
        return consultation
    while consultation.status == "asking":
        form = _form(ctx, app, consultation)
        if _version(ctx) >= FIRST_MODERN:
            return InputRequiredResult(
                result_type="input_required",
                input_requests={FORM: ElicitRequest(method="elicitation/create", params=form)},
                request_state=consultation.conversation_id,
            )
        content = await _elicit(ctx, form, app.settings.wait_seconds)
        if content is None:
            break
        consultation = await answer(app, FormReply(consultation.conversation_id, content))
    return consultation


async def answer(app: App, reply: FormReply) -> "Consultation":
    """The turn that a form makes. Where it was not sent off, where the dialogue stands."""
    if reply.content is None:
        return app.consultant.recall(await app.records.load(reply.conversation_id))
    answers = [
        {"question_id": name, "answer": words}
        for name, words in reply.content.items()
        if name != OWN_WORDS
    ]
    return await app.consultant.consult(
        reply.content.get(OWN_WORDS, ""), conversation_id=reply.conversation_id, answers=answers
    )


def _shows(ctx: Context, setting: Literal["auto", "on", "off"]) -> bool:
    """Whether the client is to show forms: it has to declare them, and `auto` to be known."""
    session = ctx.session
    declared = session.client_capabilities and session.client_capabilities.elicitation
    if setting == "off" or not declared or (declared.url and not declared.form):
        return False
    client = session.client_params and session.client_params.client_info
    return setting == "on" or bool(client and client.name in CLIENTS)


def _version(ctx: Context) -> str:
    """The protocol version of a call; they are dates."""
    return ctx.request_context.protocol_version if ctx.request_context else ""


async def _elicit(
    ctx: Context, form: ElicitRequestFormParams, seconds: float
) -> dict[str, str] | None:
    """Ask a legacy client and wait; None where no filled form came back in time.

    A form that a client cannot show, or fills in wrongly, does not lose the turn that is paid for.
    """
    try:
        async with asyncio.timeout(seconds):
            response = await ctx.session.elicit_form(
                form.message, form.requested_schema, related_request_id=ctx.request_id
            )
    except (TimeoutError, MCPError, ValueError):
        return None
    if response.action != "accept":
        return None
    return _filled_in(response.content, form.requested_schema["properties"])


def _form(ctx: Context, app: App, consultation: "Consultation") -> ElicitRequestFormParams:
    """The open questions, and a field for own words, in the person's language."""
    wording = app.prompt_store.wording(consultation.language)
    titled = _version(ctx) >= FIRST_TITLED
    fields = {one.id: _field(one, wording, titled=titled) for one in consultation.questions}
    own_words = {"type": "string", "title": wording.own_words}
    return ElicitRequestFormParams(
        message=consultation.reply or consultation.questions[0].text,
        requested_schema={"type": "object", "properties": {**fields, OWN_WORDS: own_words}},
    )


def _field(question: "OpenQuestion", wording: "Wording", *, titled: bool) -> Schema:
    """A question as a choice of its options, or as a text where it has none.

    The default is marked and not chosen beforehand: what nobody chose was not said by the person.
    """
    field: Schema = {"type": "string", "title": question.text}
    if question.why:
        field["description"] = question.why
    titles = {
        option: f"{option} ({wording.default})" if option == question.default else option
        for option in question.options
    }
    if not titles:
        return field
    if titled:
        choices = [{"const": option, "title": title} for option, title in titles.items()]
        return {**field, "oneOf": choices}
    return {**field, "enum": [*titles], "enumNames": [*titles.values()]}


def _filled_in(content: Any, labels: Container[str]) -> dict[str, str] | None:
    """What a form holds in the fields of these questions and in that for own words; None where
    that is nothing: an answer to what was never asked would lose the turn that is paid for."""
    fields = dict(content or {})
    return {
        name: value.strip()
        for name, value in fields.items()
        if (name in labels or name == OWN_WORDS) and isinstance(value, str) and value.strip()
    } or None
