"""What a model does wrong, on demand: each function spoils a good turn in one way."""

import json
import re
from collections.abc import Callable

from sandbox import lexicon
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_INVENTED = "with a golden dragon"
_PROSE = "Sure! Before I draw, tell me: where will you use it, and which style do you like?"


def spoil(turn: Json, talk: Dialogue, fault: str | None) -> str | None:
    """Return the spoiled turn, or None if the fault is none of the facilitator's."""
    if fault == "not_json":
        return _PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": turn["title"], "next": ["style", "use"]})
    change = _CHANGES.get(fault or "")
    if change is None:
        return None
    change(turn, talk)
    return json.dumps(turn, ensure_ascii=False)


def _ask(turn: Json, questions: list[Json]) -> None:
    turn.update(questions=questions, ready=False, phrases=[])


def _told(turn: Json) -> list[str]:
    """Return the dimensions that the person has decided."""
    said = [e["dimension"] for e in turn["brief"] if e["source"] in ("request", "answer")]
    return [dimension for dimension in said if dimension in lexicon.order()]


def _asked_or(turn: Json, talk: Dialogue) -> list[Json]:
    """Return the turn's questions; where it has none, one that might be asked."""
    known = {*_told(turn), *(entry.get("dimension") for entry in talk.asked)}
    free = next((d for d in reversed(lexicon.order()) if d not in known), "light")
    return turn["questions"] or [lexicon.question(free, turn["language"])]


def _ask_too_many(turn: Json, talk: Dialogue) -> None:
    known = [entry["dimension"] for entry in turn["brief"] if entry["source"] != "open"]
    ladder = sorted(lexicon.order(), key=known.__contains__)
    wanted = max(talk.questions_left + 1, 7)
    _ask(turn, [lexicon.question(d, turn["language"]) for d in ladder[:wanted]])


def _ask_again(turn: Json, talk: Dialogue) -> None:
    before = [entry["dimension"] for entry in talk.asked if entry["dimension"] in lexicon.order()]
    questions = _asked_or(turn, talk)
    again = lexicon.question(before[0] if before else questions[0]["dimension"], turn["language"])
    _ask(turn, [{**again, "text": f"{again['why']} {again['text']}"}, *questions])


def _ask_answered(turn: Json, _talk: Dialogue) -> None:
    dimension = (*_told(turn), "subject")[0]
    _ask(turn, [lexicon.question(dimension, turn["language"])])


def _bad_ref(turn: Json, _talk: Dialogue) -> None:
    claimed = {"source": "answer", "ref": "q99"}
    _mood(turn).update(value="very polished", **claimed)
    if turn["ready"]:
        turn["phrases"].append({"text": ", very polished", **claimed})


def _invent(turn: Json, _talk: Dialogue) -> None:
    claimed = {"source": "request", "ref": "m1"}
    _mood(turn).update(value=_INVENTED, **claimed)
    if turn["ready"]:
        turn["phrases"].append({"text": f" {_INVENTED}", **claimed})


def _invent_answer(turn: Json, talk: Dialogue) -> None:
    if not turn["answered"]:
        waiting = talk.open_questions[:1]
        turn["answered"] = [{"question_id": entry["id"], "answer": ""} for entry in waiting]
    for given in turn["answered"][:1]:
        claimed = {"source": "answer", "ref": given["question_id"]}
        given["answer"] = _INVENTED
        if turn["ready"]:
            turn["phrases"].append({"text": f" {_INVENTED}", **claimed})


def _lose_words(turn: Json, _talk: Dialogue) -> None:
    for phrase in turn["phrases"]:
        if phrase["ref"] == "m1":
            phrase["text"] = _first_third(phrase["text"])
    for entry in turn["brief"]:
        if entry["dimension"] == "subject":
            entry["value"] = _first_third(entry["value"])


def _first_third(text: str) -> str:
    words = text.split(" ")
    kept = " ".join(words[: max(1, len(words) // 3)])
    return kept if kept != text else text[: len(text) // 3]


def _prose_prompt(turn: Json, _talk: Dialogue) -> None:
    turn.update(questions=[], ready=True, phrases=[])


def _mood(turn: Json) -> Json:
    return next(entry for entry in turn["brief"] if entry["dimension"] == "mood")


def _lose_text(turn: Json, talk: Dialogue) -> None:
    for quote in (quote for words in talk.said for quote in lexicon.quotes(words)):
        wrong = quote[0] + quote[1:-1].swapcase()[:-1] + quote[-1]
        _replace(turn, quote, wrong)


def _drop_avoid(turn: Json, talk: Dialogue) -> None:
    for wish in (wish for words in talk.said for wish in lexicon.avoided(words)):
        _replace(turn, wish, "")
    for entry in turn["brief"]:
        entry["value"] = entry["value"].strip(" ,")
        if not entry["value"]:
            entry.update(source="open", ref=None)
    turn["phrases"] = [p for p in turn["phrases"] if p["text"].strip(" ,.")]


def _replace(turn: Json, old: str, new: str) -> None:
    pattern = re.compile(re.escape(old) if new else rf",?\s*{re.escape(old)}")
    for phrase in turn["phrases"]:
        phrase["text"] = pattern.sub(lambda _found: new, phrase["text"])
    for entry in turn["brief"]:
        entry["value"] = pattern.sub(lambda _found: new, entry["value"])


def _one_option(turn: Json, talk: Dialogue) -> None:
    questions = [
        {**question, "options": question["options"][:1]} for question in _asked_or(turn, talk)
    ]
    _ask(turn, questions)


def _same_options(turn: Json, talk: Dialogue) -> None:
    questions = [
        {**question, "options": [question["options"][0], question["options"][0].upper()]}
        for question in _asked_or(turn, talk)
    ]
    _ask(turn, questions)


def _many_options(turn: Json, talk: Dialogue) -> None:
    questions = [
        {
            **question,
            "options": [f"{option} {n}" for n in (1, 2, 3) for option in question["options"]],
        }
        for question in _asked_or(turn, talk)
    ]
    _ask(turn, questions)


def _never_ready(turn: Json, talk: Dialogue) -> None:
    _ask(turn, _asked_or(turn, talk))


def _empty_questions(turn: Json, _talk: Dialogue) -> None:
    _ask(turn, [])


_CHANGES: dict[str, Callable[[Json, Dialogue], None]] = {
    "ask_too_many": _ask_too_many,
    "ask_again": _ask_again,
    "ask_answered": _ask_answered,
    "bad_ref": _bad_ref,
    "invent": _invent,
    "invent_answer": _invent_answer,
    "lose_text": _lose_text,
    "lose_words": _lose_words,
    "prose_prompt": _prose_prompt,
    "same_options": _same_options,
    "many_options": _many_options,
    "drop_avoid": _drop_avoid,
    "one_option": _one_option,
    "never_ready": _never_ready,
    "empty_questions_not_ready": _empty_questions,
}
