"""The small routes beside /v1/responses: models, files, embeddings."""

import base64
import hashlib
import secrets
import struct
import time

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import model_catalogue
from sandbox import phrasebook as book
from sandbox.memory import ApiCall, SandboxMemory
from sandbox.openai_errors import ApiError, Json, model_not_found
from sandbox.response_body import text_tokens

EMBEDDING_MODEL = "text-embedding-3-small"
EMBEDDING_SIZE = 1536
"""The dimensions of that model where a request names none."""

STEM = 5
"""Letters of a word that count, so that lighthouse lies near lighthouses."""


async def list_models(_request: Request, _memory: SandboxMemory, _call: ApiCall) -> Response:
    """GET /v1/models."""
    return JSONResponse({"object": "list", "data": model_catalogue.describe_all()})


async def upload_file(request: Request, memory: SandboxMemory, _call: ApiCall) -> Response:
    """POST /v1/files, as multipart form data."""
    async with request.form() as form:
        file, purpose = form.get("file"), form.get("purpose")
        if not isinstance(file, UploadFile):
            raise ApiError("'file' is a required property", param="file")
        content = await file.read()
        name = file.filename or "upload"
    body: Json = {
        "object": "file",
        "id": f"file-sandbox-{secrets.token_hex(12)}",
        "purpose": purpose,
        "filename": name,
        "bytes": len(content),
        "created_at": int(time.time()),
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }
    memory.files[body["id"]] = content
    return JSONResponse(body)


async def embed(_request: Request, _memory: SandboxMemory, call: ApiCall) -> Response:
    """POST /v1/embeddings: texts that share words lie close."""
    body = call.body
    if body.get("model") != EMBEDDING_MODEL:
        raise model_not_found(str(body.get("model")))
    words = body.get("input")
    texts = [words] if isinstance(words, str) else words
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) and t for t in texts):
        raise ApiError("'$.input' is invalid. Please check the API reference.", param="input")
    vectors = [_vector(text, int(body.get("dimensions") or EMBEDDING_SIZE)) for text in texts]
    packs = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": number, "embedding": _pack(vector) if packs else vector}
        for number, vector in enumerate(vectors)
    ]
    tokens = sum(map(text_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "model": EMBEDDING_MODEL, "data": data, "usage": usage})


def _vector(text: str, size: int) -> list[float]:
    """A vector of length 1, to which each word adds in one place that its beginning names; small
    words say as little to it as to a model."""
    vector = [0.0] * size
    for word in book.content(text):
        digest = hashlib.sha256(word[:STEM].encode()).digest()
        vector[int.from_bytes(digest[:4]) % size] += 1.0
    length = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / length for value in vector]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
