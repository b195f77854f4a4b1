"""Kill servers amid drawings, by the hundred: `python -m tests.kills 100`.

A server is a forked process with everything imported, so that a kill costs a second and not ten.
Beside every one lives a second server that has drawn before, and asks for the same half of the
time before the kill. OpenAI's side counts payments. Prints in which states the kills found the
jobs; exits with 1 where something was bought twice, or was lost once its id was there.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests import crowd, forked
from tests.calls import CONSULT, DRAW
from tests.stand_in import Behaviour, StandIn

KEY = "sk-kills-0123456789"
LATEST = 1.2
"""Seconds from a call to the last kill; a picture takes half of that."""
RIVALRY = 0.5
PATIENCE = 60.0


def serve(saying: Connection, hearing: Connection, folder: Path, base_url: str) -> None:
    """Be a server that does what it hears, many things at once, and says what came of each."""
    from fastmcp import Client
    from pydantic import SecretStr

    from server import create_server
    from settings import Settings
    from storage import stamps

    stamps.BEAT_SECONDS, stamps.ALIVE = 0.2, timedelta(seconds=1)
    settings = Settings(
        openai_api_key=SecretStr(KEY),
        openai_base_url=base_url,
        data_dir=folder / "data",
        images_dir=folder / "images",
        wait_seconds=PATIENCE,
    )

    async def main() -> None:
        async with Client(create_server(settings)) as client:

            async def answer(number: int, tool: str, arguments: dict[str, Any]) -> None:
                called = await client.call_tool(tool, arguments, raise_on_error=False)
                words = "".join(getattr(block, "text", "") for block in called.content)
                saying.send((number, called.is_error, called.structured_content, words))

            saying.send("ready")
            tasks = set()
            while (order := await asyncio.to_thread(hearing.recv)) is not None:
                tasks.add(asyncio.create_task(answer(*order)))

    asyncio.run(main())


class Process:
    """A server process of a folder, and the pipes to it."""

    def __init__(self, folder: Path, base_url: str) -> None:
        hearing, self._telling = forked.context().Pipe(duplex=False)
        self.process, self._said = crowd.started(serve, hearing, folder, base_url)
        hearing.close()
        self._number = 0
        assert self._said.poll(PATIENCE)
        self._said.recv()

    def send(self, tool: str, **arguments: Any) -> int:
        self._number += 1
        self._telling.send((self._number, tool, arguments))
        return self._number

    def ask(self, tool: str, **arguments: Any) -> tuple[bool, dict[str, Any], str]:
        number = self.send(tool, **arguments)
        while True:
            assert self._said.poll(PATIENCE * 2), "a server fell silent"
            answered, is_error, data, words = self._said.recv()
            if answered == number:
                return is_error, data or {}, words

    def kill(self) -> None:
        self.process.kill()
        self.process.join(PATIENCE)


def job_of(folder: Path, conversation: str) -> tuple[str, str]:
    """State and response id of a conversation's job, empty where there is none."""
    path = folder / "data" / "conversations.db"
    query = "SELECT state, response_id FROM jobs WHERE conversation_id = ?"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute(query, (conversation,)).fetchall()
    assert len(rows) < 2, rows
    return rows[0] if rows else ("", "")


def kill_once(folder: Path, openai: StandIn, heir: Process, dice: random.Random) -> tuple[str, str]:
    """The state in which a kill found a job, and what was wrong afterwards, if anything."""
    openai.behaviour = Behaviour(
        before_id=dice.choice([0.0, 0.15]), drawing=dice.uniform(0.1, LATEST / 2)
    )
    server = Process(folder, openai.base_url)
    _, data, _ = server.ask(CONSULT, message=f"a fox {dice.random()}", mode="skip")
    conversation = data["conversation_id"]
    server.send(DRAW, conversation_id=conversation)
    moment = dice.uniform(0, LATEST)
    if dice.random() < RIVALRY:
        early = dice.uniform(0, moment)
        time.sleep(early)
        heir.send(DRAW, conversation_id=conversation)
        moment -= early
    time.sleep(moment)
    server.kill()
    state, response_id = job_of(folder, conversation)
    is_error, data, words = heir.ask(DRAW, conversation_id=conversation)
    paid = [
        one for one in openai.payments if one.request["metadata"]["conversation"] == conversation
    ]
    if len(paid) > 1:
        return state, f"bought {len(paid)} times"
    if is_error:
        if response_id or state in {"", "requested", "kept"}:
            return state, f"lost in state {state!r}, id {response_id!r}: {words}"
        return f"{state}, told as unknown{', paid' if paid else ''}", ""
    (image,) = data["images"]
    wrong = "" if Path(image["path"]).read_bytes() == paid[0].data else "another picture's bytes"
    path = folder / "data" / "conversations.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        for table, most in (("images", 1), ("spending WHERE purpose = 'image'", 1)):
            where = "AND" if "WHERE" in table else "WHERE"
            query = f"SELECT count(*) FROM {table} {where} conversation_id = ?"
            (count,) = connection.execute(query, (conversation,)).fetchone()
            wrong = wrong or ("" if count == most else f"{count} rows of {table}")
    return state or "nothing", wrong


def main() -> int:
    """Print what kills met; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    met, faults = Counter[str](), []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, StandIn() as openai:
        folder = Path(name)
        heir = Process(folder, openai.base_url)
        heir.ask(DRAW, prompt="a hen", dialogue_mode="skip")
        for number in range(options.kills):
            seed = options.seed + number
            state, wrong = kill_once(folder, openai, heir, random.Random(seed))
            met[state] += 1
            if wrong:
                faults.append(f"seed {seed}: {wrong}")
                print(faults[-1], flush=True)  # noqa: T201  # what this is run for
        heir.kill()
    seconds = time.monotonic() - began
    print(f"{options.kills} kills in {seconds:.0f} s met {dict(met)}: {len(faults)} faults")  # noqa: T201
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
