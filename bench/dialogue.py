"""What a guided dialogue costs: tokens per turn, how much the prompt cache takes, the price.

Run: `python -m bench.dialogue`. The sandbox counts a token for every four characters and
plays OpenAI's prompt cache; prices are those of `gateway/models.toml`. Exits with 1 when
four turns cost more than one medium picture.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from fastmcp import Client

from gateway.prices import estimate_image
from server import create_server
from settings import Settings

TURNS = [
    "a lighthouse in a storm",
    "a poster for my office wall",
    "as a linocut print, in two colours",
    "just draw it",
]
MODEL = "gpt-4o"


async def play(settings: Settings) -> None:
    """Hold the dialogue; its last message ends the questions."""
    async with Client(create_server(settings)) as client:
        known: dict[str, Any] = {}
        for number, words in enumerate(TURNS, start=1):
            arguments = {"message": words, "finish": number == len(TURNS), **known}
            called = await client.call_tool("openai_image_consultation", arguments)
            known = {"conversation_id": (called.structured_content or {})["conversation_id"]}


def spent(folder: Path) -> list[tuple[float, dict[str, int]]]:
    """USD and usage of each call, in order."""
    with closing(sqlite3.connect(folder / "conversations.db")) as records:
        rows = records.execute("SELECT usd, usage FROM spending ORDER BY id").fetchall()
    return [(usd, json.loads(usage)) for usd, usage in rows]


def main() -> int:
    """Print the table; 1 when the bar is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(
            sandbox=True, data_dir=folder, images_dir=folder / "images", facilitator_model=MODEL
        )
        asyncio.run(play(settings))
        calls = spent(folder)
    print(f"turn  tokens in  cached  share  tokens out  USD ({MODEL})")
    for number, (usd, usage) in enumerate(calls, start=1):
        share = usage["cached_tokens"] / usage["input_tokens"]
        print(
            f"{number:4} {usage['input_tokens']:10} {usage['cached_tokens']:7} {share:6.0%} "
            f"{usage['output_tokens']:11}  {usd:.4f}"
        )
    total = sum(usd for usd, _ in calls)
    picture = estimate_image(settings.image_model, size="1024x1024", quality="medium").usd
    print(f"whole dialogue ${total:.4f}; one medium picture ${picture:.4f} (estimate)")
    print(f"ratio {total / picture:.2f}, bar 1.00: {'holds' if total < picture else 'missed'}")
    return int(total >= picture)


if __name__ == "__main__":
    sys.exit(main())
