"""Structured answers of models beside the facilitator, played: simple rules, never varied."""

import json
import re

from sandbox import phrasebook as book
from sandbox import request_content
from sandbox.openai_errors import Json

PLACEHOLDER = "A placeholder of the sandbox: no model looked at it."
NO_PICTURE = "No picture came with the request."
NOTE = "a look of which the sandbox has seen numbers alone"

NUMBER = re.compile(r"(?<![\w.,#])\d+(?:[.,]\d+)?(?![\w%])")
HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
ABOUT = re.compile(r".*?\b(?:for|of|about|für|von|über)\s+", re.IGNORECASE)


def fill_template(body: Json) -> str:
    """What the words fill of a template, as JSON: what fits nothing else is for a free text."""
    talk, values = request_content.read_dialogue(body), dict[str, tuple[str, str]]()
    reply, left_to_us = "", ""
    tongue = book.language([*talk.messages.values()])
    parameters: list[Json] = talk.state.get("parameters") or []
    named = {parameter["name"]: parameter for parameter in parameters}
    open_: list[Json] = talk.state.get("open_questions") or []
    by_id: Json = talk.state.get("answers") or {}
    besides = [e["value"] for e in talk.before.get("brief") or [] if e["dimension"] == "besides"]
    has_begun = open_ or any(parameter["value"] for parameter in parameters)
    for ref in talk.fresh if has_begun else talk.messages:
        waiting = [named[q["dimension"]] for q in open_ if by_id.get(ref, q["id"]) == q["id"]]
        if ref in by_id and not waiting:
            continue  # an option, taken by its question already
        free = [one for one in waiting or parameters[: ref == "m1"] if "words" in one["takes"]]
        for piece, asks in book.clauses(talk.messages[ref]):
            if (asks and (waiting or book.asks(piece))) or book.holds("unsure", piece):
                reply = book.say("yours", tongue)
                continue
            left_to_us = piece if book.holds("ends", piece) else left_to_us
            if piece == left_to_us or (book.is_talk(piece) and ref not in by_id):
                continue
            fitting = [one for one in waiting or parameters if _value(one, piece)]
            blank = [one["name"] for one in free if one["name"] not in values]
            places = book.places(piece) if waiting else []
            if fitting:
                values.setdefault(fitting[0]["name"], (_value(fitting[0], piece), piece))
            elif places and 0 < places[0][0] <= len(waiting[0]["options"]):
                values[waiting[0]["name"]] = waiting[0]["options"][places[0][0] - 1], piece
            elif blank and (waiting or (book.content(piece) and not book.refuses(piece))):
                bare = (piece if waiting else ABOUT.sub("", piece, 1)).strip('"“”„«»')
                values[blank[0]] = bare, piece
            elif book.content(piece):
                besides.append(piece)
    fillings = [
        {"parameter": name, "value": value, "quote": piece, "seen_in": None}
        for name, (value, piece) in values.items()
    ]
    answer: Json = {"language": tongue, "title": talk.title, "besides": besides}
    answer |= {"filled": fillings, "reply": reply, "left_to_us": left_to_us}
    return json.dumps(answer, ensure_ascii=False)


def _value(parameter: Json, words: str) -> str:
    """What a text gives to a parameter that is no free text; empty where it gives nothing."""
    takes, readings = str(parameter["takes"]), list[str]()
    if takes.startswith("one of") or "colour" in takes:
        options: list[str] = sorted(parameter["options"], key=len, reverse=True)
        readings = [option for option in options if option.casefold() in words.casefold()]
        readings += HEX.findall(words) if "colour" in takes else []
    readings += NUMBER.findall(words) if "number" in takes else []
    return readings[0] if readings else ""


def check_picture(body: Json) -> str:
    """The findings as JSON, of which none can be told."""
    observation = PLACEHOLDER if any(request_content.image_parts(body)) else NO_PICTURE
    verdict = {"seen": observation, "verdict": "cannot_tell"}
    return json.dumps({"findings": [item | verdict for item in _items(body)]}, ensure_ascii=False)


def _items(body: Json) -> list[Json]:
    """The items of the newest words by their ids, or each line of a prompt as one."""
    task = json.loads(request_content.prompt(body))
    if "prompt" in task:
        return [{"item": line} for line in task["prompt"].splitlines()]
    return [{"id": int(item["id"])} for item in task["items"]]


def describe_style(body: Json) -> str:
    """What pictures look like, as JSON, said of a number for each aspect that was measured."""
    measured = json.loads(request_content.prompt(body))["measured"]
    aspects = [
        {"aspect": aspect, "words": words[(facts[number] >= low) + (facts[number] > high)]}
        for aspect, (number, low, high, *words) in WORDS.items()
        if (facts := measured.get(aspect))
    ]
    return json.dumps({"subjects": [], "names": [], "aspects": aspects, "note": NOTE, "avoid": []})


WORDS: dict[str, tuple[str, float, float, str, str, str]] = {
    "palette": ("colourfulness", 8, 30, "muted, quiet colours", "muted colours", "strong colours"),
    "light": ("contrast", 30, 70, "low contrast", "clear contrast", "strong contrast"),
    "composition": ("empty_border", 0.5, 0.9, "a full border", "an open border", "an empty border"),
    "texture": ("grain", 0.3, 2, "no grain", "fine grain", "coarse grain"),
    "line": ("edges", 0.005, 0.2, "soft transitions", "clear edges", "dense lines"),
}
"""By aspect: a number that tells of it, and the words below, between and above two values."""
