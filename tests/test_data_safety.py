"""Records survive damage and failed migrations, and `doctor` says how they are."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from errors import StorageError
from storage import database_file
from storage import schema_upgrade as upgrading
from storage.database import Database
from storage.database_file import FILE_NAME, open_plain, side
from storage.health import check_records
from storage.records import Records
from storage.schema_upgrade import MIGRATIONS
from storage.shared_folder import FolderLock
from storage.tables import Conversation
from tests.calls import CONSULT, consult, refusal
from tests.conftest import Connect
from tests.crowd import whole
from tests.test_storage import conversation

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and signals as POSIX has them")
ROOTED = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="a small disk is mounted by root alone"
)
WORDS = "words of the person " * 50

NEWEST = upgrading.newest_version()
BAD = """
revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    from alembic import op
    import sqlalchemy as sa

    op.add_column("turns", sa.Column("extra", sa.String()))
    op.execute("DELETE FROM spending")
    {then}
"""
FAILING = BAD.format(newest=NEWEST, then="op.execute('INSERT INTO no_such_table VALUES (1)')")
GOOD = BAD.format(newest=NEWEST, then="pass")


async def begin(folder: Path, amount: int = 1) -> str | None:
    """Begin conversations, as a server does that is started anew; what it has to tell."""
    opened = Database(folder)
    try:
        async with opened.write() as session:
            session.add_all(conversation(mode=WORDS) for _ in range(amount))
    finally:
        await opened.close()
    return opened.notice


async def written(folder: Path, amount: int = 200) -> Path:
    """A closed database with conversations."""
    await begin(folder, amount)
    return folder / FILE_NAME


async def everything(opened: Database) -> list[Any]:
    """All conversations, each row read."""
    async with opened.read() as session:
        return list(await session.scalars(select(Conversation)))


def set_aside(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{FILE_NAME}.damaged-*"))


def counts(path: Path) -> dict[str, int]:
    with closing(open_plain(path)) as connection:
        return whole(path, connection)


def conversations(path: Path) -> int:
    return counts(path)["conversations"]


def schema(path: Path) -> tuple[str, list[Any]]:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return version, connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()


def flip(path: Path, first: float = 0.25) -> None:
    """Change bytes of every page behind this share of the file."""
    data = bytearray(path.read_bytes())
    for page in range(int(len(data) // 4096 * first), len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(data)


def crash(path: Path) -> None:
    """Leave a -wal file behind, as a process does that is killed."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA user_version=7")
    connection.commit()
    left = {name: name.read_bytes() for name in (path, side(path, "-wal"))}
    connection.close()
    for name, data in left.items():
        name.write_bytes(data)
    assert left[side(path, "-wal")]


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "text": lambda path: path.write_text("this was a database once\n" * 500),
    "first page kept": lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\0\xff" * 9999),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_database_is_set_aside_as_it_is_and_the_call_succeeds(
    tmp_path: Path, damage: str
) -> None:
    path = await written(tmp_path)
    DAMAGES[damage](path)
    broken = path.read_bytes()

    notice = await begin(tmp_path)

    (aside,) = database_file.all_set_aside(path)
    assert aside.read_bytes() == broken
    assert notice
    assert str(aside) in notice
    assert ".recover" in notice
    assert conversations(path) == 1
    assert await begin(tmp_path) is None
    assert conversations(path) == 2


async def test_flipped_bytes_are_found_after_an_unclean_end_and_the_side_files_go_along(
    tmp_path: Path,
) -> None:
    path = await written(tmp_path)
    crash(path)
    flip(path)
    log = path.with_name(f"{FILE_NAME}-wal").read_bytes()

    notice = await begin(tmp_path)

    aside = set_aside(tmp_path)
    assert notice
    assert [name.name[-4:] for name in aside[1:]] == ["-shm", "-wal"]
    if sys.platform != "win32":
        assert aside[2].read_bytes() == log
    assert conversations(path) == 1


async def test_flipped_bytes_that_a_query_meets_are_told_and_the_next_call_goes_on(
    tmp_path: Path,
) -> None:
    path = await written(tmp_path)
    flip(path, 0.75)
    opened = Database(tmp_path)

    with pytest.raises(StorageError, match=r"damaged\. Make the same call again"):
        await everything(opened)
    assert await everything(opened) == []

    assert opened.notice
    assert len(database_file.all_set_aside(path)) == 1
    await opened.close()


async def test_a_kill_without_damage_sets_nothing_aside(tmp_path: Path) -> None:
    path = await written(tmp_path, 3)
    crash(path)

    assert await begin(tmp_path) is None

    assert set_aside(tmp_path) == []
    assert conversations(path) == 4


async def test_a_damaged_search_index_is_made_anew_and_nothing_is_set_aside(
    connect: Connect, tmp_path: Path
) -> None:
    async with connect() as client:
        await consult(client, "a lighthouse in the snow", mode="skip")
    path = tmp_path / "data" / FILE_NAME
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM texts_index_data WHERE id > 10")
    crash(path)

    notice = await begin(tmp_path / "data")

    assert notice
    assert "search index" in notice
    assert set_aside(tmp_path / "data") == []


async def test_a_damaged_file_that_a_server_has_open_is_left_until_it_lets_go(
    tmp_path: Path,
) -> None:
    path = await written(tmp_path)
    lock = FolderLock(tmp_path)
    assert lock.try_lock(alone=False)
    DAMAGES["text"](path)
    broken = path.read_bytes()

    if sys.platform != "win32":
        with pytest.raises(StorageError, match="Quit other clients"):
            await begin(tmp_path)
        assert path.read_bytes() == broken
    lock.release()

    assert await begin(tmp_path)


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a version 9999 behind the others, in a folder of its own."""

    def put(script: str) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder, dirs_exist_ok=True)
        (folder / "versions" / "9999_last.py").write_text(script)
        monkeypatch.setattr(upgrading, "MIGRATIONS", folder)
        return folder

    return put


async def test_a_migration_that_fails_leaves_the_records_as_they_were(
    tmp_path: Path, migrations: Callable[[str], Path]
) -> None:
    path = await written(tmp_path / "data", 5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO spending (day, origin, purpose, model, usd, estimated, usage) "
            "VALUES ('2026-11-21', 'openai', 'image', 'm', 1, 0, '{}')"
        )
    before = schema(path), counts(path)
    migrations(FAILING)

    with pytest.raises(StorageError) as caught:
        await begin(tmp_path / "data")

    assert "They are as they were" in str(caught.value)
    assert "version of the server that you had" in str(caught.value)
    assert (schema(path), counts(path)) == before
    copy = path.with_name(f"{FILE_NAME}.before-9999")
    assert (schema(copy), counts(copy)) == before


@POSIX
async def test_the_copy_before_a_migration_is_private_and_holds_the_log(
    tmp_path: Path, migrations: Callable[[str], Path]
) -> None:
    folder = tmp_path / "data"
    path = await written(folder, 5)
    for old in ("0001", NEWEST):
        path.with_name(f"{FILE_NAME}.before-{old}").touch()
    crash(path)  # a kill: user_version is in the log alone
    migrations(GOOD)

    assert await begin(folder) is None

    (copy,) = folder.glob(f"{FILE_NAME}.before-*")
    assert copy.name == f"{FILE_NAME}.before-9999"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (7,)
    assert schema(copy)[0] == NEWEST
    assert schema(path)[0] == "9999"
    assert conversations(path) == 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@ROOTED
async def test_a_disk_without_room_for_the_copy_is_told_and_nothing_is_migrated(
    small_disk: Path, migrations: Callable[[str], Path]
) -> None:
    path = await written(small_disk, 300)
    before = schema(path), counts(path)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filler").write_bytes(b"x" * max(0, free - 200_000))
    migrations(GOOD)

    with pytest.raises(StorageError, match="no copy could be kept"):
        await begin(small_disk)
    assert sorted(listing(small_disk)) == [FILE_NAME, "filler"]
    assert (schema(path), counts(path)) == before

    (small_disk / "filler").unlink()
    await begin(small_disk)
    assert schema(path)[0] == "9999"


def states(folder: Path) -> dict[str, tuple[str, str]]:
    return {name: (state, sentence) for name, state, sentence in check_records(folder)}


def listing(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


async def test_an_examination_sees_what_a_running_server_wrote_last(tmp_path: Path) -> None:
    opened = Database(tmp_path)
    await Records(opened).begin("guided")

    assert "Conversations: 1," in states(tmp_path)["records"][1]
    await Records(opened).begin("guided")
    await opened.close()


async def test_an_examination_after_a_kill_leaves_the_log_where_it_is(tmp_path: Path) -> None:
    path = await written(tmp_path, 3)
    crash(path)
    before = listing(tmp_path)

    assert "Conversations: 3," in states(tmp_path)["records"][1]
    assert listing(tmp_path) == before


@pytest.mark.parametrize("damage", [DAMAGES["truncated"], flip])
async def test_an_examination_finds_damage_and_touches_nothing(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = await written(tmp_path)
    damage(path)
    before = listing(tmp_path)

    found = states(tmp_path)

    assert "problem" in {state for state, _ in found.values()}
    assert listing(tmp_path) == before


async def test_a_record_of_a_newer_version_is_not_damage(connect: Connect, tmp_path: Path) -> None:
    path = await written(tmp_path / "data", 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '99999'")

    async with connect() as client:
        assert "newer version" in await refusal(client, CONSULT, message="a lighthouse")

    assert set_aside(tmp_path / "data") == []
    assert states(tmp_path / "data")["records version"][0] == "problem"


def test_no_migration_leaves_its_transaction() -> None:
    for script in (MIGRATIONS / "versions").glob("*.py"):
        text = script.read_text()
        assert "autocommit_block" not in text
        assert "COMMIT" not in text
        copied = set(re.findall(r'batch_alter_table\("(\w+)"', text))
        assert copied <= {"spending"}, "it drops a table, and with it what refers to it"
