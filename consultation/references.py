"""Reference pictures of a dialogue: taken in once, shown to the facilitator every turn."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

from consultation.transcript import ConsultationError
from errors import StorageError
from storage.input_files import InputFiles
from storage.input_pictures import InputError
from storage.picture_files import read_picture
from storage.records import Records
from storage.tables import Conversation, Image, Turn

MOST = 4
IMAGE_ID = "img_"


async def take_references(
    given: Sequence[str], conversation: Conversation, inputs: InputFiles, records: Records
) -> list[dict[str, str]]:
    """Keep small copies of the pictures that came with a message.

    `given` are paths or image ids. Each becomes r1, r2, ... in its conversation. Raises
    a `Problem` for what cannot be used, before anything is sent.
    """
    before = sum(len(turn.references) for turn in conversation.turns)
    if len(given) > MOST:
        raise ConsultationError(f"reference_images takes at most {MOST} pictures at once.")
    taken = []
    for number, name in enumerate(given, start=before + 1):
        if name.startswith(IMAGE_ID):
            data = await asyncio.to_thread(_bytes, await records.image(name))
            file = await asyncio.to_thread(inputs.copy, data, name)
        else:
            file = await asyncio.to_thread(inputs.copy_file, name)
        taken.append({"id": f"r{number}", "given": name, "file": file})
    return taken


def reference_parts(turn: Turn, inputs: InputFiles) -> list[dict[str, Any]]:
    """The pictures of a turn as parts of its message, each behind its id."""
    parts: list[dict[str, Any]] = []
    for reference in turn.references:
        parts.append({"type": "input_text", "text": json.dumps({"reference": reference["id"]})})
        data = inputs.read_copy(reference["file"])
        if data is not None:
            encoded = base64.b64encode(data).decode()
            parts.append(
                {
                    "type": "input_image",
                    "image_url": f"data:image/jpeg;base64,{encoded}",
                    "detail": "auto",
                }
            )
    return parts


def _bytes(image: Image) -> bytes:
    try:
        return read_picture(image)
    except StorageError as error:
        raise InputError(str(error)) from error
