"""`prompts eval`: promises that hold offline, and numbers that an author can act on."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import command_line
from errors import Problem
from sandbox.loopback import Sandbox
from tests.conftest import Run
from tests.turns import FACILITATOR

Capture = pytest.CaptureFixture[str]
Evaluate = Callable[..., tuple[int, str]]

SCENARIO = """\
- name: A boat as a woodcut
  mode: quick
  turns:
    - message: a boat on a calm lake
      model:
        - reply: A boat. How is it made?
          brief: [{dimension: subject, value: a boat,
            said: [{ref: m1, quote: a boat on a calm lake}]}]
          questions: [{dimension: style, text: "Which style?", options: [woodcut, photo]}]
      expect: {status: asking, asks: [style], text_has: [woodcut]}
    - message: "1"
      model:
        - reply: A woodcut, in blue.
          brief: [{dimension: subject, value: a boat,
            said: [{ref: m1, quote: a boat on a calm lake}]}, {dimension: palette, value: blue}]
          chosen: [{question: q1, option: 1, ref: m2, quote: "1"}]
          prompt: Woodcut of a boat on a calm lake in blue.
          sources: [{prompt: Woodcut, said: [{ref: q1, quote: woodcut}]},
            {prompt: a boat on a calm lake, said: [{ref: m1, quote: a boat on a calm lake}]}]
      expect: {status: ready, asks: [], prompt_has: [calm lake], prompt_lacks: [ship],
        said: [a boat], lettering: [], assumes: [palette]}
"""
SOFA = "something for above the sofa"
SUBJECT = {"prompt": SOFA, "said": [{"ref": "m1", "quote": SOFA}]}
DRAGON = {"prompt": "a golden dragon", "said": [{"ref": "m1", "quote": "with a golden dragon"}]}
PROMPT = "Photo of something for above the sofa beside a golden dragon."
INVENTION = {"reply": "A dragon.", "prompt": PROMPT, "sources": [SUBJECT, DRAGON]}
ASKING = {
    "reply": "Above the sofa. A question.",
    "brief": [{"dimension": "subject", "value": SOFA, "said": SUBJECT["said"]}],
    "questions": [{"dimension": "style", "text": "How?", "options": ["photo", "cartoon"]}],
}


@pytest.fixture
def evaluate(run: Run, capsys: Capture) -> Evaluate:  # noqa: ARG001  # its folders
    """Run the command beside a sandbox; how it ended, and what it printed."""

    def command(*options: str) -> tuple[int, str]:
        code = command_line()(["prompts", "eval", *options], result_action="return_value")
        return code, capsys.readouterr().out

    return command


def written(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return str(folder)


def test_the_shipped_scenarios_keep_every_promise_without_a_call(
    evaluate: Evaluate, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_SANDBOX", "true")
    code, out = evaluate()
    assert code == 0, out
    assert "every promise was kept" in out
    assert sandbox.requests == []  # it plays on a sandbox of its own


def test_each_promise_that_is_not_kept_is_named_with_what_was_seen(
    evaluate: Evaluate, tmp_path: Path
) -> None:
    wrong = SCENARIO
    for right, other in {
        "status: asking, asks: [style], text_has: [woodcut]":
            "status: ready, asks: [use], text_has: [etching], text_lacks: [WOODCUT]",
        "[calm lake]": "[stormy lake]", "[ship]": "[BOAT]", "said: [a boat]": "said: [a ship]",
        "lettering: []": "lettering: [Hi], not_used: [lake], calls_at_least: 2, calls_at_most: 2",
        "assumes: [palette]": "assumes: [style]",
    }.items():  # fmt: skip
        assert right in wrong
        wrong = wrong.replace(right, other)

    code, out = evaluate("--folder", written(tmp_path, wrong), "--json")
    seen = {(one["turn"], one["promise"]): one["seen"] for one in json.loads(out)["not_kept"]}

    assert code == 1
    assert [promise for _, promise in seen] == [
        "is ready", "asks about ['use']", "the text has 'etching'", "the text lacks 'WOODCUT'",
        "2 to 2 calls", "letters ['Hi']", "the prompt has 'stormy lake'", "shows as said 'a ship'",
        "shows as not used 'lake'", "shows as ours 'style'", "the prompt lacks 'BOAT'",
    ]  # fmt: skip
    assert seen[1, "is ready"] == "asking"
    assert seen[2, "2 to 2 calls"] == "1"
    assert seen[2, "shows as ours 'style'"] == "palette"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Input should be a valid list"),
        ("- name: [", "own.yaml is no YAML: .*line"),
        ("name: one", "the whole: Input should be a valid list"),
        (SCENARIO.replace("status", "state"), "own.yaml: 0.turns.0.expect.status: Field required"),
    ],
)
def test_a_scenario_that_cannot_be_played_is_told(
    evaluate: Evaluate, tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(Problem, match=f"(?s){told}"):
        evaluate("--folder", written(tmp_path, text))


def test_a_call_that_is_refused_ends_its_scenario_alone(evaluate: Evaluate, tmp_path: Path) -> None:
    refused = SCENARIO.replace('message: "1"', 'answers: {q9: "1"}')
    another = SCENARIO.replace("A boat as", "The same boat as")

    code, out = evaluate("--folder", written(tmp_path, refused + another))

    assert code == 1
    assert "A boat as a woodcut, turn 2" in out
    assert "2 scenarios, 4 turns, no model asked: 1 broke a promise." in out


def test_live_asks_first_and_is_refused_where_nobody_can_answer(
    evaluate: Evaluate, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    with pytest.raises(Problem, match="--yes"):
        evaluate("--live")
    assert sandbox.requests == []


def test_live_says_what_it_takes_and_asks_nobody_where_the_person_says_no(
    evaluate: Evaluate, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("sys.stdin", terminal := io.StringIO("n\n"))
    monkeypatch.setattr(terminal, "isatty", lambda: True)

    with pytest.raises(Problem, match="nothing was paid"):
        evaluate("--live", "--dialogues", "2")
    assert re.search(r"2 dialogues with gpt-4o.* \d+ calls.* \$0\.\d\d", capsys.readouterr().err)
    assert sandbox.requests == []


def test_live_needs_a_key(evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    with pytest.raises(Problem, match="OPENAI_API_KEY"):
        evaluate("--live", "--yes")


def test_live_counts_what_a_model_does(evaluate: Evaluate, sandbox: Sandbox) -> None:
    sandbox.answer(FACILITATOR, ASKING, INVENTION, INVENTION)
    sandbox.answer("person_message", {"message": "the photo"})

    _, out = evaluate("--live", "--yes", "--dialogues", "1", "--json")

    (talk,) = (report := json.loads(out))["dialogues"]
    assert (talk["turns"], talk["calls"], talk["sent_back"], talk["questions"]) == (2, 3, 1, 1)
    assert "quote" in talk["rules"]
    assert report["all"]["calls_per_turn"] == 1.5
    assert report["all"]["usd"] > 0
    (asked,) = [c.body for c in sandbox.requests if "person_message" in json.dumps(c.body)]
    assert "the wall is dark green" in asked["instructions"]
    assert "How?" in json.dumps(asked["input"])


def test_live_on_the_sandbox_needs_neither_key_nor_consent(
    evaluate: Evaluate, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    code, out = evaluate("--live", "--sandbox", "--dialogues", "1")

    assert code == 0
    assert "ready: 1" in out
    assert sandbox.requests == []
