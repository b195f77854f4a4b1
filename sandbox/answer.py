"""From a checked request to a finished response: what is said, what is drawn, what it cost."""

import json
from dataclasses import dataclass, field

from sandbox import facilitator, fault_errors, filling, reading, schema, usage, verifier, wire
from sandbox.errors import ApiError, Json
from sandbox.sources import Sources
from sandbox.state import Call, Record, State

_REFUSAL = "I'm very sorry, but I can't assist with that."


@dataclass
class _Draft:
    output: list[Json] = field(default_factory=list)
    partials: list[str] = field(default_factory=list)
    tool_usage: Json = field(default_factory=usage.tool_usage)
    status: str = "completed"


def answer(call: Call, start: Json, sources: Sources, cached: int, text_in: int) -> Record:
    """Return the whole response to a request; painting makes this slow enough for a thread."""
    error = fault_errors.stream_error(call.fault, call.body) if call.fault else None
    if error or call.meets("moderation_failed"):
        return _failed(call, start, error)
    draft = _Draft()
    thoughts = wire.reasons(call.body)
    if thoughts:
        draft.output.append(wire.reasoning_item())
    if not call.meets("empty_answer"):
        _say_or_draw(call, draft, sources)
    said = sum(len(str(part)) for item in draft.output for part in item.get("content") or [])
    cut = {"reason": "max_output_tokens"} if draft.status == "incomplete" else None
    final = wire.ended(
        start,
        draft.status,
        draft.output,
        incomplete_details=cut,
        usage=usage.usage(text_in, cached, said // 4, usage.REASONING_TOKENS if thoughts else 0),
        tool_usage=draft.tool_usage,
    )
    return Record(call.body, start, final, draft.partials)


def input_tokens(call: Call, state: State) -> tuple[int, int]:
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


def _say_or_draw(call: Call, draft: _Draft, sources: Sources) -> None:
    tool = reading.image_tool(call.body)
    draws = tool is not None and not call.meets("text_instead_of_image", "refusal")
    if tool is not None and draws:
        # Here and not above: Pillow loads with the first picture, not with the server.
        from sandbox import drawing

        drawn = drawing.draw(call, tool, sources)
        draft.output.append(drawn.item)
        draft.partials, draft.tool_usage = drawn.partials, drawn.tool_usage
    text = "" if draws and reading.text_format(call.body)["type"] == "text" else _words(call)
    if call.meets("truncated_json"):
        draft.status = "incomplete"
        text = text[: len(text) // 2]
    part = wire.refusal_part(_REFUSAL) if call.meets("refusal") else wire.text_part(text)
    draft.output.append(wire.message_item(call.body, part, draft.status))


def _words(call: Call) -> str:
    asked = reading.text_format(call.body)
    if asked["type"] == "json_object":
        return '{"answer":"This is the sandbox."}'
    if asked["type"] == "json_schema":
        if asked.get("name") == facilitator.SCHEMA_NAME:
            return facilitator.reply(call.body, call.fault.name if call.fault else None)
        if asked.get("name") == filling.SCHEMA_NAME:
            return filling.reply(call.body)
        if asked.get("name") == verifier.SCHEMA_NAME:
            return verifier.reply(call.body, call.fault.name if call.fault else None)
        return json.dumps(schema.smallest(asked.get("schema") or {}), ensure_ascii=False)
    words = reading.prompt(call.body)
    return (
        "This is the sandbox of image-consultant: no model was asked. It read "
        f"{len(words.split())} words, beginning with “{words[:60]}”."
    )
