"""The sandbox's HTTP surface: OpenAI's routes under /v1, its own controls under /sandbox."""

import base64
import hashlib
import json
import re
import secrets
import struct
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import model_catalogue, openai_errors, request_content, responses_api
from sandbox import phrasebook as book
from sandbox.faults import FAULTS
from sandbox.memory import ApiCall, SandboxMemory, mint
from sandbox.openai_errors import ApiError, Json, model_not_found
from sandbox.request_validation import check_types
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


Endpoint = Callable[[Request, SandboxMemory, ApiCall], Awaitable[Response]]
BEARER = re.compile(r"Bearer\s+(\S+)")


def create_app(memory: SandboxMemory) -> Starlette:
    """The application; all that it remembers is in `memory`."""
    api: list[tuple[str, str, Endpoint]] = [
        ("POST", "/responses", responses_api.create),
        ("GET", "/responses/{id}", responses_api.retrieve),
        ("POST", "/files", upload_file),
        ("POST", "/embeddings", embed),
        ("GET", "/models", list_models),
    ]
    routes = [
        Route(f"/v1{path}", _guard(endpoint), methods=[method]) for method, path, endpoint in api
    ]
    handlers = {ApiError: _refuse, HTTPException: _no_such_url, Exception: _own_mistake}
    app = Starlette(routes=[*routes, *CONTROLS], exception_handlers=handlers)
    app.state.memory = memory
    return app


def _guard(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that checks the key, logs the call and lets it meet its fault first."""

    async def answer(request: Request) -> Response:
        memory: SandboxMemory = request.app.state.memory
        start = time.perf_counter()
        call = await _read(request)
        memory.calls.append(call)
        _admit(request, memory, call)
        response = await endpoint(request, memory, call)
        response.headers.update(_headers(time.perf_counter() - start))
        return response

    return answer


def _headers(seconds: float) -> dict[str, str]:
    """What OpenAI sends with every answer; the SDK reads the request id."""
    return {
        "x-request-id": mint("req"),
        "openai-version": "2020-10-01",
        "openai-processing-ms": str(round(seconds * 1000)),
    }


async def _read(request: Request) -> ApiCall:
    call = ApiCall(request.method, request.url.path)
    if not request.headers.get("content-type", "").startswith("application/json"):
        return call
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as broken:
        raise ApiError(
            "We could not parse the JSON body of your request. The OpenAI API expects a JSON "
            "payload."
        ) from broken
    call.body = body if isinstance(body, dict) else {}
    call.stream = call.body.get("stream") is True
    return call


def _admit(request: Request, memory: SandboxMemory, call: ApiCall) -> None:
    """Check the key, then let the call meet its fault, if one awaits it."""
    bearer = BEARER.fullmatch(request.headers.get("authorization", ""))
    if not bearer:
        raise openai_errors.missing_key()
    if call.method == "POST" and call.path == "/v1/responses":
        check_types(call.body)
        call.kind = "image" if request_content.image_tool(call.body) else "text"
    header = request.headers.get("x-sandbox-fault")
    words = request_content.newest_words(call.body)
    try:
        call.fault = memory.faults.next(call.path, call.kind, header, words)
    except ValueError as unknown:
        raise ApiError(str(unknown), code="unknown_sandbox_fault") from unknown
    if call.fault:
        error = openai_errors.http_error(call.fault, bearer[1], call.body, stream=call.stream)
        if error:
            raise error


async def _refuse(_request: Request, error: Exception) -> Response:
    """An error as OpenAI sends it."""
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body, error.status, {**_headers(0.001), **error.headers})


async def _no_such_url(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = f"Invalid URL ({request.method} {request.url.path})"
    return await _refuse(request, ApiError(message, status=status))


async def _own_mistake(request: Request, error: Exception) -> Response:
    """A mistake of the sandbox itself, told apart from the server errors that it plays."""
    message = f"The sandbox itself failed: {error!r}"
    return await _refuse(request, ApiError(message, status=500, type="sandbox_mistake"))


async def list_faults(_request: Request) -> Response:
    """Every fault there is."""
    return JSONResponse({"faults": FAULTS})


async def add_fault(request: Request) -> Response:
    """Queue a fault: {"fault": NAME, "times": 1, "path": ..., "kind": "image"|"text"}."""
    body = await request.json()
    memory: SandboxMemory = request.app.state.memory
    path = body.get("path") or "/v1/responses"
    try:
        memory.faults.add(str(body.get("fault")), body.get("times", 1), body.get("kind"), path)
    except ValueError as unknown:
        raise ApiError(str(unknown), param="fault", code="unknown_sandbox_fault") from unknown
    return JSONResponse(body)


CONTROLS = [
    Route("/sandbox/faults", list_faults, methods=["GET"]),
    Route("/sandbox/faults", add_fault, methods=["POST"]),
]
