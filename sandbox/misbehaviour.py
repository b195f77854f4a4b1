"""What a model does wrong, on demand: each function breaks a good turn in one way."""

import json
import re
from collections.abc import Callable

from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_PROSE = "Sure! Before I draw, tell me: where will you use it, and which style do you like?"
_INVENTED = "a golden dragon"


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


def _cut_refusal(turn: Json, _talk: Dialogue) -> None:
    for source, said in _refusals(turn):
        wanted = _wanted(said["quote"])
        said["quote"] = wanted
        _reword(turn, source, _wanted(source["prompt"]))


def _turned_round(turn: Json, _talk: Dialogue) -> None:
    for source, _ in _refusals(turn):
        _reword(turn, source, _wanted(source["prompt"]))


def _stretch_not_in_prompt(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn)[:1]:
        source["prompt"] = f"{source['prompt']} beneath {_INVENTED}"


def _lost_words(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn)[-1:]:
        _drop(turn, source)


def _dumped_as_talk(turn: Json, _talk: Dialogue) -> None:
    for source in _own(turn)[-1:]:
        _drop(turn, source)
        turn["set_aside"] += [{**said, "why": "talk"} for said in source["said"]]


def _shares_nothing(turn: Json, _talk: Dialogue) -> None:
    first, *_, last = [*_own(turn), {}, {}][: max(2, len(_own(turn)))]
    if last:
        first["said"], last["said"] = last["said"], first["said"]


def _long_quote(turn: Json, talk: Dialogue) -> None:
    longest = max(talk.messages, key=lambda ref: len(talk.messages[ref]))
    own = [s for s in _own(turn) if any(said["ref"] == longest for said in s["said"])]
    for source in own[1:]:
        turn["sources"].remove(source)
    for source in own[:1]:
        source["said"] = [{"ref": longest, "quote": talk.messages[longest]}]


def _changed_lettering(turn: Json, _talk: Dialogue) -> None:
    for text in turn["lettering"]:
        wrong = text.swapcase()[:-1]
        turn["prompt"] = turn["prompt"].replace(text, wrong)
        for source in turn["sources"]:
            source["prompt"] = source["prompt"].replace(text, wrong)
    turn["lettering"] = [text.swapcase()[:-1] for text in turn["lettering"]]


def _changed_decision(turn: Json, talk: Dialogue) -> None:
    before = [e["dimension"] for e in talk.before.get("brief") or [] if e["said"]]
    for entry in [e for e in turn["brief"] if e["dimension"] in before][-1:]:
        entry.update(value=_INVENTED, said=[])


def _ask(turn: Json, questions: list[Json]) -> None:
    turn.update(questions=questions, prompt="", sources=[], lettering=[])


def _question(dimension: str, *options: str) -> Json:
    return {
        "dimension": dimension,
        "text": f"What about the {dimension}?",
        "why": "It changes the picture.",
        "options": list(options),
        "default": options[0],
        "follows": None,
    }


def _too_many_questions(turn: Json, talk: Dialogue) -> None:
    most = max(int(talk.state.get("questions_left", 0)), 5)
    names = ["use", "style", "palette", "light", "mood", "composition", "background", "text"]
    names += [f"detail_{number}" for number in range(most)]
    _ask(turn, [_question(name, "plain", "rich") for name in names[: most + 2]])


def _asks_decided(turn: Json, _talk: Dialogue) -> None:
    name = next((e["dimension"] for e in turn["brief"] if e["said"]), "subject")
    _ask(turn, [_question(name, "as it is", "otherwise"), *turn["questions"]])


def _options_alike(turn: Json, talk: Dialogue) -> None:
    put = {q["dimension"] for t in talk.turns for q in t.get("questions") or []}
    free = [name for name in ("palette", "mood", "style", "light") if name not in put]
    questions = turn["questions"] or [_question((free or ["detail"])[0], "warm", "cool")]
    for question in questions:
        option = question["options"][0]
        question.update(options=[option, option.upper()], default=option)
    _ask(turn, questions)


def _wrong_option(turn: Json, talk: Dialogue) -> None:
    options = {q["id"]: q["options"] for t in talk.turns for q in t.get("questions") or []}
    for pick in turn["chosen"][:1]:
        listed = options[pick["question"]]
        right = listed[pick["option"] - 1]
        pick["option"] = pick["option"] % len(listed) + 1
        text = json.dumps([turn["brief"], turn["sources"]], ensure_ascii=False)
        wrong = json.dumps(listed[pick["option"] - 1], ensure_ascii=False)[1:-1]
        right = json.dumps(right, ensure_ascii=False)[1:-1]
        pattern = rf'("ref": "{pick["question"]}", "quote": ")' + re.escape(right)
        turn["brief"], turn["sources"] = json.loads(re.sub(pattern, rf"\g<1>{wrong}", text))


def _silent(turn: Json, _talk: Dialogue) -> None:
    _ask(turn, [])


def _own(turn: Json) -> list[Json]:
    """The sources that rest on the person's own words."""
    return [
        source
        for source in turn["sources"]
        if all(said["ref"].startswith("m") for said in source["said"])
    ]


def _refusals(turn: Json) -> list[tuple[Json, Json]]:
    pairs = [(source, said) for source in turn["sources"] for said in source["said"]]
    return [(source, said) for source, said in pairs if book.refuses(said["quote"])]


def _wanted(text: str) -> str:
    """A refusal without the words that refuse, such as "a photo" out of "not a photo"."""
    refusing = {book.fold(word) for word in book.data()["refusing"]}
    words = list(book.TOKEN.finditer(text))
    last = max((w.end() for w in words if book.fold(w[0]) in refusing), default=0)
    return re.split(book.data()["refusing_endings"], text[last:].strip())[0] or text


def _reword(turn: Json, source: Json, words: str) -> None:
    turn["prompt"] = turn["prompt"].replace(source["prompt"], words)
    source["prompt"] = words


def _drop(turn: Json, source: Json) -> None:
    turn["sources"].remove(source)
    turn["prompt"] = re.sub(rf"[ ,]*{re.escape(source['prompt'])}", "", turn["prompt"], count=1)
    for entry in turn["brief"]:
        entry["said"] = [said for said in entry["said"] if said not in source["said"]]


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
    "neither_asks_nor_writes": _silent,
}
