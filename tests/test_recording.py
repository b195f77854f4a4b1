"""What a prompt author without a key sees: the recordings, played against changed files.

The changes are made in a copy of the project, whose tests then run in a process of their own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "dist")
WORDING = "prompts/consultation/facilitator.md.j2"
PATIENCE = ("\n---\n", "\n---\nBe patient.\n")
STALE = "stale cassette: consultation/facilitator.md.j2 changed since recording"

WHENCE = """\
from importlib.util import find_spec
for name in ("server", "consultation.facilitator_request", "tests.recording"):
    print(find_spec(name).origin)
"""

Edit = Callable[[str, str, str], None]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without its history and environment."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("copy") / "project", ignore=LEFT_OUT)


@pytest.fixture
def edit(copy: Path) -> Iterator[Edit]:
    """Replace words in a file of the copy for the time of one test."""
    before: dict[Path, str] = {}

    def replace(name: str, old: str, new: str) -> None:
        path = copy / name
        text = before.setdefault(path, path.read_text(encoding="utf-8"))
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    yield replace
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")


def python(copy: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in the copy, away from the settings of the tests that run here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**kept, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=100,
    )


def replay(copy: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Play the recordings of the copy."""
    return python(
        copy, "-m", "pytest", "tests/test_recorded.py", "-q", "-n0", "-p", "no:cacheprovider",
        "-p", "no:hypothesispytest", *options,
    )  # fmt: skip


def test_the_copy_runs_its_own_code(copy: Path) -> None:
    found = python(copy, "-c", WHENCE).stdout.splitlines()

    assert found == [
        str(copy / "server.py"),
        str(copy / "consultation/request.py"),
        str(copy / "tests/recording.py"),
    ]


def test_an_edited_wording_is_replayed_and_told_to_be_stale(copy: Path, edit: Edit) -> None:
    edit(WORDING, *PATIENCE)

    played = replay(copy)

    assert played.returncode == 0, played.stdout
    assert "failed" not in played.stdout
    assert STALE in played.stdout
    assert "generation/refine.md.j2 changed" not in played.stdout
