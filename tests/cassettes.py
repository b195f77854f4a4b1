"""The command `python -m tests.cassettes`: record tests anew, and say what no longer fits."""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from cyclopts import App, Parameter

from errors import Problem
from tests.replay import Outcome, RecordedTest, choose, collect, run
from tests.tape import CASSETTES, Tape, shipped

app = App(
    name="python -m tests.cassettes",
    help="Record tests, and check what is recorded.",
    version_flags=[],
    suppress_keyboard_interrupt=False,
)

KEY = "OPENAI_API_KEY"
SLOWEST = 900
"""Seconds that a test may take while OpenAI draws for it: its slowest picture takes five minutes,
and a test has two."""

AsJson = Annotated[bool, Parameter(name="--json")]
Origin = Literal["sandbox", "openai"]


class Misfit(NamedTuple):
    """What does not fit between a test and its recording; all but `stale` fail a check."""

    kind: Literal["missing", "unplayed", "unused", "changed", "sdk", "stale"]
    test: str
    message: str


@app.command
def record(*tests: str, origin: Origin | None = None, yes: bool = False) -> int:
    """Record tests anew, all or some; 1 where one failed, which keeps its old recording.

    Args:
        tests: Names of tests.
        origin: Who answers; to be said where it is another one than before. Unset: the sandbox.
        yes: Agree to what OpenAI will cost.
    """
    chosen = choose(collect(), tests)
    whence = settle_origin(chosen, origin)
    if whence == "openai" and not agree(chosen, yes=yes):
        _say("Nothing was recorded.")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slowest = [f"--timeout={SLOWEST}"] if whence == "openai" else []
        where = [f"--record-to={folder}", f"--record-from={whence}", *slowest]
        outcomes = run(folder, "--record-mode=rewrite", *where, tests=chosen)
        for test in chosen:
            outcome = outcomes.setdefault(test.id, Outcome(failure="it was not reached"))
            _say(_replace(test, folder / test.place, outcome) or f"{test.name}: from {whence}.")
    return int(any(outcome.failure for outcome in outcomes.values()))


@app.command
def check(*, strict: bool = False, play: bool = True, as_json: AsJson = False) -> int:
    """Say what no longer fits; 1 for anything but stale recordings, which only warn.

    Args:
        strict: Fail for stale recordings, too.
        play: Play the recordings, to find those that do not fit and calls that are not made.
        as_json: Print what does not fit as JSON.
    """
    misfits = find_misfits(play=play)
    failing = [one for one in misfits if strict or one.kind != "stale"]
    if as_json:
        _say(json.dumps([one._asdict() for one in misfits], indent=2, ensure_ascii=False))
    else:
        for one in misfits:
            _say(f"{'fault' if one in failing else 'warning'}: {one.test}: {one.message}")
        if not misfits:
            _say("All recordings fit.")
    return int(bool(failing))


def settle_origin(tests: Sequence[RecordedTest], origin: Origin | None) -> Origin:
    """Where to record from. Raises `Problem` where that would change unsaid, or has no key."""
    if origin == "openai" and not os.environ.get(KEY, "").strip():
        raise Problem(f"Recording from OpenAI takes a key: set {KEY}, or record from the sandbox.")
    foreign = [test.name for test in tests if test.path.is_file() and _is_live(test.path)]
    if origin is None and foreign:
        raise Problem(
            f"Recorded from OpenAI: {', '.join(foreign)}; say --origin sandbox to replace that, "
            "or --origin openai to record it anew there."
        )
    return origin or "sandbox"


def agree(tests: Sequence[RecordedTest], *, yes: bool) -> bool:
    """Say what it will cost, by the tokens of the present recordings, and ask.

    Raises `Problem` for a test without a recording, since nothing says what it takes, and where
    nobody can be asked.
    """
    for test in tests:
        if not test.path.is_file():
            raise Problem(
                f"What {test.name} would cost is not known yet: record it from the sandbox first."
            )
    usd = sum(Tape.read(test.path).usd for test in tests)
    _say(f"Recording {len(tests)} from OpenAI costs about ${usd:.3f} (an estimate).")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Problem("There is no terminal to ask in: say --yes to agree to the cost.")
    sys.stdout.write("Record? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def find_misfits(folder: Path = CASSETTES, *, play: bool) -> list[Misfit]:
    """All that does not fit; with `play` also what only playing the recordings shows."""
    tests = collect()
    with tempfile.TemporaryDirectory() as reports:
        outcomes = run(Path(reports), f"--record-to={folder}") if play else {}
    misfits = [
        Misfit("unplayed", path.stem, "no test of this name plays it; delete it.")
        for path in sorted(set(folder.rglob("*.yaml")) - {folder / test.place for test in tests})
    ]
    for test in tests:
        path = folder / test.place
        if path.is_file():
            misfits += _by_itself(Tape.read(path))
            misfits += _by_playing(test, outcomes.get(test.id, Outcome()))
        else:
            misfits.append(Misfit("missing", test.name, "it has no recording; record it."))
    return misfits


def _by_itself(tape: Tape) -> list[Misfit]:
    """What a recording says without being played."""
    misfits = []
    sdk, current = tape.data["recorded"]["sdk"], version("openai")
    if sdk.split(" ")[1].split(".")[0] != current.split(".")[0]:
        message = f"it was recorded by {sdk}, and {current} is installed; record it anew."
        misfits.append(Misfit("sdk", tape.name, message))
    for name in tape.stale:
        state = "changed since" if shipped(name) else "is gone since"
        misfits.append(Misfit("stale", tape.name, f"stale cassette: {name} {state} recording."))
    return misfits


def _by_playing(test: RecordedTest, outcome: Outcome) -> list[Misfit]:
    if outcome.unknown:
        return [Misfit("changed", test.name, f"{'. '.join(outcome.unknown)}; record it anew.")]
    if outcome.unused:
        message = f"recorded and no longer made: {', '.join(outcome.unused)}; record it anew."
        return [Misfit("unused", test.name, message)]
    return [Misfit("changed", test.name, f"it fails: {outcome.failure}")] if outcome.failure else []


def _replace(test: RecordedTest, new: Path, outcome: Outcome) -> str:
    """Put a new recording in the place of the old one in one step, or say why it is not."""
    if outcome.skip:
        return f"{test.name} was left out: {outcome.skip}"
    if not outcome.failure and not new.is_file():
        outcome.failure = "it made no call, so there is nothing to record"
    if outcome.failure:
        return f"{test.name} failed, and its recording is as it was: {outcome.failure}"
    test.path.parent.mkdir(parents=True, exist_ok=True)
    beside = test.path.with_suffix(".new")  # the other folder may lie on another disk
    beside.write_bytes(new.read_bytes())
    beside.replace(test.path)
    return ""


def _is_live(path: Path) -> bool:
    return Tape.read(path).origin == "openai"


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
