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
    from consultation.consultation_result import Consultation, StyleApplication
    from consultation.conversation_list import ConversationList, RecordChange
    from generation.image_result import ImageResult
    from styles.extraction_result import StyleExtraction
    from tools.status import Status
    from tools.tool_result import ErrorResult

    pictures, dialogue = schema_of(ImageResult), schema_of(Consultation, levels=1)
    of_both = {name: dialogue["properties"][name] for name in ("assumptions", "not_used")}
    results = {
        "consultation": schema_of(Consultation),
        "pictures": pictures,
        # What the dialogue says is outlined: the schema of the other tool says it.
        "outcome": _with_fields(
            dialogue, {**pictures, "properties": pictures["properties"] | of_both}
        ),
        "catalogue": schema_of(ConversationList, levels=1),
        "change": schema_of(RecordChange),
        "status": schema_of(Status),
        "style": schema_of(StyleExtraction),
        "application": schema_of(StyleApplication),
    }
    error = schema_of(ErrorResult, levels=1)
    view = {"type": "object", "properties": {"error": error["properties"]["error"]}}
    # What only the view reads is said to nobody else.
    every = {name: _with_fields(error, schema) for name, schema in results.items()}
    return {**every, "view": view}


def schema_of(model: "type[BaseModel]", *, levels: int = LEVELS) -> Schema:
    """A model's schema without titles, defaults and descriptions, so many levels deep."""
    whole = model.model_json_schema(mode="serialization")
    return _shape(whole, whole.get("$defs", {}), levels)


def _with_fields(other: Schema, schema: Schema) -> Schema:
    """A schema with those of another before its own; a field of both is as its own is."""
    return {**schema, "properties": {**other["properties"], **schema["properties"]}}


def _shape(node: Schema, definitions: dict[str, Schema], levels: int) -> Schema:
    """A part of a schema with nothing but names and types; below the levels types alone."""
    if reference := node.get("$ref"):
        node = definitions[reference.rpartition("/")[2]]
    if "anyOf" in node:
        return _choice(node["anyOf"], definitions, levels)
    shape: Schema = {"type": node["type"]}
    if not levels:
        return shape
    if "items" in node:
        shape["items"] = _shape(node["items"], definitions, levels)
    if "enum" in node:
        return {"enum": node["enum"]}
    if "properties" in node:
        shape["properties"] = {
            name: _shape(field, definitions, levels - 1)
            for name, field in node["properties"].items()
        }
    return shape


def _choice(choices: list[Schema], definitions: dict[str, Schema], levels: int) -> Schema:
    """What may be null, or a word of two sets. Not as a list of types: fewer clients read it."""
    first, second = (_shape(choice, definitions, levels) for choice in choices)
    return first if first == second else {"anyOf": [first, second]}


def as_json() -> str:
    """The file's text as the models would have it."""
    return json.dumps(generate(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_json(), encoding="utf-8")
