"""What a request says: its words, its pictures, its tool; nothing here answers."""

import json
import re
from collections.abc import Iterator

from sandbox.errors import Json
from sandbox.faults import without_markers

_VARIED = re.compile(r"Vary only the \w+: (.+)")


def items(body: Json) -> list[Json]:
    """Return the input as a list of items, whichever of its two forms was sent."""
    given = body.get("input") or []
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [item for item in given if isinstance(item, dict)]


def parts(item: Json) -> list[Json]:
    """Return the content parts of a message item."""
    content = item.get("content") or []
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return [part for part in content if isinstance(part, dict)]


def texts(item: Json) -> list[str]:
    """Return the texts of a message item, one for each part that has one."""
    return [part["text"] for part in parts(item) if isinstance(part.get("text"), str)]


def user_items(body: Json) -> list[Json]:
    """Return what the person said, oldest first."""
    return [item for item in items(body) if item.get("role") == "user"]


def newest_words(body: Json) -> str:
    """Return the person's newest words, markers included."""
    said = [text for item in user_items(body) if (text := "\n".join(texts(item)))]
    return said[-1] if said else ""


def prompt(body: Json) -> str:
    """Return what is to be drawn: the person's newest words without markers."""
    return without_markers(newest_words(body))


def painted(body: Json) -> str:
    """Return what a picture is painted from: the words, and what a variation varies."""
    varied = _VARIED.search(body.get("instructions") or "")
    return f"{prompt(body)} ({varied[1]})" if varied else prompt(body)


def image_tool(body: Json) -> Json | None:
    """Return the image tool of the request, unless the choice of tools forbids it."""
    if body.get("tool_choice") == "none":
        return None
    tools = [tool for tool in body.get("tools") or [] if isinstance(tool, dict)]
    return next((tool for tool in tools if tool.get("type") == "image_generation"), None)


def text_format(body: Json) -> Json:
    """Return the format asked of the text, `{"type": "text"}` if none was."""
    asked = (body.get("text") or {}).get("format")
    return asked or {"type": "text"}


def image_parts(body: Json) -> Iterator[Json]:
    """Yield the input images of the request in order."""
    for item in items(body):
        yield from (part for part in parts(item) if part.get("type") == "input_image")


def prompt_text(body: Json) -> str:
    """Return everything the model reads as one string; pictures stand as short marks."""
    said = [json.dumps(body.get("tools") or []), body.get("instructions") or ""]
    said += [json.dumps(text_format(body))]
    for item in items(body):
        said.append(str(item.get("role") or item.get("type")))
        said += texts(item) + ["<image>" for p in parts(item) if p.get("type") == "input_image"]
    return "\n".join(said)
