"""The command `doctor`: whether everything the server needs is there, on one page."""

import json
import sys
from collections import Counter
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.doctor.report import Check, examine

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
STATE_WIDTH, NAME_WIDTH = 7, 17
UNBROKEN = 10_000
"""Letters in a line of a pipe: paths must stay whole there."""


def doctor(
    *, as_json: Annotated[bool, Parameter(name="--json")] = False, sandbox: bool = False
) -> int:
    """Check what the server needs, ask OpenAI for its models, start what is configured.

    Each line is ok, a warning, or a problem, with the next step. Exits with 1 where something
    keeps the server from working. Changes nothing, costs nothing, shows no key.

    Args:
        as_json: Print the page as JSON: a list of name, state and sentence.
        sandbox: Check a server on the sandbox, which needs no key.
    """
    found: list[Check] = []
    console = Console(highlight=False, width=None if sys.stdout.isatty() else UNBROKEN)
    for check in examine(sandbox):
        found.append(check)
        if not as_json:
            console.print(_line(check))
    if as_json:
        sys.stdout.write(json.dumps([check._asdict() for check in found], indent=2) + "\n")
    else:
        console.print(_sum(found))
    return int(any(check.state == "problem" for check in found))


def _line(check: Check) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=STATE_WIDTH)
    line.add_column(width=NAME_WIDTH, overflow="fold")
    line.add_column(overflow="fold")
    line.add_row(Text(check.state, COLOURS[check.state]), check.name, Text(check.sentence))
    return line


def _sum(found: list[Check]) -> str:
    counts = Counter(check.state for check in found)
    told = [
        f"{counts[state]} {state}{'s' if counts[state] > 1 else ''}"
        for state in ("problem", "warning")
        if counts[state]
    ]
    return f"\n{', '.join(told)}." if told else "\nNothing is wrong."
