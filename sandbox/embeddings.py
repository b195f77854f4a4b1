"""The /v1/embeddings route: vectors of words, so that texts that share words lie close."""

import base64
import hashlib
import re
import struct

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.errors import ApiError, model_not_found
from sandbox.state import Call, State
from sandbox.usage import text_tokens

_MODEL = "text-embedding-3-small"
_FULL = 1536
_STEM = 5


async def create(_request: Request, _state: State, call: Call) -> Response:
    """POST /v1/embeddings."""
    body = call.body
    if body.get("model") != _MODEL:
        raise model_not_found(str(body.get("model")))
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise ApiError("'$.input' is invalid. Please check the API reference.", param="input")
    size = int(body.get("dimensions") or _FULL)
    vectors = [_vector(text, size) for text in texts]
    packed = body.get("encoding_format") == "base64"
    tokens = sum(text_tokens(text) for text in texts)
    return JSONResponse(
        {
            "object": "list",
            "model": _MODEL,
            "data": [
                {
                    "object": "embedding",
                    "index": number,
                    "embedding": _packed(vector) if packed else vector,
                }
                for number, vector in enumerate(vectors)
            ],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _vector(text: str, size: int) -> list[float]:
    """Each word adds to one place, found by its beginning: lighthouse lies near lighthouses."""
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.casefold()):
        digest = hashlib.sha256(word[:_STEM].encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0
    length = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / length for value in vector]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
