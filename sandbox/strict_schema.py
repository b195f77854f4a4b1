"""JSON schemas of structured outputs: what strict mode refuses."""

from collections.abc import Iterator

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
    """What a reference within a schema leads to, None where that is nothing."""
    node: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            node = node.get(step) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None
