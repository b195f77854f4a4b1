"""Output schemas of the tools: read from a file at a start, written from the result models.

A client reads them with every list of tools, so they say names and types alone, two levels
deep. The file lets a start list the tools without importing what the results are made of.
`python -m tools.output_schemas` writes it anew; a test says when that is due.
"""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

Schema = dict[str, Any]

FILE = Path(__file__).with_name("output_schemas.json")
LEVELS = 2
"""Of fields that are named: those of a result, and those of what its fields hold."""
ANYTHING: Schema = {"type": "object"}


@cache
def _schemas() -> dict[str, Schema]:
    schemas: dict[str, Schema] = json.loads(FILE.read_text(encoding="utf-8"))
    return schemas


def output_schema(result: str) -> Schema:
    """The schema of a kind of result."""
    return _schemas()[result]


def generate() -> dict[str, Schema]:
    """Each kind of result with its schema, as its model gives it, and what it is in an error.

    Nothing is required: TypeScript clients hold errors against the schema, too.
    """
    from consultation.consultation_result import Consultation
    from consultation.conversation_list import ConversationList, RecordChange
    from generation.image_result import ImageResult
    from tools.status import Status
    from tools.tool_result import ErrorResult

    consultation, pictures = schema_of(Consultation), schema_of(ImageResult)
    results = {
        "consultation": consultation,
        "pictures": pictures,
        "outcome": _either(consultation, pictures),
        "catalogue": schema_of(ConversationList, levels=1),
        "change": schema_of(RecordChange),
        "status": schema_of(Status),
        "view": {"type": "object", "properties": {}},  # only the view reads it
    }
    error = schema_of(ErrorResult, levels=1)
    return {name: _or_error(schema, error) for name, schema in results.items()}


def schema_of(model: "type[BaseModel]", *, levels: int = LEVELS) -> Schema:
    """A model's schema without titles, defaults and descriptions, so many levels deep."""
    whole = model.model_json_schema(mode="serialization")
    return _shape(whole, whole.get("$defs", {}), levels)


def _or_error(result: Schema, error: Schema) -> Schema:
    """Of a call that may fail."""
    return {**result, "properties": {**error["properties"], **result["properties"]}}


def _either(consultation: Schema, pictures: Schema) -> Schema:
    """Of a call that may ask or draw. What it asks is outlined; the other tool's schema says it."""
    asking, drawing = consultation["properties"], pictures["properties"]
    outlines = {
        name: {"type": "array", "items": ANYTHING}
        for name, field in asking.items()
        if field.get("items", {}).get("type") == "object"
    }
    # A field of both may be null if it may be in one of them.
    nullable = {name: asking[name] for name in drawing if "anyOf" in asking.get(name, {})}
    fields = {**asking, **outlines, **drawing, **nullable}
    return {"type": "object", "properties": fields}


def _shape(node: Schema, definitions: dict[str, Schema], levels: int) -> Schema:
    """A part of a schema with nothing but names and types."""
    if reference := node.get("$ref"):
        return _shape(definitions[reference.rpartition("/")[2]], definitions, levels)
    if "anyOf" in node:
        return {"anyOf": [_shape(choice, definitions, levels) for choice in node["anyOf"]]}
    if "enum" in node:
        return {"enum": node["enum"]}
    if "items" in node:
        return {"type": "array", "items": _shape(node["items"], definitions, levels)}
    if "properties" in node and levels:
        fields = {
            name: _shape(field, definitions, levels - 1)
            for name, field in node["properties"].items()
        }
        return {"type": "object", "properties": fields}
    return {"type": node["type"]}


def as_json() -> str:
    """The file's text as the models would have it."""
    return json.dumps(generate(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_json(), encoding="utf-8")
