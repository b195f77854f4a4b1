"""What processes of their own do to the records in tests, until they are done or killed."""

import asyncio
import itertools
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from prompts.store import PromptStore
from storage.database import Database
from storage.database_file import FILE_NAME
from storage.full_text import index
from storage.spending import booking
from storage.stamps import new_id, now
from storage.tables import Conversation, Turn
from tests.forks import context

RAW_KEY = SecretStr(f"x'{'5c' * 32}'")
"""A passphrase that SQLCipher takes for the key itself: deriving one takes it half a second."""

LISTS = ("answers_given", "notes", "repairs", "references")
TURNS = 40
"""So many of them do not fit into SQLite's memory: they are written before their commit."""

WORDS = "words of the person " * 2_000
PATIENCE = 60.0


def start(work: Callable[..., None], *arguments: Any) -> tuple[BaseProcess, Any]:
    """A process that does this work, and the connection (of either kind) that it speaks into."""
    said, saying = context().Pipe(duplex=False)
    process = context().Process(target=work, args=(saying, *arguments), daemon=True)  # type: ignore[attr-defined]  # each context has it
    process.start()
    saying.close()
    return process, said


def messages(said: Any) -> list[Any]:
    """All that a process says until it ends."""
    everything = []
    while True:
        try:
            everything.append(said.recv())
        except EOFError:
            return everything


def kill_after(seconds: float, work: Callable[..., None], *arguments: Any) -> list[Any]:
    """Kill a process so long after it said that it begins; what it said from then on."""
    process, said = start(work, *arguments)
    assert said.poll(PATIENCE)
    said.recv()
    time.sleep(seconds)
    process.kill()
    process.join(PATIENCE)
    return messages(said)


def duration(work: Callable[..., None], *arguments: Any) -> float:
    """Seconds that a work takes which is not killed."""
    process, said = start(work, *arguments)
    said.recv()
    began = time.monotonic()
    process.join(PATIENCE)
    assert process.exitcode == 0
    return time.monotonic() - began


def converse(saying: Connection, folder: Path, seconds: float, together: Barrier) -> None:
    """Be a server that writes, keeps and lists; say at the end what each conversation was told.

    At the end, since a pipe that nobody reads would hold the server up.
    """
    from fastmcp import Client

    from server import create_server
    from settings import Settings

    settings = Settings(data_dir=folder, images_dir=folder / "images", toolsets=["all"])

    async def main() -> None:
        async with Client(create_server(settings)) as client:
            await client.call_tool("openai_list_conversations", {})
            together.wait(PATIENCE)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                everything.append(await _talk(client))

    everything: list[tuple[str | None, list[str]]] = []
    asyncio.run(main())
    saying.send(everything)


async def _talk(client: Any) -> tuple[str | None, list[str]]:
    """A new conversation, and the errors that it met."""
    from tests.calls import CONSULT, text_of

    made, errors = None, []
    for name, given in (
        (CONSULT, {"message": "a lighthouse", "mode": "skip"}),
        ("openai_rate_image", {"bookmark": True}),
        ("openai_list_conversations", {"query": "lighthouse", "limit": 2}),
    ):
        named = {"conversation_id": made} if "bookmark" in given else {}
        called = await client.call_tool(name, given | named, raise_on_error=False)
        made = made or (called.structured_content or {}).get("conversation_id")
        errors += [text_of(called)] if called.is_error else []
    return made, errors


def open_once(saying: Connection, folder: Path, together: Barrier | None = None) -> None:
    """Write one conversation as a server does that starts; say what it has to tell."""

    async def main() -> None:
        database = Database(folder)
        if together:
            together.wait(PATIENCE)
        saying.send(await write(database))
        saying.send(database.notice)
        await database.close()

    saying.send("begins")
    asyncio.run(main())


def write_on(saying: Connection, folder: Path) -> None:
    """Write conversations without end; say the id of each that is written."""

    async def main() -> None:
        database = Database(folder)
        await write(database, TURNS)
        saying.send("begins")
        for _ in itertools.count():
            saying.send(await write(database, TURNS))

    asyncio.run(main())


async def write(database: Database, turns: int = 1) -> str:
    """Write a conversation, its long turns and a price in one go; its id."""
    key = new_id("conv")
    one = Conversation(id=key, mode="guided", created_at=now(), changed_at=now())
    price = booking(key, "turn", model="m", usd=0.5, estimated=False, usage={}, sandbox=True)
    said = [
        Turn(conversation_id=key, number=n, words=WORDS, created_at=now()) for n in range(turns)
    ]
    async with database.write() as session:
        session.add_all([one, price, *said])
        await index(session, key)
    return key


def export_on(saying: Connection, folder: Path) -> None:
    """Export a long conversation in each form, again and again."""
    from cli.export import Form, export

    forms: tuple[Form, ...] = ("markdown", "html", "json")
    stamp = now()
    one = Conversation(id="conv_1", title="long", mode="quick", created_at=stamp, changed_at=stamp)
    lists: dict[str, Any] = {name: [] for name in LISTS}
    given = {"templates": {}, "model": "", "response_id": "", "created_at": stamp}
    one.turns = [Turn(number=number, words=WORDS, **given, **lists) for number in range(20)]
    saying.send("begins")
    while True:
        for form in forms:
            export(one, folder, form, PromptStore())


def encrypt_all(saying: Connection, folder: Path) -> None:
    """Encrypt the records of a folder."""
    from storage.rewriting import encrypt

    saying.send("begins")
    encrypt(folder, RAW_KEY)


def whole(path: Path, connection: Any) -> dict[str, int]:
    """How many rows the tables of a database hold that SQLite finds whole, or fail."""
    checked = [tuple(row) for row in connection.execute("PRAGMA integrity_check")]
    assert checked == [("ok",)], (path, checked)
    tables = ("conversations", "turns", "spending")
    count = "SELECT count(*) FROM {}"
    return {name: connection.execute(count.format(name)).fetchone()[0] for name in tables}


def path_in(folder: Path) -> Path:
    """The database of a folder."""
    return folder / FILE_NAME
