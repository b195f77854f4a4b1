"""What `doctor` looks at: what the server tells of itself, and what only a terminal may try."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime

import anyio

from cli.doctor import account, history, installation, trial
from cli.doctor import client_start as clients
from errors import Check, Problem, redact, without_keys
from gateway.models import outlook
from settings import Settings, load_settings
from tools.status import findings

__all__ = ["Check", "examine"]

Trial = Callable[[Settings], Awaitable[list[Check]]]

TRIALS: Mapping[str, Trial] = {
    "openai": account.ask,
    "history": history.look,
    "clients": clients.start,
    "round trip": trial.round_trip,
    "start": trial.start,
}
"""What takes seconds; all run at the same time."""


def examine(sandbox: bool) -> Iterator[Check]:
    """Look at one thing after the other; what has to be tried comes last, `start` at the end."""
    for check in _examined(sandbox):
        yield check._replace(sentence=without_keys(check.sentence))


def _examined(sandbox: bool) -> Iterator[Check]:
    yield installation.python()
    yield installation.packages()
    try:
        settings = load_settings(sandbox=True) if sandbox else load_settings()
    except Problem as problem:
        yield Check("settings", "problem", str(problem))
        return
    yield from findings(settings)
    for _, state, sentence in outlook(settings, datetime.now().astimezone().date()):
        yield Check("models", state, sentence)
    yield from anyio.run(_tried, settings)


async def _tried(settings: Settings) -> list[Check]:
    """What the trials found, in their order."""
    found: dict[str, list[Check]] = {}

    async def one(name: str, trial: Trial) -> None:
        try:
            found[name] = await trial(settings)
        except Problem as problem:
            found[name] = [Check(name, "problem", str(problem))]
        except Exception as error:  # a page with a gap helps more than none
            said = redact(" ".join(str(error).split()))[:200]
            sentence = f"This could not be tried ({type(error).__name__}: {said})."
            found[name] = [Check(name, "problem", sentence)]

    async with anyio.create_task_group() as group:
        for name, trial in TRIALS.items():
            group.start_soon(one, name, trial)
    return [check for name in TRIALS for check in found[name]]
