"""Put questions as a form, where the client offers forms and the setting allows it.

Clients of the legacy era are asked in the middle of a call; those of 2026-07-28 get an
`input_required` result and make the call again with the answers. A client that does
not answer in time, declines, or has no forms gets the questions as text, as ever.
"""

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from fastmcp import Context
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult
from pydantic import BaseModel, Field, create_model

from app import App

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation, OpenQuestion

FIRST_MODERN = "2026-07-28"
"""The first protocol version with `input_required` results."""
FORM = "answers"
TITLE = "A few questions decide the picture. Own words are welcome in every field."

Answers = list[dict[str, str]]


class FormReply(NamedTuple):
    """A form that came back: its conversation, and the answers where the person sent it off."""

    conversation_id: str
    answers: Answers | None


def read_reply(ctx: Context) -> FormReply | None:
    """The form that came back with a call, if one did."""
    if ctx.input_responses is None or ctx.request_state is None:
        return None
    response: Any = ctx.input_responses.get(FORM)
    if response is None or response.action != "accept":
        return FormReply(ctx.request_state, None)
    return FormReply(ctx.request_state, _answers(dict(response.content or {})))


async def ask(
    ctx: Context, app: App, consultation: "Consultation"
) -> "Consultation | InputRequiredResult":
    """Where the dialogue stands once no form is left to show; for modern clients the next form.

    A form that was declined with this very call is not put again.
    """
    reply = read_reply(ctx)
    if app.settings.elicitation == "off" or (reply is not None and reply.answers is None):
        return consultation
    while consultation.status == "asking" and _shows_forms(ctx):
        if _is_modern(ctx):
            return _input_required(consultation)
        answers = await _elicit(ctx, consultation, app.settings.wait_seconds)
        if answers is None:
            break
        consultation = await answer(app, FormReply(consultation.conversation_id, answers))
    return consultation


async def answer(app: App, reply: FormReply) -> "Consultation":
    """The turn that a form's answers make. Without answers, where the dialogue stands."""
    if reply.answers is None:
        return app.consultant.recall(await app.records.load(reply.conversation_id))
    return await app.consultant.consult(
        "", conversation_id=reply.conversation_id, answers=reply.answers
    )


def _shows_forms(ctx: Context) -> bool:
    capabilities = ctx.session.client_capabilities
    return bool(capabilities and capabilities.elicitation)


def _is_modern(ctx: Context) -> bool:
    request = ctx.request_context
    return bool(request and request.protocol_version >= FIRST_MODERN)


def _input_required(consultation: "Consultation") -> InputRequiredResult:
    form = ElicitRequest(
        method="elicitation/create",
        params=ElicitRequestFormParams(
            message=TITLE, requested_schema=_form(consultation.questions).model_json_schema()
        ),
    )
    return InputRequiredResult(
        result_type="input_required",
        input_requests={FORM: form},
        request_state=consultation.conversation_id,
    )


async def _elicit(ctx: Context, consultation: "Consultation", seconds: float) -> Answers | None:
    """Ask a legacy client and wait; None where no filled form came back in time.

    A form that a client cannot show, or fills in wrongly, does not lose the turn that is paid for.
    """
    try:
        async with asyncio.timeout(seconds):
            response = await ctx.elicit(TITLE, response_type=_form(consultation.questions))
    except (TimeoutError, MCPError, ValueError):
        return None
    if response.action != "accept":
        return None
    return _answers(response.data.model_dump())


def _form(questions: "list[OpenQuestion]") -> type[BaseModel]:
    fields: dict[str, Any] = {
        question.id: (
            str,
            Field(
                default=question.default,
                title=question.text,
                description=f"{question.why} {' / '.join(question.options)}".strip(),
            ),
        )
        for question in questions
    }
    return create_model("Answers", **fields)


def _answers(content: dict[str, Any]) -> Answers | None:
    answers = [
        {"question_id": name, "answer": str(value)}
        for name, value in content.items()
        if str(value).strip()
    ]
    return answers or None
