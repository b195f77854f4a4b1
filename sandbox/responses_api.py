"""The /v1/responses routes, and how a checked request becomes a finished response."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import (
    dialogue_model,
    openai_errors,
    request_content,
    response_body,
    structured_answers,
)
from sandbox.event_stream import EventStream, events
from sandbox.memory import CHARACTERS_PER_TOKEN, ApiCall, ResponseRecord, SandboxMemory
from sandbox.openai_errors import ApiError, Json
from sandbox.request_content import EditSources
from sandbox.request_validation import check_request

REFUSAL = "I'm very sorry, but I can't assist with that."
CUTS = {
    "stream_cut_before_image": "response.in_progress",
    "stream_cut_after_image": "response.output_item.done",
}
"""The event after which a stream drops, by the fault that drops it."""

MISSHAPES = {"not_json": "Sure! Where will you use it?", "wrong_shape": '{"score": 9}'}
"""What a model says in place of a structured answer, by the fault that makes it."""

OTHERS: dict[str, Callable[[Json], str]] = {
    "template_filling": structured_answers.fill_template,
    "style_description": structured_answers.describe_style,
    "picture_check": structured_answers.check_picture,
    "person_message": lambda _body: '{"message": "You decide the rest."}',
}
"""How a structured answer beside the facilitator's is played, by its name."""


async def create(_request: Request, memory: SandboxMemory, call: ApiCall) -> Response:
    """POST /v1/responses."""
    check_request(call.body, memory)
    request_content.check_pictures(call.body, memory)
    tool = request_content.image_tool(call.body)
    sources = request_content.collect(call.body, tool, memory) if tool else EditSources()
    opening = response_body.opening(call.body)
    # In a thread, since a large picture takes a second, in which others are to be answered.
    record = await asyncio.to_thread(_finish, call, memory, opening, sources)
    record.ready_at = time.monotonic() + call.delay
    if opening["store"]:
        memory.store(record)
    if call.stream:
        cut = CUTS.get(call.fault.name) if call.fault else None
        parts = events(record, azure=call.meets("no_completed_event"))
        stream = EventStream(parts, call.delay, cut)
        record.partials = []  # nobody resumes this stream, and they are the largest part of it
        return stream
    if record.final["background"]:
        return JSONResponse(record.opening)
    await asyncio.sleep(call.delay)
    return JSONResponse(record.final)


async def retrieve(request: Request, memory: SandboxMemory, _call: ApiCall) -> Response:
    """GET /v1/responses/{id}."""
    return JSONResponse(memory.response(request.path_params["id"]).poll())


@dataclass
class Draft:
    """The part of a response that depends on what is said and drawn."""

    output: list[Json] = field(default_factory=list)
    partials: list[str] = field(default_factory=list)
    tool_usage: Json = field(default_factory=response_body.tool_usage)
    status: str = "completed"


def _finish(
    call: ApiCall, memory: SandboxMemory, opening: Json, sources: EditSources
) -> ResponseRecord:
    """The whole response to a request, with its usage."""
    error = openai_errors.stream_error(call.fault, call.body) if call.fault else None
    if error or call.meets("moderation_failed"):
        return _fail(call, opening, error)
    text = request_content.prompt_text(call.body)
    cache_key = (call.body.get("model"), call.body.get("prompt_cache_key"))
    from_cache = memory.cached_tokens(cache_key, text)
    draft = Draft()
    reasons = response_body.reasons(call.body)
    if reasons:
        draft.output.append(response_body.reasoning_item())
    if not call.meets("empty_answer"):
        _say_or_draw(call, memory, draft, sources)
    text_out = sum(len(str(part)) for item in draft.output for part in item.get("content") or [])
    final = response_body.ending(
        opening,
        draft.status,
        draft.output,
        incomplete_details=(
            {"reason": "max_output_tokens"} if draft.status == "incomplete" else None
        ),
        usage=response_body.text_usage(
            call.body, text, from_cache, text_out // CHARACTERS_PER_TOKEN
        ),
        tool_usage=draft.tool_usage,
    )
    return ResponseRecord(call.body, opening, final, draft.partials)


def _fail(call: ApiCall, opening: Json, error: ApiError | None) -> ResponseRecord:
    detail: Json = (
        {"code": error.detail["code"], "message": error.detail["message"]}
        if error
        else {"code": "image_content_policy_violation", "message": openai_errors.BLOCKED}
    )
    final = response_body.ending(opening, "failed", [], error=detail)
    return ResponseRecord(call.body, opening, final, error=error)


def _say_or_draw(call: ApiCall, memory: SandboxMemory, draft: Draft, sources: EditSources) -> None:
    tool = request_content.image_tool(call.body)
    refuses = call.meets("refusal")
    draws = tool is not None and not refuses and not call.meets("text_instead_of_image")
    if tool is not None and draws:
        # Here and not above: Pillow loads with the first picture, not with the server.
        from sandbox import placeholder

        image = placeholder.call_tool(call, tool, sources)
        draft.output.append(image.item)
        draft.partials, draft.tool_usage = image.partials, image.tool_usage
    silent = draws and request_content.text_format(call.body)["type"] == "text"
    text = "" if silent or refuses else _words(call, memory)
    if call.meets("truncated_json"):
        draft.status = "incomplete"
        text = text[: len(text) // 2]
    part = response_body.refusal_part(REFUSAL) if refuses else response_body.text_part(text)
    draft.output.append(response_body.message_item(call.body, part, draft.status))


def _words(call: ApiCall, memory: SandboxMemory) -> str:
    """What the model says: an answer that a test handed over, else what is played."""
    form = request_content.text_format(call.body)
    if form["type"] == "text":
        return "This is the sandbox of image-consultant: no model was asked."
    answers = memory.answers[form["name"]]
    return answers.popleft() if answers else _play(call, form["name"])


def _play(call: ApiCall, name: str) -> str:
    fault = call.fault.name if call.fault else ""
    if fault in MISSHAPES:
        return MISSHAPES[fault]
    if name == "facilitator_turn":
        return dialogue_model.reply(call.body, fault)
    return OTHERS[name](call.body) if name in OTHERS else "{}"
