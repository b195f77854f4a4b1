"""Which tests have recordings, and running them: pytest in a process of its own."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_recording.plugin import get_default_cassette_name

from errors import Problem
from tests.tape import CASSETTES, ROOT

QUIETLY = ["-n0", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-m", "vcr"]
MARK = "pytest.mark.vcr"


@dataclass(frozen=True)
class Recorded:
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
class Ran:
    """How a test went: why it failed or was left out, and how its calls fit the recording."""

    failed: str = ""
    skipped: str = ""
    unknown: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def collect() -> list[Recorded]:
    """All tests that are marked to have a recording. Raises `Problem` where pytest fails."""
    ended = pytest("--collect-only", *_modules())
    if ended.returncode:
        raise Problem(f"pytest cannot read the tests:\n{ended.stdout.strip()}")
    return [Recorded(line) for line in ended.stdout.splitlines() if "::" in line]


def choose(tests: Sequence[Recorded], names: Iterable[str]) -> list[Recorded]:
    """The tests of these names, or of ids as pytest has them; all where none is given.

    Raises `Problem` for a name that no test has.
    """
    from difflib import get_close_matches

    chosen = []
    for name in names:
        found = [one for one in tests if name in {one.id, one.name, one.name.split("[")[0]}]
        if not found:
            near = get_close_matches(name, [one.name for one in tests], 1, 0.4)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise Problem(f"There is no recorded test {name}.{hint}")
        chosen += [one for one in found if one not in chosen]
    return chosen or list(tests)


def run(folder: Path, *options: str, tests: Sequence[Recorded] = ()) -> dict[str, Ran]:
    """Run tests, or all, and tell by id how each went; one that was never reached is missing.

    The report of pytest is written into the folder.
    """
    report = folder / "report.xml"
    which = [test.id for test in tests] or _modules()
    ended = pytest(f"--junitxml={report}", *options, *which)
    if ended.returncode > 1 or not report.is_file():
        raise Problem(f"pytest did not end well:\n{(ended.stdout + ended.stderr).strip()}")
    went: dict[str, Ran] = {}
    for case in ET.parse(report).iter("testcase"):  # pytest's own, of our tests
        module = case.get("classname", "").replace(".", "/")
        ran = went.setdefault(f"{module}.py::{case.get('name')}", Ran())
        for one in case.iter("property"):
            getattr(ran, one.get("name", "")).append(one.get("value", ""))
        for outcome in case:
            if outcome.tag in {"failure", "error"}:
                ran.failed = ran.failed or outcome.get("message", "").split("\n")[0]
            elif outcome.tag == "skipped":
                ran.skipped = outcome.get("message", "")
    return went


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
    marked = [path for path in paths if f"pytestmark = {MARK}" in path.read_text(encoding="utf-8")]
    return [path.relative_to(ROOT).as_posix() for path in marked]
