"""What finding earlier work costs as records grow, as a client sees it: lists, words, meanings.

Run: `python -m bench.records`. For each size a database is generated, always the same, and a
server process is asked over stdio. A number is the 95th of 100 answers in milliseconds, the first
left out, in the quietest of three rounds, since other work on the machine only adds; where answers
are slow, of 20 at least in 4 seconds. Behind it stands the processor time of the server per call.
Vectors of what is asked come from the sandbox. Exits with 1 where a bar is missed; they are set
for 10,000 conversations. Linux only: memory and processor time are read from /proc.
"""

import argparse
import asyncio
import itertools
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bench.author import COMMON, RARE, TWO, Author, fill, key_of
from bench.measurement import peak, processor
from sandbox.loopback import Sandbox
from storage.database import Database
from storage.database_file import FILE_NAME
from storage.list_pages import Filter
from storage.search import Search
from tests.folders import environment_in
from tests.rpc import SERVE, Server

SIZES = "1000,10000,100000"
BARRED = 10_000
BARS = {
    "list, first page": 50,
    "list, deep page": 50,
    "words, rare": 50,
    "words, common": 50,
    "words, two": 50,
    "words, without spaces": 50,
    "meaning": 100,
    "one in full": 20,
    "memory of the server, MB": 200,
}
MEMORY = "memory of the server, MB"
ROUNDS, CALLS, LEAST_CALLS, PATIENCE_SECONDS, RANK = 3, 100, 20, 4, 0.95
"""As the first lines of this module say."""
DEEP = 0.9
"""How far down the list the deep page lies, as a share."""
LIST, SEARCH = "openai_list_conversations", "openai_search_conversations"

Request = Callable[[], tuple[str, dict[str, Any]]]
"""The next request: its method and parameters."""


class Cost(NamedTuple):
    """Milliseconds of the 95th of 100 answers, and of processor time for each; or megabytes."""

    value: float
    processor: float = 0.0


def requests(folder: Path, size: int, deep: str | None) -> dict[str, Request]:
    """What is asked, by its name."""
    keys = itertools.cycle([key_of(number * 37 % size) for number in range(CALLS)])
    author = Author()
    idea = "a lantern at the harbour with " + author.words(12)
    return {
        "list, first page": _tool(LIST),
        "list, deep page": _tool(LIST, cursor=deep),
        "list, rated 4 or more": _tool(LIST, rating=4),
        "list, by style": _tool(LIST, style="LINO"),
        "words, rare": _tool(LIST, query=RARE),
        "words, common": _tool(LIST, query=COMMON),
        "words, two": _tool(LIST, query=TWO),
        "words, start of many": _tool(LIST, query="ka"),
        "words, an idea": _tool(LIST, query=idea),
        "words, without spaces": _tool(LIST, query="灯台"),
        "meaning": lambda: _call(SEARCH, query=author.words(8)),
        "meaning, one changed": lambda: _change_one(folder, next(keys)),
        "one in full": lambda: _call(LIST, conversation_id=next(keys)),
        "resources": lambda: ("resources/list", {}),
    }


def _tool(name: str, **arguments: Any) -> Request:
    return lambda: _call(name, **arguments)


def _call(name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    return "tools/call", {"name": name, "arguments": arguments}


def _change_one(folder: Path, key: str) -> tuple[str, dict[str, Any]]:
    """A search just after another process went on with a conversation."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as records, records:
        records.execute(
            "UPDATE texts SET words = words || ' more' WHERE conversation_id = ?", (key,)
        )
    return _call(SEARCH, query="a lantern at the harbour")


async def deep_cursor(folder: Path, size: int) -> str | None:
    """The cursor of a page far down the list."""
    database, cursor, passed = Database(folder), None, 0
    while passed < DEEP * size:
        page = await Search(database).page(Filter(), cursor=cursor, limit=200)
        cursor, passed = page.cursor, passed + len(page.items)
    await database.close()
    return cursor


def measure(folder: Path, size: int) -> dict[str, Cost]:
    """Ask one server everything; what each request cost, and its memory at the most."""
    data = folder / "data"
    deep = asyncio.run(deep_cursor(data, size))
    with (
        Sandbox() as sandbox,
        Server(SERVE, environment_in(folder, sandbox.base_url, TOOLSETS="core,keep")) as server,
    ):
        server.open("initialize")
        costs = {name: _cost(server, one) for name, one in requests(data, size, deep).items()}
        return {**costs, MEMORY: Cost(peak(server.process.pid))}


def _cost(server: Server, request: Request) -> Cost:
    _ask(server, request)
    return min(_round(server, request) for _ in range(ROUNDS))


def _round(server: Server, request: Request) -> Cost:
    until = time.monotonic() + PATIENCE_SECONDS
    times: list[float] = []
    before = processor(server.process.pid)
    while len(times) < CALLS and (len(times) < LEAST_CALLS or time.monotonic() < until):
        times.append(_ask(server, request))
    spent = (processor(server.process.pid) - before) / len(times)
    return Cost(sorted(times)[int(len(times) * RANK) - 1], spent)


def _ask(server: Server, request: Request) -> float:
    method, parameters = request()
    started = time.perf_counter()
    answer = server.ask(method, parameters)
    milliseconds = (time.perf_counter() - started) * 1000
    if "error" in answer or answer["result"].get("isError"):
        raise SystemExit(f"{parameters}: {answer}")
    return milliseconds


def measure_filled(size: int) -> dict[str, Cost]:
    """Make a database of a size and measure it."""
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(fill(Path(name, "data"), size))
        return measure(Path(name), size)


def table(costs: dict[int, dict[str, Cost]]) -> Iterator[str]:
    """The lines that are printed."""
    smallest, largest = costs[min(costs)], costs[max(costs)]
    yield f"{'ms (processor)':26}" + "".join(f"{size:>18,}" for size in costs) + "    growth"
    for name in smallest:
        line = "".join(f"{_text(one[name]):>18}" for one in costs.values())
        growth = largest[name].value / smallest[name].value
        bar = f"  bar {BARS[name]}: {_verdict(costs, name)}" if name in BARS else ""
        yield f"{name:26}{line}{growth:9.1f}x{bar}"


def _text(cost: Cost) -> str:
    behind = f" ({cost.processor:.1f})" if cost.processor else ""
    return f"{cost.value:.1f}{behind}"


def _verdict(costs: dict[int, dict[str, Cost]], name: str) -> str:
    if BARRED not in costs:
        return "not measured"
    return "holds" if costs[BARRED][name].value <= BARS[name] else "MISSED"


def main() -> int:
    """Print each number for each size beside its bar; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help="conversations, separated by commas")
    options = parser.parse_args()
    costs = {size: measure_filled(size) for size in map(int, options.sizes.split(","))}
    print(*table(costs), sep="\n")
    return int(any(_verdict(costs, name) == "MISSED" for name in BARS))


if __name__ == "__main__":
    sys.exit(main())
