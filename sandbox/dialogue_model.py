"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json
from collections.abc import Iterator
from textwrap import shorten

from sandbox import dialogue, misbehaviour, prose
from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.listening import Listener, Stretch
from sandbox.openai_errors import Json

SCHEMA_NAME = "facilitator_turn"

_PER_TURN = {"quick": 2, "guided": 3, "explorer": 4}
_WORTH = {"quick": 4, "guided": 5, "explorer": 99}  # how many dimensions a mode asks about
_MOST_OPTIONS = 5
_AGAIN = 200  # letters of what the reply says again


def reply(body: Json, fault: str | None) -> str:
    """The facilitator's turn as JSON, or what a misbehaving model would answer."""
    talk = dialogue.read(body)
    answer = turn(talk)
    return misbehaviour.spoil(answer, talk, fault) or json.dumps(answer, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """The next turn of a dialogue."""
    tongue = "en"
    for words in talk.messages.values():
        tongue = book.language(words, tongue)
    kind = _image_type(talk)
    heard = Listener(talk, _options(kind))
    for ref in talk.references:
        shown = book.say("reference", tongue)
        heard.put("reference" if "palette" in heard.brief else "palette", shown, (ref, shown))
    asks_back = bool((heard.counter or heard.beyond) and heard.waiting())
    ends = heard.ends or talk.state.get("finish") or talk.before.get("prompt")
    ends = ends or (talk.state.get("questions_left", 0) <= 0 and not asks_back)
    questions = [] if ends or asks_back else _questions(talk, heard, tongue)
    prompt, sources = "", list[Json]()
    if ends or not (questions or heard.waiting()):
        _assume(heard, tongue)
        prompt, sources = prose.write(heard.brief, talk, tongue)
    return {
        "language": tongue,
        "title": shorten(book.trim(talk.messages.get("m1", "")), 60, placeholder="") or "-",
        "image_type": kind["name"],
        "reply": _reply(talk, heard, "ready" if prompt else "asks", tongue),
        "brief": [
            {
                "dimension": name,
                "value": _value(talk, stretches, tongue),
                "said": [quote for _, said in stretches for quote in said],
                "open": False,
            }
            for name, stretches in heard.brief.items()
        ],
        "chosen": heard.chosen,
        "questions": questions,
        "prompt": prompt,
        "sources": sources,
        "lettering": prose.lettering(heard.brief) if prompt else [],
        "set_aside": heard.set_aside,
    }


def _image_type(talk: Dialogue) -> Json:
    """The type that was recognised, or the one that the messages name first, else the general."""
    known = talk.state.get("image_type") or {"name": "general", "dimensions": {}}
    text = " ".join(talk.messages.values())

    def place(kind: Json) -> int:
        names = [kind["name"].replace("_", " "), *book.data()["types"].get(kind["name"], [])]
        found = [text.find(words) for name in names if (words := book.find(name, text))]
        return min(found, default=len(text) + (kind["name"] != known["name"]))

    return min(talk.state.get("image_types") or [known], key=place)


def _options(kind: Json) -> dict[str, list[str]]:
    """The options of each dimension, in whichever of its two forms the state gives them."""
    return {
        name: list(listed if isinstance(listed, list) else listed.get("options") or [])
        for name, listed in (kind.get("dimensions") or {}).items()
    }


def _questions(talk: Dialogue, heard: Listener, tongue: str) -> list[Json]:
    """The next questions, in the order of the type's dimensions."""
    mode, left = talk.state.get("mode", "guided"), talk.state.get("questions_left", 0)
    known = {entry["dimension"] for entry in talk.before.get("brief") or [] if not entry["open"]}
    known |= {question["dimension"] for question in talk.questions().values()} | {*heard.brief}
    names = [name for name in heard.dimensions if name != "avoid"][: _WORTH.get(mode, 5)]
    names = [name for name in names if name not in known]
    asked = [*_opened(talk, heard, tongue)]
    asked += [_question(talk, name, heard.dimensions[name], tongue) for name in names]
    most = max(0, min(_PER_TURN.get(mode, 3) - len(heard.waiting()), left))
    return [question for question in asked if len(question["options"]) > 1][:most]


def _opened(talk: Dialogue, heard: Listener, tongue: str) -> Iterator[Json]:
    """Questions that a fresh pick opens: "a title" asks which words exactly."""
    for pick in heard.chosen:
        put = talk.questions()[pick["question"]]
        names = {*book.names(put["options"][pick["option"] - 1])}
        for dimension, options in book.data()["opens"].items():
            if names & {*options} and not prose.lettering(heard.brief):
                offered = [*book.data()["options"][dimension]]
                yield {**_question(talk, dimension, offered, tongue), "follows": pick["question"]}


def _question(talk: Dialogue, name: str, options: list[str], tongue: str) -> Json:
    """A question with the options of the type, what is liked as its default."""
    disliked, liked = talk.state.get("dislikes") or [], talk.state.get("preferences") or []
    known = book.data()["dimensions"].get(name, book.data()["voice"])
    options = [o for o in options if not any(book.find(o, words) for words in disliked)]
    options.sort(key=lambda option: not any(book.find(option, one["value"]) for one in liked))
    options = book.translate(options[:_MOST_OPTIONS], tongue)
    return {
        "dimension": name,
        "text": known["text"][tongue].format(name=name.replace("_", " ")),
        "why": known["why"][tongue],
        "options": options,
        "default": [*options, ""][0],
        "follows": None,
    }


def _assume(heard: Listener, tongue: str) -> None:
    """Decide what is against no idea: no text where none is named, a subject where none is."""
    named = any(book.holds("lettering", words) for words in heard.talk.messages.values())
    if "text" in heard.dimensions and "text" not in heard.brief and not named:
        heard.brief["text"] = [(book.translate(["no text"] * 2, tongue)[0], [])]
    if not heard.brief.keys() - {"text"}:
        subject = book.translate(heard.dimensions.get("subject") or ["a thing"] * 2, tongue)[0]
        heard.brief["subject"] = [(subject, [])]


def _reply(talk: Dialogue, heard: Listener, then: str, tongue: str) -> str:
    """One or two sentences to the person: an answer to what they ask, or what was understood."""
    if heard.counter:
        return book.say("yours", tongue)
    if heard.beyond and heard.waiting():
        return book.say("beyond", tongue).format(heard.beyond[0])
    news = [
        [one for one in listed if {quote["ref"] for quote in one[1]} & {*talk.fresh}]
        for listed in heard.brief.values()
    ]
    again = "; ".join(_value(talk, listed, tongue) for listed in news if listed)
    again = shorten(again, _AGAIN, placeholder=" …")
    understood = book.say("understood", tongue).format(again) + " " if again else ""
    return understood + book.say(then, tongue)


def _value(talk: Dialogue, stretches: list[Stretch], tongue: str) -> str:
    """Stretches as one phrase."""
    linked = prose.linked(stretches, talk.messages, book.say("comma", tongue))
    return "".join(words for words, _ in linked)
