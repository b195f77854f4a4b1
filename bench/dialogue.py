"""What a guided dialogue costs beside one picture, and how often its model is called.

Run: `python -m bench.dialogue`. The ten natural dialogues of the tests are played through the
server: their questions, then the answer that a language model wrote, handed to the sandbox.
The sandbox counts a token for every four characters of instructions, schema, dialogue and
answer, and plays OpenAI's prompt cache; prices are those of `gateway/models.toml`. Exits with
1 above a bar.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from fastmcp import Client

from gateway.prices import estimate_image
from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from storage.database_file import FILE_NAME
from tests import dialogues
from tests.dialogues import Case, Json
from tests.folders import settings_in

BARS = {"calls": 1.1, "price": 0.55}
"""Model calls for a turn, and the price of a dialogue as a share of one medium picture."""

SIZE, QUALITY = "1024x1024", "medium"


class Talk(NamedTuple):
    """One dialogue: its turns, the model's calls for them, their tokens and price in USD."""

    name: str
    turns: int
    calls: int
    tokens_in: int
    cached: int
    tokens_out: int
    usd: float


def with_brief(case: Case) -> Json:
    """The case's answer with a brief as long as a real one: an entry for each source.

    The written dialogues have none, and without it an answer would be too cheap.
    """
    entries = [
        {"dimension": f"detail {number}", "value": source["prompt"], "said": source["said"]}
        for number, source in enumerate(case.turn["sources"], start=1)
    ]
    return {**case.turn, "brief": [{**entry, "open": False} for entry in entries]}


async def play(settings: Settings, sandbox: Sandbox) -> list[tuple[Case, str, int]]:
    """Hold every dialogue; each with its conversation and how many turns it took."""
    played = []
    async with Client(create_server(settings)) as client:
        for case in dialogues.natural():
            turn = with_brief(case)
            results = await dialogues.play(client, sandbox, case, turn, turn)
            played.append((case, str(results[-1]["conversation_id"]), len(results)))
    return played


def spending(folder: Path, conversation: str) -> Iterator[tuple[float, Json]]:
    """USD and usage of each call of a conversation."""
    query = "SELECT usd, usage FROM spending WHERE conversation_id = ?"
    with closing(sqlite3.connect(folder / FILE_NAME)) as records:
        for usd, usage in records.execute(query, [conversation]).fetchall():
            yield usd, json.loads(usage)


def measure() -> tuple[list[Talk], Settings]:
    """Play everything on a sandbox and folders of its own, and add up what each one cost."""
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        settings = settings_in(Path(name), sandbox.base_url)
        talks = []
        for case, conversation, turns in asyncio.run(play(settings, sandbox)):
            rows = list(spending(settings.data_dir, conversation))
            tokens_in, cached, tokens_out = (
                sum(usage[kind] for _, usage in rows)
                for kind in ("input_tokens", "cached_tokens", "output_tokens")
            )
            usd = sum(usd for usd, _ in rows)
            talks.append(Talk(case.name, turns, len(rows), tokens_in, cached, tokens_out, usd))
    return talks, settings


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    talks, settings = measure()
    print(
        f"dialogue  turns  calls  tokens in  cached  tokens out  USD ({settings.facilitator_model})"
    )
    for one in talks:
        print(
            f"{one.name:8}  {one.turns:5}  {one.calls:5}  {one.tokens_in:9}  {one.cached:6}  "
            f"{one.tokens_out:10}  {one.usd:.4f}"
        )
    picture = estimate_image(settings.image_model, size=SIZE, quality=QUALITY).usd
    mean = sum(one.usd for one in talks) / len(talks)
    ratios = {
        "calls": sum(one.calls for one in talks) / sum(one.turns for one in talks),
        "price": mean / picture,
    }
    print(f"a dialogue ${mean:.4f} (mean)")
    print(f"one {QUALITY} picture of {settings.image_model} ${picture:.4f} (estimate)")
    for name, bar in BARS.items():
        held = "holds" if ratios[name] <= bar else "missed"
        what = "calls for a turn" if name == "calls" else "a dialogue for a picture"
        print(f"{what}: {ratios[name]:.2f}, bar {bar:.2f}: {held}")
    return int(any(ratios[name] > bar for name, bar in BARS.items()))


if __name__ == "__main__":
    sys.exit(main())
