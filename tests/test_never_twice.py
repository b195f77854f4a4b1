"""A picture is paid for once, through raw pipes, whatever becomes of the processes that draw it.

OpenAI's side is a plain server of our tests that counts payments; a server process takes a job
for left after a second, not after twenty. Two servers are killed at random, or as many as the
environment variable IMAGE_CONSULTANT_KILLS says.
"""

import os
import random
import signal
import socket
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
from tests.folders import environment_in
from tests.forks import PATIENCE, Server, wait_for
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

KILLS = int(os.environ.get("IMAGE_CONSULTANT_KILLS") or 2)
LATEST = 1.4
"""Seconds from a call to the last random kill; a picture takes half a second less."""
IN_BACKGROUND, AGAIN = 0.3, 0.2
"""How many servers order pictures in OpenAI's background; how often the next is killed, too."""

FOX: dict[str, Any] = {"prompt": "a fox", "dialogue_mode": "skip"}

pytestmark = pytest.mark.timeout(300)


class Place:
    """A person's folders, and the server processes that share them."""

    def __init__(self, folder: Path, openai: StandIn) -> None:
        self.folder = folder
        self.pictures = folder / "images"
        self.database = folder / "data" / "conversations.db"
        self.openai = openai
        self.running = ExitStack()

    def start(self, *, base_url: str = "", changes: str = "", **settings: str) -> Server:
        """Another server process, with changes to its code."""
        environment = environment_in(self.folder, base_url or self.openai.base_url, **settings)
        code = f"{HASTY}{changes}from cli import main; main()"
        command = [sys.executable, "-c", code, str(ROOT)]
        server = self.running.enter_context(Server(command, environment))
        server.open("initialize")
        return server

    def count(self, rows: str) -> int:
        """How many rows the record holds, read beside the servers."""
        ((count,),) = self.select(f"count(*) FROM {rows}")
        return int(count)

    def select(self, rows: str) -> list[tuple[Any, ...]]:
        """What the record holds, read beside the servers."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(f"SELECT {rows}").fetchall()

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

    def assert_unknown(self, server: Server, conversation: str) -> None:
        """Fail unless whoever asks hears that nobody can know, and that asking buys nothing."""
        paid = len(self.openai.payments)
        assert paid <= 1
        for _ in range(2):
            told = collected(server, conversation_id=conversation)
            assert told.get("isError"), told
            assert "unknown whether this was charged" in told["content"][0]["text"]
            assert "redraw=true" in told["content"][0]["text"]
        assert self.select("state FROM jobs") == [("unknown",)]
        assert len(self.openai.payments) == paid


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


def kill(server: Server) -> None:
    """Kill a process amid whatever it does."""
    server.process.kill()
    server.process.wait(PATIENCE)


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
    first = place.start()
    send(first, **FOX)
    wait_for(lambda: place.count("jobs WHERE state = 'submitted'"))
    kill(first)

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
    server = place.start(WAIT_SECONDS="1", changes=IMPATIENT)
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


def test_a_request_that_may_have_gone_out_when_its_server_was_killed_is_not_sent_again(
    place: Place,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        server = place.start(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
        conversation = ready(server)
        send(server, conversation_id=conversation)
        wait_for(lambda: place.count("jobs WHERE state = 'sending'"))
        kill(server)

    place.assert_unknown(place.start(), conversation)
    assert place.openai.payments == []


@pytest.mark.parametrize("moment", ["as it is drawn", "before its record", "before it is told"])
def test_a_server_that_is_killed_loses_no_picture(place: Place, moment: str) -> None:
    place.openai.behaviour = Behaviour(drawing=0.7)
    server = place.start()
    conversation = ready(server)
    send(server, conversation_id=conversation)
    state = "kept" if moment == "before it is told" else "submitted"
    wait_for(lambda: place.count(f"jobs WHERE state = '{state}'"))
    with closing(sqlite3.connect(place.database, isolation_level=None)) as other:
        if moment == "before its record":  # which has to wait, as for any other process
            other.execute("BEGIN IMMEDIATE")
            wait_for(lambda: list(place.pictures.glob("*.png")))
        kill(server)

    place.assert_bought_once(collected(place.start(), conversation_id=conversation))


def test_a_server_killed_while_variations_are_drawn_loses_none(place: Place) -> None:
    place.openai.behaviour = Behaviour(drawing=0.7)
    server = place.start()
    conversation = ready(server)
    send(server, conversation_id=conversation, variations=2)
    wait_for(lambda: place.count("jobs WHERE state = 'submitted'") == 2)
    kill(server)

    result = collected(place.start(), conversation_id=conversation)

    images = result["structuredContent"]["images"]
    bought = sorted(one.data for one in place.openai.payments)
    assert len(bought) == 2
    assert sorted(Path(image["path"]).read_bytes() for image in images) == bought


def test_a_picture_is_kept_where_the_client_dies_and_the_server_ends_by_itself(
    place: Place,
) -> None:
    place.openai.behaviour = Behaviour(drawing=0.7)
    server = place.start()
    conversation = ready(server)
    send(server, conversation_id=conversation)
    wait_for(lambda: place.count("jobs WHERE state = 'submitted'"))
    assert server.process.stdin
    assert server.process.stdout
    server.process.stdout.close()
    server.process.stdin.close()

    assert server.process.wait(PATIENCE) == 0
    assert place.count("images") == 1
    place.assert_bought_once(collected(place.start(), conversation_id=conversation))


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_server_killed_at_any_time_loses_no_picture_and_buys_none_twice(
    place: Place, seed: int
) -> None:
    dice = random.Random(seed)
    place.openai.behaviour = Behaviour(before_id=0.15, drawing=0.55)
    settings = {"WAIT_SECONDS": "1", "BACKGROUND_MODE": str(dice.random() < IN_BACKGROUND)}
    server = place.start(**settings)
    conversation = ready(server)
    moments = [dice.uniform(0, LATEST)]
    if dice.random() < AGAIN:
        moments.append(dice.uniform(0, LATEST / 4))
    for moment in moments:
        send(server, conversation_id=conversation)
        time.sleep(moment)
        kill(server)
        server = place.start(**settings)
    left = place.select("state, response_id FROM jobs")
    try:
        if left and left[0][0] == "sending":
            place.assert_unknown(server, conversation)
        else:
            place.assert_bought_once(collected(server, conversation_id=conversation))
        assert place.select("* FROM pragma_integrity_check") == [("ok",)]
    except AssertionError as error:
        error.add_note(f"Seed {seed}, killed {moments} seconds after the calls, left {left}.")
        raise
