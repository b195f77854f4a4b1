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
    findings = [{"id": one, "seen": seen, "verdict": "cannot_tell"} for one in _ids(body)]
    return json.dumps({"findings": findings}, ensure_ascii=False)


def _ids(body: Json) -> list[int]:
    """The ids of the items in the newest words, none if these are no list of items."""
    try:
        return [int(item["id"]) for item in json.loads(request_content.prompt(body))["items"]]
    except (ValueError, KeyError, TypeError):
        return []
