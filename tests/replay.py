"""Which tests have recordings, and running them: pytest in a process of its own."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pytest_recording.plugin import get_default_cassette_name

from errors import Problem
from tests.tape import CASSETTES, ROOT

QUIETLY = ["-n0", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-m", "vcr"]
MARK = "pytestmark = pytest.mark.vcr"


@dataclass(frozen=True)
class RecordedTest:
    """A test with a recording."""

    id: str  # as pytest has it

    @property
    def name(self) -> str:
        """The name of the function, with its parameters."""
        return self.id.split("::")[-1]

    @property
    def place(self) -> Path:
        """Where its recording lies, below the folder of all."""
        module = Path(self.id.split("::")[0]).stem
        return Path(module, f"{get_default_cassette_name(None, self.name)}.yaml")

    @property
    def path(self) -> Path:
        """Its recording."""
        return CASSETTES / self.place


@dataclass
class Outcome:
    """How a test went: why it failed or was left out, and how its calls fit the recording."""

    failure: str = ""
    skip: str = ""
    unknown: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def collect() -> list[RecordedTest]:
    """All tests that are marked to have a recording. Raises `Problem` where pytest fails."""
    process = pytest("--collect-only", *_modules())
    if process.returncode:
        raise Problem(f"pytest cannot read the tests:\n{process.stdout.strip()}")
    return [RecordedTest(line) for line in process.stdout.splitlines() if "::" in line]


def choose(tests: Sequence[RecordedTest], names: Iterable[str]) -> list[RecordedTest]:
    """The tests of these names, or of ids as pytest has them; all where none is named.

    Raises `Problem` for a name that no test has.
    """
    chosen: dict[RecordedTest, None] = {}
    for name in names:
        matches = [one for one in tests if name in {one.id, one.name, one.name.split("[")[0]}]
        if not matches:
            near = get_close_matches(name, [one.name for one in tests], 1, 0.4)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise Problem(f"There is no recorded test {name}.{hint}")
        chosen |= dict.fromkeys(matches)
    return list(chosen or tests)


def run(folder: Path, *options: str, tests: Sequence[RecordedTest] = ()) -> dict[str, Outcome]:
    """Run tests, or all, and say by id how each went; one that was never reached is missing.

    The report of pytest is written into the folder. Raises `Problem` where there is none.
    """
    report = folder / "report.xml"
    which = [test.id for test in tests] or _modules()
    process = pytest(f"--junitxml={report}", *options, *which)
    if process.returncode > 1 or not report.is_file():
        raise Problem(f"pytest did not end well:\n{(process.stdout + process.stderr).strip()}")
    outcomes: dict[str, Outcome] = {}
    for case in ET.parse(report).iter("testcase"):  # pytest's own, of our tests
        module = case.get("classname", "").replace(".", "/")
        outcome = outcomes.setdefault(f"{module}.py::{case.get('name')}", Outcome())
        for one in case.iter("property"):
            getattr(outcome, one.get("name", "")).append(one.get("value", ""))
        for part in case:
            if part.tag in {"failure", "error"}:
                outcome.failure = outcome.failure or part.get("message", "").split("\n")[0]
            elif part.tag == "skipped":
                outcome.skip = part.get("message", "")
    return outcomes


def pytest(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest on the recorded tests, from the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *QUIETLY, *options],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _modules() -> list[str]:
    """The modules that say so: collecting all others would take seconds."""
    paths = sorted((ROOT / "tests").glob("test_*.py"))
    return [str(path) for path in paths if MARK in path.read_text(encoding="utf-8").splitlines()]
