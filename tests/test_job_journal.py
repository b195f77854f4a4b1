"""What was paid for stays within reach, is booked in full, and its end disturbs nothing else.

OpenAI's side is a plain server of our tests; the servers are those of one process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from settings import Settings
from storage.stamps import before
from tests.calls import DRAW, draw, picture, refusal
from tests.conftest import Connect
from tests.stand_in import StandIn

FOX: dict[str, Any] = {"prompt": "a fox", "dialogue_mode": "skip", "quality": "low"}


@pytest.fixture
def openai() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    """What the record holds, or what a statement changes in it."""
    with closing(sqlite3.connect(settings.data_dir / "conversations.db")) as record, record:
        return record.execute(query).fetchall()


async def left_behind(connect: Connect, openai: StandIn, settings: Settings) -> str:
    """A conversation whose picture was bought by a server that died twenty minutes ago."""
    async with connect(openai_base_url=openai.base_url) as client:
        result = await draw(client, **FOX)
    moment = before(timedelta(minutes=20))
    picture(result).unlink()
    rows(settings, "DELETE FROM images")
    rows(settings, "DELETE FROM spending")
    rows(
        settings,
        f"UPDATE jobs SET state = 'submitted', beat_at = '', finished_at = '', "
        f"created_at = '{moment}', changed_at = '{moment}'",
    )
    return str(result["conversation_id"])


@pytest.mark.parametrize("other", ["sandbox", "address"])
async def test_a_server_that_asks_elsewhere_does_not_give_up_what_openai_has(
    connect: Connect, openai: StandIn, settings: Settings, other: str
) -> None:
    conversation = await left_behind(connect, openai, settings)

    with StandIn() as stranger:
        changes: dict[str, dict[str, Any]] = {
            "sandbox": {"sandbox": True},
            "address": {"openai_base_url": stranger.base_url},
        }
        async with connect(**changes[other]) as client:
            await client.call_tool(DRAW, {**FOX, "prompt": "a hen"})
            error = await refusal(client, DRAW, conversation_id=conversation)
    async with connect(openai_base_url=openai.base_url) as client:
        result = await draw(client, conversation_id=conversation)

    assert "with only this conversation_id" in error
    assert picture(result).read_bytes() == openai.payments[0].data
    assert len(openai.payments) == 1
