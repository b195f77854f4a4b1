"""What no longer fits between tests and their recordings, and between those and the prompts."""

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

from tests.replay import Ran, Recorded, collect, run
from tests.tape import CASSETTES, Tape, shipped

Kind = Literal["missing", "unplayed", "unused", "changed", "sdk", "stale"]


class Fault(NamedTuple):
    """One thing that does not fit; all but `stale` fail a check."""

    kind: Kind
    test: str
    told: str


def faults(*, play: bool) -> list[Fault]:
    """All faults; with `play` also those that only playing the recordings shows."""
    went = _play() if play else {test: Ran() for test in collect()}
    found = [
        Fault("unplayed", path.stem, "no test of this name plays it; delete it.")
        for path in sorted(set(CASSETTES.rglob("*.yaml")) - {test.path for test in went})
    ]
    for test, ran in went.items():
        if test.path.is_file():
            found += [*_read(Tape.read(test.path)), *_played(test, ran)]
        else:
            found.append(Fault("missing", test.name, "it has no recording; record it."))
    return found


def _play() -> dict[Recorded, Ran]:
    with tempfile.TemporaryDirectory() as folder:
        return {Recorded(name): ran for name, ran in run(Path(folder)).items()}


def _read(tape: Tape) -> list[Fault]:
    """What a recording says by itself."""
    found = []
    sdk, installed = tape.data["recorded"]["sdk"], version("openai")
    if sdk.split(" ")[1].split(".")[0] != installed.split(".")[0]:
        told = f"it was recorded by {sdk}, and {installed} is installed; record it anew."
        found.append(Fault("sdk", tape.name, told))
    for name in tape.stale:
        state = "changed since" if shipped(name) else "is gone since"
        found.append(Fault("stale", tape.name, f"stale cassette: {name} {state} recording."))
    return found


def _played(test: Recorded, ran: Ran) -> list[Fault]:
    """What shows when the recording is played."""
    if ran.unknown:
        return [Fault("changed", test.name, f"{'. '.join(ran.unknown)}; record it anew.")]
    if ran.unused:
        told = f"recorded and no longer made: {', '.join(ran.unused)}; record it anew."
        return [Fault("unused", test.name, told)]
    return [Fault("changed", test.name, f"it fails: {ran.failed}")] if ran.failed else []
