"""The command `doctor`: whether everything the server needs is there, on one page."""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import version
from typing import Annotated

import anyio
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from cli import terminal as show
from cli.doctor import account, trials
from errors import Check, Problem, without_keys
from gateway.models import outlook
from settings import Settings, load_settings, local_date, own_version
from tools.status import findings, untried

PACKAGES = ("fastmcp", "mcp", "openai", "pydantic", "pillow", "sqlalchemy")
"""Those whose version explains most of what goes wrong."""

TRIALS: dict[str, Callable[[Settings], Awaitable[list[Check]]]] = {
    "openai": account.check_access,
    "history": account.check_history,
    "clients": trials.check_clients,
    "round trip": trials.check_round_trip,
    "start": trials.check_start,
}
"""What takes seconds; all run at the same time, and are shown in this order."""

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
STATE_WIDTH, NAME_WIDTH = 7, 17
"""Letters of `problem` and of `records integrity`, the longest."""


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
    checks: list[Check] = []
    console = show.Terminal(soft_wrap=False)
    for check in diagnose(sandbox=sandbox):
        checks.append(check)
        if not as_json:
            console.print(_line(check))
    counts = Counter(check.state for check in checks)
    if as_json:
        show.data([check._asdict() for check in checks])
    else:
        console.print(f"\nProblems: {counts['problem']}, warnings: {counts['warning']}.")
    return int(counts["problem"] > 0)


def diagnose(*, sandbox: bool) -> Iterator[Check]:
    """Look at one thing after the other; what has to be tried comes last, `start` at the end."""
    for check in _diagnose(sandbox):
        yield check._replace(sentence=without_keys(check.sentence))


def _diagnose(sandbox: bool) -> Iterator[Check]:
    running = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "ok", f"{running}, {sys.executable}")
    packages = [f"{package} {version(package)}" for package in PACKAGES]
    yield Check("packages", "ok", ", ".join([f"image-consultant {own_version()}", *packages]))
    try:
        settings = load_settings(sandbox=sandbox)
    except Problem as problem:
        yield Check("settings", "problem", str(problem))
        return
    yield from findings(settings)
    for _, state, sentence in outlook(settings, local_date()):
        yield Check("models", state, sentence)
    yield from anyio.run(_try_all, settings)


async def _try_all(settings: Settings) -> list[Check]:
    groups = await asyncio.gather(*(_try(name, settings) for name in TRIALS))
    return [check for checks in groups for check in checks]


async def _try(name: str, settings: Settings) -> list[Check]:
    """What a trial found; one that fails is itself a finding."""
    try:
        return await TRIALS[name](settings)
    except Problem as problem:
        return [Check(name, "problem", str(problem))]
    except Exception as error:  # a page with a gap helps more than none
        return [untried(name, error)]


def _line(check: Check) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=STATE_WIDTH)
    line.add_column(width=NAME_WIDTH, overflow="fold")
    line.add_column(overflow="fold")
    line.add_row(Text(check.state, COLOURS[check.state]), check.name, Text(check.sentence))
    return line
