"""`prompts eval`: a report an author can act on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.evaluation import DialogueError, load_dialogues
from tests.conftest import ROOT

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


def evaluate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    return subprocess.run(
        [
            sys.executable,
            str(ROOT / "__main__.py"),
            "prompts",
            "eval",
            "--folder",
            str(folder),
            *options,
        ],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )


def test_kept_promises_end_well_with_rates_and_price(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)

    done = evaluate(tmp_path)

    assert done.returncode == 0, done.stderr
    assert "asks about style" in done.stdout
    assert "100%" in done.stdout
    assert "tokens in" in done.stdout
    assert "the sandbox, nothing was paid" in done.stdout


def test_a_broken_promise_is_shown_with_what_was_seen_and_fails(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)

    done = evaluate(tmp_path, "--json")

    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert {entry["check"] for entry in report["not_kept"]} == {
        "never asks about style",
        "ready soon enough",
    }
    assert all(entry["seen"] for entry in report["not_kept"])


def test_live_without_a_key_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)

    done = evaluate(tmp_path, "--live")

    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert "Traceback" not in done.stderr


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
