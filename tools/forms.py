"""Put questions as a form, where the client offers forms and the setting allows it.

Clients of the legacy era are asked in the middle of a call; those of 2026-07-28 get an
`input_required` result and make the call again with the answers. A client that does
not answer in time, declines, or has no forms gets the questions as text, as ever.
"""

import asyncio
from typing import Any

from fastmcp import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult
from pydantic import BaseModel, Field, create_model

from consultation.consultation_result import Consultation, Question

MODERN = "2026-07-28"
FORM = "answers"
TITLE = "A few questions decide the picture. Own words are welcome in every field."

Answers = list[dict[str, str]]


def offers_forms(ctx: Context) -> bool:
    """Whether the client declared that it shows forms."""
    capabilities = ctx.session.client_capabilities
    return bool(capabilities and capabilities.elicitation)


def is_modern(ctx: Context) -> bool:
    """Whether the client takes `input_required` results."""
    request = ctx.request_context
    return bool(request and request.protocol_version >= MODERN)


def returned(ctx: Context) -> tuple[str, Answers | None] | None:
    """A form that came back with this call: its conversation, and the answers if it was filled."""
    if ctx.input_responses is None or ctx.request_state is None:
        return None
    response: Any = ctx.input_responses.get(FORM)
    if response is None or response.action != "accept":
        return ctx.request_state, None
    return ctx.request_state, _answers(dict(response.content or {}))


def form_result(asked: Consultation) -> InputRequiredResult:
    """The questions as an `input_required` result."""
    form = ElicitRequest(
        method="elicitation/create",
        params=ElicitRequestFormParams(
            message=TITLE, requested_schema=_form(asked.questions).model_json_schema()
        ),
    )
    return InputRequiredResult(
        result_type="input_required",
        input_requests={FORM: form},
        request_state=asked.conversation_id,
    )


async def ask(ctx: Context, asked: Consultation, seconds: float) -> Answers | None:
    """Ask a legacy client and wait; None where no filled form came back in time."""
    try:
        async with asyncio.timeout(seconds):
            response = await ctx.elicit(TITLE, response_type=_form(asked.questions))
    except TimeoutError:
        return None
    if response.action != "accept":
        return None
    return _answers(response.data.model_dump())


def _form(questions: list[Question]) -> type[BaseModel]:
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
    filled = [
        {"question_id": name, "answer": str(value)}
        for name, value in content.items()
        if str(value).strip()
    ]
    return filled or None
