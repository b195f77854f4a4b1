"""The model that reads words into a template's parameters, played: simple rules, never varied."""

import json
import re

from sandbox import dialogue
from sandbox import phrasebook as book
from sandbox.openai_errors import Json

SCHEMA_NAME = "template_filling"

_NUMBER = re.compile(r"(?<![\w.,#])\d+(?:[.,]\d+)?(?![\w%])")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_ABOUT = re.compile(r".*?\b(?:for|of|about|für|von|über)\s+", re.IGNORECASE)


def reply(body: Json) -> str:
    """What the words fill, as JSON: a piece that fits no other parameter is for a free one."""
    talk, values, tongue = dialogue.read(body), dict[str, str](), "en"
    parameters: list[Json] = talk.state.get("parameters") or []
    asked = [question["dimension"] for question in talk.state.get("open_questions") or []]
    waiting = [one for name in asked for one in parameters if one["name"] == name]
    besides = [e["value"] for e in talk.before.get("brief") or [] if e["dimension"] == "besides"]
    begun = waiting or any(parameter["value"] for parameter in parameters)
    for ref in talk.fresh if begun else talk.messages:
        tongue = book.language(talk.messages[ref], tongue)
        free = [one for one in waiting or parameters[: ref == "m1"] if "words" in one["takes"]]
        for piece, _ in book.clauses(talk.messages[ref]):
            fitting = [one for one in waiting or parameters if _value(one, piece)]
            open_ = [one["name"] for one in free if one["name"] not in values]
            if fitting:
                values.setdefault(fitting[0]["name"], _value(fitting[0], piece))
            elif open_ and (waiting or (book.content(piece) and not book.refuses(piece))):
                values[open_[0]] = (piece if waiting else _ABOUT.sub("", piece, 1)).strip('"“”„«»')
            elif book.content(piece) and not book.is_talk(piece):
                besides.append(piece)
    filled = [{"parameter": name, "value": v, "seen_in": None} for name, v in values.items()]
    title = " ".join(talk.messages.get("m1", "").split()[:7])[:60]
    answer = {"language": tongue, "title": title, "filled": filled, "besides": besides}
    return json.dumps(answer, ensure_ascii=False)


def _value(parameter: Json, words: str) -> str:
    """What a text gives to a parameter that is no free text; empty where it gives nothing."""
    takes, named = str(parameter["takes"]), list[str]()
    if takes.startswith("one of") or "colour" in takes:
        options: list[str] = sorted(parameter["options"], key=len, reverse=True)
        named = [option for option in options if option.casefold() in words.casefold()]
        named += _HEX.findall(words) if "colour" in takes else []
    named += _NUMBER.findall(words) if "number" in takes else []
    return named[0] if named else ""
