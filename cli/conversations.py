"""The command `conversations`: find, take out, bring in, and remove records."""

import json
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import anyio
from cyclopts import App as Commands
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from app import App
from cli import terminal as show
from errors import Problem
from settings import load_settings

T = TypeVar("T")

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Signs that a terminal would obey, but for line breaks and tabs: a record may hold any."""

AsJson = Annotated[bool, Parameter(name="--json")]

commands = Commands(name="conversations", help="Find, take out, bring in and remove records.")
preferences = Commands(name="likings", help="What was learnt of your choices.")
commands.command(preferences)


@commands.command(name="list")
def list_(
    *, query: str = "", limit: int = 20, bookmarked: bool = False, as_json: AsJson = False
) -> None:
    """List conversations, newest first, or those that hold words.

    Args:
        query: Words to look for.
        limit: How many at most.
        bookmarked: Only those with a bookmark.
        as_json: Print JSON.
    """
    from consultation.conversation_page import moment

    async def work(app: App) -> Any:
        from consultation.conversation_list import listing
        from storage.search import Filter

        criteria = Filter(query=query, bookmarked=True if bookmarked else None)
        return listing(await app.search.page(criteria, limit=limit))

    page = _with_app(work)
    if as_json:
        sys.stdout.write(page.model_dump_json(indent=2) + "\n")
        return
    for note in page.notes:
        show.line(note)
    table = Table("id", "title", "mode", "pictures", "USD", "rating", "changed (UTC)")
    table.columns[0].no_wrap = True
    for one in page.conversations:
        title = f"* {one.title}" if one.bookmarked else one.title
        rating = str(one.rating or "")
        table.add_row(
            one.conversation_id,
            title,
            one.mode,
            str(one.pictures),
            f"{one.cost_usd:.4f}",
            rating,
            moment(one.changed_at),
        )
    Console(highlight=False).print(table)
    show.line(f"{len(page.conversations)} of {page.total}")


@commands.command
def search(query: str, *, limit: int = 20, as_json: AsJson = False) -> None:
    """Find conversations that hold these words.

    Args:
        query: Words to look for.
        limit: How many at most.
        as_json: Print JSON.
    """
    list_(query=query, limit=limit, as_json=as_json)


@commands.command(name="show")
def show_(conversation: str) -> None:
    """Print the whole record of a conversation as Markdown."""
    from consultation.conversation_page import as_markdown

    page = as_markdown(_with_app(lambda app: app.records.load(conversation)))
    sys.stdout.write(CONTROL.sub("", page))


@commands.command
def export(
    conversation: str = "",
    *,
    every: Annotated[bool, Parameter(name="--all")] = False,
    form: Annotated[Literal["markdown", "json", "html"], Parameter(name="--as")] = "markdown",
    to: Path = Path(),
) -> None:
    """Write a record to files: Markdown with pictures, JSON, or one HTML page.

    Args:
        conversation: Its id.
        every: Export all of them.
        form: What to write.
        to: The folder for the files.
    """
    if bool(conversation) == every:
        raise Problem("Name one conversation, or pass --all.")

    async def work(app: App) -> list[Path]:
        from cli.export import export as write

        ids = [conversation] if conversation else await app.records.ids()
        paths = []
        for one in ids:
            record = await app.records.load(one)
            paths += write(record, await app.maintenance.prices(one), to, form)
        return paths

    for path in _with_app(work):
        show.line(str(path))


@commands.command(name="import")
def import_(*files: Path, legacy: bool = False) -> int:
    """Bring in records from JSON files; 1 if one of them could not be read.

    Args:
        files: Our own exports, or with --legacy files of openai-images-mcp 4.x.
        legacy: Read the older format; without files, those of its own folder.
    """
    from storage.export import import_document
    from storage.legacy_import import LEGACY_FOLDER, convert_legacy

    paths = list(files) or (sorted(LEGACY_FOLDER.expanduser().glob("*.json")) if legacy else [])
    if not paths:
        raise Problem("There is no file to import. Name one, or several.")

    async def work(app: App) -> int:
        faults = 0
        for path in paths:
            try:
                text = path.read_text(encoding="utf-8")
                if legacy:
                    text = convert_legacy(text, images_dir=app.settings.images_dir)
                show.line(f"{path}: {await import_document(app.database, text)}")
            except (Problem, OSError, UnicodeDecodeError) as error:
                faults += 1
                show.line(f"{path}: {error}")
        return faults

    return int(bool(_with_app(work)))


@commands.command
def delete(conversation: str, *, confirm: bool = False, pictures: bool = False) -> None:
    """Delete a record for good; says first what would go.

    Args:
        conversation: Its id.
        confirm: Really delete it.
        pictures: Delete its picture files, too.
    """

    async def work(app: App) -> list[str]:
        return await _remove(app, conversation, confirm=confirm, pictures=pictures)

    for sentence in _with_app(work):
        show.line(sentence)
    if not confirm:
        show.line("Nothing was deleted. --confirm deletes it for good.")


@commands.command
def prune(
    *,
    older_than_days: int | None = None,
    larger_than_mb: int | None = None,
    confirm: bool = False,
    pictures: bool = False,
) -> None:
    """Delete old records, by age or by the size of their pictures; shows them first.

    Bookmarked conversations and those with a picture rated 4 or more are spared.

    Args:
        older_than_days: Those not changed for so long.
        larger_than_mb: The oldest, until all pictures together are smaller.
        confirm: Really delete them.
        pictures: Delete their picture files, too.
    """
    bounds = [one for one in (older_than_days, larger_than_mb) if one is not None]
    if len(bounds) != 1 or bounds[0] < 0:
        raise Problem("Pass --older-than-days or --larger-than-mb with a number from 0 on.")

    async def work(app: App) -> list[str]:
        maintenance = app.maintenance
        if older_than_days is not None:
            ids = await maintenance.older_than(older_than_days)
        else:
            ids = await maintenance.beyond_size((larger_than_mb or 0) * 1_000_000)
        sentences = []
        for one in ids:
            try:
                sentences += await _remove(app, one, confirm=confirm, pictures=pictures)
            except Problem as problem:  # one that is being drawn; the others may go
                sentences.append(problem.text())
        return sentences

    sentences = _with_app(work)
    for one in sentences:
        show.line(one)
    if not sentences:
        show.line("There is nothing that old or that large.")
    elif not confirm:
        show.line("Nothing was deleted. --confirm deletes them for good.")


@commands.command
def stats(*, as_json: AsJson = False) -> None:
    """How image types and templates fare: pictures, ratings, refinements, cost.

    Args:
        as_json: Print JSON.
    """
    from tools.status import reuse_lines

    async def work(app: App) -> Any:
        reuses = await app.records.reuses.totals(app.gateway.origin)
        return await app.maintenance.statistics(), reuses

    rows, reuses = _with_app(work)
    if as_json:
        sys.stdout.write(json.dumps([row.as_data for row in rows], indent=2) + "\n")
        return
    table = Table("kind", "name", "conversations", "pictures", "refinements", "rating", "USD")
    for row in rows:
        rating = f"{row.rating:.1f}" if row.rating else ""
        table.add_row(
            row.kind, row.name, str(row.conversations), str(row.pictures),
            f"{row.refinements:.1f}", rating, f"{row.usd:.4f}",
        )  # fmt: skip
    Console(highlight=False).print(table)
    for sentence in reuse_lines(reuses):
        show.line(sentence)


@preferences.default
def show_preferences() -> None:
    """Show what you usually choose, as it is offered in questions."""
    from consultation.preferences import learn

    async def work(app: App) -> Any:
        return learn(await app.records.earlier_briefs())

    habits = _with_app(work)
    for one in habits:
        show.line(f"{one.dimension}: {one.value} (chosen {one.times} times)")
    if not habits:
        show.line("Nothing was learnt yet.")


@preferences.command
def forget() -> None:
    """Forget them: only later choices count from now on."""
    _with_app(lambda app: app.records.forget())
    show.line("Forgotten. Later choices count anew; IMAGE_CONSULTANT_LEARN=false ends it for good.")


async def _remove(app: App, conversation: str, *, confirm: bool, pictures: bool) -> list[str]:
    from consultation.conversation_list import removal_sentence

    removal = await app.maintenance.removal(conversation)
    notes = await app.maintenance.delete(removal, pictures=pictures) if confirm else []
    return [removal_sentence(removal, pictures=pictures, confirm=confirm), *notes]


def _with_app(work: Callable[[App], Awaitable[T]]) -> T:
    """Do something with the records of this data folder, then close them."""

    async def run() -> T:
        app = App(load_settings())
        try:
            return await work(app)
        finally:
            await app.close()

    return anyio.run(run)
