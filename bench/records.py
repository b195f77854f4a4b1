"""What finding earlier work costs as records grow: lists, words, meanings, one in full, memory.

Run: `python -m bench.records`. Databases of each size are made afresh, always the same; each
number is the 95th of 100 calls. Exits with 1 where a bar is missed, which are set for 10,000
conversations. Linux only: the peak memory is read from /proc.
"""

import argparse
import asyncio
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.start import ROOT
from storage.database import FILE_NAME, Database
from storage.find import Filter, Finder
from storage.meaning import Meanings
from storage.records import INDEX, Records

SIZES = "1000,10000,100000"
BARRED = 10_000
BARS = {
    "list, first page": 50,
    "list, deep page": 50,
    "words, rare": 50,
    "words, common": 50,
    "words, two": 50,
    "meaning": 100,
    "one in full": 20,
    "memory": 200,
}
CALLS, RANK = 100, 95
MODEL, WIDTH = "bench", 512
VECTORS = 256
"""Different ones, each kept for many conversations: making them all would take longest."""

RARE, COMMON, TWO = "quetzalcoatl", "lantern", "lantern harbour"
RARE_EVERY, COMMON_EVERY, TWO_EVERY = 500, 4, 12
DEEP = 0.9
BATCH = 2000
START = datetime(2024, 1, 1, tzinfo=UTC)
TYPES = ("photo", "illustration", "logo", "poster", "portrait")
STYLES = ("linocut", "watercolour", "film photograph", "flat vector", "oil on canvas", "")

Rows = dict[str, list[dict[str, Any]]]
Work = Callable[[], Awaitable[Any]]


class Author:
    """Writes conversations out of some thousand words, as unevenly used as in a language."""

    def __init__(self) -> None:
        self._dice = random.Random(7)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er")]
        pairs = ["".join(pair) for pair in itertools.product(syllables, repeat=2)]
        self._words = self._dice.sample(pairs, 4000)
        self._weights = list(itertools.accumulate(1 / rank for rank in range(3, 4003)))
        self._vectors = [self._vector() for _ in range(VECTORS)]

    def _vector(self) -> bytes:
        import numpy as np

        return np.array([self._dice.gauss(0, 1) for _ in range(WIDTH)], np.float32).tobytes()

    def words(self, count: int) -> str:
        """That many words."""
        return " ".join(self._dice.choices(self._words, cum_weights=self._weights, k=count))

    def conversation(self, number: int) -> Rows:
        """All rows of one conversation, by table."""
        key, at = f"conv_{number:016x}", (START + timedelta(minutes=number)).isoformat()
        idea = self.words(25)
        idea += f" {RARE}" if number % RARE_EVERY == 0 else ""
        idea += f" {COMMON}" if number % COMMON_EVERY == 0 else ""
        idea += f" {TWO.split()[1]}" if number % TWO_EVERY == 0 else ""
        drawn = self._drawn(key, at, number)
        return {
            "conversations": [self._head(key, at, number)],
            "turns": [self._turn(key, at, turn, idea) for turn in (1, 2, 3)],
            "questions": [self._question(key, turn) for turn in (1, 2)],
            "answers": [self._answer(key, turn) for turn in (1, 2)],
            "briefs": [self._brief(key)],
            "jobs": [job for job, _ in drawn],
            "images": [image for _, image in drawn],
            "spending": [_price(key, at, number, call) for call in range(6)],
            "meanings": [self._meaning(key, number)],
        }

    def _head(self, key: str, at: str, number: int) -> dict[str, Any]:
        kind = {"image_type": TYPES[number % 5], "style": STYLES[number % 6], "language": "en"}
        dates = {"created_at": at, "changed_at": at, "bookmarked": number % 40 == 0}
        return {
            "id": key, "title": self.words(5), "mode": "guided", "template": "", **kind, **dates
        }  # fmt: skip

    def _turn(self, key: str, at: str, number: int, idea: str) -> dict[str, Any]:
        reply = {"questions": [self.words(15) for _ in range(2)], "said": self.words(60)}
        return {
            "conversation_id": key, "number": number,
            "words": idea if number == 1 else self.words(15),
            "answers_given": "[]", "reply": json.dumps(reply), "model": MODEL,
            "response_id": f"resp_{key}_{number}", "templates": "{}", "notes": "[]",
            "repairs": "[]", "references": "[]", "created_at": at,
        }  # fmt: skip

    def _question(self, key: str, number: int) -> dict[str, Any]:
        options = [self.words(3) for _ in range(4)]
        return {
            "conversation_id": key, "turn_number": number, "number": number,
            "dimension": "style", "text": self.words(12), "why": self.words(10),
            "options": json.dumps(options), "default": options[0],
        }  # fmt: skip

    def _answer(self, key: str, number: int) -> dict[str, Any]:
        return {
            "conversation_id": key, "turn_number": number + 1, "question": f"q{number}",
            "text": self.words(8),
        }  # fmt: skip

    def _brief(self, key: str) -> dict[str, Any]:
        entries = [{"dimension": self.words(1), "text": self.words(8)} for _ in range(8)]
        return {
            "conversation_id": key, "turn_number": 3, "entries": json.dumps(entries),
            "completeness": 100, "suggested": "{}",
            "phrases": json.dumps([{"text": self.words(8)} for _ in range(6)]),
        }  # fmt: skip

    def _drawn(self, key: str, at: str, number: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return [_picture(key, at, f"{number:014x}{take:02x}", self.words(50)) for take in range(4)]

    def _meaning(self, key: str, number: int) -> dict[str, Any]:
        vector = self._vectors[number % VECTORS]
        return {"conversation_id": key, "model": MODEL, "sha256": "0" * 64, "vector": vector}


def _picture(key: str, at: str, name: str, prompt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A job and the picture that came of it; every tenth is rated."""
    shared = {"conversation_id": key, "prompt": prompt, "parent_image_id": None, "created_at": at}
    job = {
        "id": f"job_{name}", "state": "kept", "options": "{}", "templates": "{}", "batch": name,
        "variation": "", "inputs": "[]", "estimated_usd": 0.04, "response_id": f"resp_{name}",
        "error": "", "request_key": name, "beat_at": at, "changed_at": at, **shared,
    }  # fmt: skip
    rating = 1 + int(name, 16) % 5 if int(name, 16) % 10 == 0 else None
    image = {
        "id": f"img_{name}", "job_id": f"job_{name}", "path": f"/pictures/{name}.png",
        "format": "png", "width": 1024, "height": 1024, "bytes": 1_500_000, "has_alpha": False,
        "sha256": "0" * 64, "revised_prompt": prompt, "variation": "", "verification": None,
        "rating": rating, "liked": "", "disliked": "", "rated_at": "", "model": MODEL,
        "response_id": f"resp_{name}", **shared,
    }  # fmt: skip
    return job, image


def _price(key: str, at: str, number: int, call: int) -> dict[str, Any]:
    return {
        "id": 6 * number + call + 1, "conversation_id": key, "day": at[:10], "origin": "sandbox",
        "purpose": "turn", "model": MODEL, "usd": 0.01, "estimated": False, "usage": "{}",
    }  # fmt: skip


async def fill(folder: Path, size: int) -> None:
    """Make a database of so many conversations."""
    database = Database(folder)
    async with database.read():
        pass
    await database.close()
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        author = Author()
        for start in range(0, size, BATCH):
            made = [
                author.conversation(number) for number in range(start, min(start + BATCH, size))
            ]
            for table in made[0]:
                _insert(connection, table, [row for rows in made for row in rows[table]])
        connection.execute(str(INDEX).replace("c.id = :id", "true"))


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)


@dataclass(frozen=True)
class Measured:
    """Milliseconds by what was done, and the memory of a process that did all of it."""

    size: int
    made: float
    values: dict[str, float]


async def works(database: Database, size: int) -> dict[str, Work]:
    """What is measured, by its name."""
    finder, meanings, records = Finder(database), Meanings(database), Records(database)
    keys = itertools.cycle([f"conv_{number * 37 % size:016x}" for number in range(CALLS)])
    deep = await _deep(finder, size)
    dice = random.Random(1)
    idea = "a lantern at the harbour with " + Author().words(12)
    wanted = {
        "list, rated 4 or more": Filter(rating=4), "list, by style": Filter(style="LINO"),
        "words, rare": Filter(RARE), "words, common": Filter(COMMON), "words, two": Filter(TWO),
        "words, start of many": Filter("ka"), "words, an idea": Filter(idea),
        "words, without spaces": Filter("灯台"),
    }  # fmt: skip
    return {
        "list, first page": lambda: finder.page(Filter()),
        "list, deep page": lambda: finder.page(Filter(), cursor=deep),
        **{name: _paged(finder, chosen) for name, chosen in wanted.items()},
        "meaning": lambda: meanings.nearest(
            [dice.gauss(0, 1) for _ in range(WIDTH)], MODEL, limit=10
        ),
        "one in full": lambda: records.load(next(keys)),
        "resources": lambda: finder.resources(None),
    }


def _paged(finder: Finder, wanted: Filter) -> Work:
    return lambda: finder.page(wanted)


async def _deep(finder: Finder, size: int) -> str | None:
    """The cursor of a page far down the list."""
    cursor, seen = None, 0
    while seen < DEEP * size:
        page = await finder.page(Filter(), cursor=cursor, limit=200)
        cursor, seen = page.cursor, seen + len(page.items)
    return cursor


async def measure(folder: Path, size: int, calls: int) -> dict[str, float]:
    """The 95th of 100 durations in milliseconds, the first call left out."""
    database = Database(folder)
    values = {}
    for name, work in (await works(database, size)).items():
        await work()
        durations = sorted([await _milliseconds(work) for _ in range(calls)])
        values[name] = durations[len(durations) * RANK // 100 - 1]
    await database.close()
    return values


async def _milliseconds(work: Work) -> float:
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


def peak(folder: Path, size: int) -> float:
    """The most memory, in MB (10^6 bytes), of a process of its own that does all of it."""
    command = [sys.executable, "-m", "bench.records", "--child", str(folder), str(size)]
    return float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


def own_peak() -> float:
    """The most memory that this process ever held, in MB (10^6 bytes)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def examine(size: int) -> Measured:
    """Make a database of a size and measure it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        asyncio.run(fill(folder, size))
        made = time.perf_counter() - started
        values = asyncio.run(measure(folder, size, CALLS))
        return Measured(size, made, {**values, "memory": peak(folder, size)})


def table(found: list[Measured]) -> Iterator[str]:
    """The lines that are printed."""
    sizes = "".join(f"{one.size:>10,}" for one in found)
    yield f"{'ms (p95 of 100), MB':26}{sizes}{'growth':>10}  bar at {BARRED:,}"
    for name in found[0].values:
        values = [one.values[name] for one in found]
        shown = "".join(f"{value:10.1f}" for value in values)
        line = f"{name:26}{shown}{values[-1] / values[0]:9.1f}x"
        kept = "MISSED" if missed(found, name) else "holds"
        yield f"{line}  {BARS[name]:g}: {kept}" if name in BARS else line
    made = "".join(f"{one.made:9.0f}s" for one in found)
    yield f"{'to make the database':26}{made}"


def missed(found: list[Measured], name: str) -> bool:
    """Whether a number passes its bar at the size that bars are set for."""
    bar = BARS.get(name)
    return bar is not None and any(o.size == BARRED and o.values[name] > bar for o in found)


def main() -> int:
    """Print each number for each size beside its bar; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help="conversations, separated by commas")
    parser.add_argument("--no-bars", action="store_true", help="print only, exit with 0")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, size = options.child
        asyncio.run(measure(Path(folder), int(size), 1))
        print(own_peak())
        return 0
    found = [examine(int(size)) for size in options.sizes.split(",")]
    print(*table(found), sep="\n")
    return int(not options.no_bars and any(missed(found, name) for name in BARS))


if __name__ == "__main__":
    sys.exit(main())
