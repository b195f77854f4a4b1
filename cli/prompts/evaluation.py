"""The command `prompts eval`: play scripted dialogues offline, or measure a real model."""

import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import anyio
from fastmcp import Client
from pydantic import SecretStr

from cli import terminal as show
from cli.prompts.live_dialogues import Talk, estimate, hold, load_openings
from cli.prompts.scenarios import Breach, Scenario, load_scenarios, play
from errors import Problem
from gateway.api_key import find_key
from sandbox.loopback import Sandbox
from settings import Settings, load_settings

AROUND = Path(__file__).parents[2]
IN_CLONE, IN_PACKAGE = AROUND / "tests" / "dialogues", AROUND / "dialogues"
DIALOGUES = IN_CLONE if IN_CLONE.is_dir() else IN_PACKAGE
USUAL_DIALOGUES = 6
"""Dialogues of a live run unless told otherwise: each opening once, for a quarter of a dollar."""

COLUMNS = 7
"""Of the table of a live run: the fields of a `Talk` that are numbers."""
SANDBOX_KEY = SecretStr("sk-sandbox-0123456789abcdef")


def evaluate(
    *,
    live: bool = False,
    sandbox: bool = False,
    yes: bool = False,
    dialogues: int = USUAL_DIALOGUES,
    person: str | None = None,
    folder: Path = DIALOGUES / "scenarios",
    as_json: show.AsJson = False,
) -> int:
    """Play scripted dialogues offline; exits with 1 if a promise was not kept.

    Args:
        live: Hold dialogues with the model of your settings, at your cost, and count.
        sandbox: With --live: the built-in stand-in for OpenAI, no key, no cost.
        yes: With --live: do not ask whether to go on.
        dialogues: With --live: how many dialogues.
        person: With --live: the model that plays the person.
        folder: Where your own scenarios are, as YAML files.
    """
    if live:
        return _evaluate_live(dialogues, person, sandbox=sandbox, yes=yes, as_json=as_json)
    scenarios = load_scenarios(folder)
    breaches = anyio.run(_play_all, scenarios)
    turns = sum(len(scenario.turns) for scenario in scenarios)
    if as_json:
        rows = [breach._asdict() for breach in breaches]
        show.data({"scenarios": len(scenarios), "turns": turns, "not_kept": rows})
        return int(bool(breaches))
    for breach in breaches:
        show.heading(f"Not kept: {breach.scenario}, turn {breach.turn}")
        show.line(f"{breach.promise}; seen: {breach.seen}")
    broken = len({breach.scenario for breach in breaches})
    show.line(
        f"{len(scenarios)} scenarios, {turns} turns, no model asked: "
        + (f"{broken} broke a promise." if broken else "every promise was kept.")
    )
    return int(bool(breaches))


async def _play_all(scenarios: list[Scenario]) -> list[Breach]:
    """Play one after another: the answers of one would be taken for those of the next."""
    from server import create_server

    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        settings = _beside(load_settings(), Path(name), sandbox)
        async with Client(create_server(settings)) as client:
            return [
                breach for scenario in scenarios for breach in await play(client, sandbox, scenario)
            ]


def _beside(settings: Settings, folder: Path, sandbox: Sandbox | None) -> Settings:
    """The same settings with records of their own; own prompt files stay those of the person."""
    changes: dict[str, Any] = {
        "prompts_dir": settings.templates_dir,
        "data_dir": folder,
        "images_dir": folder / "images",
        "elicitation": "off",
        "learn": False,
        "encrypt_records": False,  # which would put a key for them into the keyring
    }
    if sandbox:
        changes |= {"openai_base_url": sandbox.base_url, "openai_api_key": SANDBOX_KEY}
        changes["sandbox"] = False  # the setting would start one that is not handed the answers
        changes["daily_budget_usd"] = None  # play money
    return settings.model_copy(update=changes)


def _evaluate_live(
    dialogues: int, person: str | None, *, sandbox: bool, yes: bool, as_json: bool
) -> int:
    """Say what it takes, ask, hold the dialogues; 1 where one ended in an error."""
    settings = load_settings()
    person = person or settings.assistant_model
    if not sandbox and find_key(settings) is None:
        raise Problem("--live asks OpenAI, and no OPENAI_API_KEY is set; try it with --sandbox.")
    openings = load_openings(DIALOGUES / "openings.yaml")[:dialogues]
    _agree(settings, person, len(openings), sandbox=sandbox, yes=yes)
    with tempfile.TemporaryDirectory() as name, Sandbox() if sandbox else nullcontext() as stand_in:
        apart = _beside(settings, Path(name), stand_in)
        talks = anyio.run(hold, apart, openings, person)
    if as_json:
        show.data({"dialogues": [talk._asdict() for talk in talks], "all": _sums(talks)})
    else:
        _report_live(talks)
    return int(any(talk.error for talk in talks))


def _agree(settings: Settings, person: str, count: int, *, sandbox: bool, yes: bool) -> None:
    """Say what a run takes, on stderr, and have it agreed to. Raises `Problem` where it is not."""
    takes = estimate(settings, person, count)
    show.note(
        f"{count} dialogues with {settings.facilitator_model}, the person played by {person}: "
        + (f"{takes}; on the sandbox nothing is paid." if sandbox else f"{takes}.")
    )
    if sandbox or yes:
        return
    if not sys.stdin.isatty():
        raise Problem("Nobody can be asked here whether to go on. Add --yes to agree to the cost.")
    sys.stderr.write("Go on? (y/n) ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Problem("Nothing was asked, nothing was paid.")


def _sums(talks: list[Talk]) -> dict[str, Any]:
    """What counts, over all dialogues."""
    names = ("ready", "turns", "calls", "sent_back", "questions", "usd")
    sums = {name: round(sum(getattr(talk, name) for talk in talks), 4) for name in names}
    return {
        "dialogues": len(talks),
        **sums,
        "calls_per_turn": round(sums["calls"] / max(1, sums["turns"]), 2),
        "rules": dict(Counter(rule for talk in talks for rule in talk.rules).most_common()),
        "words_not_used": sum(len(quote.split()) for talk in talks for quote in talk.not_used),
    }


def _report_live(talks: list[Talk]) -> None:
    show.table(
        ([str(value) for value in talk[:COLUMNS]] for talk in talks), *Talk._fields[:COLUMNS]
    )
    for one in talks:
        for quote in one.not_used:
            show.line(f"{one.dialogue}: found no place: {quote}")
        if one.error:
            show.line(f"{one.dialogue}: {one.error}", "red")
    for name, value in _sums(talks).items():
        show.line(f"{name.replace('_', ' ')}: {value}")
