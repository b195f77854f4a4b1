"""The sandbox's own routes, for whoever runs it in another process: faults, answers, requests."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FAULTS
from sandbox.memory import ApiCall, SandboxMemory
from sandbox.openai_errors import ApiError, Json

BASE64 = re.compile(r"[A-Za-z0-9+/=]{256,}")
"""A picture; shorter runs are words and ids, which whoever reads the requests wants to see."""


def _memory(request: Request) -> SandboxMemory:
    memory: SandboxMemory = request.app.state.memory
    return memory


async def list_faults(request: Request) -> Response:
    """Every fault there is, and those that wait."""
    return JSONResponse({"faults": FAULTS, "waiting": _memory(request).faults.waiting()})


async def add_fault(request: Request) -> Response:
    """Queue a fault: {"fault": NAME, "times": 1, "path": ..., "kind": "image"|"text"}."""
    body = await request.json()
    faults = _memory(request).faults
    path = body.get("path") or "/v1/responses"
    try:
        faults.add(str(body.get("fault")), body.get("times", 1), body.get("kind"), path)
    except ValueError as unknown:
        raise ApiError(str(unknown), param="fault", code="unknown_sandbox_fault") from unknown
    return JSONResponse({"waiting": faults.waiting()})


async def clear_faults(request: Request) -> Response:
    """Forget every fault."""
    _memory(request).faults.clear()
    return JSONResponse({"waiting": []})


async def add_answers(request: Request) -> Response:
    """Queue structured answers: {"name": SCHEMA_NAME, "answers": [an object or a text, ...]}."""
    body = await request.json()
    match body:
        case {"name": str(name), "answers": [*answers]} if all(
            isinstance(answer, dict | str) for answer in answers
        ):
            _memory(request).answers.add(name, answers)
        case _:
            raise ApiError(
                "Expected {'name': the name of a schema, 'answers': [objects or texts]}.",
                code="invalid_sandbox_answers",
            )
    return JSONResponse({"name": name, "answers": len(answers)})


async def list_requests(request: Request) -> Response:
    """The requests so far, without base64."""
    return JSONResponse({"requests": [_summary(call) for call in _memory(request).calls]})


async def clear_requests(request: Request) -> Response:
    """Forget the requests."""
    _memory(request).calls.clear()
    return JSONResponse({"requests": []})


def _summary(call: ApiCall) -> Json:
    return {
        "method": call.method,
        "path": call.path,
        "body": _without_base64(call.body),
        "stream": call.stream,
        "kind": call.kind,
        "fault": call.fault.name if call.fault else None,
        "paid": call.has_picture,
    }


def _without_base64(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_base64(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_base64(child) for child in value]
    return BASE64.sub("<base64>", value) if isinstance(value, str) else value


ROUTES = [
    Route("/sandbox/faults", list_faults, methods=["GET"]),
    Route("/sandbox/faults", add_fault, methods=["POST"]),
    Route("/sandbox/faults", clear_faults, methods=["DELETE"]),
    Route("/sandbox/answers", add_answers, methods=["POST"]),
    Route("/sandbox/requests", list_requests, methods=["GET"]),
    Route("/sandbox/requests", clear_requests, methods=["DELETE"]),
]
