"""Mark values in a rendered prompt, so that it can be split by where its words come from.

A marked value compares, counts and branches like the plain one; only where a template
prints it does it carry its marks.
"""

import re
from typing import Any

FIRST, LAST, END = 0xF0000, 0xF0FFE, "\U000f0fff"
"""Characters of a plane that Unicode keeps for private use, so that no text needs them."""
SPAN = re.compile(f"([{chr(FIRST)}-{chr(LAST)}])([^{chr(FIRST)}-{END}]*){END}")
MARKS = re.compile(f"[{chr(FIRST)}-{END}]")


class _Marked:
    """Prints itself between marks; it must come before the type of the value among the bases."""

    at = 0

    def __str__(self) -> str:
        return f"{chr(FIRST + self.at)}{super().__str__()}{END}"


class _Words(_Marked, str):
    pass


class _Whole(_Marked, int):
    pass


class _Real(_Marked, float):
    pass


def mark(value: Any, at: int) -> Any:
    """The value, knowing its place among the values; an empty text stays as it is."""
    if value == "" and isinstance(value, str):
        return value
    kind = {str: _Words, int: _Whole, float: _Real}[type(value)]
    carrier = kind(value)
    carrier.at = at
    return carrier


def unmarked(text: str) -> str:
    """The text without characters that would be taken for marks."""
    return MARKS.sub("", text)


def split(text: str) -> list[tuple[str, int | None]]:
    """The pieces of a text, each with the place of its value or nothing."""
    pieces: list[tuple[str, int | None]] = []
    end = 0
    for match in SPAN.finditer(text):
        pieces.append((text[end : match.start()], None))
        pieces.append((match[2], ord(match[1]) - FIRST))
        end = match.end()
    pieces.append((text[end:], None))
    return [(piece, at) for piece, at in pieces if piece]
