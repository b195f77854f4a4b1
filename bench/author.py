"""Conversations by the thousand for benchmarks, always the same, written past our own code."""

import itertools
import json
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storage.database import Database
from storage.database_file import FILE_NAME
from storage.full_text import INDEX

MODEL, WIDTH = "text-embedding-3-small", 512
VECTORS = 256
"""Different ones, each kept for many conversations: making them all would take longest."""

RARE, COMMON, TWO = "quetzalcoatl", "lantern", "lantern harbour"
RARE_EVERY, COMMON_EVERY, TWO_EVERY = 500, 4, 12
BATCH = 2000
"""Conversations that are written in one go: about 60 MB of rows in memory."""
START = datetime(2024, 1, 1, tzinfo=UTC)
TYPES = ("photo", "illustration", "logo", "poster", "portrait")
STYLES = ("linocut", "watercolour", "film photograph", "flat vector", "oil on canvas", "")

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def key_of(number: int) -> str:
    """The id of the conversation of this number."""
    return f"conv_{number:016x}"


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
        key, at = key_of(number), (START + timedelta(minutes=number)).isoformat()
        idea = self.words(25)
        idea += f" {RARE}" if number % RARE_EVERY == 0 else ""
        idea += f" {COMMON}" if number % COMMON_EVERY == 0 else ""
        idea += f" {TWO.split()[1]}" if number % TWO_EVERY == 0 else ""
        pictures = self._pictures(key, at, number)
        return {
            "conversations": [self._head(key, at, number)],
            "turns": [self._turn(key, at, turn, idea) for turn in (1, 2, 3)],
            "questions": [self._question(key, turn) for turn in (1, 2)],
            "answers": [self._answer(key, turn) for turn in (1, 2)],
            "briefs": [self._brief(key)],
            "jobs": [job for job, _ in pictures],
            "images": [image for _, image in pictures],
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
        origin = {"source": "request", "ref": "m1"}
        entries = [{"dimension": self.words(1), "value": self.words(8), **origin} for _ in range(8)]
        return {
            "conversation_id": key, "turn_number": 3, "entries": json.dumps(entries),
            "completeness": 100, "suggested": "{}",
            "phrases": json.dumps([{"text": self.words(8), **origin} for _ in range(6)]),
        }  # fmt: skip

    def _pictures(
        self, key: str, at: str, number: int
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return [_picture(key, at, f"{number:014x}{take:02x}", self.words(50)) for take in range(4)]

    def _meaning(self, key: str, number: int) -> dict[str, Any]:
        vector = self._vectors[number % VECTORS]
        return {"conversation_id": key, "model": MODEL, "current": True, "vector": vector}


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
            numbers = range(start, min(start + BATCH, size))
            batch = [author.conversation(number) for number in numbers]
            for table in batch[0]:
                _insert(connection, table, [row for rows in batch for row in rows[table]])
        connection.execute(str(INDEX).replace("c.id = :id", "true"))


def _insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({values})", rows)
