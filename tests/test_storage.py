"""What is kept: whole, private, and with several processes at once."""

import asyncio
import os
import stat
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastmcp import Client
from sqlalchemy import Connection, text

from errors import StorageError
from server import create_server
from settings import Settings
from storage import schema_upgrade
from storage.database import Database
from storage.database_file import FILE_NAME
from storage.picture_files import PictureFiles
from storage.records import Records
from storage.stamps import new_id, now
from storage.tables import Base, Conversation
from tests.calls import data_of
from tests.folders import rows

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and signals as POSIX has them")
NAMED = {"at": "2026-11-21T12:00:00+00:00", "tag": "01234567"}


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    database = Database(tmp_path / "data")
    yield Records(database)
    await database.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "data")
    yield opened
    await opened.close()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def conversation(**changes: Any) -> Conversation:
    given = {"id": new_id("conv"), "mode": "guided", "created_at": now(), "changed_at": now()}
    return Conversation(**given | changes)


async def test_the_migrations_make_exactly_the_tables_that_the_code_reads(
    database: Database,
) -> None:
    def difference(connection: Connection) -> list[Any]:
        opts = {
            "include_name": lambda name, *_: not str(name).startswith("texts_index")
        }  # SQLite's own
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, Base.metadata))

    async with database.read() as session:
        differs = await (await session.connection()).run_sync(difference)

    assert differs == []


async def test_the_record_is_for_its_owner_alone(records: Records, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await records.begin("guided")
    finally:
        os.umask(before)

    folder = tmp_path / "data"
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == [FILE_NAME, f"{FILE_NAME}-shm", f"{FILE_NAME}-wal"]
    assert {oct(mode_of(path)) for path in files} == {"0o600"}
    assert oct(mode_of(folder)) == "0o700"


async def test_a_record_is_made_once_whoever_goes_away_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, making, made, upgrade = asyncio.all_tasks(), asyncio.Event(), [], schema_upgrade.upgrade

    def watch(connection: Connection, *arguments: Any) -> Path | None:
        made.append(connection)
        making.set()
        return upgrade(connection, *arguments)

    monkeypatch.setattr(schema_upgrade, "upgrade", watch)
    async with Client(create_server(settings)) as client:
        async with anyio.create_task_group() as page:
            for _reload in range(5):
                page.start_soon(client.call_tool, "view_read", {"what": "list"})
            await making.wait()
            page.cancel_scope.cancel()
        shown = data_of(await client.call_tool("view_read", {"what": "list"}))

    assert shown["total"] == 0
    assert len(made) == 1
    assert asyncio.all_tasks() == before
    assert rows(settings, "PRAGMA integrity_check") == [("ok",)]


async def test_the_connection_of_a_request_that_is_cancelled_is_closed(database: Database) -> None:
    before = asyncio.all_tasks()
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
    async with database.read():
        pass

    with anyio.move_on_after(0.01) as request:
        async with database.read() as session:
            await session.execute(text(slow + "SELECT count(*) FROM n"))
    assert request.cancelled_caught

    _, endless = await asyncio.wait(asyncio.all_tasks() - before, timeout=5)
    assert not endless


async def test_closing_waits_for_the_thread_of_a_request_that_is_cancelled(tmp_path: Path) -> None:
    database, before = Database(tmp_path), set(threading.enumerate())
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000) "
    async with database.read():
        pass

    with anyio.move_on_after(0.01):
        async with database.read() as session:
            await session.execute(text(slow + "SELECT count(*) FROM n"))
    await database.close()

    # One that outlives its event loop dies of it, with the file open.
    for thread in set(threading.enumerate()) - before:
        thread.join(0.1)  # what it says last comes a moment before its end
        assert not thread.is_alive()


async def test_nothing_stays_open_where_a_server_ends_as_its_first_request_goes_away(
    tmp_path: Path,
) -> None:
    database, before = Database(tmp_path), asyncio.all_tasks()

    async def read() -> None:
        async with database.read():
            pass

    request = asyncio.create_task(read())
    await asyncio.sleep(0)
    request.cancel()
    await database.close()

    await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
    # The last connection that closes takes it away.
    assert not database.path.with_name(f"{FILE_NAME}-wal").exists()


async def test_nothing_is_made_before_the_first_call(settings: Settings) -> None:
    async with Client(create_server(settings)) as client:
        await client.list_tools()

    assert not settings.data_dir.exists()
    assert not settings.images_dir.exists()


def test_the_same_picture_is_kept_once_and_another_never_replaces_it(tmp_path: Path) -> None:
    pictures = PictureFiles(tmp_path, tmp_path / "reserve")

    first, again, other = (
        pictures.save(data, "png", **NAMED)[0] for data in (b"one", b"one", b"other")
    )

    assert first == again != other
    assert (first.read_bytes(), other.read_bytes()) == (b"one", b"other")


def test_a_picture_whose_folder_fails_goes_to_the_reserve_and_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "images"
    blocked.touch()

    path, note = PictureFiles(blocked, tmp_path / "reserve").save(b"paid", "png", **NAMED)

    assert path.parent == tmp_path / "reserve"
    assert path.read_bytes() == b"paid"
    assert note
    assert str(blocked) in note


@POSIX
def test_a_picture_that_cannot_be_written_leaves_nothing_and_is_told(tmp_path: Path) -> None:
    import resource

    pictures = PictureFiles(tmp_path / "images", tmp_path / "reserve")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # as if the disk were full
    try:
        with pytest.raises(StorageError, match="could be saved neither in") as caught:
            pictures.save(b"x" * 50_000, "png", **NAMED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "File too large" in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
