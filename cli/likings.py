"""The command `conversations likings`: what was learnt of a person's choices, and its end."""

from typing import Any

from cyclopts import App as Commands

from app import App
from cli import terminal as show
from cli.data_folder import Sandbox, with_records

commands = Commands(name="likings", help="What was learnt of your choices.")


@commands.default
def show_preferences(*, sandbox: Sandbox = False) -> None:
    """Show what you usually choose, as it is offered in questions."""
    from consultation.preferences import learn

    async def work(app: App) -> Any:
        return learn(await app.records.earlier_briefs(app.gateway.origin))

    habits = with_records(work, sandbox=sandbox)
    for one in habits:
        show.line(f"{one.dimension}: {one.value} (chosen {one.times} times)")
    if not habits:
        show.line("Nothing was learnt yet.")


@commands.command
def forget(*, sandbox: Sandbox = False) -> None:
    """Forget them: only later choices count from now on."""
    with_records(lambda app: app.records.forget(), sandbox=sandbox)
    show.line("Forgotten. Later choices count anew; IMAGE_CONSULTANT_LEARN=false ends it for good.")
