"""The sandbox's own routes: set faults and answers, see what was asked."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.errors import ApiError, Json
from sandbox.faults import FAULTS
from sandbox.state import Call, State

_BASE64 = re.compile(r"[A-Za-z0-9+/=]{256,}")


def routes() -> list[Route]:
    """Return the routes under /sandbox."""
    return [
        Route("/sandbox/faults", list_faults, methods=["GET"]),
        Route("/sandbox/faults", add_fault, methods=["POST"]),
        Route("/sandbox/faults", clear_faults, methods=["DELETE"]),
        Route("/sandbox/answers", add_answers, methods=["POST"]),
        Route("/sandbox/requests", list_requests, methods=["GET"]),
        Route("/sandbox/requests", clear_requests, methods=["DELETE"]),
    ]


def _state(request: Request) -> State:
    state: State = request.app.state.sandbox
    return state


async def list_faults(request: Request) -> Response:
    """Every fault there is, and those that wait."""
    return JSONResponse({"faults": FAULTS, "waiting": _state(request).faults.waiting()})


async def add_fault(request: Request) -> Response:
    """Queue a fault: {"fault": NAME, "times": 1, "path": ..., "kind": "image"|"text"}."""
    asked = await request.json()
    faults = _state(request).faults
    path = asked.get("path") or "/v1/responses"
    try:
        faults.add(str(asked.get("fault")), asked.get("times", 1), asked.get("kind"), path)
    except ValueError as unknown:
        raise ApiError(str(unknown), param="fault", code="unknown_sandbox_fault") from unknown
    return JSONResponse({"waiting": faults.waiting()})


async def clear_faults(request: Request) -> Response:
    """Forget every fault."""
    _state(request).faults.clear()
    return JSONResponse({"waiting": []})


async def add_answers(request: Request) -> Response:
    """Queue structured answers: {"name": SCHEMA_NAME, "answers": [an object or a text, ...]}."""
    body = await request.json()
    match body:
        case {"name": str(name), "answers": [*answers]} if all(
            isinstance(answer, dict | str) for answer in answers
        ):
            _state(request).answers.add(name, answers)
        case _:
            raise ApiError(
                "Expected {'name': the name of a schema, 'answers': [objects or texts]}.",
                code="invalid_sandbox_answers",
            )
    return JSONResponse({"name": name, "answers": len(answers)})


async def list_requests(request: Request) -> Response:
    """What was asked so far, without base64."""
    return JSONResponse({"requests": [_shown(call) for call in _state(request).calls]})


async def clear_requests(request: Request) -> Response:
    """Forget what was asked."""
    _state(request).calls.clear()
    return JSONResponse({"requests": []})


def _shown(call: Call) -> Json:
    return {
        "method": call.method,
        "path": call.path,
        "body": _without_base64(call.body),
        "stream": call.stream,
        "kind": call.kind,
        "fault": call.fault.name if call.fault else None,
        "paid": call.paid,
    }


def _without_base64(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_base64(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_base64(child) for child in value]
    if isinstance(value, str):
        return _BASE64.sub("<base64>", value)
    return value
