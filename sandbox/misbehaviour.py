"""What a model does wrong, on demand: each function breaks a good turn in one way."""

import json
import re
from collections.abc import Callable

from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_PROSE = "Sure! Before I draw, tell me: where will you use it, and which style do you like?"
_INVENTED = "a golden dragon"
_DIMENSIONS = ("palette", "mood", "style", "light", "use", "composition", "background", "text")


def spoil(turn: Json, talk: Dialogue, fault: str | None) -> str | None:
    """The broken turn, or None where the fault is none of the facilitator's."""
    if fault == "not_json":
        return _PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": turn["title"], "next": ["style", "use"]})
    if fault not in _FAULTS:
        return None
    _FAULTS[fault](turn, talk)
    return json.dumps(turn, ensure_ascii=False)


def _invented_quote(turn: Json, _talk: Dialogue) -> None:
    said = [{"ref": "m1", "quote": _INVENTED}]
    turn["brief"].append({"dimension": "detail", "value": _INVENTED, "said": said, "open": False})
    if turn["prompt"]:
        turn["prompt"] += f" Above it flies {_INVENTED}."
        turn["sources"].append({"prompt": _INVENTED, "said": said})


def _cut_refusal(turn: Json, talk: Dialogue) -> None:
    _turned_round(turn, talk)
    for said in [s for part in ("sources", "brief") for e in turn[part] for s in e["said"]]:
        said["quote"] = _wanted(said["quote"]) if said["ref"].startswith("m") else said["quote"]


def _turned_round(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn):
        _reword(turn, source["prompt"], _wanted(source["prompt"]))


def _stretch_not_in_prompt(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn)[:1]:
        source["prompt"] = f"{source['prompt']} beneath {_INVENTED}"


def _lost_words(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn)[:1]:
        turn["sources"].remove(source)
        turn["prompt"] = turn["prompt"].replace(source["prompt"], "", 1).lstrip(" ,.;")
        for entry in turn["brief"]:
            entry["said"] = [said for said in entry["said"] if said not in source["said"]]


def _dumped_as_talk(turn: Json, talk: Dialogue) -> None:
    said = [{**said, "why": "talk"} for source in _own(turn)[:1] for said in source["said"]]
    _lost_words(turn, talk)
    turn["set_aside"] += said


def _shares_nothing(turn: Json, _talk: Dialogue) -> None:
    own = [source for source in _own(turn) if not book.refuses(source["prompt"])]
    for one, other in [own[:2]] if len(own) > 1 else []:
        one["said"], other["said"] = other["said"], one["said"]


def _long_quote(turn: Json, talk: Dialogue) -> None:
    ref = max(talk.messages, key=lambda ref: len(talk.messages[ref]))
    own = [source for source in _own(turn) if {said["ref"] for said in source["said"]} == {ref}]
    turn["sources"] = [source for source in turn["sources"] if source not in own[:-1]]
    for source in own[-1:]:
        source["said"] = [{"ref": ref, "quote": talk.messages[ref]}]


def _changed_lettering(turn: Json, _talk: Dialogue) -> None:
    right = turn["lettering"]
    swap = r"\b(\w)(\w)(\w)(?=\w*\W*$)"  # "Summer Fair" becomes "Summer Fiar"
    turn["lettering"] = [re.sub(swap, r"\1\3\2", text) for text in right]
    for text, other in zip(right, turn["lettering"], strict=True):
        _reword(turn, text, other)


def _changed_decision(turn: Json, talk: Dialogue) -> None:
    before = [e["dimension"] for e in talk.before.get("brief") or [] if e["said"]]
    for entry in [e for e in turn["brief"] if e["dimension"] in before][-1:]:
        entry.update(value=_INVENTED, said=[])


def _too_many_questions(turn: Json, talk: Dialogue) -> None:
    most = max(int(talk.state.get("questions_left", 0)), 5) + 2
    names = [*_DIMENSIONS, *(f"detail {number}" for number in range(most))]
    _ask(turn, [_question(name, "plain", "rich") for name in names[:most]])


def _asks_decided(turn: Json, _talk: Dialogue) -> None:
    names = [entry["dimension"] for entry in turn["brief"] if entry["said"]]
    _ask(turn, [_question([*names, "subject"][0], "as it is", "otherwise"), *turn["questions"]])


def _options_alike(turn: Json, talk: Dialogue) -> None:
    put = {question["dimension"] for question in talk.questions.values()}
    free = [name for name in (*_DIMENSIONS, "detail") if name not in put]
    _ask(turn, [_question(free[0], "warm", "WARM")])


def _wrong_option(turn: Json, talk: Dialogue) -> None:
    for pick in turn["chosen"][:1]:
        options = talk.questions[pick["question"]]["options"]
        right, pick["option"] = pick["option"], pick["option"] % len(options) + 1
        wrong = options[pick["option"] - 1]
        for said in [s for part in ("brief", "sources") for e in turn[part] for s in e["said"]]:
            if said["ref"] == pick["question"] and said["quote"] == options[right - 1]:
                said["quote"] = wrong


def _neither(turn: Json, _talk: Dialogue) -> None:
    _ask(turn, [])


def _ask(turn: Json, questions: list[Json]) -> None:
    turn.update(questions=questions, prompt="", sources=[], lettering=[])


def _question(dimension: str, *options: str) -> Json:
    text, why = f"What about the {dimension}?", "It changes the picture."
    question = {"dimension": dimension, "text": text, "why": why, "options": list(options)}
    return {**question, "default": options[0], "follows": None}


def _own(turn: Json) -> list[Json]:
    """The sources that rest on the person's own words, refusals and the longest first."""
    own = [s for s in turn["sources"] if all(said["ref"].startswith("m") for said in s["said"])]
    return sorted(own, key=lambda s: (not book.refuses(s["prompt"]), -len(s["prompt"])))


def _wanted(text: str) -> str:
    """A refusal without the words that refuse, such as "a photo" out of "not a photo"."""
    refusing = {book.fold(word) for word in book.data()["refusing"]}
    ends = [mark.end() for mark in book.TOKEN.finditer(text) if book.fold(mark[0]) in refusing]
    wanted = re.split(book.data()["refusing_endings"], text[max([0, *ends]) :].strip())[0]
    return wanted or text


def _reword(turn: Json, old: str, new: str) -> None:
    turn["prompt"] = turn["prompt"].replace(old, new)
    for source in turn["sources"]:
        source["prompt"] = source["prompt"].replace(old, new)


_FAULTS: dict[str, Callable[[Json, Dialogue], None]] = {
    "invented_quote": _invented_quote,
    "cut_refusal": _cut_refusal,
    "turned_round": _turned_round,
    "stretch_not_in_prompt": _stretch_not_in_prompt,
    "lost_words": _lost_words,
    "dumped_as_talk": _dumped_as_talk,
    "shares_nothing": _shares_nothing,
    "long_quote": _long_quote,
    "changed_lettering": _changed_lettering,
    "changed_decision": _changed_decision,
    "too_many_questions": _too_many_questions,
    "asks_decided": _asks_decided,
    "options_alike": _options_alike,
    "wrong_option": _wrong_option,
    "neither_asks_nor_writes": _neither,
}
