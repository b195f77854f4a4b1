"""The facilitator that the sandbox plays: what it asks, what it takes, what its prompt rests on."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.loopback import Sandbox
from tests import wire

TYPES = Path(__file__).parents[1] / "prompts" / "image_types"
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
FORMAT = {"type": "json_schema", "name": "facilitator_turn", "strict": True, "schema": SCHEMA}
BUDGETS = {"quick": 2, "guided": 5, "explorer": 10}
FOX = 'A fox in a birch forest, not a photo, with the words "Late Summer" on top'


@cache
def image_types() -> dict[str, dict[str, Any]]:
    types = {}
    for path in sorted(TYPES.glob("*.yaml")):
        told = yaml.safe_load(path.read_text("utf-8"))
        order = told["dimensions"].items()
        dimensions = {d: {"asks": t["asks"], "options": t["options"]} for d, t in order}
        recognise = told["recognise"]
        types[path.stem] = {"name": path.stem, "recognise": recognise, "dimensions": dimensions}
    return types


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@dataclass
class Talk:
    """A dialogue as the application keeps it: items, questions with ids, what waits."""

    sandbox: Sandbox
    mode: str = "guided"
    items: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    turn: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    def say(
        self,
        words: str,
        *,
        answers: dict[str, str] | None = None,
        reference: str | None = None,
        **how: Any,
    ) -> dict[str, Any]:
        given = {f"m{len(self.messages) + n}": q for n, q in enumerate(answers or {}, 1)}
        for text in [*(answers or {}).values(), *([words] if words else [])]:
            self.messages.append(text)
            content = [{"type": "input_text", "text": text}]
            if reference and text == words:
                content.append({"type": "input_text", "text": json.dumps({"reference": reference})})
            self.items.append({"role": "user", "content": content})
        return self.ask(given, **how)

    def ask(
        self, answers: dict[str, str], finish: bool = False, fault: str = "", **state: Any
    ) -> dict[str, Any]:
        decided = {e["dimension"] for e in self.turn.get("brief", []) if not e["open"]}
        waiting = [q for q in self.questions if q["dimension"] not in decided]
        state |= {
            "mode": self.mode,
            "questions_left": BUDGETS[self.mode] - len(self.questions),
            "finish": finish,
            "open_questions": [{"id": q["id"], "dimension": q["dimension"]} for q in waiting],
            "answers": answers,
        }
        if self.turn:
            state["image_type"] = image_types()[self.turn["image_type"]]
        else:
            state["image_types"] = [in_short(told) for told in image_types().values()]
        told = {"role": "developer", "content": json.dumps(state)}
        body = {"model": "gpt-4o", "instructions": "prose", "input": [*self.items, told]}
        headers = {"x-sandbox-fault": fault} if fault else {}
        made = wire.answer(self.sandbox, {**body, "text": {"format": FORMAT}}, **headers)
        self.text = made["output"][0]["content"][0]["text"]
        self.turn = json.loads(self.text)
        for question in self.turn["questions"]:
            question["id"] = f"q{len(self.questions) + 1}"
            self.questions.append(question)
        self.items.append({"role": "assistant", "content": json.dumps(self.turn)})
        return self.turn


def in_short(told: dict[str, Any]) -> dict[str, Any]:
    options = [dimension["options"][:2] for dimension in told["dimensions"].values()]
    short = [two if place < 3 else [] for place, two in enumerate(options)]
    return {**told, "dimensions": dict(zip(told["dimensions"], short, strict=True))}


@pytest.fixture
def talk(running: Sandbox) -> Talk:
    return Talk(running)


def asked(turn: dict[str, Any]) -> list[str]:
    return [question["dimension"] for question in turn["questions"]]


def values(turn: dict[str, Any]) -> dict[str, str]:
    return {entry["dimension"]: entry["value"] for entry in turn["brief"]}


def aside(turn: dict[str, Any]) -> dict[str, str]:
    return {entry["quote"]: entry["why"] for entry in turn["set_aside"]}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("I need a logo for my bakery", "logo"),
        ("キツネのアイコン", "icon"),
        ("a lighthouse in a storm", "general"),
    ],
)
def test_a_type_is_recognised_and_its_own_questions_are_asked(
    talk: Talk, words: str, name: str
) -> None:
    turn = talk.say(words)
    dimensions = list(image_types()[name]["dimensions"])
    assert turn["image_type"] == name
    assert asked(turn) == [d for d in dimensions if d in asked(turn)]
    assert "subject" not in asked(turn)
    assert all(len(set(q["options"])) >= 2 for q in turn["questions"])
    assert all(q["default"] == q["options"][0] for q in turn["questions"])


@pytest.mark.parametrize(
    ("words", "tongue", "options"),
    [
        ("ein Fuchs im Schnee", "de", ["Fotografie", "Aquarell"]),
        ("雪の中の狐の絵", "ja", ["写真", "水彩"]),
    ],
)
def test_questions_and_options_are_in_the_language_of_the_person(
    talk: Talk, words: str, tongue: str, options: list[str]
) -> None:
    turn = talk.say(words)
    style = next(q for q in turn["questions"] if q["dimension"] == "style")
    assert (turn["language"], style["options"]) == (tongue, options)


@pytest.mark.parametrize(
    ("words", "style", "waiting"),
    [
        ("2", "watercolor", ["use"]),
        ("the second one", "watercolor", ["use"]),
        ("1, but darker", "photograph", ["use"]),
        ("watercolour please", "watercolour", ["use"]),
        ("like an old tin sign", "like an old tin sign", ["use"]),
        ("2 1", "watercolor", []),
        ("print", None, ["style"]),
    ],
)
def test_an_answer_answers_one_question_and_the_rest_stays_open(
    talk: Talk, words: str, style: str | None, waiting: list[str]
) -> None:
    talk.say("a fox in the snow")
    turn = talk.say(words)
    assert values(turn).get("style") == style
    assert [d for d in ("style", "use") if d not in values(turn)] == waiting
    assert not {"style", "use"} & set(asked(turn))


def test_a_picked_title_opens_the_question_which_words(talk: Talk) -> None:
    talk.mode = "explorer"
    turn = talk.say("a poster of a fox")
    put = next(q for q in talk.questions if q["dimension"] == "text")
    turn = talk.say("", answers={put["id"]: "a title"})

    opened = turn["questions"][0]
    assert opened["follows"] == put["id"]
    assert "words" in opened["text"]
    answer = talk.say("", answers={opened["id"]: "Late Summer"})
    assert values(answer)["labels"] == "“Late Summer”"


def test_an_answer_by_id_goes_to_its_question(talk: Talk) -> None:
    talk.say("a fox in the snow")
    turn = talk.say("", answers={"q2": "for a quiet room"})
    assert values(turn)["use"] == "for a quiet room"
    assert "style" not in values(turn)


@pytest.mark.parametrize(
    ("first", "later", "stands", "gone"),
    [
        ("a watercolour fox", "an oil painting instead", "oil painting", "watercolour"),
        ('a poster saying "Fair"', "no words after all", "no words", "Fair"),
        ('a sign, "OPEN" on top', 'and "7 days" below', "“7 days” below", None),
        ("eine Katze, ohne Mond", "doch mit Mond", "mit Mond", "ohne Mond"),
    ],
)
def test_later_words_win(talk: Talk, first: str, later: str, stands: str, gone: str | None) -> None:
    talk.say(first)
    turn = talk.say(later, finish=True)
    assert stands in turn["prompt"].replace("No words", "no words")
    if gone:
        assert gone not in turn["prompt"]
        assert [why for quote, why in aside(turn).items() if gone in quote] == ["replaced"]
    else:
        assert turn["lettering"] == (["OPEN", "7 days"] if "7" in later else [])


def test_words_that_wish_for_nothing_are_set_aside_and_say_why(talk: Talk) -> None:
    assert aside(talk.say("Hi there! A fox in the snow. Thanks!")) == {
        "Hi there": "talk",
        "Thanks": "talk",
    }
    turn = talk.say("no worries, you decide")
    assert aside(turn) == {"no worries": "talk", "you decide": "left_to_us"}


@pytest.mark.parametrize(
    "words",
    [
        ["I need a watercolour of a lighthouse in a storm for our website", "1, but darker"],
        ["Ich brauche ein Plakat für unser Sommerfest, nichts Kitschiges", "„Krume“", "die zweite"],
        ["森の中の狐の絵をお願いします。文字はいらない。", "2番で", "人物なし"],
    ],
)
def test_every_word_finds_a_place_and_each_stretch_rests_on_what_was_written(
    talk: Talk, words: list[str]
) -> None:
    gone = [quote for said in words[:-1] for quote in aside(talk.say(said))]
    picks = [pick["quote"] for pick in talk.turn["chosen"]]
    turn = talk.say(words[-1], finish=True)
    for source in turn["sources"]:
        assert source["prompt"] in turn["prompt"]
        for said in source["said"]:
            if said["ref"].startswith("m"):
                assert said["quote"] in talk.messages[int(said["ref"][1:]) - 1]
    quotes = [said["quote"] for source in turn["sources"] for said in source["said"]]
    places = " ".join([*quotes, *gone, *picks, *aside(turn), *(p["quote"] for p in turn["chosen"])])
    said = [w for m in talk.messages for w in re.findall("[a-zäöüßéèàñ]{4,}|[一-龠]", m.lower())]
    assert not [word for word in said if word not in places.lower()]
    assert turn["prompt"].endswith((".", "。"))


@pytest.mark.parametrize(
    ("words", "assumed"),
    [
        ("a lighthouse in a storm at midnight", {"text": "no text"}),
        ("a poster with the title Storm", {}),
    ],
)
def test_only_what_contradicts_no_idea_is_assumed(
    talk: Talk, words: str, assumed: dict[str, str]
) -> None:
    talk.say(words)
    turn = talk.say("you decide")
    assert {e["dimension"]: e["value"] for e in turn["brief"] if not e["said"]} == assumed
    assert not [source for source in turn["sources"] if not source["said"]]


def test_what_a_reference_shows_rests_on_the_reference(talk: Talk) -> None:
    turn = talk.say("a fox in the snow", reference="r1", finish=True)
    said = [{"ref": "r1", "quote": "as in the reference picture"}]
    assert {"prompt": "as in the reference picture", "said": said} in turn["sources"]


BROKEN: dict[str, Callable[[dict[str, Any]], bool]] = {
    "invented_quote": lambda bad: "dragon" in bad["sources"][-1]["said"][0]["quote"],
    "cut_refusal": lambda bad: "not a photo" not in str(bad["sources"]),
    "turned_round": lambda bad: "not a photo" in str(bad["sources"]),
    "stretch_not_in_prompt": lambda bad: "dragon" in str(bad["sources"]),
    "lost_words": lambda bad: "Not a photo" not in bad["prompt"],
    "dumped_as_talk": lambda bad: aside(bad) == {"not a photo": "talk"},
    "shares_nothing": lambda bad: bad["sources"][1]["said"][0]["quote"] != "in a birch forest",
    "long_quote": lambda bad: FOX in bad["sources"][0]["said"][0]["quote"],
    "changed_lettering": lambda bad: bad["lettering"] == ["Late Smumer"],
    "changed_decision": lambda bad: "dragon" in str(bad["brief"]),
    "too_many_questions": lambda bad: len(bad["questions"]) > 5,
    "asks_decided": lambda bad: bad["questions"][0]["dimension"] in values(bad),
    "options_alike": lambda bad: bad["questions"][0]["options"] == ["warm", "WARM"],
    "wrong_option": lambda bad: bad["chosen"][0]["option"] == 1,
    "neither_asks_nor_writes": lambda bad: not bad["prompt"] and not bad["questions"],
}


@pytest.mark.parametrize("fault", BROKEN)
def test_it_misbehaves_in_the_way_that_is_named(talk: Talk, fault: str) -> None:
    talk.say(FOX)
    bad = talk.say("2", finish=True, fault=fault)
    assert BROKEN[fault](bad)
    if fault == "turned_round":
        assert "Not a photo" not in bad["prompt"]
