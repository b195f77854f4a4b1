"""The command `doctor`: whether everything the server needs is there, on one page."""

import json
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from cli.checks import Check, examine

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


def doctor(
    *, as_json: Annotated[bool, Parameter(name="--json")] = False, sandbox: bool = False
) -> int:
    """Check what the server needs, start it once and list its tools.

    Exits with 1 where something keeps it from working.

    Args:
        as_json: Print the page as JSON.
        sandbox: Check a server on the sandbox, which needs no key.
    """
    found: list[Check] = []
    console = Console(highlight=False)
    for check in examine(sandbox):
        found.append(check)
        if not as_json:
            console.print(_line(check), soft_wrap=True)
    if as_json:
        sys.stdout.write(json.dumps([check._asdict() for check in found], indent=2) + "\n")
    return int(any(check.state == "problem" for check in found))


def _line(check: Check) -> Text:
    return Text.assemble(
        (f"{check.state:8} ", COLOURS[check.state]), f"{check.name:23} ", check.sentence
    )
