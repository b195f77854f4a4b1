"""What pydantic found wrong with a file that people write, in plain words and with the way out."""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

ONE_LINE = r"^[^\x00-\x1f\x7f]+$"
"""Words without a break of line or another control character."""
HEX = r"^#[0-9a-fA-F]{6}$"
DIGEST = r"^[0-9a-f]{64}$"
FORMS = {
    ONE_LINE: "it holds a break of line or another control character; write it in one line.",
    HEX: 'it takes a colour as hex in quotes, such as "#c96840"; write it so.',
    DIGEST: "it takes the 64 digits of a SHA-256; write all of them, or remove the entry.",
}
"""What each pattern of a text means."""

EMPTY = (
    "nothing stands there; write something. A hash sign begins a comment, so what has one goes in "
    'quotes, such as "#c96840".'
)
KINDS = {
    "missing": "it is missing; add it.",
    "string_type": "it takes one text; write it without brackets, a number or a date in quotes.",
    "list_type": "it takes a list; put it in square brackets: [one, two].",
    "float_parsing": "it takes a number, such as 0.5; write one.",
    "int_parsing": "it takes a whole number; write one.",
    "int_from_float": "it takes a whole number; write one.",
    "date_from_datetime_parsing": "it takes a date, such as 2026-11-30; write one.",
}
"""What kinds of faults come to whatever stands there."""
LONGEST_EXAMPLE = 40
"""Characters of a file that its fault says again."""


def sentence_of(fault: ErrorDetails, model: type[BaseModel], filled: Collection[str]) -> str:
    """What is wrong with a key of a file, and how to mend it.

    `model` is what the file is read as, `filled` names the keys that its place fills.
    """
    keys, kind, entry = tuple(map(str, fault["loc"])), fault["type"], fault["input"]
    if entry is None:
        return EMPTY
    if kind == "extra_forbidden":
        known = [key for key in _keys_below(model, keys[:-1]) if key not in filled]
        close = get_close_matches(keys[-1], known, n=1)
        way = f"write {close[0]}" if close else "remove it or mend its spelling"
        return f"there is no such key; {way}. The keys here are {', '.join(known)}."
    if kind == "model_type":
        below = ", ".join(_keys_below(model, keys))
        return f"it takes keys of its own, each in a line below it; write such as {below}."
    if kind == "list_type" and isinstance(entry, str) and len(entry) <= LONGEST_EXAMPLE:
        return f"it takes a list; put it in square brackets: [{entry}]."
    form = fault.get("ctx", {}).get("pattern", "")
    limit = fault["msg"].removeprefix("Value error, ").replace(" after validation", "")
    limit = re.sub(r"^(Input|String|List|Tuple|Dictionary) should", "it should", limit)
    return FORMS.get(form) or KINDS.get(kind) or f"{limit}; change it."


def _keys_below(model: type[BaseModel], keys: Collection[str]) -> list[str]:
    """The keys that may stand below these; numbers of entries and names of one's own lead on."""
    models = [model]
    for key in keys:
        fields = [
            field
            for one in models
            for name, field in one.model_fields.items()
            if key == (field.alias or name)
        ]
        models = [below for field in fields for below in _models_in(field.annotation)] or models
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field may hold, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
