"""From a checked request to a finished response: what is said, what is drawn, what it cost."""

import json
from dataclasses import dataclass, field
from typing import TypeAlias

from sandbox import facilitator, fault_errors, filling, reading, schema, usage, verifier, wire
from sandbox.errors import ApiError, Json
from sandbox.sources import Sources
from sandbox.state import Answers, Call, Record, State

Tokens: TypeAlias = tuple[int, int]  # those of the prompt, and how many of them are cached
_REFUSAL = "I'm very sorry, but I can't assist with that."


@dataclass
class _Draft:
    output: list[Json] = field(default_factory=list)
    partials: list[str] = field(default_factory=list)
    tool_usage: Json = field(default_factory=usage.tool_usage)
    status: str = "completed"


def answer(call: Call, answers: Answers, start: Json, sources: Sources, tokens: Tokens) -> Record:
    """Return the whole response to a request; painting makes this slow enough for a thread."""
    error = fault_errors.stream_error(call.fault, call.body) if call.fault else None
    if error or call.meets("moderation_failed"):
        return _failed(call, start, error)
    draft = _Draft()
    thoughts = wire.reasons(call.body)
    if thoughts:
        draft.output.append(wire.reasoning_item())
    if not call.meets("empty_answer"):
        _say_or_draw(call, answers, draft, sources)
    said = sum(len(str(part)) for item in draft.output for part in item.get("content") or [])
    cut = {"reason": "max_output_tokens"} if draft.status == "incomplete" else None
    final = wire.ended(
        start,
        draft.status,
        draft.output,
        incomplete_details=cut,
        usage=usage.usage(*tokens, said // 4, usage.REASONING_TOKENS if thoughts else 0),
        tool_usage=draft.tool_usage,
    )
    return Record(call.body, start, final, draft.partials)


def input_tokens(call: Call, state: State) -> Tokens:
    """Return the tokens of the prompt, and how many of them are cached."""
    text = reading.prompt_text(call.body)
    images = len(list(reading.image_parts(call.body))) * usage.TOKENS_PER_IMAGE
    overhead = usage.TOOL_OVERHEAD if call.kind == "image" else 0
    key = (call.body.get("model"), call.body.get("prompt_cache_key"))
    return usage.text_tokens(text) + images + overhead, state.cache.cached_tokens(key, text)


def _failed(call: Call, start: Json, error: ApiError | None) -> Record:
    detail: Json = (
        {"code": error.detail["code"], "message": error.detail["message"]}
        if error
        else {"code": "image_content_policy_violation", "message": fault_errors.BLOCKED}
    )
    final = wire.ended(start, "failed", [], error=detail)
    return Record(call.body, start, final, error=error)


def _say_or_draw(call: Call, answers: Answers, draft: _Draft, sources: Sources) -> None:
    tool = reading.image_tool(call.body)
    draws = tool is not None and not call.meets("text_instead_of_image", "refusal")
    if tool is not None and draws:
        # Here and not above: Pillow loads with the first picture, not with the server.
        from sandbox import drawing

        drawn = drawing.draw(call, tool, sources)
        draft.output.append(drawn.item)
        draft.partials, draft.tool_usage = drawn.partials, drawn.tool_usage
    silent = draws and reading.text_format(call.body)["type"] == "text"
    refused = call.meets("refusal")
    text = "" if silent or refused else _words(call, answers)
    if call.meets("truncated_json"):
        draft.status = "incomplete"
        text = text[: len(text) // 2]
    part = wire.refusal_part(_REFUSAL) if refused else wire.text_part(text)
    draft.output.append(wire.message_item(call.body, part, draft.status))


def _words(call: Call, answers: Answers) -> str:
    asked = reading.text_format(call.body)
    if asked["type"] == "json_object":
        return '{"answer":"This is the sandbox."}'
    if asked["type"] == "json_schema":
        given = answers.next(asked["name"])
        return _structured(call, asked) if given is None else given
    words = reading.prompt(call.body)
    return (
        "This is the sandbox of image-consultant: no model was asked. It read "
        f"{len(words.split())} words, beginning with “{words[:60]}”."
    )


def _structured(call: Call, asked: Json) -> str:
    fault = call.fault.name if call.fault else None
    match asked["name"]:
        case facilitator.SCHEMA_NAME:
            return facilitator.reply(call.body, fault)
        case filling.SCHEMA_NAME:
            return filling.reply(call.body)
        case verifier.SCHEMA_NAME:
            return verifier.reply(call.body, fault)
        case _:
            return json.dumps(schema.smallest(asked.get("schema") or {}), ensure_ascii=False)
