"""Response bodies field by field, as recorded in autumn 2026."""

import time

from sandbox import reading
from sandbox.errors import Json
from sandbox.models import DEFAULT_PAINTER, MAINLINE
from sandbox.state import mint

_DEFAULT_TOOL: Json = {
    "type": "image_generation",
    "background": "auto",
    "model": DEFAULT_PAINTER,
    "moderation": "auto",
    "n": 1,
    "output_compression": 100,
    "output_format": "png",
    "quality": "auto",
    "size": "auto",
}
_ECHOED_IF_SENT = ("complexity", "frame_count", "frame_duration_ms", "svg")


def begun(body: Json) -> Json:
    """Return the response as it stands before any output: every parameter with its default."""
    model = MAINLINE[body["model"]]
    return {
        "id": mint("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "queued" if body.get("background") else "in_progress",
        "access_programs": None,
        "background": bool(body.get("background")),
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "model": model.dated or body["model"],
        "moderation": None,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "presence_penalty": 0.0,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "prompt_cache_retention": body.get("prompt_cache_retention") or model.cache_retention,
        "reasoning": _reasoning(body),
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "auto",
        "store": body.get("store") is not False,
        "temperature": _given(body, "temperature", 1.0),
        "text": _text(body),
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [echoed(tool) for tool in body.get("tools") or []],
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": _given(body, "top_p", 1.0),
        "truncation": body.get("truncation") or "disabled",
        "usage": None,
        "user": body.get("user"),
        "metadata": body.get("metadata") or {},
    }


def ended(start: Json, status: str, output: list[Json], **changes: object) -> Json:
    """Return the response in its last state."""
    completed = int(time.time()) if status == "completed" else None
    return {
        **start,
        "status": status,
        "billing": {"payer": "developer"},
        "completed_at": completed,
        "output": output,
        "service_tier": "default",
        **changes,
    }


def echoed(tool: Json) -> Json:
    """Return a tool as the response repeats it, its defaults filled in."""
    if tool.get("type") != "image_generation":
        return {"description": None, **tool} if tool.get("type") == "function" else tool
    sent = {key: tool[key] for key in _DEFAULT_TOOL if tool.get(key) is not None}
    extra = {key: tool[key] for key in _ECHOED_IF_SENT if tool.get(key) is not None}
    return {**_DEFAULT_TOOL, **sent, **extra}


def reasons(body: Json) -> bool:
    """Return whether the model thinks before it answers this request."""
    effort = (body.get("reasoning") or {}).get("effort")
    return MAINLINE[body["model"]].reasons and effort != "none"


def reasoning_item() -> Json:
    """Return an item of thought: sealed, as OpenAI's are."""
    return {
        "id": mint("rs"),
        "type": "reasoning",
        "content": [],
        "encrypted_content": f"sandbox-{mint('sealed')}",
        "summary": [],
    }


def message_item(body: Json, part: Json, status: str = "completed") -> Json:
    """Return an assistant message with one part."""
    phase = {"phase": "final_answer"} if MAINLINE[body["model"]].phase else {}
    return {
        "id": mint("msg"),
        "type": "message",
        "status": status,
        "content": [part],
        **phase,
        "role": "assistant",
    }


def text_part(text: str) -> Json:
    """Return a content part with words."""
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def refusal_part(text: str) -> Json:
    """Return a content part that declines."""
    return {"type": "refusal", "refusal": text}


def _given(body: Json, key: str, default: float) -> object:
    value = body.get(key)
    return default if value is None else value


def _reasoning(body: Json) -> Json:
    asked = body.get("reasoning") or {}
    model = MAINLINE[body["model"]]
    if not model.reasons:
        return {"effort": None, "summary": None}
    return {
        "context": "all_turns" if model.phase else "current_turn",
        "effort": asked.get("effort") or "medium",
        "mode": "standard",
        "summary": asked.get("summary"),
    }


def _text(body: Json) -> Json:
    asked = reading.text_format(body)
    if asked["type"] == "json_schema":
        asked = {"type": "json_schema", "description": None, **asked}
        asked["strict"] = bool(asked.get("strict"))
    return {"format": asked, "verbosity": (body.get("text") or {}).get("verbosity") or "medium"}
