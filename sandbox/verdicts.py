"""The model that checks a picture, played: it can tell nothing of a placeholder."""

import json

from sandbox import request_content
from sandbox.openai_errors import Json

SCHEMA_NAME = "picture_check"
PROSE = "I looked at the picture, and it is lovely."
LOOKED = "A placeholder of the sandbox: no model looked at it."
NO_PICTURE = "No picture came with the request."


def reply(body: Json, fault: str | None) -> str:
    """The findings as JSON, or what a misbehaving model would say."""
    if fault == "not_json":
        return PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": "The picture is fine.", "score": 9})
    seen = LOOKED if any(request_content.image_parts(body)) else NO_PICTURE
    verdict = {"seen": seen, "verdict": "cannot_tell"}
    return json.dumps({"findings": [item | verdict for item in _items(body)]}, ensure_ascii=False)


def _items(body: Json) -> list[Json]:
    """The items of the newest words by their ids, or each line of a prompt as one; else none."""
    try:
        asked = json.loads(request_content.prompt(body))
        if "prompt" in asked:
            return [{"item": line} for line in asked["prompt"].splitlines()]
        return [{"id": int(item["id"])} for item in asked["items"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
