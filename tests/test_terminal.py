"""The dialogue in a terminal: `consult`, with its input from a pipe."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose folders are all temporary."""
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "IMAGE_CONSULTANT_DATA_DIR": str(tmp_path / "data"),
        "IMAGE_CONSULTANT_IMAGES_DIR": str(tmp_path / "images"),
    }


def consult(home: dict[str, str], typed: list[str], *options: str) -> str:
    """What the command prints when a person types this."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "__main__.py"), "consult", "--sandbox", *options],
        input="".join(f"{line}\n" for line in typed),
        env=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert "Traceback" not in done.stderr
    return done.stdout


def test_numbers_own_words_and_enter_answer_and_the_picture_is_drawn(
    home: dict[str, str], tmp_path: Path
) -> None:
    said = consult(home, ["a lighthouse", "1", "oil on canvas", "", "finish", "y"])

    prompt = said.partition("The refined prompt")[2]
    assert "oil on canvas" in prompt
    (path,) = re.findall(r"\S+\.png", prompt)
    assert Path(path).is_file()
    assert Path(path).parent == tmp_path / "images"


def test_back_returns_to_the_question_before(home: dict[str, str]) -> None:
    said = consult(home, ["a lighthouse", "1", "back", "2", "woodcut", "blue", "finish", "n"])

    assert said.count("q1. ") == 2
    assert "Poster" in said.partition("The refined prompt")[2]


def test_nothing_is_drawn_unless_wanted(home: dict[str, str], tmp_path: Path) -> None:
    said = consult(home, ["a lighthouse", "finish", "n"])

    assert not (tmp_path / "images").exists()
    assert "--conversation conv_" in said


def test_a_closed_input_says_how_to_go_on_and_that_works(home: dict[str, str]) -> None:
    said = consult(home, ["a lighthouse", "1"])
    (conversation,) = re.findall(r"conv_\w+", said)

    later = consult(home, ["finish", "n"], "for my office wall", "--conversation", conversation)

    assert "a lighthouse" in later.partition("The refined prompt")[2]
