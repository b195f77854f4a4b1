"""The command `python -m tests.cassettes`: record tests anew, and say what no longer fits."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from cyclopts import App

from errors import Problem
from tests.conftest import CASSETTES, ROOT
from tests.tape import Tape, shipped

app = App(
    name="python -m tests.cassettes",
    help="Record tests, and check what is recorded.",
    version_flags=[],
    suppress_keyboard_interrupt=False,
)

MODULE = "tests/test_recorded.py"
FOLDER = CASSETTES / "test_recorded"
KEY = "OPENAI_API_KEY"
SLOWEST = 900
"""Seconds that a test may take while OpenAI draws for it: its slowest picture takes five minutes,
and a test has two."""

Origin = Literal["sandbox", "openai"]


def recorded_tests() -> list[str]:
    """The names of all tests that have a recording."""
    text = (ROOT / MODULE).read_text(encoding="utf-8")
    return re.findall(r"^async def (test_\w+)", text, re.MULTILINE)


@app.command
def record(*tests: str, origin: Origin | None = None, yes: bool = False) -> int:
    """Record tests anew, all or some; 1 where one failed, which keeps its old recording.

    Args:
        tests: Names of tests.
        origin: Who answers; to be said where it is another one than before. Unset: the sandbox.
        yes: Agree to what OpenAI will cost.
    """
    known = recorded_tests()
    for name in tests:
        if name not in known:
            near = [f" Did you mean {one}?" for one in get_close_matches(name, known, 1, 0.4)]
            raise Problem(f"There is no recorded test {name}.{''.join(near)}")
    chosen = list(tests) or known
    whence = settle_origin(chosen, origin)
    if whence == "openai" and not agree(chosen, yes=yes):
        _say("Nothing was recorded.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        slowest = [f"--timeout={SLOWEST}"] if whence == "openai" else []
        where = [f"--record-to={folder}", f"--record-from={whence}", *slowest]
        report = pytest("--record-mode=rewrite", *where, tests=chosen)
        kept = [name for name in chosen if f"PASSED {MODULE}::{name}\n" not in report]
        for name in [name for name in chosen if name not in kept]:
            # Beside the old one first: the other folder may lie on another disk.
            beside = FOLDER / f"{name}.new"
            beside.write_bytes(Path(folder, FOLDER.name, f"{name}.yaml").read_bytes())
            beside.replace(FOLDER / f"{name}.yaml")
            _say(f"{name}: from {whence}.")
    for name in kept:
        _say(f"{name} was not recorded, and its recording is as it was.")
    for line in re.findall("^(?:FAILED|ERROR|SKIPPED) .*", report, re.MULTILINE):
        _say(line)
    return int(bool(kept))


@app.command
def check(*, strict: bool = False, play: bool = True) -> int:
    """Say what no longer fits; 1 for anything but stale recordings, which only warn.

    Args:
        strict: Fail for stale recordings, too.
        play: Play the recordings, to find those that do not fit and calls that are not made.
    """
    faults, warnings = [*find_faults()], [*find_stale()]
    if play:
        faults += re.findall(rf"^FAILED {MODULE}::(.*)", pytest(), re.MULTILINE)
    for one in faults:
        _say(f"fault: {one}")
    for one in warnings:
        _say(f"{'fault' if strict else 'warning'}: {one}")
    if not faults and not warnings:
        _say("All recordings fit.")
    return int(bool(faults or (strict and warnings)))


def find_faults(folder: Path = FOLDER) -> Iterator[str]:
    """What does not fit between tests and recordings, without playing them."""
    current, tests = version("openai"), recorded_tests()
    paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    yield from (f"{name}: no test of this name; delete it." for name in paths if name not in tests)
    for name in tests:
        sdk = Tape.read(paths[name]).data["recorded"]["sdk"] if name in paths else ""
        if not sdk:
            yield f"{name}: it has no recording; record it."
        elif sdk.split(" ")[1].split(".")[0] != current.split(".")[0]:
            yield f"{name}: it was recorded by {sdk}, and {current} is installed; record it anew."


def find_stale(folder: Path = FOLDER) -> Iterator[str]:
    """Recordings of templates whose wording is another one now."""
    for tape in map(Tape.read, sorted(folder.glob("*.yaml"))):
        for name in tape.stale:
            state = "changed since" if shipped(name) else "is gone since"
            yield f"{tape.name}: stale cassette: {name} {state} recording."


def settle_origin(tests: Sequence[str], origin: Origin | None) -> Origin:
    """Where to record from. Raises `Problem` where that would change unsaid, or has no key."""
    if origin == "openai" and not os.environ.get(KEY, "").strip():
        raise Problem(f"Recording from OpenAI takes a key: set {KEY}, or record from the sandbox.")
    paths = [path for name in tests if (path := FOLDER / f"{name}.yaml").is_file()]
    foreign = [path.stem for path in paths if Tape.read(path).origin == "openai"]
    if origin is None and foreign:
        raise Problem(
            f"Recorded from OpenAI: {', '.join(foreign)}; say --origin sandbox to replace that, "
            "or --origin openai to record it anew there."
        )
    return origin or "sandbox"


def agree(tests: Sequence[str], *, yes: bool) -> bool:
    """Say what it will cost, by the tokens of the present recordings, and ask.

    Raises `Problem` for a test without a recording, since nothing says what it takes, and where
    nobody can be asked.
    """
    paths = [FOLDER / f"{name}.yaml" for name in tests]
    for path in paths:
        if not path.is_file():
            raise Problem(
                f"What {path.stem} would cost is not known yet: record it from the sandbox first."
            )
    usd = sum(Tape.read(path).usd for path in paths)
    _say(f"Recording {len(tests)} from OpenAI costs about ${usd:.3f} (an estimate).")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Problem("There is no terminal to ask in: say --yes to agree to the cost.")
    sys.stdout.write("Record? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def pytest(*options: str, tests: Sequence[str] = ()) -> str:
    """Run these tests, or all, apart from the present process; what was printed of them."""
    quietly = ["-n0", "-q", "-rA", "-p", "no:cacheprovider", "--show-capture=no"]
    which = [f"{MODULE}::{name}" for name in tests] or [MODULE]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *quietly, *options, *which],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "1000"},  # each reason in a line of its own, whole
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if process.returncode > 1:
        raise Problem(f"pytest did not end well:\n{(process.stdout + process.stderr).strip()}")
    return process.stdout


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> None:
    """Run the command; exits with 2 after one sentence where a person has to act."""
    try:
        sys.exit(app(result_action="return_value"))
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. All recordings are as they were.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
