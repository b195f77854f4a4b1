"""Several servers at once, and processes killed amid whatever they do: no record is lost.

A minute of writing is IMAGE_CONSULTANT_RECORDS_SECONDS=60, a thousand kills of each work are
IMAGE_CONSULTANT_RECORDS_KILLS=1000.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage.database import Database
from storage.database_file import all_set_aside, is_plain, open_plain
from storage.encryption import Cipher
from storage.list_pages import Filter
from storage.search import Search
from tests import crowd, forks
from tests.crowd import RAW_KEY, path_in
from tests.test_migrations import make

SECONDS = float(os.environ.get("IMAGE_CONSULTANT_RECORDS_SECONDS") or 1)
KILLS = int(os.environ.get("IMAGE_CONSULTANT_RECORDS_KILLS") or 2)
MADE = 400
"""Conversations of the record that is migrated and rewritten."""

ENDS = {".md": "\n", ".html": "</html>", ".json": "}\n"}

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
pytestmark = [
    pytest.mark.timeout(120 + SECONDS + KILLS * 3),
    pytest.mark.block_network(allowed_hosts=[".*listener-.*"]),  # where processes are forked
]


def moments(longest: float) -> Iterator[tuple[int, float]]:
    """Numbers and moments of kills, spread over the time that a work takes."""
    for number in range(KILLS):
        yield number, longest * (number + random.random()) / KILLS


def test_four_servers_that_write_at_once_lose_nothing_and_never_say_locked(tmp_path: Path) -> None:
    together = forks.context().Barrier(4)
    servers = [crowd.start(crowd.converse, tmp_path, SECONDS, together) for _ in range(4)]
    said = [reply for _, pipe in servers for all_of in crowd.messages(pipe) for reply in all_of]
    for process, _ in servers:
        process.join(crowd.PATIENCE)

    assert [process.exitcode for process, _ in servers] == [0] * 4
    assert [errors for _, errors in said if errors] == []
    made = {made for made, _ in said}
    with closing(open_plain(path_in(tmp_path))) as records:
        there = crowd.whole(path_in(tmp_path), records)
        kept = records.execute("SELECT id FROM conversations WHERE bookmarked").fetchall()
    assert {key for (key,) in kept} == made
    assert there["conversations"] == there["turns"] == len(made) == len(said)
    assert len(said) >= 4


@pytest.mark.parametrize("damaged", [False, True])
def test_servers_that_start_at_once_make_one_record_and_set_a_damaged_one_aside_once(
    tmp_path: Path, damaged: bool
) -> None:
    if damaged:
        path_in(tmp_path).write_text("this was a database once\n" * 500)

    together = forks.context().Barrier(4)
    servers = [crowd.start(crowd.open_once, tmp_path, together) for _ in range(4)]
    said = [crowd.messages(pipe) for _, pipe in servers]

    assert [len(one) for one in said] == [3] * 4
    assert any("set aside as" in (one[-1] or "") for one in said) == damaged
    assert len(all_set_aside(path_in(tmp_path))) == damaged
    with closing(open_plain(path_in(tmp_path))) as records:
        assert crowd.whole(path_in(tmp_path), records)["conversations"] == 4


@POSIX
def test_a_kill_amid_a_write_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    for number, moment in moments(0.2):
        folder = tmp_path / str(number)
        confirmed = set(crowd.kill_after(moment, crowd.write_on, folder))
        path = path_in(folder)
        total = opened(folder)
        with closing(open_plain(path)) as records:
            there = crowd.whole(path, records)
            found = {key for (key,) in records.execute("SELECT id FROM conversations")}
            lengths = records.execute("SELECT DISTINCT length(words) FROM turns").fetchall()

        assert confirmed <= found
        assert len(found - confirmed) in (1, 2)  # the first, which it did not say, and the last
        assert there["conversations"] == there["spending"] == total
        assert there["turns"] == crowd.TURNS * total
        assert lengths == [(len(crowd.WORDS),)]
        shutil.rmtree(folder)


@POSIX
def test_a_kill_while_the_record_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    longest = crowd.duration(crowd.open_once, tmp_path / "whole")
    for number, moment in moments(longest):
        folder = tmp_path / str(number)
        confirmed = crowd.kill_after(moment, crowd.open_once, folder)

        assert opened(folder) in ({1} if confirmed else {0, 1})
        shutil.rmtree(folder)


@POSIX
def test_a_kill_amid_a_migration_leaves_the_records_whole_and_the_next_start_migrates(
    tmp_path: Path,
) -> None:
    old = filled(tmp_path / "old")
    longest = crowd.duration(crowd.open_once, copied(old, tmp_path / "whole"))
    for number, moment in moments(longest):
        folder = copied(old, tmp_path / str(number))
        crowd.kill_after(moment, crowd.open_once, folder)
        look = path_in(shutil.copytree(folder, tmp_path / "look"))
        with closing(open_plain(look)) as records:
            before = crowd.whole(look, records)["turns"]
            (version,) = records.execute("SELECT version_num FROM alembic_version").fetchone()

        assert opened(folder) == before
        assert before in ({MADE} if version == "0002" else {MADE, MADE + 1})
        assert not list(folder.glob("*.part*"))
        shutil.rmtree(folder)
        shutil.rmtree(look.parent)


@POSIX
def test_a_kill_amid_an_export_leaves_no_half_file(tmp_path: Path) -> None:
    for _, moment in moments(0.6):
        crowd.kill_after(moment, crowd.export_on, tmp_path)
        parts = list(tmp_path.glob("*.part"))
        files = [path for path in tmp_path.iterdir() if path not in parts]

        for path in files:
            text = path.read_text(encoding="utf-8")
            assert text.endswith(ENDS[path.suffix])
            assert text.count(crowd.WORDS.strip()) >= 20
        for path in [*parts, *files]:
            path.unlink()


@POSIX
def test_a_kill_while_records_are_encrypted_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    pytest.importorskip("sqlcipher3", reason="the extra `encryption` is not installed")
    old = filled(tmp_path / "old")
    opened(old)
    longest = crowd.duration(crowd.encrypt_all, copied(old, tmp_path / "whole"))
    for number, moment in moments(longest):
        folder = copied(old, tmp_path / str(number))
        crowd.kill_after(moment, crowd.encrypt_all, folder)
        cipher = None if is_plain(path_in(folder)) else Cipher(path_in(folder), RAW_KEY)

        assert opened(folder, cipher) == MADE
        assert not list(folder.glob("*.part*"))
        shutil.rmtree(folder)


def filled(folder: Path) -> Path:
    """A folder with records of an earlier version."""
    folder.mkdir()
    with closing(sqlite3.connect(make(folder, "0002"))) as records, records:
        number = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        for table, changes in (
            ("conversations", {"id": "'conv_' || i"}),
            ("turns", {"id": "i", "conversation_id": "'conv_' || i"}),
        ):
            names = [row[1] for row in records.execute(f"PRAGMA table_info({table})")]
            quoted = ", ".join(f'"{name}"' for name in names)
            values = ", ".join(changes.get(name, f'"{name}"') for name in names)
            copies = f"INSERT INTO {table} ({quoted}) {number} SELECT {values} FROM n, {table} "
            records.execute(f"{copies} WHERE {table}.rowid = 1", (MADE,))
    return folder


def copied(old: Path, new: Path) -> Path:
    new.mkdir()
    shutil.copyfile(path_in(old), path_in(new))
    return new


def opened(folder: Path, cipher: Cipher | None = None) -> int:
    """How many conversations a server finds that is started now, without any damage to tell."""

    async def read() -> int:
        database = Database(folder, cipher)
        try:
            total = (await Search(database).page(Filter())).total
            found = await Search(database).page(Filter("fox snow"))
            assert database.notice is None
            assert found.total in (0, MADE)
        finally:
            await database.close()
        connect: Callable[..., Any] = cipher.connect if cipher else open_plain
        with closing(connect(path_in(folder))) as records:
            assert crowd.whole(path_in(folder), records)["conversations"] == total
        return total

    return asyncio.run(read())
