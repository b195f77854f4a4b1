"""The whole job as `demo` plays it, without terminal or network."""

import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from cli import main
from tests.conftest import KEY

IDEA = "a heron [bold]in the reeds"
ANSI = "\x1b["


class Played(NamedTuple):
    code: int
    out: str
    err: str


def demo(home: Path) -> Played:
    """Run the command as a person who has a key, at an address where nobody answers."""
    out, err, code = StringIO(), StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in {
            "HOME": home,
            "USERPROFILE": home,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
            "IMAGE_CONSULTANT_DATA_DIR": home / "data",
            "IMAGE_CONSULTANT_IMAGES_DIR": home / "images",
        }.items():
            patch.setenv(name, str(value))
        patch.setattr(sys, "argv", ["image-consultant", "demo", IDEA])
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Played(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def played(home: Path) -> Played:
    """A demo that went well."""
    ending = demo(home)
    assert ending.code == 0
    return ending


@pytest.fixture(scope="module")
def shown(played: Played) -> list[str]:
    return played.out.splitlines()


def part(shown: list[str], heading: str) -> list[str]:
    """The lines below a heading, up to the next empty one."""
    start = shown.index(heading) + 1
    return shown[start : shown.index("", start)] if "" in shown[start:] else shown[start:]


def test_it_says_that_nothing_is_paid_and_shows_the_idea_as_typed(shown: list[str]) -> None:
    first = next(line for line in shown if line)

    assert first == "The sandbox plays OpenAI: no key, no cost, placeholder pictures."
    assert sum("nothing was paid" in line for line in shown) >= 2
    assert part(shown, "The idea") == [f"  {IDEA}"]
    assert any(re.search(r"conversation conv_[0-9a-f]{16}\.", line) for line in shown)


def test_in_a_pipe_it_shows_no_key_and_no_colours_and_breaks_no_line(shown: list[str]) -> None:
    assert [line for line in shown if KEY in line or ANSI in line] == []
    assert max(map(len, shown)) > 100


def test_a_pipe_gets_a_line_for_each_step_of_both_pictures_beside_the_result(
    played: Played,
) -> None:
    steps = [line.strip() for line in played.err.splitlines()]

    assert steps.count("saved") == 2
    assert 4 < len(steps) < 20


def test_it_saves_two_pictures_where_it_says(shown: list[str], home: Path) -> None:
    paths = [Path(line.strip()) for line in part(shown, "Saved, made by the sandbox")]

    assert len(set(paths)) == 2
    assert sorted(paths) == sorted((home / "images").iterdir())
    for path in paths:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
