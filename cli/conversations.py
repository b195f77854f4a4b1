"""The command `conversations`: find, take out, bring in, and remove records."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App as Commands
from cyclopts import Parameter
from cyclopts.validators import Number

from app import App
from cli import UsageProblem, add_commands
from cli import terminal as show
from cli.data_folder import Sandbox, SandboxCounts, load_by_beginning, whole_id, with_records
from errors import Problem

commands = Commands(name="conversations", help="Find, take out, bring in and remove records.")
PICTURE_COMMANDS = {
    "likings": ("cli.picture:likings", "What was learnt of your choices."),
    "save": ("cli.picture:save", "Save a picture in another format or size."),
    "rate": ("cli.picture:rate", "Keep what you think of a picture."),
}
add_commands(commands, PICTURE_COMMANDS)


@commands.command(name="list")
def list_(
    query: str = "",
    *,
    since: str = "",
    until: str = "",
    limit: Annotated[int, Parameter(validator=Number(gte=1))] = 20,
    bookmarked: bool = False,
    as_json: show.AsJson = False,
    sandbox: Sandbox = False,
) -> None:
    """List conversations, newest first, or those that hold words.

    Args:
        query: Words to look for.
        since: Changed on this day or later, YYYY-MM-DD in UTC.
        until: Changed on this day or earlier.
        limit: How many at most.
        bookmarked: Only those with a bookmark.
    """
    from consultation.conversation_list import facts_of, listing
    from consultation.conversation_page import moment
    from storage.list_pages import Filter

    criteria = Filter(query=query, since=since, until=until, bookmarked=bookmarked or None)

    async def work(app: App) -> Any:
        return listing(await app.search.page(criteria, limit=limit), criteria)

    page = with_records(work, sandbox=sandbox)
    if as_json:
        show.data(page.model_dump(mode="json"))
        return
    for note in page.notes:
        show.line(note)
    for one in page.conversations:
        title = " ".join(one.title.split()) or "Untitled"
        show.entry(f"{one.conversation_id}  {moment(one.changed_at)}", title)
        show.line(f"    {facts_of(one)}")
    show.line(f"{len(page.conversations)} of {page.total}; times are UTC.")


commands.command(list_, name="search", help="Find conversations that hold these words.")


@commands.command(name="show")
def show_(conversation: str, *, sandbox: Sandbox = False) -> None:
    """Print the whole record of a conversation, or of a picture's, as Markdown."""
    from consultation.conversation_page import as_markdown

    async def work(app: App) -> str:
        return as_markdown(await load_by_beginning(app, conversation))

    show.block(with_records(work, sandbox=sandbox))


@commands.command
def export(
    conversation: str = "",
    *,
    every: Annotated[bool, Parameter(name="--all")] = False,
    form: Annotated[Literal["markdown", "json", "html"], Parameter(name="--as")] = "markdown",
    to: Path = Path(),
    sandbox: Sandbox = False,
) -> None:
    """Write a record to files: Markdown with pictures, JSON, or one HTML page.

    What an earlier export of it wrote there is written anew.

    Args:
        conversation: Its id, or the beginning of it.
        every: Export all of them.
        form: What to write.
        to: The folder for the files.
    """
    if bool(conversation) == every:
        raise UsageProblem("Name one conversation, or pass --all.")

    async def work(app: App) -> list[Path]:
        from cli.export import export as write

        ids = [await whole_id(app, conversation)] if conversation else await app.search.ids()
        paths = []
        for one in ids:
            record = await app.records.load(one)
            paths += write(record, to, form, app.prompt_store)
        return paths

    for path in with_records(work, sandbox=sandbox):
        show.line(str(path.absolute()))


@commands.command(name="import")
def import_(*files: Path, legacy: bool = False, sandbox: Sandbox = False) -> int:
    """Bring in records from JSON files; 1 if one of them could not be read.

    Args:
        files: Our own exports, or with --legacy files of openai-images-mcp 4.x.
        legacy: Read the older format; without files, those of its own folder.
    """
    from storage.export import import_document
    from storage.legacy_import import LEGACY_FOLDER, convert_legacy
    from styles.style_use import StyledRows

    paths = list(files) or (sorted(LEGACY_FOLDER.expanduser().glob("*.json")) if legacy else [])
    if not paths:
        raise UsageProblem("There is no file to import. Name one, or several.")

    async def work(app: App) -> int:
        faults = 0
        for path in paths:
            try:
                text = _text_of(path)
                if legacy:
                    text = convert_legacy(text, images_dir=app.settings.images_dir)
                show.line(f"{path}: {await import_document(app.database, text, StyledRows)}")
            except Problem as error:
                faults += 1
                show.line(f"{path}: {error}")
        return faults

    return int(bool(with_records(work, sandbox=sandbox)))


def _text_of(path: Path) -> str:
    """What a file holds. Raises `Problem`."""
    if path.is_dir():
        raise Problem("This is a folder: name the files in it.")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(f"This cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Problem("This is no text in UTF-8, so no record.") from error


@commands.command
def delete(
    conversation: str,
    *,
    confirm: bool = False,
    pictures: bool = False,
    sandbox: Sandbox = False,
) -> None:
    """Delete a record for good; says first what would go.

    Args:
        conversation: Its id, or the beginning of it.
        confirm: Really delete it.
        pictures: Delete its picture files, too.
    """

    async def work(app: App) -> list[str]:
        return await _remove(
            app, await whole_id(app, conversation), confirm=confirm, pictures=pictures
        )

    for sentence in with_records(work, sandbox=sandbox):
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
    sandbox: Sandbox = False,
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
        raise UsageProblem("Pass --older-than-days or --larger-than-mb with a number from 0 on.")

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

    sentences = with_records(work, sandbox=sandbox)
    for one in sentences:
        show.line(one)
    if not sentences:
        show.line("There is nothing that old or that large.")
    elif not confirm:
        show.line("Nothing was deleted. --confirm deletes them for good.")


@commands.command
def stats(*, as_json: show.AsJson = False, sandbox: SandboxCounts = False) -> None:
    """How image types and templates fare, and words without a dialogue: pictures, ratings, cost."""
    from tools.status import reuse_lines

    async def work(app: App) -> Any:
        reuses = await app.records.ledger.reuses(app.gateway.origin)
        return await app.maintenance.statistics(), reuses

    rows, reuses = with_records(work, sandbox=sandbox)
    if as_json:
        show.data([asdict(row) for row in rows])
        return
    lines = [
        (
            row.kind, row.name, str(row.conversations), str(row.pictures),
            f"{row.refinements:.1f}", f"{row.rating:.1f}" if row.rating else "",
            f"{row.usd:.4f}{'*' if row.play_money else ''}",
        )
        for row in rows
    ]  # fmt: skip
    columns = ("kind", "name", "conversations", "pictures", "refinements", "rating", "USD each")
    if lines:
        show.table(lines, *columns)
    else:
        show.line("There is no conversation yet.")
    if any(row.play_money for row in rows):
        show.line("* Play money of the sandbox, in part or all.")
    for sentence in reuse_lines(reuses):
        show.line(sentence)


async def _remove(app: App, conversation: str, *, confirm: bool, pictures: bool) -> list[str]:
    from consultation.conversation_list import removal_sentence

    removal = await app.maintenance.removal(conversation)
    notes = await app.maintenance.delete(removal, pictures=pictures) if confirm else []
    sentence = removal_sentence(removal, pictures=pictures, confirm=confirm)
    return [f"{removal.id}: {sentence}", *notes]
