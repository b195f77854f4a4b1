"""The pictures a request brings along: sent in it, named by id, or made earlier in its chain."""

import base64
import binascii
import re
from dataclasses import dataclass

from sandbox import request_content, response_body
from sandbox.memory import ResponseRecord, SandboxMemory
from sandbox.openai_errors import ApiError, Json

DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


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
    picture = _in_input(body, memory) or _in_chain(body.get("previous_response_id"), memory)
    if tool.get("action") == "generate":
        return EditSources(count=int(picture is not None))
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
        max(int(picture is not None), len(list(request_content.image_parts(body)))),
    )


def check_items(body: Json, memory: SandboxMemory) -> None:
    """Raises `ApiError` for references to items and pictures that cannot be found or read."""
    ids = {item.get("id") for item in request_content.items(body)}
    for item in request_content.items(body):
        if item.get("type") == "image_generation_call" and not item.get("result"):
            _check_reasoning(body, _holding(str(item.get("id")), memory), item, ids)
    for part in request_content.image_parts(body):
        _bytes(part, memory)


def _check_reasoning(body: Json, record: ResponseRecord, item: Json, ids: set[object]) -> None:
    """Reasoning models want the thought that came with a picture."""
    if not response_body.reasons(body):
        return
    before = [other for other in record.output if other["type"] == "reasoning"]
    if before and before[0]["id"] not in ids:
        raise ApiError(
            f"Item '{item['id']}' of type 'image_generation_call' was provided without its "
            f"required 'reasoning' item: '{before[0]['id']}'.",
            param="input",
        )


def _in_input(body: Json, memory: SandboxMemory) -> bytes | None:
    """The newest picture of the input; of several in one message, the first."""
    for item in reversed(request_content.items(body)):
        if item.get("type") == "image_generation_call":
            result = item.get("result")
            return base64.b64decode(result) if result else _result(item["id"], memory)
        for part in request_content.parts(item):
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


def _holding(item_id: str, memory: SandboxMemory) -> ResponseRecord:
    for record in memory.responses.values():
        if any(item["id"] == item_id for item in record.output):
            return record
    raise ApiError(
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to "
        "false. Try again with `store` set to true, or remove this item from your input.",
        status=404,
        param="input",
    )


def _result(item_id: str, memory: SandboxMemory) -> bytes | None:
    for item in _holding(item_id, memory).output:
        if item["id"] == item_id and item.get("result"):
            return base64.b64decode(item["result"])
    return None


def _bytes(part: Json, memory: SandboxMemory) -> bytes:
    """The bytes of an input image or a mask."""
    file_id = part.get("file_id")
    if file_id:
        if file_id not in memory.files:
            raise ApiError(
                f"The file '{file_id}' was not found.", param="input", code="image_file_not_found"
            )
        return memory.files[file_id].content
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
