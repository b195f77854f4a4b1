"""Change one place in a JSON file of another program, and leave every other letter as it was."""

import json
import re
from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

# Strings come first in each pattern, so that what looks like a comment in one is passed over.
STRING = r'"(?:\\.|[^"\\])*"|'
COMMENT = re.compile(STRING + r"//[^\r\n]*|/\*.*?\*/", re.DOTALL)
TRAILING_COMMA = re.compile(STRING + r",(?=\s*[}\]])", re.DOTALL)
INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)
DECODER = json.JSONDecoder()


class JsonError(ValueError):
    """A text is not what its file should hold; half a sentence that names the line."""


def read(text: str, *, comments: bool) -> dict[str, Any]:
    """The object that a text holds; an empty text holds an empty one.

    Comments and trailing commas are allowed where the program that owns the file allows
    them. Raises `JsonError`.
    """
    if not text.strip():
        return {}
    try:
        document = json.loads(_strict(text) if comments else text, object_pairs_hook=_unique)
    except JSONDecodeError as error:
        if not comments and _is_commented(text):
            surplus = f"it has a comment or a comma too many in line {error.lineno}"
            raise JsonError(f"{surplus}, with which its client reads none of it") from None
        raise JsonError(f"{error.msg[0].lower()}{error.msg[1:]} in line {error.lineno}") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    if not isinstance(document, dict):
        raise JsonError("it holds no object, which begins with { and ends with }")
    return document


def _is_commented(text: str) -> bool:
    """Whether nothing but comments and trailing commas keeps a text from being JSON."""
    try:
        json.loads(_strict(text))
    except ValueError:
        return False
    return True


def put(text: str, path: Sequence[str | int], value: Any) -> str:
    """The text of a document with a value at this path: keys of objects, places in arrays.

    All but the last step must be there already, and `read` must have accepted the text. A new
    key, or the place after the last one, is added at the end of its object or array.
    """
    text = text if text.strip() else "{}\n"
    plain, line_end, indent = _strict(text), "\r\n" if "\r\n" in text else "\n", _indent(text)
    start = _after_space(plain, 0)
    for key in path[:-1]:
        start = _members(plain, start)[key].start
    members = _members(plain, start)
    margin = line_end + indent * len(path)
    inserted = json.dumps(value, indent=indent, ensure_ascii=False).replace("\n", margin)
    if place := members.get(path[-1]):
        return text[: place.start] + inserted + text[place.stop :]
    label = f"{json.dumps(path[-1])}: " if isinstance(path[-1], str) else ""
    last = max((place.stop for place in members.values()), default=start + 1)
    close = _after_space(plain, last)
    has_comma = not members or "," in _without_comments(text)[last:close]
    rest = text[last:close].rstrip()  # comments behind the last member
    return (
        f"{text[:last]}{'' if has_comma else ','}{rest}{margin}{label}{inserted}"
        f"{line_end}{indent * (len(path) - 1)}{text[close:]}"
    )


def _members(plain: str, start: int) -> dict[str | int, slice]:
    """Where each value of the object or array lies that starts there, in strict JSON."""
    members: dict[str | int, slice] = {}
    place = _after_space(plain, start + 1)
    while plain[place] not in "}]":
        key: str | int = len(members)
        if plain[start] == "{":
            key, place = DECODER.raw_decode(plain, place)
            place = _after_space(plain, _after_space(plain, place) + 1)
        _, end = DECODER.raw_decode(plain, place)
        members[key] = slice(place, end)
        place = _after_space(plain, end)
        if plain[place] == ",":
            place = _after_space(plain, place + 1)
    return members


def _after_space(text: str, place: int) -> int:
    while text[place].isspace():
        place += 1
    return place


def _indent(text: str) -> str:
    match = INDENT.search(_without_comments(text))
    return match[1] if match else "  "


def _strict(text: str) -> str:
    """The text, as long as before, with spaces where comments and trailing commas are."""
    return TRAILING_COMMA.sub(_blank, _without_comments(text))


def _without_comments(text: str) -> str:
    return COMMENT.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else re.sub(r"[^\r\n]", " ", match[0])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ: of two equal ones, readers differ on which one counts."""
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"it has {json.dumps(twice)} twice in one object")
    return document
