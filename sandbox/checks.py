"""Validation of POST /v1/responses as OpenAI does it: the first thing wrong is refused."""

import re

from sandbox import image_checks, limits, parameters, reading, schema
from sandbox.errors import (
    ApiError,
    Json,
    model_not_found,
    previous_not_found,
    tool_not_supported,
)
from sandbox.models import MAINLINE
from sandbox.state import State

_FORMAT_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def check_request(body: Json, state: State) -> None:
    """Refuse a request that OpenAI would refuse.

    Raises:
        ApiError: with the status, param and code that OpenAI gives.
    """
    _check_names(body)
    if body["model"] not in MAINLINE:
        raise model_not_found(body["model"])
    limits.check_limits(body)
    _check_format(body)
    _check_storage(body, state)
    for index, tool in enumerate(body.get("tools") or []):
        if tool.get("type") == "image_generation":
            if not MAINLINE[body["model"]].draws:
                raise tool_not_supported(body["model"])
            image_checks.check_tool(tool, f"tools[{index}]")
    _check_choice(body)


def _check_names(body: Json) -> None:
    unknown = next((key for key in body if key not in parameters.REQUEST), None)
    if unknown:
        raise ApiError(f"Unknown parameter: '{unknown}'.", param=unknown, code="unknown_parameter")
    if not body.get("model"):
        raise ApiError(
            "Missing required parameter: 'model'.",
            param="model",
            code="missing_required_parameter",
        )
    if not body.get("input"):
        raise ApiError(
            "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be "
            "provided.",
            param="input",
            code="missing_required_parameter",
        )


def _check_format(body: Json) -> None:
    asked = reading.text_format(body)
    if asked["type"] != "json_schema":
        return
    name = asked.get("name") or ""
    if not _FORMAT_NAME.fullmatch(name):
        raise ApiError(
            "Invalid 'text.format.name': string does not match pattern. Expected a string that "
            "matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param="text.format.name",
            code="invalid_value",
        )
    if asked.get("strict"):
        schema.check_strict(name, asked.get("schema") or {})


def _check_storage(body: Json, state: State) -> None:
    previous = body.get("previous_response_id")
    if previous and previous not in state.records:
        raise previous_not_found(previous)
    if body.get("background") and body.get("store") is False:
        raise ApiError("Background mode requires 'store' to be true.", param="background")


def _check_choice(body: Json) -> None:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict) or choice.get("type") != "image_generation":
        return
    if reading.image_tool(body) is None:
        raise ApiError(
            "Tool choice 'image_generation' not found in 'tools' parameter.", param="tool_choice"
        )
