"""A first call that is refused leaves no conversation behind, and asks nothing of OpenAI."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import CONSULT, DRAW, refusal


def count_of_conversations(settings: Settings) -> int:
    file = settings.data_dir / "conversations.db"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as records:
        return int(records.execute("SELECT count(*) FROM conversations").fetchone()[0])


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (DRAW, {"prompt": "a fox", "size": "100x100"}),
        (DRAW, {"prompt": "a fox", "image_model": "dall-e-3"}),
        (DRAW, {"prompt": "a fox", "input_images": ["nowhere.png"]}),
        (DRAW, {"prompt": "a fox", "dialogue_mode": "skip", "background": "transparent",
                "output_format": "jpeg"}),
        (CONSULT, {"message": "a fox", "reference_images": ["nowhere.png"]}),
        (CONSULT, {"message": "a fox", "answers": [{"question_id": "q9", "answer": "red"}]}),
        (CONSULT, {"message": "a fox", "template": "no_such_template"}),
    ],
)  # fmt: skip
async def test_it_leaves_nothing(
    client: Client[Any],
    sandbox: Sandbox,
    settings: Settings,
    tool: str,
    arguments: dict[str, Any],
) -> None:
    await refusal(client, tool, **arguments)

    assert count_of_conversations(settings) == 0
    assert sandbox.requests == []
