"""A server process is killed at any moment: what is paid for stays, and is not paid for twice.

Each kill costs seconds, since the next server has to start. There are seven of them, or as many as
the environment variable IMAGE_CONSULTANT_KILLS says: five at moments of note, the rest at random.
"""

import os
import random
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from sandbox.loopback import Sandbox
from sandbox.memory import ApiCall
from tests.calls import CONSULT, DRAW, Result
from tests.conftest import ROOT
from tests.forked import PATIENCE, Server, environment_of, wait_for

RANDOM_KILLS = int(os.environ.get("IMAGE_CONSULTANT_KILLS") or 7) - 5

MAIN = [str(ROOT / "__main__.py")]
HEIR = [
    "-c",
    "import sys; sys.path.insert(0, sys.argv.pop()); from datetime import timedelta;"
    "from storage import stamps;"
    "stamps.BEAT_SECONDS, stamps.ALIVE = 0.2, timedelta(seconds=0.8);"
    "from cli import main; main()",
    str(ROOT),
]
"""The same server, which takes a job for left after a second, not after twenty."""

pytestmark = pytest.mark.timeout(300)  # servers start a dozen times, on a busy machine slowly

LATEST = 1.4
"""Seconds from a call to the last random kill; a picture takes half a second less."""

IN_BACKGROUND = 0.3
"""How many of the servers started at random order pictures in OpenAI's background."""

AGAIN = 0.2
"""How often the server that collects is killed too."""


class Left(NamedTuple):
    """A job as its killed server left it; without a state where none was written down."""

    state: str = ""
    response_id: str = ""


class Home:
    """A person's folders, and the one server process that works in them."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.pictures = folder / "images"
        self.database = folder / "data" / "conversations.db"
        self.sandbox = sandbox
        self.background = False
        self._server: Server | None = None
        self._running = ExitStack()

    def start(self, command: list[str], base_url: str | None = None) -> None:
        """Start a server in place of the one that runs."""
        self.kill()
        environment = environment_of(
            base_url or self.sandbox.base_url, self.database.parent, self.pictures,
            QUALITY="low", WAIT_SECONDS="1", BACKGROUND_MODE=str(self.background),
        )  # fmt: skip
        self._server = Server([sys.executable, *command], environment)
        self._running.enter_context(self._server).open("initialize")

    def kill(self) -> None:
        """Kill the server process, if one runs, in the middle of whatever it does."""
        self._running.close()
        self._server = None

    @property
    def server(self) -> Server:
        """The server that runs; an heir of the killed one where none does."""
        if self._server is None:
            self.start(HEIR)
        assert self._server
        return self._server

    def ask(self, tool: str, **arguments: Any) -> Result:
        """The result of a tool's call to the server."""
        answer = self.server.ask("tools/call", {"name": tool, "arguments": arguments})
        return dict(answer["result"])

    def begin(self) -> str:
        """A conversation with a prompt that is not drawn yet."""
        result = self.ask(CONSULT, message="a fox", mode="skip")
        return str(result["structuredContent"]["conversation_id"])

    def send(self, conversation: str, **arguments: Any) -> None:
        """Ask for a picture, and do not wait for it."""
        asked = {"conversation_id": conversation, **arguments}
        self.server.request("tools/call", {"name": DRAW, "arguments": asked})

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """What the record says, read beside the server."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def job(self, conversation: str) -> Left:
        """The job of a conversation as it stands."""
        query = "SELECT state, response_id FROM jobs WHERE conversation_id = ?"
        found = self.rows(query, conversation)
        assert len(found) < 2, found
        return Left(*found[0]) if found else Left()

    def orders(self, conversation: str) -> list[ApiCall]:
        """The requests for a picture of a conversation that reached OpenAI."""
        return [
            call
            for call in self.sandbox.requests
            if call.kind == "image" and call.body["metadata"]["conversation"] == conversation
        ]

    def files(self) -> list[Path]:
        """The pictures that a person sees in the folder."""
        return [path for path in self.pictures.glob("*") if not path.name.startswith(".")]

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Write to the record all the time, as another process may: the server has to wait."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")


@pytest.fixture(scope="module")
def shared_home(
    tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox
) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("home"), shared_sandbox)
    yield home
    home.kill()


@pytest.fixture
def home(shared_home: Home, sandbox: Sandbox) -> Home:
    """The folders that all kills share; the sandbox is without the faults of earlier ones."""
    sandbox.fail("delay=0.7", kind="image")
    return shared_home


def test_a_request_that_may_have_gone_out_when_its_server_was_killed_is_not_sent_again(
    home: Home,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        home.start(MAIN, f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
        conversation = home.begin()
        home.send(conversation)
        wait_for(lambda: home.job(conversation).state == "sending")
        home.kill()

    assert home.job(conversation) == Left("sending")
    assert_all_is_well(home, conversation)
    assert home.orders(conversation) == []


def test_a_server_killed_while_openai_draws_loses_no_picture(home: Home) -> None:
    conversation, before = home.begin(), home.files()
    home.send(conversation)
    wait_for(lambda: home.job(conversation).state == "submitted")
    home.kill()

    assert home.files() == before
    assert home.job(conversation).response_id
    assert_all_is_well(home, conversation)


def test_a_server_killed_between_file_and_record_loses_no_picture(home: Home) -> None:
    conversation, before = home.begin(), home.files()
    home.send(conversation)
    wait_for(lambda: home.job(conversation).state == "submitted")
    with home.busy():
        wait_for(lambda: home.files() != before)
        home.kill()

    assert home.job(conversation).state == "submitted"
    assert_all_is_well(home, conversation)


def test_a_server_killed_before_it_tells_of_a_kept_picture_tells_of_it_later(home: Home) -> None:
    conversation = home.begin()
    home.send(conversation)
    wait_for(lambda: home.job(conversation).state == "kept")
    home.kill()

    assert_all_is_well(home, conversation)


def test_a_server_killed_while_variations_are_drawn_loses_none(home: Home) -> None:
    home.sandbox.fail("delay=0.7", kind="image")
    conversation = home.begin()
    home.send(conversation, variations=2)
    states = "SELECT state FROM jobs WHERE conversation_id = ?"
    wait_for(lambda: home.rows(states, conversation) == [("submitted",)] * 2)
    home.kill()

    result = collected(home, conversation)
    shown = result["structuredContent"]["images"]
    assert len({image["image_id"] for image in shown}) == 2
    for image in shown:
        assert_readable(Path(image["path"]))
    assert home.rows(states, conversation) == [("kept",)] * 2
    assert [order.has_picture for order in home.orders(conversation)] == [True, True]


def test_a_picture_is_kept_where_the_client_dies_and_the_server_ends_by_itself(home: Home) -> None:
    conversation, before = home.begin(), home.files()
    home.send(conversation)
    wait_for(lambda: home.job(conversation).state == "submitted")
    pipes = home.server.process
    assert pipes.stdin
    assert pipes.stdout
    pipes.stdout.close()
    pipes.stdin.close()
    assert pipes.wait(PATIENCE) == 0
    home.kill()

    assert len(home.files()) == len(before) + 1
    assert_all_is_well(home, conversation)


@pytest.mark.parametrize("seed", range(RANDOM_KILLS))
def test_a_server_killed_at_any_time_loses_no_picture_and_buys_none_twice(
    home: Home, seed: int
) -> None:
    dice = random.Random(seed)
    home.background = dice.random() < IN_BACKGROUND
    conversation = home.begin()
    home.send(conversation)
    moments = [kill_after(home, dice.uniform(0, LATEST))]
    if dice.random() < AGAIN:
        home.send(conversation)
        moments.append(kill_after(home, dice.uniform(0, LATEST / 4)))
    left = home.job(conversation)
    try:
        assert_all_is_well(home, conversation)
    except AssertionError as error:
        error.add_note(f"Seed {seed}, killed {moments} seconds after the calls, left {left}.")
        raise


def kill_after(home: Home, seconds: float) -> float:
    """Kill the server some time after it was asked; that time."""
    time.sleep(seconds)
    home.kill()
    return round(seconds, 3)


def assert_all_is_well(home: Home, conversation: str) -> None:
    """Fail unless the next call, to a new server, brings the picture or says why it cannot."""
    left = home.job(conversation)
    result = collected(home, conversation)
    if left.response_id or left.state in {"", "requested", "kept"}:
        assert_kept(home, conversation, result)
    else:
        assert_unknown(home, conversation, result)
    orders = home.orders(conversation)
    assert len(orders) <= 1
    for path in home.files():
        assert_readable(path)
    assert home.rows("PRAGMA integrity_check") == [("ok",)]
    assert home.rows("PRAGMA foreign_key_check") == []


def collected(home: Home, conversation: str) -> Result:
    """What the person hears who asks with only the conversation_id until there is an end."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        result = home.ask(DRAW, conversation_id=conversation)
        if result.get("isError") or result["structuredContent"]["status"] != "working":
            return result
    raise AssertionError("the picture was being drawn for ever")


def assert_kept(home: Home, conversation: str, result: Result) -> None:
    """Fail unless the picture is in the result, on disk and in the record, paid for once."""
    assert not result.get("isError"), result
    (shown,) = result["structuredContent"]["images"]
    assert_readable(Path(shown["path"]))
    assert home.job(conversation).state == "kept"
    noted = home.rows("SELECT path FROM images WHERE conversation_id = ?", conversation)
    assert noted == [(shown["path"],)]
    spent = "SELECT purpose FROM spending WHERE conversation_id = ? ORDER BY purpose"
    assert home.rows(spent, conversation) == [("assistant",), ("image",)]
    assert [order.has_picture for order in home.orders(conversation)] == [True]


def assert_unknown(home: Home, conversation: str, result: Result) -> None:
    """Fail unless it is said that nobody can know, also to whoever asks once more."""
    again = home.ask(DRAW, conversation_id=conversation)
    for call, told in {"first": result, "second": again}.items():
        assert told.get("isError"), f"the {call} call bought it anew: {told}"
        assert "unknown whether this was charged" in told["content"][0]["text"]
        assert "redraw=true" in told["content"][0]["text"]
    assert home.job(conversation).state == "unknown"


def assert_readable(path: Path) -> None:
    """Fail unless a file holds a whole picture."""
    with Image.open(path) as image:
        image.load()
