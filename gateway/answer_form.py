"""The form of a structured answer, as strict mode wants it."""

from typing import Any


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The `text` field of a request whose answer is to follow a schema."""
    return {"format": {"type": "json_schema", "name": name, "schema": schema, "strict": True}}
