"""The command `prompts eval`: play the written dialogues, and say which promises were kept."""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import anyio
from cyclopts import Parameter
from fastmcp import Client
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import select

from cli.prompts.promises import Check, judge
from cli.prompts.scenarios import Dialogue, Played, load_dialogues, play
from errors import Problem
from gateway.api_key import find_key
from settings import Settings, load_settings
from storage.database import Database
from storage.tables import Spending

AROUND = Path(__file__).parents[2]
IN_CLONE, IN_PACKAGE = AROUND / "tests" / "dialogues", AROUND / "dialogues"
DIALOGUES = IN_CLONE if IN_CLONE.is_dir() else IN_PACKAGE
AT_ONCE = 4

Judged = tuple[Played, list[Check]]


class Spent(NamedTuple):
    """What the dialogues cost: models, calls, tokens in, of these cached, tokens out, USD."""

    models: list[str]
    calls: int
    tokens_in: int
    cached: int
    tokens_out: int
    usd: float


def evaluate(
    *,
    live: bool = False,
    folder: Path = DIALOGUES,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Play the dialogues and report which promises were kept; exits with 1 if one was not.

    Args:
        live: Ask OpenAI, with your key and at your cost, instead of the sandbox.
        folder: Where the dialogues are, as YAML files.
        as_json: Print the report as JSON.
    """
    settings = load_settings(sandbox=not live)
    if live and find_key(settings) is None:
        raise Problem("--live asks OpenAI, and no OPENAI_API_KEY is set. Leave it out otherwise.")
    dialogues = load_dialogues(folder)
    with tempfile.TemporaryDirectory() as name:
        scratch = _beside(settings, Path(name))
        played, spent = anyio.run(_play_all, scratch, dialogues, not as_json)
    judged = [(one, judge(one)) for one in played]
    if as_json:
        sys.stdout.write(json.dumps(_as_data(judged, spent), ensure_ascii=False, indent=2) + "\n")
    else:
        _report(judged, spent, settings)
    return int(any(not check.kept for _, checks in judged for check in checks))


def _beside(settings: Settings, folder: Path) -> Settings:
    """The same settings with records of their own; own templates stay those of the person."""
    return settings.model_copy(
        update={
            "prompts_dir": settings.templates_dir,
            "data_dir": folder,
            "images_dir": folder / "images",
            "elicitation": "off",
        }
    )


async def _play_all(
    settings: Settings, dialogues: list[Dialogue], shown: bool
) -> tuple[list[Played], Spent]:
    """Play a few at a time; the results come in the order of the dialogues."""
    from server import create_server

    played: dict[int, Played] = {}
    limit = anyio.CapacityLimiter(AT_ONCE)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task("Dialogues", total=len(dialogues))

        async def one(number: int, dialogue: Dialogue) -> None:
            async with limit:
                played[number] = await play(client, dialogue)
                progress.advance(task)

        async with Client(create_server(settings)) as client, anyio.create_task_group() as group:
            for number, dialogue in enumerate(dialogues):
                group.start_soon(one, number, dialogue)
    return [played[number] for number in sorted(played)], await _spent(settings)


async def _spent(settings: Settings) -> Spent:
    database = Database(settings.data_dir)
    try:
        async with database.read() as session:
            rows = (await session.scalars(select(Spending))).all()
    finally:
        await database.close()
    return Spent(
        sorted({row.model for row in rows}),
        len(rows),
        sum(row.usage["input_tokens"] for row in rows),
        sum(row.usage["cached_tokens"] for row in rows),
        sum(row.usage["output_tokens"] for row in rows),
        sum(row.usd for row in rows),
    )


def _by_check(judged: list[Judged]) -> dict[str, list[bool]]:
    """How often each check was kept; passages count under one name."""
    kept: dict[str, list[bool]] = defaultdict(list)
    for _, checks in judged:
        for check in checks:
            kept[check.name.split(" '")[0].split(' "')[0]].append(check.kept)
    return dict(sorted(kept.items()))


def _report(judged: list[Judged], spent: Spent, settings: Settings) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table("check", "kept", "of", "rate", box=None)
    for name, kept in _by_check(judged).items():
        table.add_row(name, str(sum(kept)), str(len(kept)), f"{sum(kept) / len(kept):.0%}")
    console.print(table)
    for played, checks in judged:
        for check in checks:
            if not check.kept:
                console.print(f"\nNot kept: {played.dialogue.name}: {check.name}", markup=False)
                console.print(f"  seen: {check.seen}", markup=False)
    where = "the sandbox, nothing was paid" if settings.sandbox else "OpenAI"
    whole = sum(all(check.kept for check in checks) for _, checks in judged)
    turns = sum(len(played.results) for played, _ in judged)
    console.print(
        f"\n{len(judged)} dialogues, {whole} kept every promise; {turns} turns, {spent.calls} "
        f"calls to {', '.join(spent.models) or settings.facilitator_model} ({where}): "
        f"{spent.tokens_in:,} tokens in, {spent.cached:,} of them cached, "
        f"{spent.tokens_out:,} out, ${spent.usd:.4f}",
        markup=False,
    )


def _as_data(judged: list[Judged], spent: Spent) -> dict[str, Any]:
    return {
        "checks": {
            name: {"kept": sum(kept), "of": len(kept)} for name, kept in _by_check(judged).items()
        },
        "not_kept": [
            {"dialogue": played.dialogue.name, "check": check.name, "seen": check.seen}
            for played, checks in judged
            for check in checks
            if not check.kept
        ],
        "dialogues": len(judged),
        "turns": sum(len(played.results) for played, _ in judged),
        "spent": spent._asdict(),
    }
