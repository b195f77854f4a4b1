"""Response bodies field by field as recorded in autumn 2026, and the tokens they report."""

import math
import time

from sandbox import request_content
from sandbox.memory import CHARACTERS_PER_TOKEN, mint
from sandbox.model_catalogue import DEFAULT_PAINTER, MAINLINE, PAINTERS
from sandbox.openai_errors import Json

TOKENS_PER_IMAGE = 765
"""What gpt-4o reads of a picture of 1024x1024 in detail."""

TOKENS_PER_SOURCE = 1024
TOOL_OVERHEAD = 1300
"""What the image tool adds to a prompt by OpenAI's own instructions, as recorded."""

REASONING_TOKENS = 128
PARTIAL_TOKENS = 100
MEGAPIXEL = 1024 * 1024

DEFAULT_TOOL: Json = {
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


def opening(body: Json) -> Json:
    """The response as it stands before any output: every parameter with its default.

    The API really sends `user` and `usage` as null; its published schema has them absent.
    """
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
        "temperature": _or_default(body, "temperature", 1.0),
        "text": _text(body),
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": [tool_echo(tool) for tool in body.get("tools") or []],
        "top_logprobs": body.get("top_logprobs") or 0,
        "top_p": _or_default(body, "top_p", 1.0),
        "truncation": body.get("truncation") or "disabled",
        "metadata": body.get("metadata") or {},
        **({"user": body["user"]} if body.get("user") else {}),
    }


def ending(start: Json, status: str, output: list[Json], **changes: object) -> Json:
    """The response in its last state."""
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


def tool_echo(tool: Json) -> Json:
    """A tool as the response repeats it, its defaults filled in."""
    if tool.get("type") != "image_generation":
        return {"description": None, **tool} if tool.get("type") == "function" else tool
    sent = {key: tool[key] for key in DEFAULT_TOOL if tool.get(key) is not None}
    extra = {"complexity": tool["complexity"]} if tool.get("complexity") else {}
    return {**DEFAULT_TOOL, **sent, **extra}


def reasons(body: Json) -> bool:
    """Whether the model thinks before it answers this request."""
    effort = (body.get("reasoning") or {}).get("effort")
    return MAINLINE[body["model"]].reasons and effort != "none"


def reasoning_item() -> Json:
    """An item of thought: sealed, as OpenAI's are."""
    return {
        "id": mint("rs"),
        "type": "reasoning",
        "content": [],
        "encrypted_content": f"sandbox-{mint('sealed')}",
        "summary": [],
    }


def message_item(body: Json, part: Json, status: str) -> Json:
    """An assistant message with one part."""
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
    """A content part with words."""
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def refusal_part(text: str) -> Json:
    """A content part that declines."""
    return {"type": "refusal", "refusal": text}


def _or_default(body: Json, key: str, default: float) -> object:
    value = body.get(key)
    return default if value is None else value


def _reasoning(body: Json) -> Json:
    options = body.get("reasoning") or {}
    model = MAINLINE[body["model"]]
    if not model.reasons:
        return {"effort": None, "summary": None}
    return {
        "context": "all_turns" if model.phase else "current_turn",
        "effort": options.get("effort") or "medium",
        "mode": "standard",
        "summary": options.get("summary"),
    }


def _text(body: Json) -> Json:
    form = request_content.text_format(body)
    if form["type"] == "json_schema":
        form = {"type": "json_schema", "description": None, **form}
        form["strict"] = bool(form.get("strict"))
    return {"format": form, "verbosity": (body.get("text") or {}).get("verbosity") or "medium"}


def text_tokens(text: str) -> int:
    """Roughly how many tokens a text is."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def text_usage(body: Json, text: str, from_cache: int, text_out: int) -> Json:
    """The usage of the mainline model; `text` is all that it reads."""
    text_in = text_tokens(text) + TOKENS_PER_IMAGE * len(list(request_content.image_parts(body)))
    text_in += TOOL_OVERHEAD if request_content.image_tool(body) else 0
    reasoning = REASONING_TOKENS if reasons(body) else 0
    return {
        "input_tokens": text_in,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": from_cache},
        "output_tokens": text_out + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": text_in + text_out + reasoning,
    }


def tool_usage(text: int = 0, images: int = 0, out: int = 0) -> Json:
    """The usage of the tools: all zero unless a picture came of it."""
    return {
        "image_gen": {
            "input_tokens": text + images,
            "input_tokens_details": {"image_tokens": images, "text_tokens": text},
            "output_tokens": out,
            "output_tokens_details": {"image_tokens": out, "text_tokens": 0},
            "total_tokens": text + images + out,
        },
        "web_search": {"num_requests": 0},
    }


def picture_tokens(model: str, quality: str, width: int, height: int, partials: int) -> int:
    """The output tokens of a picture.

    The formula fits what was recorded on gpt-image-2: wide is cheaper than square (196 at
    1024x1024, 106 at 1280x720, 120 at 1536x864, each at low).
    """
    square = PAINTERS[model].tokens[quality]
    slimness = min(width, height) / max(width, height)
    scale = math.sqrt(width * height / MEGAPIXEL) * slimness**0.95
    return int(square * scale + 0.5) + PARTIAL_TOKENS * partials
