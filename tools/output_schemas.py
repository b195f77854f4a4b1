"""Output schemas of the tools, short: a client reads them with every list of tools.

They state the shape of structured content; `tests/test_surface.py` holds every result
against them. Kept apart from the result classes so that listing the tools imports none.
"""

from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}

SAYS_NOTHING = [("default", None), ("default", "")]


def shorten(schema: Schema) -> Schema:
    """An input schema without what only says that an optional parameter may be null or empty.

    A client reads it with every list of tools; null is taken all the same.
    """
    properties = {name: _without_null(part) for name, part in schema["properties"].items()}
    return {**schema, "properties": properties}


def _without_null(part: Schema) -> Schema:
    choices = [choice for choice in part.get("anyOf", []) if choice != {"type": "null"}]
    rest = {key: value for key, value in part.items() if (key, value) not in SAYS_NOTHING}
    if len(choices) != 1:
        return rest
    del rest["anyOf"]
    return {**choices[0], **rest}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}  # a list of types is read by fewer clients


def _enum(*values: str) -> Schema:
    return {"enum": list(values)}


_TEXT = _or_null(STRING)
_SPAN = _object(
    text=STRING,
    source=_enum("request", "answer", "reference", "template", "assumption"),
    ref=_TEXT,
)

_DIALOGUE: Schema = {
    "conversation_id": STRING,
    "questions": _list(
        _object(
            id=STRING,
            dimension=STRING,
            text=STRING,
            why=STRING,
            options=_list(STRING),
            default=STRING,
        )
    ),
    "brief": _list(_object(dimension=STRING, value=STRING, source=STRING, ref=_TEXT)),
    "completeness": _or_null(_object(before=INTEGER, now=INTEGER, missing=_list(STRING))),
    "refined_prompt": _TEXT,
    "provenance": _list(_SPAN),
    "assumptions": _list(STRING),
    "suggested": _or_null(
        _object(size=STRING, quality=STRING, background=STRING, output_format=STRING)
    ),
    "estimated_cost_usd": _or_null(NUMBER),
    "origin": _enum("openai", "sandbox"),
    "notes": _list(STRING),
    "next_step": STRING,
}

CONSULTATION: Schema = {
    **_object(status=_enum("asking", "ready"), **_DIALOGUE),
    "required": ["conversation_id", "status", "next_step"],
}

_IMAGE = _object(
    image_id=STRING,
    parent_image_id=_TEXT,
    path=STRING,
    width=INTEGER,
    height=INTEGER,
    format=STRING,
    bytes=INTEGER,
    has_alpha=BOOLEAN,
    changed=_TEXT,
)

_DRAWING: Schema = {
    "conversation_id": STRING,
    "status": _enum("done", "working", "asking", "failed"),
    "images": _list(_IMAGE),
    "prompt": STRING,
    "revised_prompt": _TEXT,
    "difference": _or_null(_object(added=_list(STRING), removed=_list(STRING))),
    "models": {"type": "object"},
    "cost_usd": NUMBER,
    "cost_is_estimate": BOOLEAN,
    "estimated_cost_usd": _or_null(NUMBER),
    "spent_today_usd": NUMBER,
    "spent_conversation_usd": NUMBER,
    "checklist": _list(STRING),
    "verification": _or_null({"type": "object"}),
    "elapsed_seconds": NUMBER,
    "attempts": INTEGER,
    "origin": _enum("openai", "sandbox"),
    "notes": _list(STRING),
    "next_step": STRING,
}
_REQUIRED = ["conversation_id", "status", "next_step"]

_OUTLINED: Schema = dict.fromkeys(("questions", "brief", "provenance"), _list({"type": "object"}))

GENERATION: Schema = {
    **_object(**{**_DIALOGUE, **_OUTLINED, **_DRAWING}),
    "required": _REQUIRED,
}
"""A drawing, or, with status asking, what the consultation returns: its schema says the rest."""

DRAWN: Schema = {**_object(**_DRAWING), "required": _REQUIRED}
"""A drawing that no dialogue comes before."""

LISTED: Schema = {
    **_object(
        conversations=_list({"type": "object"}),
        total=INTEGER,
        record=_TEXT,
        cursor=_TEXT,
        notes=_list(STRING),
        next_step=STRING,
    ),
    "required": ["conversations", "next_step"],
}

KEPT: Schema = {
    **_object(conversation_id=STRING, done=_list(STRING), next_step=STRING),
    "required": ["conversation_id", "done", "next_step"],
}

STATUS: Schema = {
    **_object(
        version=STRING,
        origin=_enum("openai", "sandbox"),
        key=STRING,
        models=_list(_object(setting=STRING, state=STRING, told=STRING)),
        images_folder=STRING,
        records_folder=STRING,
        templates_folder=STRING,
        input_folders=_list(STRING),
        toolsets=_list(STRING),
        quality=STRING,
        spent_today_usd=NUMBER,
        daily_budget_usd=_or_null(NUMBER),
        findings=_list(_object(name=STRING, state=STRING, told=STRING)),
        notes=_list(STRING),
        next_step=STRING,
    ),
    "required": ["version", "models", "next_step"],
}
