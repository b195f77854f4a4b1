"""The dialogue in a terminal: `consult`, with its input from a pipe."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import command_line

Consult = Callable[..., str]


@pytest.fixture
def consult(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Consult:
    """What the command prints when a person types these lines."""
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))

    def run(typed: list[str], *options: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        command_line()(["consult", "--sandbox", *options], result_action="return_value")
        return capsys.readouterr().out

    return run


def test_numbers_own_words_and_enter_answer_and_the_picture_is_drawn(
    consult: Consult, tmp_path: Path
) -> None:
    said = consult(["a lighthouse", "1", "oil on canvas", "", "finish", "y"])

    prompt = said.partition("Refined prompt")[2]
    assert "oil on canvas" in prompt
    (path,) = re.findall(r"\S+\.png", prompt)
    assert Path(path).is_file()
    assert Path(path).parent == tmp_path / "images"


def test_back_returns_to_the_question_before(consult: Consult) -> None:
    said = consult(["a lighthouse", "1", "back", "2", "woodcut", "blue", "finish", "n"])

    assert said.count("q1. ") == 2
    assert "woodcut" in said.partition("Refined prompt")[2]


def test_nothing_is_drawn_unless_wanted(consult: Consult, tmp_path: Path) -> None:
    said = consult(["a lighthouse", "finish", "n"])

    assert not (tmp_path / "images").exists()
    assert "--conversation conv_" in said


def test_a_closed_input_says_how_to_go_on_and_that_works(consult: Consult) -> None:
    said = consult(["a lighthouse", "1"])
    (conversation,) = re.findall(r"Go on with: .* --conversation (conv_\w+) --sandbox", said)

    later = consult(["finish", "n"], "for my office wall", "--conversation", conversation)

    assert "a lighthouse" in later.partition("Refined prompt")[2].lower()
