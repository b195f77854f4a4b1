"""Records that are encrypted cannot be read without their key, and are as safe as plain ones."""

import asyncio
import logging
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import keyring
import pytest
from fastmcp import Client
from keyring.backends.fail import Keyring as NoKeyring
from pydantic import SecretStr

from cli import records as command
from cli.records import app
from errors import Problem, StorageError
from server import create_server
from settings import load_settings
from storage import rewriting
from storage import schema_upgrade as upgrading
from storage.database import Database
from storage.database_file import FILE_NAME, all_set_aside, looks_encrypted
from storage.encryption import Cipher
from storage.full_text import index
from storage.list_pages import Filter
from storage.records import Records
from storage.rewriting import decrypt, encrypt
from storage.schema_upgrade import MIGRATIONS
from storage.search import Search
from storage.tables import Turn
from tests.calls import CONSULT, consult, data_of, refusal
from tests.crowd import RAW_KEY
from tests.ring import Ring
from tests.test_data_safety import GOOD, crash, listing, set_aside
from tests.test_storage import conversation

pytest.importorskip("sqlcipher3", reason="the extra `encryption` is not installed")

PHRASE = SecretStr("a phrase with \"both\" 'quotes' and ümlauts")
SECRET = "the lighthouse of the person"
LIST = "openai_list_conversations"


pytestmark = pytest.mark.usefixtures("ring")


@pytest.fixture
def no_ring(ring: Ring) -> None:  # noqa: ARG001  # put in its place
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]


async def say(folder: Path, cipher: Cipher | None = None, words: str = SECRET) -> str | None:
    """Write a conversation as a server does that is started anew; what it has to tell."""
    opened = Database(folder, cipher)
    row = conversation(title=words)
    turn = Turn(conversation_id=row.id, number=1, words=words, created_at=row.created_at)
    try:
        async with opened.write() as session:
            session.add_all([row, turn])
            await index(session, row.id)
    finally:
        await opened.close()
    return opened.notice


async def found(folder: Path, cipher: Cipher | None, query: str = "lighthouse") -> int:
    opened = Database(folder, cipher)
    try:
        return (await Search(opened).page(Filter(query=query))).total
    finally:
        await opened.close()


def cipher(folder: Path, passphrase: SecretStr | None = None) -> Cipher:
    return Cipher(folder / FILE_NAME, passphrase)


def holds(folder: Path, words: str) -> list[str]:
    """The files that hold these words in plain."""
    return [one.name for one in folder.iterdir() if words.encode() in one.read_bytes()]


def key_of(ring: Ring) -> str:
    (key,) = ring.kept.values()
    return key


@pytest.mark.parametrize("passphrase", [None, PHRASE])
async def test_new_records_are_encrypted_and_found(
    tmp_path: Path, passphrase: SecretStr | None, ring: Ring
) -> None:
    for _ in range(2):
        assert await say(tmp_path, cipher(tmp_path, passphrase)) is None

    assert await found(tmp_path, cipher(tmp_path, passphrase)) == 2
    assert holds(tmp_path, "lighthouse") == []
    assert looks_encrypted(tmp_path / FILE_NAME)
    place = ("image-consultant", str((tmp_path / FILE_NAME).resolve()))
    assert list(ring.kept) == ([] if passphrase else [place])


async def test_records_become_encrypted_and_plain_again_whole(tmp_path: Path) -> None:
    for _ in range(3):
        await say(tmp_path)
    assert holds(tmp_path, SECRET) == [FILE_NAME]
    (tmp_path / f"{FILE_NAME}.before-0003").write_text(SECRET)

    told = encrypt(tmp_path)

    assert "may survive on the disk" in told
    assert sys.platform == "win32" or (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert holds(tmp_path, SECRET) == []
    assert list(listing(tmp_path)) == [FILE_NAME]
    assert await found(tmp_path, cipher(tmp_path)) == 3
    await say(tmp_path, cipher(tmp_path))

    assert "plain again" in decrypt(tmp_path)

    assert list(listing(tmp_path)) == [FILE_NAME]
    assert await found(tmp_path, None) == 4
    assert await say(tmp_path) is None


async def test_plain_records_are_not_encrypted_in_silence(tmp_path: Path) -> None:
    await say(tmp_path)

    with pytest.raises(StorageError, match="not encrypted yet"):
        await say(tmp_path, cipher(tmp_path, PHRASE))

    assert set_aside(tmp_path) == []
    assert await found(tmp_path, None) == 1


async def test_a_wrong_key_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    await say(tmp_path, cipher(tmp_path, RAW_KEY))
    crashed = (tmp_path / FILE_NAME).read_bytes()
    wrong = SecretStr("another phrase")

    with pytest.raises(StorageError, match="cannot be read with this key") as caught:
        await say(tmp_path, cipher(tmp_path, wrong))
    with pytest.raises(StorageError, match="cannot be read with this key"):
        decrypt(tmp_path, wrong)

    assert "another phrase" not in str(caught.value)
    assert (tmp_path / FILE_NAME).read_bytes() == crashed
    assert set_aside(tmp_path) == []


@pytest.mark.usefixtures("no_ring")
async def test_without_a_keyring_the_passphrase_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="IMAGE_CONSULTANT_RECORDS_PASSPHRASE"):
        await say(tmp_path, cipher(tmp_path))

    assert await say(tmp_path, cipher(tmp_path, PHRASE)) is None


async def test_without_sqlcipher_the_install_command_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    monkeypatch.setitem(sys.modules, "sqlcipher3.dbapi2", None)

    with pytest.raises(StorageError, match=r"pip install 'image-consultant\[encryption\]'"):
        encrypt(tmp_path)
    with pytest.raises(StorageError, match="pip install"):
        await say(tmp_path, cipher(tmp_path))

    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_a_server_that_has_the_records_open_is_not_overtaken(tmp_path: Path) -> None:
    opened = Database(tmp_path)
    await Records(opened).begin("guided")

    with pytest.raises(StorageError, match="Quit every client"):
        encrypt(tmp_path)
    await opened.close()

    assert "are encrypted" in encrypt(tmp_path)
    with pytest.raises(StorageError, match="not a plain database"):
        encrypt(tmp_path)


async def test_a_copy_that_differs_is_not_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()

    def forgetful(source: sqlite3.Connection, part: Path, clause: str) -> None:
        source.execute("ATTACH DATABASE ? AS rewritten KEY ?", (str(part), clause))
        source.execute("CREATE TABLE rewritten.conversations (id)")
        source.execute("DETACH DATABASE rewritten")

    monkeypatch.setattr(rewriting, "_export", forgetful)
    with pytest.raises(StorageError, match="differs"):
        encrypt(tmp_path)

    assert listing(tmp_path) == {FILE_NAME: before}


async def test_what_a_killed_server_left_in_the_log_is_encrypted_along(tmp_path: Path) -> None:
    await say(tmp_path)
    crash(tmp_path / FILE_NAME)

    encrypt(tmp_path)

    with closing(cipher(tmp_path).connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(listing(tmp_path)) == [FILE_NAME]


async def test_damage_behind_the_first_page_is_set_aside_as_with_plain_records(
    tmp_path: Path,
) -> None:
    for _ in range(20):
        await say(tmp_path, cipher(tmp_path))
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * len(data[4096:])
    path.write_bytes(data)

    notice = await say(tmp_path, cipher(tmp_path))

    assert notice
    assert len(all_set_aside(path)) == 1
    assert await found(tmp_path, cipher(tmp_path)) == 1


async def test_the_copy_before_a_migration_is_encrypted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    await say(folder, cipher(folder))
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "9999_last.py").write_text(GOOD)
    monkeypatch.setattr(upgrading, "MIGRATIONS", tmp_path / "migrations")

    await say(folder, cipher(folder))

    copy = folder / f"{FILE_NAME}.before-9999"
    assert holds(folder, SECRET) == []
    with closing(cipher(folder).connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (1,)


async def test_the_key_is_in_no_log_error_or_form(
    tmp_path: Path,
    ring: Ring,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    one = cipher(tmp_path)
    await say(tmp_path, one)
    data = bytearray((tmp_path / FILE_NAME).read_bytes())
    data[100] ^= 255
    (tmp_path / FILE_NAME).write_bytes(data)
    with pytest.raises(StorageError) as caught:
        await say(tmp_path, cipher(tmp_path))

    key = key_of(ring)
    out, err = capfd.readouterr()
    for text in (caplog.text, str(caught.value), repr(one), str(vars(one)), out, err):
        assert key not in text
    assert err == ""


async def test_four_databases_at_once_share_one_key(tmp_path: Path, ring: Ring) -> None:
    await asyncio.gather(*(say(tmp_path, cipher(tmp_path)) for _ in range(4)))

    assert len(ring.kept) == 1
    assert await found(tmp_path, cipher(tmp_path)) == 4


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the command `records` on a data folder of its own; what it printed."""
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))

    def command(*arguments: str) -> str:
        app(arguments, result_action="return_value")
        return " ".join(capsys.readouterr().out.split())

    return command


@asynccontextmanager
async def server() -> AsyncIterator[Client[Any]]:
    """A server with the settings of the environment."""
    async with Client(create_server(load_settings())) as client:
        yield client


async def test_the_command_encrypts_and_decrypts_and_servers_go_on(
    run: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ring: Ring,
) -> None:
    async with server() as client:
        await consult(client, SECRET, mode="skip")
    assert holds(tmp_path / "data", SECRET)

    assert "Set IMAGE_CONSULTANT_ENCRYPT_RECORDS=true" in run("encrypt")
    async with server() as client:
        assert "is encrypted" in await refusal(client, CONSULT, message="a fox", mode="skip")
    monkeypatch.setenv("IMAGE_CONSULTANT_ENCRYPT_RECORDS", "true")
    async with server() as client:
        await consult(client, f"{SECRET} again", mode="skip")
        listed = data_of(await client.call_tool(LIST, {"query": "lighthouse"}))
    assert listed["total"] == 2
    assert holds(tmp_path / "data", SECRET) == []

    kept, ring.kept = ring.kept, {}
    path = tmp_path / "data" / FILE_NAME
    before = path.read_bytes()
    async with server() as client:
        told = await refusal(client, LIST)
    assert "without it nobody" in told
    assert f"move {path} away" in told
    assert "Pictures are not affected" in told
    assert (path.read_bytes(), all_set_aside(path), ring.kept) == (before, [], {})

    ring.kept = kept
    assert "plain again" in run("decrypt")
    monkeypatch.setenv("IMAGE_CONSULTANT_ENCRYPT_RECORDS", "false")
    async with server() as client:
        assert data_of(await client.call_tool(LIST, {"query": "again"}))["total"] == 1


async def test_the_key_is_shown_in_a_terminal_and_put_back(
    run: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: Ring
) -> None:
    await say(tmp_path / "data")
    run("encrypt")
    key = key_of(ring)
    assert key not in run("key")
    with pytest.raises(Problem, match="terminal"):
        run("key", "--show")

    with monkeypatch.context() as terminal:
        terminal.setattr("sys.stdout.isatty", lambda: True)
        assert run("key", "--show") == key

    ring.kept.clear()
    monkeypatch.setattr(command, "getpass", lambda _: "not a key")
    with pytest.raises(StorageError) as caught:
        run("key", "--restore")
    assert "not a key" not in str(caught.value)
    monkeypatch.setattr(command, "getpass", lambda _: f"{key}\n")
    run("key", "--restore")

    assert await found(tmp_path / "data", cipher(tmp_path / "data")) == 1
