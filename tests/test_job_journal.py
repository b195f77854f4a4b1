"""What was paid for stays within reach, is booked in full, and its end disturbs nothing else.

OpenAI's side is a plain server of our tests; the servers are those of one process.
"""

import asyncio
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
from tests.stand_in import Behaviour, StandIn

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


async def test_two_equal_changes_at_once_are_one_and_their_words_are_noted_once(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    async with connect(openai_base_url=openai.base_url) as client:
        conversation = (await draw(client, **FOX))["conversation_id"]
        change = {"prompt": "make it blue", "conversation_id": conversation}
        async with asyncio.timeout(15):
            first, second = await asyncio.gather(draw(client, **change), draw(client, **change))

    assert picture(first) == picture(second)
    assert len(openai.payments) == 2
    assert rows(settings, "SELECT count(*) FROM turns WHERE words = 'make it blue'") == [(1,)]


@pytest.mark.parametrize("chosen", [0, 1])
async def test_a_picture_that_arrives_late_leaves_a_choice_made_meanwhile(
    connect: Connect, openai: StandIn, chosen: int
) -> None:
    async with connect(openai_base_url=openai.base_url) as client:
        first = await draw(client, **FOX)
        owner = {"conversation_id": first["conversation_id"]}
        second = await draw(client, prompt="make it blue", **owner)
        images = [one["images"][0]["image_id"] for one in (first, second)]
        openai.behaviour = Behaviour(drawing=0.5)
        late = asyncio.ensure_future(draw(client, prompt="make it green", **owner))
        while len(openai.payments) < 3:  # noqa: ASYNC110  # it runs in a thread of its own
            await asyncio.sleep(0.02)
        await draw(client, from_image=images[chosen])
        await late
        shown = await draw(client, **owner)
        await draw(client, prompt="make it red", **owner)
        newest = await draw(client, **owner)

    assert shown["images"][0]["image_id"] == images[chosen]
    assert newest["images"][0]["parent_image_id"] == images[chosen]
    assert newest["images"][0]["current"]
