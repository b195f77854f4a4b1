"""JSON files that belong to other programs: read, and changed in one place only, to the letter."""

import json
import re
from collections.abc import Iterator, Sequence
from json import JSONDecodeError
from typing import Any, NamedTuple

OUTSIDE_STRINGS = r'"(?:\\.|[^"\\])*"|'
COMMENT = re.compile(OUTSIDE_STRINGS + r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
TRAILING_COMMA = re.compile(OUTSIDE_STRINGS + r",(?=\s*[}\]])", re.DOTALL)
INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
DECODER = json.JSONDecoder()


class JsonError(ValueError):
    """A text is not what its file should hold; half a sentence that names the line."""


class Member(NamedTuple):
    """What an object holds under a key, or an array at a place, and where that lies in the text."""

    key: str | int
    start: int
    end: int


def read(text: str, *, comments: bool) -> dict[str, Any]:
    """The object that a text holds. An empty text holds an empty one.

    Comments and trailing commas are allowed where the program that owns the file allows
    them. Raises `JsonError`.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(_strict(text) if comments else text, object_pairs_hook=_once)
    except JSONDecodeError as error:
        raise JsonError(f"{error.msg[0].lower()}{error.msg[1:]} in line {error.lineno}") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise JsonError("it holds no object, which begins with { and ends with }")
    return found


def put(text: str, path: Sequence[str | int], value: Any) -> str:
    """The text with a value at this path: keys of objects, places in arrays.

    What is missing on the way is made; a place after the last one adds to an array. Every
    other letter stays: order, indentation, comments, line ends. `read` must have accepted
    the text, and what is on the way must be objects and arrays.
    """
    text = text if text.strip() else "{}\n"
    plain = _strict(text)
    start, end = _skip(plain, 0), len(plain.rstrip())
    for depth, key in enumerate(path):
        members = list(_members(plain, start))
        found = next((member for member in members if member.key == key), None)
        if found is None:
            new = _nested(path[depth + 1 :], value)
            label = f"{json.dumps(key)}: " if isinstance(key, str) else ""
            after = members[-1].end if members else None
            return _added(text, start, after, label + _shown(text, new, depth + 1), depth)
        start, end = found.start, found.end
    return text[:start] + _shown(text, value, len(path)) + text[end:]


def _added(text: str, start: int, last: int | None, member: str, depth: int) -> str:
    """The text with a member at the end of what starts there; `last` is where its last one ends."""
    end_of_line, indent = _style(text)
    plain = COMMENT.sub(_blank, text)
    after = last or start + 1
    close = next(place for place in range(after, len(plain)) if plain[place] in "}]")
    comma = "," if last and "," not in plain[after:close] else ""
    return (
        f"{text[:after]}{comma}{text[after:close].rstrip()}{end_of_line}{indent * (depth + 1)}"
        f"{member}{end_of_line}{indent * depth}{text[close:]}"
    )


def _nested(path: Sequence[str | int], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value} if isinstance(key, str) else [value]
    return value


def _shown(text: str, value: Any, depth: int) -> str:
    end_of_line, indent = _style(text)
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")
    return (end_of_line + indent * depth).join(lines)


def _style(text: str) -> tuple[str, str]:
    """How the text ends its lines, and by what it indents them."""
    found = INDENT.search(COMMENT.sub(_blank, text))
    return "\r\n" if "\r\n" in text else "\n", found[1] if found else "  "


def _members(text: str, start: int) -> Iterator[Member]:
    """The members of the object or array that starts there, in strict JSON."""
    place, count = _skip(text, start + 1), 0
    while text[place] not in "}]":
        key: str | int = count
        if text[start] == "{":
            key, place = DECODER.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)
        _, end = DECODER.raw_decode(text, place)
        yield Member(key, place, end)
        count += 1
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)


def _skip(text: str, place: int) -> int:
    while text[place].isspace():
        place += 1
    return place


def _strict(text: str) -> str:
    """The text with spaces where comments and trailing commas are."""
    return TRAILING_COMMA.sub(_blank, COMMENT.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    found = match[0]
    return found if found.startswith('"') else re.sub(r"[^\r\n]", " ", found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"it has {json.dumps(twice)} twice in one object")
    return found
