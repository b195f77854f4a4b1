"""`prompts eval`: a report an author can act on."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cli import command_line
from cli.prompts.promises import Check, judge, language_of
from cli.prompts.scenarios import Dialogue, DialogueError, Expect, Played, load_dialogues
from consultation.facilitator_request import TEMPLATE
from errors import Problem
from prompts.store import PromptStore
from tests.calls import Result

Evaluate = Callable[..., tuple[int, str]]

GOOD = """
- name: A vague idea is asked about
  idea: a lighthouse
  expect: {asks_about: [style]}
"""
WRONG = """
- name: A vague idea is never asked about
  idea: a lighthouse
  expect: {never_asks_about: [style], ready_within: 1}
"""
QUESTION: Result = {
    "id": "q1",
    "dimension": "style",
    "text": "Which style do you have in mind?",
    "why": "The same boat looks different as a photo.",
    "options": ["woodcut", "photo"],
    "default": "woodcut",
}
ASKING: Result = {
    "status": "asking",
    "questions": [QUESTION],
    "brief": [],
    "completeness": {"before": 0, "now": 30, "missing": ["style"]},
    "refined_prompt": None,
    "provenance": [],
    "assumptions": [],
}
READY: Result = {
    **ASKING,
    "status": "ready",
    "questions": [],
    "refined_prompt": "a boat, woodcut, calm",
    "provenance": [
        {"text": "a boat", "source": "request", "ref": "m1"},
        {"text": ", woodcut", "source": "answer", "ref": "q1"},
        {"text": ", calm", "source": "assumption", "ref": None},
    ],
    "assumptions": ["calm"],
}
INSTRUCTION = next(
    line for line in PromptStore().template(TEMPLATE).text.splitlines() if len(line) > 60
)
HOLDS = Expect(
    asks_about=["style"],
    never_asks_about=["subject"],
    prompt_contains=["a boat"],
    prompt_lacks=["ship"],
    ready_within=2,
    questions_at_most=1,
    language="en",
    image_type="general",
    completeness_at_least=30,
    completeness_at_most=30,
    assumes=True,
)


def played(expect: Expect = HOLDS) -> Played:
    """A dialogue that went as it should."""
    dialogue = Dialogue(name="It holds", idea="a boat", mode="quick", finish=2, expect=expect)
    return Played(dialogue, ["a boat", "woodcut"], deepcopy([ASKING, READY]), "general")


def not_kept(one: Played) -> list[Check]:
    return [check for check in judge(one) if not check.kept]


def question(one: Played, **changes: Any) -> None:
    one.results[0]["questions"][0].update(changes)


def ask_more(one: Played, *dimensions: str) -> None:
    one.results[0]["questions"] += [
        {**QUESTION, "id": f"q{number}", "dimension": dimension}
        for number, dimension in enumerate(dimensions, start=2)
    ]


def never_ready(one: Played) -> None:
    one.dialogue = one.dialogue.model_copy(update={"finish": None})
    one.results[1] = {**ASKING, "questions": []}


def ask_after_finish(one: Played) -> None:
    one.results.insert(1, {**ASKING, "questions": []})


SPOILED: list[tuple[str, Callable[[Played], object]]] = [
    ("ends with a prompt", never_ready),
    ("within its budget", lambda one: ask_more(one, "use", "light")),
    ("asks nothing twice", lambda one: ask_more(one, "style")),
    ("phrases make the prompt", lambda one: one.results[1]["provenance"].pop()),
    ("answers were asked for", lambda one: question(one, id="q7")),
    ("options are real choices", lambda one: question(one, options=["woodcut"])),
    ("options are real choices", lambda one: question(one, options=["Woodcut", "woodcut!"])),
    ("options are real choices", lambda one: question(one, options=list("abcdef"))),
    (
        "asks in their language",
        lambda one: question(one, text="Welcher Stil soll es sein?", why=""),
    ),
    ("asks in their language", lambda one: question(one, text="どんな画風ですか。", why="")),
    (
        "keeps its instructions to itself",
        lambda one: question(one, why=f"I was told: {INSTRUCTION}"),
    ),
    ("asks nothing after finish", ask_after_finish),
]
"""A check, and what must make it fail."""

WRONG_EXPECTATIONS: list[tuple[str, dict[str, Any]]] = [
    ("asks about use", {"asks_about": ["use"]}),
    ("never asks about style", {"never_asks_about": ["style"]}),
    ("keeps 'A boat'", {"prompt_contains": ["A boat"]}),
    ("leaves out 'WOODCUT'", {"prompt_lacks": ["WOODCUT"]}),
    ("ready soon enough", {"ready_within": 1}),
    ("asks few questions", {"questions_at_most": 0}),
    ("asks in their language", {"language": "ja"}),
    ("recognises the type", {"image_type": "logo"}),
    ("counts what is decided", {"completeness_at_least": 31}),
    ("does not count words", {"completeness_at_most": 29}),
    ("marks assumptions", {"assumes": False}),
]


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run the command on a folder of dialogues; how it ended, and what it printed."""

    def run(folder: Path, *options: str) -> tuple[int, str]:
        words = ["prompts", "eval", "--folder", str(folder), *options]
        ended = command_line()(words, result_action="return_value")
        return ended, capsys.readouterr().out

    return run


def test_a_dialogue_that_went_well_keeps_every_promise() -> None:
    assert not_kept(played()) == []


@pytest.mark.parametrize(("name", "spoil"), SPOILED)
def test_a_promise_that_was_broken_is_seen(name: str, spoil: Callable[[Played], object]) -> None:
    one = played()
    spoil(one)

    broken = {check.name: check.seen for check in not_kept(one)}

    assert broken.get(name)


@pytest.mark.parametrize(("name", "wrong"), WRONG_EXPECTATIONS)
def test_a_wrong_expectation_fails_alone_and_says_what_was_seen(
    name: str, wrong: dict[str, Any]
) -> None:
    (check,) = not_kept(played(Expect.model_validate({**HOLDS.model_dump(), **wrong})))

    assert check.name == name
    assert check.seen


def test_every_expectation_can_fail() -> None:
    assert {name for _, wrong in WRONG_EXPECTATIONS for name in wrong} == set(Expect.model_fields)


def test_an_error_of_the_tool_is_what_was_seen() -> None:
    (check,) = judge(Played(played().dialogue, failed="The key is wrong. Set another."))

    assert (check.kept, check.seen) == (False, "The key is wrong. Set another.")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Which style do you have in mind?", "en"),
        ("Welche Farben sollen vorherrschen?", "de"),
        ("どこで使いますか。", "ja"),
        ("أين ستُستخدم الصورة؟", "ar"),
        ("A sign that reads 寿司 above the door", "en"),
        ("🦊🌙", None),
        ("boat", None),
    ],
)
def test_a_language_is_told_by_script_and_small_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_kept_promises_end_well_with_rates_and_price(tmp_path: Path, evaluate: Evaluate) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)

    ended, told = evaluate(tmp_path)

    assert not ended
    assert "asks about style" in told
    assert "100%" in told
    assert "tokens in" in told
    assert "the sandbox, nothing was paid" in told


def test_a_broken_promise_is_shown_with_what_was_seen_and_fails(
    tmp_path: Path, evaluate: Evaluate
) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)

    ended, told = evaluate(tmp_path, "--json")

    report = json.loads(told)
    assert ended == 1
    assert {entry["check"] for entry in report["not_kept"]} == {
        "never asks about style",
        "ready soon enough",
    }
    assert all(entry["seen"] for entry in report["not_kept"])


def test_live_without_a_key_is_refused_in_a_sentence(tmp_path: Path, evaluate: Evaluate) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)

    with pytest.raises(Problem, match="OPENAI_API_KEY"):
        evaluate(tmp_path, "--live")


def test_an_empty_folder_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(DialogueError, match="--folder"):
        load_dialogues(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- name: x\n  idea: y\n  expects: {}\n", "bad.yaml, dialogue 1: expects"),
        ("- name: x\n  idea: y\n- name: z\n", "bad.yaml, dialogue 2: idea"),
        ("name: x\n", "bad.yaml must be a list"),
        ("- [", "bad.yaml is no YAML"),
    ],
)
def test_a_broken_file_names_file_and_entry(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)

    with pytest.raises(DialogueError, match=says):
        load_dialogues(tmp_path)
