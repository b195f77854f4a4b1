"""The content of a request: its words, its tool, the pictures that it brings along or names."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import shorten

from sandbox.faults import MARKER, without_markers
from sandbox.memory import SandboxMemory
from sandbox.openai_errors import ApiError, Json

DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


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


@dataclass(frozen=True)
class EditSources:
    """What an edit starts from: the picture, and the mask that says where it may change."""

    picture: bytes | None = None
    mask: bytes | None = None
    count: int = 0


def collect(body: Json, tool: Json, memory: SandboxMemory) -> EditSources:
    """The pictures in the request's context.

    Raises `ApiError` if one is unknown or no picture, or an edit is forced without any.
    """
    before = _in_chain(body.get("previous_response_id"), memory)
    picture, own = _in_input(body, memory) or before, len(list(image_parts(body)))
    if tool.get("action") == "generate":
        return EditSources(count=own)
    if tool.get("action") == "edit" and picture is None:
        raise ApiError(
            "The image generation action 'edit' requires at least one image in context.",
            param="tools",
            code="invalid_value",
        )
    mask = tool.get("input_image_mask")
    return EditSources(
        picture,
        _bytes(mask, memory) if mask and picture else None,
        # What goes along beside the picture of before is read, and paid for, besides it.
        max(int(picture is not None), own + int(before is not None)),
    )


def check_pictures(body: Json, memory: SandboxMemory) -> None:
    """Raises `ApiError` for pictures that cannot be found or read."""
    for part in image_parts(body):
        _bytes(part, memory)


def _in_input(body: Json, memory: SandboxMemory) -> bytes | None:
    """The newest picture of the input; of several in one message, the first."""
    for item in reversed(items(body)):
        if item.get("type") == "image_generation_call" and item.get("result"):
            return base64.b64decode(item["result"])
        for part in parts(item):
            if part.get("type") == "input_image":
                return _bytes(part, memory)
    return None


def _in_chain(response_id: str | None, memory: SandboxMemory) -> bytes | None:
    while response_id and response_id in memory.responses:
        record = memory.responses[response_id]
        for item in reversed(record.output):
            if item["type"] == "image_generation_call" and item.get("result"):
                return base64.b64decode(item["result"])
        picture = _in_input(record.request, memory)
        if picture:
            return picture
        response_id = record.request.get("previous_response_id")
    return None


def _bytes(part: Json, memory: SandboxMemory) -> bytes:
    """The bytes of an input image or a mask."""
    file_id = part.get("file_id")
    if file_id:
        if file_id not in memory.files:
            raise ApiError(
                f"The file '{file_id}' was not found.", param="input", code="image_file_not_found"
            )
        return memory.files[file_id]
    url = str(part.get("image_url") or "")
    match = DATA_URL.fullmatch(url)
    if match:
        try:
            return base64.b64decode(match[1], validate=True)
        except binascii.Error:
            url = "broken base64"
    if url.startswith("https://"):
        raise ApiError(
            "The sandbox downloads nothing: send the picture as a data URL or a file id.",
            param="url",
            code="failed_to_download_image",
        )
    raise ApiError(
        "Invalid 'image_url'. Expected a base64-encoded data URL with an image MIME type (e.g. "
        f"'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got '{url[:40]}'.",
        param="input",
        code="invalid_value",
    )


LONGEST_TITLE = 60
"""Letters: a line of a list."""


@dataclass
class Dialogue:
    """Everything the facilitator may know; `fresh` are the messages since its newest turn, and
    `markers` what is in a message for the sandbox alone."""

    messages: dict[str, str] = field(default_factory=dict)
    markers: dict[str, list[str]] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the conversation is called after its first message."""
        return shorten(self.messages.get("m1", ""), LONGEST_TITLE, placeholder="…") or "-"

    @property
    def before(self) -> Json:
        """The newest turn, or an empty one."""
        return self.turns[-1] if self.turns else {}

    @property
    def questions(self) -> dict[str, Json]:
        """Every question put so far by its id."""
        questions = [question for turn in self.turns for question in turn.get("questions") or []]
        return {question["id"]: question for question in questions if "id" in question}


def read_dialogue(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state: a turn sent back follows it."""
    talk = Dialogue()
    for item in items(body):
        words, *notes = [*texts(item), ""]
        if item.get("role") == "user":
            parts = map(_json, [words, *notes])
            talk.references += [str(note["reference"]) for note in parts if "reference" in note]
            if words and "reference" not in _json(words):
                talk.fresh.append(f"m{len(talk.messages) + 1}")
                talk.messages[talk.fresh[-1]] = without_markers(words)
                talk.markers[talk.fresh[-1]] = [mark[0] for mark in MARKER.finditer(words)]
        elif {"mode", "parameters"} & (note := _json(words)).keys():
            talk.state = note
            break
        elif item.get("role") == "assistant" and note:
            talk.turns.append(note)
            if "brief" in note:  # words that were to be drawn as they are, nobody has read yet
                talk.fresh = []
    return talk


def _json(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
