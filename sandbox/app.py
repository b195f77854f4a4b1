"""The sandbox's HTTP surface: OpenAI's routes under /v1, its own controls under /sandbox."""

import json
import re
import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import controls, embeddings, files, limits, models, reading, responses
from sandbox.errors import ApiError, Json, missing_key
from sandbox.fault_errors import http_error
from sandbox.state import Call, State, mint
from sandbox.transport import refusal

Work = Callable[[Request, State, Call], Awaitable[Response]]
_BEARER = re.compile(r"Bearer\s+(\S+)")


def create_app(state: State | None = None) -> Starlette:
    """Return the application; all it remembers is in `state`."""
    state = state or State()
    routes = [
        Route("/v1/responses", _open(responses.create), methods=["POST"]),
        Route("/v1/responses/{id}", _open(responses.retrieve), methods=["GET"]),
        Route("/v1/responses/{id}", _open(responses.delete), methods=["DELETE"]),
        Route("/v1/responses/{id}/cancel", _open(responses.cancel), methods=["POST"]),
        Route("/v1/files", _open(files.upload), methods=["POST"]),
        Route("/v1/files/{id}", _open(files.retrieve), methods=["GET"]),
        Route("/v1/files/{id}", _open(files.delete), methods=["DELETE"]),
        Route("/v1/embeddings", _open(embeddings.create), methods=["POST"]),
        Route("/v1/models", _open(list_models), methods=["GET"]),
        Route("/v1/models/{id}", _open(retrieve_model), methods=["GET"]),
        *controls.routes(),
    ]
    handlers = {ApiError: refusal, HTTPException: _no_such_url, Exception: _own_fault}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.sandbox = state
    return app


def _open(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that checks the key, logs the call and applies its fault."""

    async def endpoint(request: Request) -> Response:
        state: State = request.app.state.sandbox
        began = time.perf_counter()
        call = await _read(request)
        state.calls.append(call)
        _admit(request, state, call)
        response = await work(request, state, call)
        elapsed = round((time.perf_counter() - began) * 1000)
        response.headers["x-request-id"] = mint("req")
        response.headers["openai-version"] = "2020-10-01"
        response.headers["openai-processing-ms"] = str(elapsed)
        return response

    return endpoint


def _admit(request: Request, state: State, call: Call) -> None:
    """Check the key, then let the call meet its fault, if one awaits it."""
    key = _key(request)
    if call.method == "POST" and call.path == "/v1/responses":
        limits.check_types(call.body)
        call.kind = "image" if reading.image_tool(call.body) else "text"
    header = request.headers.get("x-sandbox-fault")
    words = reading.newest_words(call.body)
    try:
        call.fault = state.faults.take(call.path, call.kind, header, words)
    except ValueError as unknown:
        raise ApiError(str(unknown), code="unknown_sandbox_fault") from unknown
    if call.fault:
        error = http_error(call.fault, key, call.body, stream=call.stream)
        if error:
            raise error


async def _read(request: Request) -> Call:
    call = Call(request.method, request.url.path)
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


def _key(request: Request) -> str:
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if not found:
        raise missing_key()
    return found[1]


async def list_models(_request: Request, _state: State, _call: Call) -> Response:
    """GET /v1/models."""
    return JSONResponse({"object": "list", "data": models.describe_all()})


async def retrieve_model(request: Request, _state: State, _call: Call) -> Response:
    """GET /v1/models/{id}; unlike POST /v1/responses it answers 404 to an unknown model."""
    name = request.path_params["id"]
    body: Json | None = models.describe(name)
    if body is None:
        raise ApiError(
            f"The model '{name}' does not exist",
            status=404,
            param="model",
            code="model_not_found",
        )
    return JSONResponse(body)


async def _no_such_url(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    message = f"Invalid URL ({request.method} {request.url.path})"
    return await refusal(request, ApiError(message, status=status))


async def _own_fault(request: Request, error: Exception) -> Response:
    """Tell a mistake of the sandbox itself from the server errors it plays."""
    message = f"The sandbox itself failed: {error!r}"
    return await refusal(request, ApiError(message, status=500, type="sandbox_mistake"))
