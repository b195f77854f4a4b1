"""The command `prompts`: what authors of prompts run."""

import json
import sqlite3
import sys
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import anyio
from cyclopts import App, Parameter
from fastmcp import Client
from fastmcp.exceptions import ToolError
from rich.console import Console
from rich.table import Table

from cli.evaluation import Check, Dialogue, Played, load_dialogues, play
from problems import Problem
from settings import Settings, load_settings

DIALOGUES = Path(__file__).parent.parent / "tests" / "dialogues"

app = App(name="prompts", help="Try the prompts on written dialogues.")


class Spent(NamedTuple):
    """What the dialogues cost: calls, tokens in, of these cached, tokens out, USD."""

    calls: int
    tokens_in: int
    cached: int
    tokens_out: int
    usd: float


@app.command(name="eval")
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
    if live and settings.openai_api_key is None:
        raise Problem("--live asks OpenAI, and no OPENAI_API_KEY is set. Leave it out otherwise.")
    dialogues = load_dialogues(folder)
    with tempfile.TemporaryDirectory() as name:
        scratch = settings.model_copy(
            update={"data_dir": Path(name), "images_dir": Path(name) / "images"}
        )
        played = anyio.run(_play_all, scratch, dialogues)
        spent = _spent(Path(name))
    if as_json:
        sys.stdout.write(json.dumps(_as_data(played, spent), ensure_ascii=False, indent=2) + "\n")
    else:
        _report(played, spent, settings)
    return int(any(not check.kept for one in played for check in one.checks))


async def _play_all(settings: Settings, dialogues: list[Dialogue]) -> list[Played]:
    from server import create_server

    played = []
    async with Client(create_server(settings)) as client:
        for dialogue in dialogues:
            try:
                played.append(await play(client, dialogue))
            except ToolError as error:
                failed = Check("goes to its end", kept=False, seen=str(error))
                played.append(Played(dialogue, [], [failed]))
    return played


def _spent(folder: Path) -> Spent:
    with closing(sqlite3.connect(folder / "conversations.db")) as records:
        rows = records.execute("SELECT usd, usage FROM spending").fetchall()
    usages = [json.loads(usage) for _, usage in rows]
    return Spent(
        len(rows),
        sum(usage["input_tokens"] for usage in usages),
        sum(usage["cached_tokens"] for usage in usages),
        sum(usage["output_tokens"] for usage in usages),
        sum(usd for usd, _ in rows),
    )


def _by_check(played: list[Played]) -> dict[str, list[bool]]:
    """How often each check was kept; passages and dimensions count under one name."""
    kept: dict[str, list[bool]] = defaultdict(list)
    for one in played:
        for check in one.checks:
            kept[check.name.split(" '")[0].split(' "')[0]].append(check.kept)
    return dict(sorted(kept.items()))


def _report(played: list[Played], spent: Spent, settings: Settings) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table("check", "kept", "of", "rate", box=None)
    for name, kept in _by_check(played).items():
        table.add_row(name, str(sum(kept)), str(len(kept)), f"{sum(kept) / len(kept):.0%}")
    console.print(table)
    for one in played:
        for check in one.checks:
            if not check.kept:
                console.print(f"\nNot kept: {one.dialogue.name}: {check.name}", markup=False)
                console.print(f"  seen: {check.seen}", markup=False)
    where = "the sandbox, nothing was paid" if settings.sandbox else "OpenAI"
    turns = sum(len(one.results) for one in played)
    console.print(
        f"\n{len(played)} dialogues, {turns} turns, {spent.calls} calls to "
        f"{settings.facilitator_model} ({where}): {spent.tokens_in:,} tokens in, "
        f"{spent.cached:,} of them cached, {spent.tokens_out:,} out, ${spent.usd:.4f}",
        markup=False,
    )


def _as_data(played: list[Played], spent: Spent) -> dict[str, Any]:
    return {
        "checks": {
            name: {"kept": sum(kept), "of": len(kept)} for name, kept in _by_check(played).items()
        },
        "not_kept": [
            {"dialogue": one.dialogue.name, "check": check.name, "seen": check.seen}
            for one in played
            for check in one.checks
            if not check.kept
        ],
        "spent": spent._asdict(),
    }
