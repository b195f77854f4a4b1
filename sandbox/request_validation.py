"""Validation of POST /v1/responses as OpenAI does it: the first thing wrong is refused.

Which parameters exist, and which values they take, is read from the SDK's own types.
"""

import re
from collections.abc import Iterator
from functools import cache
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

from sandbox import request_content
from sandbox.memory import SandboxMemory
from sandbox.model_catalogue import MAINLINE, check_image_model
from sandbox.openai_errors import (
    ApiError,
    Json,
    model_not_found,
    previous_not_found,
    tool_not_supported,
)
from sandbox.response_body import reasons

FORMAT_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FEWEST_OUTPUT_TOKENS = 16
HOTTEST = 2
MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""OpenAI's limits on metadata, on the temperature and on the length of an answer."""

RANGES = {"output_compression": (0, 100), "partial_images": (0, 3)}
"""The numbers of the image tool, whose bounds stand in no type."""

TYPES: dict[str, tuple[type, ...]] = {
    "input": (str, list),
    "tools": (list,),
    "metadata": (dict,),
    "reasoning": (dict,),
    "stream_options": (dict,),
    "text": (dict,),
}
"""What everything else relies on; checked before anything reads the body."""


@cache
def request_parameters() -> frozenset[str]:
    """The parameters of POST /v1/responses that exist."""
    # Here and not above: the SDK takes half a second to load, which no start should wait for.
    from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

    return frozenset(ResponseCreateParamsStreaming.__annotations__)


@cache
def image_tool_choices() -> dict[str, tuple[str, ...]]:
    """The parameters of the image tool that exist, each with its values, () where it has any."""
    from openai.types.responses.tool_param import ImageGeneration

    return {key: _choices(hint) for key, hint in get_type_hints(ImageGeneration).items()}


def _choices(hint: object) -> tuple[str, ...]:
    """The values of a literal type, optional or not; none for a type that takes others, too."""
    literals = [hint, *(one for one in get_args(hint) if one is not NoneType)]
    if get_origin(hint) is not Literal and len(literals) > 2:  # noqa: PLR2004 - a union of others
        return ()
    return get_args(literals[-1]) if get_origin(literals[-1]) is Literal else get_args(hint)


def check_types(body: Json) -> None:
    """Raises `ApiError` 400 invalid_type for parts whose type everything else relies on."""
    for key, kinds in TYPES.items():
        value = body.get(key)
        if value is not None and not isinstance(value, kinds):
            raise _wrong_type(
                key, f"one of {[k.__name__ for k in kinds]}, but got {type(value).__name__} instead"
            )
    for index, tool in enumerate(body.get("tools") or []):
        if not isinstance(tool, dict):
            raise _wrong_type(f"tools[{index}]", "an object")


def check_request(body: Json, memory: SandboxMemory) -> None:
    """Raises `ApiError` with the status, param and code that OpenAI gives."""
    _check_names(body)
    if body["model"] not in MAINLINE:
        raise model_not_found(body["model"])
    _check_sampling(body)
    _check_metadata(body.get("metadata") or {})
    _check_format(request_content.text_format(body))
    _check_storage(body, memory)
    for index, tool in enumerate(body.get("tools") or []):
        if tool.get("type") == "image_generation":
            if not MAINLINE[body["model"]].draws:
                raise tool_not_supported(body["model"])
            _check_image_tool(tool, f"tools[{index}]")
    choice = body.get("tool_choice")
    wants_image = isinstance(choice, dict) and choice.get("type") == "image_generation"
    if wants_image and request_content.image_tool(body) is None:
        message = "Tool choice 'image_generation' not found in 'tools' parameter."
        raise ApiError(message, param="tool_choice")


def _check_names(body: Json) -> None:
    unknown = next((key for key in body if key not in request_parameters()), None)
    if unknown:
        raise ApiError(f"Unknown parameter: '{unknown}'.", param=unknown, code="unknown_parameter")
    for key, message in {
        "model": "Missing required parameter: 'model'.",
        "input": "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must "
        "be provided.",
    }.items():
        if not body.get(key):
            raise ApiError(message, param=key, code="missing_required_parameter")


def _check_sampling(body: Json) -> None:
    for key in ("temperature", "top_p"):
        if body.get(key) is not None and reasons(body):
            message = f"Unsupported parameter: '{key}' is not supported with this model."
            raise ApiError(message, param=key)
    heat = body.get("temperature")
    if heat is not None and not 0 <= heat <= HOTTEST:
        raise _out_of_range("temperature", "decimal", heat, (0, HOTTEST), ">= 0", f"<= {HOTTEST}")
    length = body.get("max_output_tokens")
    if length is not None and length < FEWEST_OUTPUT_TOKENS:
        least = FEWEST_OUTPUT_TOKENS
        raise _out_of_range("max_output_tokens", "integer", length, (least, length), f">= {least}")


def _check_metadata(metadata: Json) -> None:
    if len(metadata) > MOST_PAIRS:
        raise ApiError(
            f"Invalid 'metadata': too many properties. Expected an object with at most "
            f"{MOST_PAIRS} properties, but got an object with {len(metadata)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in metadata.items():
        place = f"metadata.{key[:LONGEST_KEY]}"
        if not isinstance(value, str):
            raise _wrong_type(place, f"a string, but got {type(value).__name__} instead")
        for text, limit in ((key, LONGEST_KEY), (value, LONGEST_VALUE)):
            if len(text) > limit:
                raise ApiError(
                    f"Invalid '{place}': string too long. Expected a string with maximum length "
                    f"{limit}, but got a string with length {len(text)} instead.",
                    param=place,
                    code="string_above_max_length",
                )


def _check_format(form: Json) -> None:
    if form["type"] != "json_schema":
        return
    name = form.get("name") or ""
    if not FORMAT_NAME.fullmatch(name):
        raise ApiError(
            "Invalid 'text.format.name': string does not match pattern. Expected a string that "
            "matches the pattern '^[a-zA-Z0-9_-]+$'.",
            param="text.format.name",
            code="invalid_value",
        )
    if form.get("strict"):
        _check_strict(name, form.get("schema") or {})


def _check_storage(body: Json, memory: SandboxMemory) -> None:
    previous = body.get("previous_response_id")
    if previous and previous not in memory.responses:
        raise previous_not_found(previous)
    if body.get("background") and body.get("store") is False:
        raise ApiError("Background mode requires 'store' to be true.", param="background")


def _check_image_tool(tool: Json, place: str) -> None:
    choices = image_tool_choices()
    for key, value in tool.items():
        param = f"{place}.{key}"
        if key not in choices:
            raise ApiError(f"Unknown parameter: '{param}'.", param=param, code="unknown_parameter")
        if value is not None and choices[key] and value not in choices[key]:
            names = ", ".join(f"'{one}'" for one in choices[key])
            message = f"Invalid value: '{value}'. Supported values are: {names}."
            raise ApiError(message, param=param, code="invalid_value")
    for key, (low, high) in RANGES.items():
        value = tool.get(key)
        if value is not None and not low <= value <= high:
            between = f"between {low} and {high}"
            raise _out_of_range(f"{place}.{key}", "integer", value, (low, high), between, between)
    check_image_model(tool, place)


def _out_of_range(
    param: str, kind: str, value: float, bounds: tuple[float, float], *expected: str
) -> ApiError:
    """The error for a number; `expected` says what was, first where it is too small."""
    side = "below_min" if value < bounds[0] else "above_max"
    return ApiError(
        f"Invalid '{param}': {kind} {side.replace('_', ' ')}imum value. Expected a value "
        f"{expected[0 if side == 'below_min' else -1]}, but got {value} instead.",
        param=param,
        code=f"{kind}_{side}_value",
    )


def _wrong_type(param: str, expected: str) -> ApiError:
    message = f"Invalid type for '{param}': expected {expected}."
    return ApiError(message, param=param, code="invalid_type")


FORBIDDEN = ("allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")
FORBIDDEN_AT_ROOT = ("anyOf", "oneOf", "enum", *FORBIDDEN)


def _check_strict(name: str, schema: Json) -> None:
    """Raises `ApiError` 400 invalid_json_schema, naming the place, as strict mode does."""
    complaint = next(_complaints(schema), None)
    if complaint:
        raise ApiError(
            f"Invalid schema for response_format '{name}': {complaint}",
            param="text.format.schema",
            code="invalid_json_schema",
        )


def _complaints(schema: Json) -> Iterator[str]:
    if schema.get("type") != "object" or any(key in schema for key in FORBIDDEN_AT_ROOT):
        yield (
            "schema must be a JSON Schema of 'type: \"object\"', without anyOf, oneOf, allOf, "
            "enum or not at its top level."
        )
    for path, node in _walk(schema, ()):
        yield from (f"{_at(path)}, {text}" for text in _faults(schema, node))


def _walk(node: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every schema within a schema, with its path."""
    if not isinstance(node, dict):
        return
    yield path, node
    for group in ("properties", "$defs", "definitions"):
        for key, child in (node.get(group) or {}).items():
            yield from _walk(child, (*path, group, key))
    yield from _walk(node.get("items"), (*path, "items"))
    for number, child in enumerate(node.get("anyOf") or []):
        yield from _walk(child, (*path, "anyOf", str(number)))


def _faults(root: Json, node: Json) -> Iterator[str]:
    for key in FORBIDDEN:
        if key in node:
            yield f"'{key}' is not permitted."
    reference = node.get("$ref")
    if reference is not None and _resolve(root, reference) is None:
        yield f"reference to component '{reference}' which was not found in the schema."
    if node.get("type") == "object" or "properties" in node:
        yield from _object_faults(node)


def _object_faults(node: Json) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false."
    missing = [key for key in node.get("properties") or {} if key not in node.get("required", [])]
    if missing:
        yield (
            "'required' is required to be supplied and to be an array including every key in "
            f"properties. Missing '{missing[0]}'."
        )


def _at(path: tuple[str, ...]) -> str:
    return f"In context={path!r}"


def _resolve(root: Json, reference: str) -> Json | None:
    """What a reference within a schema leads to, None where that is nothing."""
    node: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None
