"""The model that reads words into a template's parameters, played: simple rules, never varied."""

import json
import re
from collections.abc import Iterator

from sandbox import dialogue, lexicon
from sandbox.dialogue import Dialogue
from sandbox.listening import split
from sandbox.openai_errors import Json

SCHEMA_NAME = "template_filling"

_LEFT_OUT = "leave it out"
_NUMBER = re.compile(r"(?<![\w.,#])\d+(?:[.,]\d+)?(?![\w%])")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_ABOUT = re.compile(r"\b(?:for|of|about|für|von|über|mit)\s+(.+)", re.IGNORECASE | re.DOTALL)
_QUOTES = " \"'“”„«»「」"
_TITLE_WORDS = 7


def reply(body: Json) -> str:
    """Return what the words fill, as JSON."""
    return json.dumps(_filling(dialogue.read(body)), ensure_ascii=False)


def _filling(talk: Dialogue) -> Json:
    filled: dict[str, str] = {}
    besides: list[str] = []
    begun = talk.open_questions or any(parameter["value"] for parameter in _parameters(talk))
    for number in talk.fresh if begun else range(1, len(talk.said) + 1):
        besides += _read(talk, number, filled)
    title = " ".join((talk.said[0] if talk.said else "").split()[:_TITLE_WORDS])
    return {
        "language": next(filter(None, map(lexicon.language, reversed(talk.said))), "en"),
        "title": title[:60],
        "filled": [
            {"parameter": name, "value": value, "seen_in": None} for name, value in filled.items()
        ],
        "besides": [*_earlier(talk), *besides],
    }


def _read(talk: Dialogue, number: int, filled: dict[str, str]) -> list[str]:
    """Fill parameters from one message; return the wishes that none of them takes."""
    words = talk.said[number - 1]
    waiting = [
        parameter
        for entry in talk.open_questions
        for parameter in _parameters(talk)
        if parameter["name"] == entry["dimension"]
    ]
    if waiting:
        return _answers(waiting, words, filled)
    rest = list(_named(talk, words, filled))
    for parameter in _parameters(talk):
        value = _found(parameter, words) if parameter["name"] not in filled else None
        if value:
            filled[parameter["name"]] = value
    if number == 1:
        return _first(talk, words, filled)
    wishes = [piece for piece in rest if lexicon.has_subject(piece)]
    return [piece for piece in wishes if not any(value in piece for value in filled.values())]


def _first(talk: Dialogue, words: str, filled: dict[str, str]) -> list[str]:
    """Give what a first message is about to the first parameter that needs words."""
    needed = [p for p in _parameters(talk) if "words" in p["takes"] and not p["value"]]
    subject = next((p["name"] for p in needed if p["name"] not in filled), None)
    about = _ABOUT.search(words)
    wishes = lexicon.avoided(words)
    if subject and not filled and (about or lexicon.has_subject(words)):
        text = about[1] if about else words
        for wish in wishes:
            text = text.replace(wish, "")
        filled[subject] = text.strip(" ,.;:!\n")
    return wishes


def _answers(waiting: list[Json], words: str, filled: dict[str, str]) -> list[str]:
    """Give the parts of a message to the open questions that they answer."""
    pieces = [words] if len(waiting) == 1 else split(words)
    for parameter in list(waiting):
        fitting = next((piece for piece in pieces if _found(parameter, piece)), None)
        if fitting is not None:
            filled[parameter["name"]] = str(_found(parameter, fitting))
            waiting.remove(parameter)
            pieces.remove(fitting)
    free = [parameter for parameter in waiting if "words" in parameter["takes"]]
    for parameter, piece in zip(free, list(pieces), strict=False):
        pieces.remove(piece)
        if not (lexicon.declines(piece) or lexicon.wants_end(piece)):
            filled[parameter["name"]] = piece.strip(_QUOTES)
    return [one for one in pieces if not (lexicon.declines(one) or lexicon.wants_end(one))]


def _named(talk: Dialogue, words: str, filled: dict[str, str]) -> Iterator[str]:
    """Take what names its parameter, such as "style: photograph"; yield the other pieces."""
    names = "|".join(re.escape(p["name"]).replace("_", "[_ ]") for p in _parameters(talk))
    told = re.compile(rf"^(?:the )?({names})\s*(?:[:=]|is|ist|should be|to)\s*(.+)", re.IGNORECASE)
    for piece in split(words):
        match = told.match(piece)
        if match:
            filled[match[1].lower().replace(" ", "_")] = match[2].strip(_QUOTES)
        else:
            yield piece


def _found(parameter: Json, words: str) -> str | None:
    """Return what a text says for a parameter that is no free text."""
    said = words.casefold()
    if parameter["optional"] and _LEFT_OUT in said:
        return _LEFT_OUT
    if parameter["takes"].startswith("one of"):
        options = sorted(parameter["options"], key=len, reverse=True)
        return next((option for option in options if option.casefold() in said), None)
    if "number" in parameter["takes"]:
        number = _NUMBER.search(words)
        return number[0] if number else None
    if "colour" in parameter["takes"]:
        option = next((o for o in parameter["options"] if o.casefold() in said), None)
        colour = _HEX.search(words)
        return option or (colour[0] if colour else None)
    return None


def _earlier(talk: Dialogue) -> list[str]:
    """Return the wishes that earlier turns have kept."""
    brief = talk.turns[-1].get("brief") or [] if talk.turns else []
    return [entry["value"] for entry in brief if entry["dimension"] == "besides"]


def _parameters(talk: Dialogue) -> list[Json]:
    return list(talk.state.get("parameters") or [])
