"""The content of a request: its words, its pictures, its tool; nothing here answers."""

import json
import re
from collections.abc import Iterator

from sandbox.faults import without_markers
from sandbox.openai_errors import Json

VARIATION = re.compile(r"Vary only the \w+: (.+)")


def items(body: Json) -> list[Json]:
    """The input as a list of items, whichever of its two forms it has."""
    words = body.get("input") or []
    if isinstance(words, str):
        return [{"role": "user", "content": words}]
    return [item for item in words if isinstance(item, dict)]


def parts(item: Json) -> list[Json]:
    """The content parts of a message item."""
    content = item.get("content") or []
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return [part for part in content if isinstance(part, dict)]


def texts(item: Json) -> list[str]:
    """The texts of a message item, one for each part that has one."""
    return [part["text"] for part in parts(item) if isinstance(part.get("text"), str)]


def user_items(body: Json) -> list[Json]:
    """The person's messages, oldest first."""
    return [item for item in items(body) if item.get("role") == "user"]


def newest_words(body: Json) -> str:
    """The person's newest words, markers included."""
    messages = [text for item in user_items(body) if (text := "\n".join(texts(item)))]
    return messages[-1] if messages else ""


def prompt(body: Json) -> str:
    """The person's newest words without markers."""
    return without_markers(newest_words(body))


def subject(body: Json) -> str:
    """What a picture shows: the words, and what a variation varies."""
    variation = VARIATION.search(body.get("instructions") or "")
    return f"{prompt(body)} ({variation[1]})" if variation else prompt(body)


def image_tool(body: Json) -> Json | None:
    """The image tool of the request, unless the choice of tools forbids it."""
    if body.get("tool_choice") == "none":
        return None
    tools = [tool for tool in body.get("tools") or [] if isinstance(tool, dict)]
    return next((tool for tool in tools if tool.get("type") == "image_generation"), None)


def text_format(body: Json) -> Json:
    """The format of the text, `{"type": "text"}` where the request names none."""
    return (body.get("text") or {}).get("format") or {"type": "text"}


def image_parts(body: Json) -> Iterator[Json]:
    """The input images of the request in order."""
    for item in items(body):
        yield from (part for part in parts(item) if part.get("type") == "input_image")


def prompt_text(body: Json) -> str:
    """Everything the model reads as one string; pictures stand as short marks."""
    lines = [json.dumps(body.get("tools") or []), body.get("instructions") or ""]
    lines += [json.dumps(text_format(body))]
    for item in items(body):
        lines.append(str(item.get("role") or item.get("type")))
        lines += texts(item) + ["<image>" for p in parts(item) if p.get("type") == "input_image"]
    return "\n".join(lines)
