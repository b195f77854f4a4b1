"""The pictures a request brings along: sent in it, named by id, or made earlier in its chain."""

import base64
import binascii
import re
from dataclasses import dataclass

from sandbox import reading, wire
from sandbox.errors import ApiError, Json
from sandbox.state import Record, State

_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


@dataclass(frozen=True)
class Sources:
    """What an edit starts from: the picture, and the mask that says where it may change."""

    picture: bytes | None = None
    mask: bytes | None = None
    count: int = 0


def gather(body: Json, tool: Json, state: State) -> Sources:
    """Return the pictures in the request's context.

    Raises:
        ApiError: a picture is unknown or no picture, or an edit is forced without any.
    """
    picture = _in_input(body, state) or _in_chain(body.get("previous_response_id"), state)
    if tool.get("action") == "generate":
        return Sources(count=int(picture is not None))
    if tool.get("action") == "edit" and picture is None:
        raise ApiError(
            "The image generation action 'edit' requires at least one image in context.",
            param="tools",
            code="invalid_value",
        )
    mask = tool.get("input_image_mask")
    return Sources(
        picture,
        _bytes(mask, state) if mask and picture else None,
        max(int(picture is not None), len(list(reading.image_parts(body)))),
    )


def check_items(body: Json, state: State) -> None:
    """Refuse references to items and pictures that cannot be found or read.

    Raises:
        ApiError: 400 or 404.
    """
    sent = {item.get("id") for item in reading.items(body)}
    for item in reading.items(body):
        if item.get("type") == "image_generation_call" and not item.get("result"):
            _check_reasoning(body, _holding(str(item.get("id")), state), item, sent)
    for part in reading.image_parts(body):
        _bytes(part, state)


def _check_reasoning(body: Json, record: Record, item: Json, sent: set[object]) -> None:
    """Reasoning models want the thought that came with a picture."""
    if not wire.reasons(body):
        return
    before = [other for other in record.output if other["type"] == "reasoning"]
    if before and before[0]["id"] not in sent:
        raise ApiError(
            f"Item '{item['id']}' of type 'image_generation_call' was provided without its "
            f"required 'reasoning' item: '{before[0]['id']}'.",
            param="input",
        )


def _in_input(body: Json, state: State) -> bytes | None:
    """Return the newest picture of the input; of several in one message, the first."""
    for item in reversed(reading.items(body)):
        if item.get("type") == "image_generation_call":
            given = item.get("result")
            return base64.b64decode(given) if given else _result(item["id"], state)
        for part in reading.parts(item):
            if part.get("type") == "input_image":
                return _bytes(part, state)
    return None


def _in_chain(response_id: str | None, state: State) -> bytes | None:
    while response_id and response_id in state.records:
        record = state.records[response_id]
        for item in reversed(record.output):
            if item["type"] == "image_generation_call" and item.get("result"):
                return base64.b64decode(item["result"])
        sent = _in_input(record.request, state)
        if sent:
            return sent
        response_id = record.request.get("previous_response_id")
    return None


def _holding(item_id: str, state: State) -> Record:
    for record in state.records.values():
        if any(item["id"] == item_id for item in record.output):
            return record
    raise ApiError(
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to "
        "false. Try again with `store` set to true, or remove this item from your input.",
        status=404,
        param="input",
    )


def _result(item_id: str, state: State) -> bytes | None:
    for item in _holding(item_id, state).output:
        if item["id"] == item_id and item.get("result"):
            return base64.b64decode(item["result"])
    return None


def _bytes(part: Json, state: State) -> bytes:
    """Return the bytes of an input image or a mask."""
    file_id = part.get("file_id")
    if file_id:
        if file_id not in state.files:
            raise ApiError(
                f"The file '{file_id}' was not found.", param="input", code="image_file_not_found"
            )
        return state.files[file_id].content
    url = str(part.get("image_url") or "")
    found = _DATA_URL.fullmatch(url)
    if found:
        try:
            return base64.b64decode(found[1], validate=True)
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
