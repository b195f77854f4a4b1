"""Structured answers of models beside the facilitator, played: simple rules, never varied."""

import json
import re

from sandbox import dialogue, request_content
from sandbox import phrasebook as book
from sandbox.openai_errors import Json
from sandbox.strict_schema import resolve

PROSE = "I looked at the picture, and it is lovely."
PLACEHOLDER = "A placeholder of the sandbox: no model looked at it."
NO_PICTURE = "No picture came with the request."

_NUMBER = re.compile(r"(?<![\w.,#])\d+(?:[.,]\d+)?(?![\w%])")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
_ABOUT = re.compile(r".*?\b(?:for|of|about|für|von|über)\s+", re.IGNORECASE)


def fill_template(body: Json) -> str:
    """What the words fill of a template, as JSON: what fits nothing else is for a free text."""
    talk, values, tongue, reply = dialogue.read(body), dict[str, str](), "en", ""
    parameters: list[Json] = talk.state.get("parameters") or []
    dimensions = [question["dimension"] for question in talk.state.get("open_questions") or []]
    waiting = [one for name in dimensions for one in parameters if one["name"] == name]
    besides = [e["value"] for e in talk.before.get("brief") or [] if e["dimension"] == "besides"]
    has_begun = waiting or any(parameter["value"] for parameter in parameters)
    for ref in talk.fresh if has_begun else talk.messages:
        tongue = book.language(talk.messages[ref], tongue)
        free = [one for one in waiting or parameters[: ref == "m1"] if "words" in one["takes"]]
        for piece, asks in book.clauses(talk.messages[ref]):
            if asks and waiting:
                reply = book.say("yours", tongue)
                continue
            fitting = [one for one in waiting or parameters if _value(one, piece)]
            open_ = [one["name"] for one in free if one["name"] not in values]
            if fitting:
                values.setdefault(fitting[0]["name"], _value(fitting[0], piece))
            elif open_ and (waiting or (book.content(piece) and not book.refuses(piece))):
                values[open_[0]] = (piece if waiting else _ABOUT.sub("", piece, 1)).strip('"“”„«»')
            elif book.content(piece) and not book.is_talk(piece):
                besides.append(piece)
    fillings = [{"parameter": name, "value": v, "seen_in": None} for name, v in values.items()]
    title = book.title(talk.messages.get("m1", ""))
    answer = {"language": tongue, "title": title, "filled": fillings, "besides": besides}
    answer["reply"] = reply
    return json.dumps(answer, ensure_ascii=False)


def _value(parameter: Json, words: str) -> str:
    """What a text gives to a parameter that is no free text; empty where it gives nothing."""
    takes, readings = str(parameter["takes"]), list[str]()
    if takes.startswith("one of") or "colour" in takes:
        options: list[str] = sorted(parameter["options"], key=len, reverse=True)
        readings = [option for option in options if option.casefold() in words.casefold()]
        readings += _HEX.findall(words) if "colour" in takes else []
    readings += _NUMBER.findall(words) if "number" in takes else []
    return readings[0] if readings else ""


def check_picture(body: Json, fault: str | None) -> str:
    """The findings as JSON, of which none can be told, or what a misbehaving model would say."""
    if fault == "not_json":
        return PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": "The picture is fine.", "score": 9})
    observation = PLACEHOLDER if any(request_content.image_parts(body)) else NO_PICTURE
    verdict = {"seen": observation, "verdict": "cannot_tell"}
    return json.dumps({"findings": [item | verdict for item in _items(body)]}, ensure_ascii=False)


def _items(body: Json) -> list[Json]:
    """The items of the newest words by their ids, or each line of a prompt as one; else none."""
    try:
        task = json.loads(request_content.prompt(body))
        if "prompt" in task:
            return [{"item": line} for line in task["prompt"].splitlines()]
        return [{"id": int(item["id"])} for item in task["items"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def smallest(schema: Json, name: str = "answer", root: Json | None = None) -> object:
    """The smallest instance of any other schema; strings say their property's name."""
    root = root or schema
    if "$ref" in schema:
        return smallest(resolve(root, schema["$ref"]) or {}, name, root)
    if "anyOf" in schema:
        return smallest(schema["anyOf"][0], name, root)
    if "enum" in schema or "const" in schema:
        return [*schema.get("enum", []), schema.get("const")][0]
    properties = schema.get("properties") or {}
    if properties or schema.get("type") == "object":
        return {key: smallest(child, key, root) for key, child in properties.items()}
    plain: Json = {"array": [], "integer": 0, "number": 0, "boolean": True, "null": None}
    return plain.get(schema.get("type", "string"), f"sandbox {name.replace('_', ' ')}")
