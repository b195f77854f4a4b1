"""Recording tests anew: beside the old recordings, which only what succeeded replaces."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from errors import Problem
from tests.replay import Ran, Recorded, run
from tests.tape import Tape

KEY = "OPENAI_API_KEY"
SLOWEST = 900
"""Seconds that a test may take while OpenAI draws for it."""


def settle_origin(tests: Sequence[Recorded], origin: str | None) -> str:
    """Where to record from. Raises `Problem` where that would change unsaid, or has no key."""
    if origin == "openai" and not os.environ.get(KEY, "").strip():
        raise Problem(f"Recording from OpenAI takes a key: set {KEY}, or record from the sandbox.")
    if origin is None:
        foreign = [test.name for test in tests if _origin(test) == "openai"]
        if foreign:
            raise Problem(
                f"{_listed(foreign)} recorded from OpenAI; say --origin sandbox to replace that, "
                "or --origin openai to record it anew there."
            )
    return origin or "sandbox"


def changing(tests: Sequence[Recorded], origin: str) -> list[str]:
    """The tests whose recordings come from elsewhere until now, by name."""
    return [test.name for test in tests if _origin(test) not in {None, origin}]


def estimate(tests: Sequence[Recorded]) -> float:
    """USD that these tests would cost at OpenAI, by the tokens that their recordings report.

    Raises `Problem` for a test without a recording, since nothing says what it takes.
    """
    new = [test.name for test in tests if not test.path.is_file()]
    if new:
        raise Problem(
            f"What {new[0]} would cost is not known yet: record it from the sandbox first."
        )
    return sum(Tape.read(test.path).usd for test in tests)


def agree(tests: Sequence[Recorded], *, yes: bool) -> bool:
    """Say what it will cost, and ask. Raises `Problem` where nobody can be asked."""
    said = f"{_count(tests)} from OpenAI costs about ${estimate(tests):.3f} (an estimate)."
    sys.stdout.write(f"Recording {said}\n")
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Problem("There is no terminal to ask in: say --yes to agree to the cost.")
    sys.stdout.write("Record? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def take(tests: Sequence[Recorded], origin: str) -> dict[str, Ran]:
    """Record the tests, and tell by id how each went. What failed keeps its old recording."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patience = [f"--timeout={SLOWEST}"] if origin == "openai" else []
        where = [f"--record-to={folder}", f"--record-from={origin}", *patience]
        went = run(folder, "--record-mode=rewrite", *where, tests=tests)
        for test in tests:
            ran = went.setdefault(test.id, Ran(failed="it was not reached"))
            new = folder / test.place
            if ran.failed or ran.skipped:
                continue
            if new.is_file():
                _put(new, test.path)
            else:
                ran.failed = "it made no call, so there is nothing to record"
    return went


def _put(new: Path, place: Path) -> None:
    """Replace a recording in one step."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_suffix(".new")
    beside.write_bytes(new.read_bytes())
    beside.replace(place)


def _origin(test: Recorded) -> str | None:
    return Tape.read(test.path).origin if test.path.is_file() else None


def _count(tests: Sequence[Recorded]) -> str:
    return "1 test" if len(tests) == 1 else f"{len(tests)} tests"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
