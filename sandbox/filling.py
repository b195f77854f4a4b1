"""The model that reads words into a template's parameters, played: simple rules, never varied."""

import json
import re

from sandbox import dialogue
from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

SCHEMA_NAME = "template_filling"

_LEFT_OUT = "leave it out"
_NUMBER = re.compile(r"(?<![\w.,#])\d+(?:[.,]\d+)?(?![\w%])")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_ABOUT = re.compile(r"\b(?:for|of|about|für|von|über|mit)\s+(.+)", re.IGNORECASE | re.DOTALL)
_QUOTES = " \"'“”„«»「」"
_TITLE_WORDS = 7


def reply(body: Json) -> str:
    """What the words fill, as JSON."""
    return json.dumps(_filling(dialogue.read(body)), ensure_ascii=False)


def _filling(talk: Dialogue) -> Json:
    parameters: list[Json] = talk.state.get("parameters") or []
    values: dict[str, str] = {}
    earlier = [e["value"] for e in talk.before.get("brief") or [] if e["dimension"] == "besides"]
    begun = talk.state.get("open_questions") or any(parameter["value"] for parameter in parameters)
    for ref in talk.fresh if begun else talk.messages:
        earlier += _read(talk, ref, parameters, values)
    title = " ".join(talk.messages.get("m1", "").split()[:_TITLE_WORDS])
    tongues = map(book.language, reversed(talk.messages.values()))
    return {
        "language": next(filter(None, tongues), "en"),
        "title": title[:60],
        "filled": [{"parameter": n, "value": v, "seen_in": None} for n, v in values.items()],
        "besides": earlier,
    }


def _read(talk: Dialogue, ref: str, parameters: list[Json], values: dict[str, str]) -> list[str]:
    """Fill parameters from one message; return the wishes that none of them takes."""
    words = talk.messages[ref]
    names = [question["dimension"] for question in talk.state.get("open_questions") or []]
    waiting = [p for name in names for p in parameters if p["name"] == name]
    pieces = [piece for piece, _ in book.clauses(words)]
    if waiting:
        return _answers(waiting, words, pieces, values)
    rest = [piece for piece in pieces if not _named(parameters, piece, values)]
    for parameter in parameters:
        value = _value(parameter, words)
        if value and parameter["name"] not in values:
            values[parameter["name"]] = value
    if ref == "m1":
        return _first(parameters, words, pieces, values)
    return [p for p in rest if _wishes(p) and not any(v in p for v in values.values())]


def _first(
    parameters: list[Json], words: str, pieces: list[str], values: dict[str, str]
) -> list[str]:
    """Give what a first message is about to the first parameter that needs words."""
    free = [p["name"] for p in parameters if "words" in p["takes"] and not p["value"]]
    refusals = [piece for piece in pieces if book.refuses(piece)]
    about = _ABOUT.search(words)
    if free and not values and (about or _wishes(words)):
        text = about[1] if about else words
        for refusal in refusals:
            text = text.replace(refusal, "")
        values[free[0]] = text.strip(" ,.;:!\n")
    return refusals


def _answers(
    waiting: list[Json], words: str, pieces: list[str], values: dict[str, str]
) -> list[str]:
    """Give the parts of a message to the open questions that they answer."""
    pieces = [words] if len(waiting) == 1 else pieces
    for parameter in list(waiting):
        fitting = next((piece for piece in pieces if _value(parameter, piece)), None)
        if fitting is not None:
            values[parameter["name"]] = str(_value(parameter, fitting))
            waiting.remove(parameter)
            pieces.remove(fitting)
    free = [parameter for parameter in waiting if "words" in parameter["takes"]]
    for parameter, piece in zip(free, list(pieces), strict=False):
        pieces.remove(piece)
        if not _declines(piece):
            values[parameter["name"]] = piece.strip(_QUOTES)
    return [piece for piece in pieces if not _declines(piece)]


def _declines(piece: str) -> bool:
    return book.holds("left_to_us", piece) or book.holds("enough", piece)


def _wishes(piece: str) -> bool:
    return not book.is_talk(piece) and bool(book.content(book.trim(piece, "en")))


def _named(parameters: list[Json], piece: str, values: dict[str, str]) -> bool:
    """Take a piece that names its parameter, such as "style: photograph"."""
    names = "|".join(re.escape(p["name"]).replace("_", "[_ ]") for p in parameters)
    pattern = rf"^(?:the )?({names})\s*(?:[:=]|is|ist|should be|to)\s*(.+)"
    match = re.match(pattern, piece, re.IGNORECASE)
    if match:
        values[match[1].lower().replace(" ", "_")] = match[2].strip(_QUOTES)
    return bool(match)


def _value(parameter: Json, words: str) -> str | None:
    """What a text gives to a parameter that is no free text."""
    plain, takes = words.casefold(), parameter["takes"]
    if parameter["optional"] and _LEFT_OUT in plain:
        return _LEFT_OUT
    if takes.startswith("one of") or "colour" in takes:
        options = sorted(parameter["options"], key=len, reverse=True)
        option = next((option for option in options if option.casefold() in plain), None)
        colour = _HEX.search(words) if "colour" in takes else None
        return option or (colour[0] if colour else None)
    number = _NUMBER.search(words) if "number" in takes else None
    return number[0] if number else None
