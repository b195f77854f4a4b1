"""The command `python -m tests.cassettes`: record, list, check and compare recordings."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from errors import Problem
from tests import checking, comparing, replay, taking
from tests.tape import CASSETTES, Tape

app = App(
    name="python -m tests.cassettes",
    help="Record tests, look after the recordings, and compare them.",
    version_flags=[],
    suppress_keyboard_interrupt=False,
)

AsJson = Annotated[bool, Parameter(name="--json")]


@app.command
def record(
    *tests: str, origin: Literal["sandbox", "openai"] | None = None, yes: bool = False
) -> int:
    """Record tests anew, all or some; 1 where one failed, which keeps its old recording.

    Args:
        tests: Names of tests.
        origin: Who answers; to be said where it is another one than before. Unset: the sandbox.
        yes: Agree to what OpenAI will cost.
    """
    chosen = replay.choose(replay.collect(), tests)
    chosen_origin = taking.settle_origin(chosen, origin)
    for name in taking.changing(chosen, chosen_origin):
        _say(f"{name} was recorded from elsewhere, and is to come from {chosen_origin}.")
    if chosen_origin == "openai" and not taking.agree(chosen, yes=yes):
        _say("Nothing was recorded.")
        return 1
    went = taking.take(chosen, chosen_origin)
    for test in chosen:
        _say(_told(test.name, went[test.id], chosen_origin))
    return int(any(ran.failed for ran in went.values()))


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> None:
    """List all recordings: their tests, where they come from, what they hold."""
    rows = [_row(path) for path in sorted(CASSETTES.rglob("*.yaml"))]
    if as_json:
        _say(json.dumps(rows, indent=2))
        return
    for row in rows:
        _say(row["test"])
        calls = "1 call" if row["calls"] == 1 else f"{row['calls']} calls"
        _say(f"  {row['origin']}, {row['date']}, {row['sdk']}, {calls}, {row['bytes']:,} bytes")
        _say(f"  {' '.join(row['templates']) or 'made of no template'}")


@app.command
def check(*, strict: bool = False, play: bool = True, as_json: AsJson = False) -> int:
    """Say what no longer fits; 1 for anything but stale recordings, which only warn.

    Args:
        strict: Fail for stale recordings, too.
        play: Play the recordings, to find those that do not fit and calls that are not made.
        as_json: Print the faults as JSON.
    """
    found = checking.faults(play=play)
    failing = [one for one in found if strict or one.kind != "stale"]
    if as_json:
        _say(json.dumps([one._asdict() for one in found], indent=2, ensure_ascii=False))
        return int(bool(failing))
    for one in found:
        _say(f"{'fault' if one in failing else 'warning'}: {one.test}: {one.told}")
    if not found:
        _say("All recordings fit.")
    return int(bool(failing))


@app.command
def diff(old: Path, new: Path | None = None) -> None:
    """Say in words how two recordings of a test differ.

    Args:
        old: A recording, or the name of a test.
        new: The other one. Unset: `old` is compared with how git has it in HEAD.
    """
    if new is None:
        path = comparing.find(old)
        before, now = comparing.committed(path), Tape.read(path)
    else:
        before, now = Tape.read(comparing.find(old)), Tape.read(comparing.find(new))
    for sentence in comparing.compare(before, now):
        _say(sentence)


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


def _row(path: Path) -> dict[str, Any]:
    tape = Tape.read(path)
    recorded = tape.data["recorded"]
    return {
        "test": f"tests/{path.parent.name}.py::{path.stem}",
        "origin": tape.origin,
        "date": recorded["date"],
        "sdk": recorded["sdk"],
        "calls": len(tape.calls),
        "bytes": len(tape.text.encode()),
        "templates": recorded["templates"],
    }


def _told(name: str, ran: replay.Ran, origin: str) -> str:
    if ran.failed:
        return f"{name} failed, and its recording is as it was: {ran.failed}"
    if ran.skipped:
        return f"{name} was left out: {ran.skipped}"
    return f"{name} is recorded from {origin}."


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main()
