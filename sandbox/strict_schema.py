"""JSON schemas of structured outputs: what strict mode refuses, and the smallest valid answer."""

from collections.abc import Iterator
from uuid import UUID

from sandbox.openai_errors import ApiError, Json

FORBIDDEN = ("allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")
FORBIDDEN_AT_ROOT = ("anyOf", "oneOf", "enum", *FORBIDDEN)


def check_strict(name: str, schema: Json) -> None:
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
    node: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def smallest(schema: Json, name: str = "answer", root: Json | None = None) -> object:
    """The smallest instance that satisfies a schema; strings say their property's name."""
    root = schema if root is None else root
    if "$ref" in schema:
        return smallest(_resolve(root, schema["$ref"]) or {}, name, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return smallest(schema["anyOf"][0], name, root)
    return _of_type(schema, name, root)


def _of_type(schema: Json, name: str, root: Json) -> object:
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties") or {}
        return {key: smallest(child, key, root) for key, child in properties.items()}
    if kind == "array":
        count = schema.get("minItems", 0)
        return [smallest(schema.get("items") or {}, name, root) for _ in range(count)]
    if kind in ("integer", "number"):
        return _number(schema)
    return {"boolean": True, "null": None}.get(kind, _string(schema, name))


def _number(schema: Json) -> float:
    if "exclusiveMinimum" in schema:
        return float(schema["exclusiveMinimum"]) + 1
    return schema.get("minimum") or 0


FORMATS = {"date-time": "2026-11-21T12:00:00Z", "date": "2026-11-21", "uuid": f"{UUID(int=0)}"}


def _string(schema: Json, name: str) -> str:
    plain = f"sandbox {name.replace('_', ' ')}"
    return FORMATS.get(schema.get("format", ""), plain)
