"""A picture is paid for once, through raw pipes, whatever becomes of the processes that draw it.

OpenAI's side is a plain server of our tests that counts payments; a server process takes a job
for left after a second, not after twenty.
"""

import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.calls import CONSULT, DRAW, Result
from tests.conftest import ROOT
from tests.forked import PATIENCE, Server, environment_of, wait_for
from tests.stand_in import Behaviour, StandIn

HASTY = (
    "import sys; sys.path.insert(0, sys.argv.pop()); from datetime import timedelta;"
    "from gateway import image_client; from storage import stamps;"
    "stamps.BEAT_SECONDS, stamps.ALIVE = 0.2, timedelta(seconds=1);"
)
"""The server with a fast heart."""
CALM = "stamps.ALIVE = timedelta(seconds=20);"
"""A heart that is not late where twenty calls keep a busy machine from beating it."""
IMPATIENT = "image_client.DRAW_SECONDS = 6.0;"
"""Longer than a server needs on a busy machine to send its first request."""

FOX: dict[str, Any] = {"prompt": "a fox", "dialogue_mode": "skip"}

pytestmark = pytest.mark.timeout(300)


class Place:
    """A person's folders, and the server processes that share them."""

    def __init__(self, folder: Path, openai: StandIn) -> None:
        self.pictures = folder / "images"
        self.database = folder / "data" / "conversations.db"
        self.openai = openai
        self.running = ExitStack()

    def start(self, *, wait_seconds: float = 45, changes: str = "") -> Server:
        """Another server process, with changes to its code."""
        environment = environment_of(
            self.openai.base_url, self.database.parent, self.pictures,
            WAIT_SECONDS=str(wait_seconds),
        )  # fmt: skip
        code = f"{HASTY}{changes}from cli import main; main()"
        command = [sys.executable, "-c", code, str(ROOT)]
        server = self.running.enter_context(Server(command, environment))
        server.open("initialize")
        return server

    def count(self, rows: str) -> int:
        """How many rows the record holds, read beside the servers."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
        return int(count)

    def stop(self, server: Server) -> None:
        """Stop a process between its writes: amid one, it would lock all others out."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            server.process.send_signal(signal.SIGSTOP)
            # Its other threads run on until the first has seen the signal, and might begin a write.
            wait_for(lambda: has_stopped(server.process.pid))

    def assert_bought_once(self, *results: Result) -> None:
        """Fail unless one picture was paid for, and it is what each result shows, kept once."""
        assert len(self.openai.payments) == 1
        (bought,) = self.openai.payments
        for result in results:
            assert not result.get("isError"), result
            (image,) = result["structuredContent"]["images"]
            assert Path(image["path"]).read_bytes() == bought.data
        assert [path.read_bytes() for path in self.pictures.glob("*.png")] == [bought.data]
        assert self.count("images") == self.count("jobs WHERE state = 'kept'") == 1
        assert self.count("spending WHERE purpose = 'image'") == 1
        assert self.count("spending WHERE purpose = 'assistant'") == 1


def has_stopped(process_id: int) -> bool:
    """Whether each thread of a process stands still, as far as the system tells of threads."""
    threads = Path(f"/proc/{process_id}/task").glob("*/stat")
    return all(thread.read_text().rpartition(")")[2].split()[0] == "T" for thread in threads)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with StandIn() as openai, ExitStack() as running:
        home = Place(tmp_path, openai)
        running.push(home.running)
        yield home


def send(server: Server, tool: str = DRAW, **arguments: Any) -> int:
    """Call a tool, and do not wait for its answer."""
    return server.request("tools/call", {"name": tool, "arguments": arguments})


def answers(server: Server, *calls: int) -> list[Result]:
    """The results of calls, in any order of their coming."""
    results: dict[int, Result] = {}
    while set(calls) - results.keys():
        reply = server.receive()
        if reply.get("id") in calls:
            results[reply["id"]] = reply["result"]
    return [results[call] for call in calls]


def ask(server: Server, tool: str = DRAW, **arguments: Any) -> Result:
    """The result of one call."""
    return answers(server, send(server, tool, **arguments))[0]


def collected(server: Server, **arguments: Any) -> Result:
    """What the person hears who asks until there is an end."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        result = ask(server, **arguments)
        if result.get("isError") or result["structuredContent"]["status"] != "working":
            return result
    raise AssertionError("the picture was being drawn for ever")


def ready(server: Server) -> str:
    """A conversation with a prompt that is not drawn yet."""
    result = ask(server, CONSULT, message="a fox", mode="skip")
    return str(result["structuredContent"]["conversation_id"])


def test_a_second_server_that_had_drawn_before_collects_what_a_killed_one_bought(
    place: Place,
) -> None:
    second = place.start()
    ask(second, prompt="a hen", dialogue_mode="skip")
    place.openai.payments.clear()
    place.openai.behaviour = Behaviour(drawing=2)
    with ExitStack() as killed:
        place.running, running = killed, place.running
        first = place.start()
        send(first, **FOX)
        wait_for(lambda: place.count("jobs WHERE state = 'submitted'"))
    place.running = running

    result = collected(second, **FOX)

    (bought,) = place.openai.payments
    (image,) = result["structuredContent"]["images"]
    assert Path(image["path"]).read_bytes() == bought.data
    assert place.count("images") == place.count("jobs WHERE state = 'kept'") == 2
    assert place.count("spending WHERE purpose = 'image'") == 2


def test_a_drawing_that_stalls_past_every_deadline_is_collected_by_the_next_call(
    place: Place,
) -> None:
    place.openai.behaviour = Behaviour(drawing=9, stalls=True)
    server = place.start(wait_seconds=1, changes=IMPATIENT)
    working = ask(server, **FOX)
    conversation = working["structuredContent"]["conversation_id"]
    wait_for(lambda: place.count("jobs WHERE beat_at = ''"))  # given up, or looked up in time
    wait_for(lambda: time.monotonic() > place.openai.payments[0].finished_at)

    result = collected(server, conversation_id=conversation)

    place.assert_bought_once(result)


def test_a_server_that_slept_while_another_took_over_books_nothing_twice(place: Place) -> None:
    place.openai.behaviour = Behaviour(drawing=2)
    sleeper, other = place.start(), place.start()
    conversation = ready(sleeper)
    slept = send(sleeper, conversation_id=conversation)
    wait_for(lambda: place.count("jobs WHERE state = 'submitted'"))
    place.stop(sleeper)
    try:
        result = collected(other, conversation_id=conversation)
    finally:
        sleeper.process.send_signal(signal.SIGCONT)

    place.assert_bought_once(result, *answers(sleeper, slept))


def test_twenty_equal_calls_to_two_processes_buy_one_picture(place: Place) -> None:
    place.openai.behaviour = Behaviour(drawing=2)
    servers = [place.start(changes=CALM) for _ in range(2)]
    calls = [[send(server, **FOX) for _ in range(10)] for server in servers]

    place.assert_bought_once(
        *(
            result
            for server, ids in zip(servers, calls, strict=True)
            for result in answers(server, *ids)
        )
    )
