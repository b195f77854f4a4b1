"""Wording that contradicts what the code promises, whatever a model is told.

The number of questions, the choices of each, the calls for pictures, the form of an
answer and the model are the code's. A template that speaks of them otherwise confuses
the model, and the code mends what comes back.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBER = rf"(?:\d+|{'|'.join(NUMBERS[1:])})"
RANGE = rf"({NUMBER})(?:\s*(?:to|or|-|–)\s*({NUMBER}))?"

QUESTIONS = re.compile(
    rf"\b{RANGE}\s+(?:[\w-]+\s+){{0,2}}questions?\b(?!\s+(?:at\s+a\s+time|per\s+turn))", re.I
)
OPTIONS = re.compile(rf"\b{RANGE}\s+(?:[\w-]+\s+)?(?:options|choices)\b", re.I)
CALLS = re.compile(
    rf"\bcalls?\s+the\s+image\s+tool\s+(?:again|twice|repeatedly|(?:several|many|{NUMBER})\s+times)",
    re.I,
)
FORM = re.compile(
    r"\b(?:answer|reply|respond|write\s+back)\s+(?:only\s+)?(?:in|as|with)\s+"
    r"(?:markdown|html|xml|yaml|prose|plain\s+text)\b",
    re.I,
)
MODEL = re.compile(r"\b(?:gpt-[\w.-]*\w|dall-e\S*)", re.I)


class Claim(NamedTuple):
    """Words that contradict the code: the line of the text, and a sentence with the fix."""

    line: int
    told: str


def contradictions(text: str, options: tuple[int, int]) -> Iterator[Claim]:
    """What a text says otherwise than the code; `options` are the fewest and most choices."""
    fewest, most = options
    for found in QUESTIONS.finditer(text):
        yield _claim(text, found, "the code keeps the number of questions; leave it out")
    for found in OPTIONS.finditer(text):
        if not all(fewest <= _number(one) <= most for one in found.groups() if one):
            told = f"the code keeps {fewest} to {most} choices to a question; write that"
            yield _claim(text, found, told)
    for found in CALLS.finditer(text):
        yield _claim(text, found, "the code takes one call of the image tool; leave it out")
    for found in FORM.finditer(text):
        yield _claim(text, found, "the code gives the form of the answer; leave it out")
    for found in MODEL.finditer(text):
        yield _claim(text, found, "the settings name the model; leave it out")


def _claim(text: str, found: "re.Match[str]", told: str) -> Claim:
    words = " ".join(found[0].split())
    return Claim(text.count("\n", 0, found.start()) + 1, f'"{words}": {told}.')


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.index(word.lower())
