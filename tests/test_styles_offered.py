"""What a person likes again and again is offered as a style: once, and never made unasked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import LOW, consult, data_of, draw, text_of
from tests.conftest import Connect
from tests.looks import answer_in_looks

RATE = "openai_rate_image"


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_in_looks(monkeypatch)


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[Client[Any]]:
    async with connect(toolsets=["explore", "keep"]) as connected:
        yield connected


async def drawn(client: Client[Any], *prompts: str) -> list[str]:
    return [(await draw(client, prompt=one, **LOW))["images"][0]["image_id"] for one in prompts]


async def rate(client: Client[Any], image: str, rating: str) -> dict[str, Any]:
    return data_of(await client.call_tool(RATE, {"image_id": image, "rating": rating}))


async def test_three_liked_pictures_in_one_look_are_offered_once_as_a_style(
    client: Client[Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    fox, ink, hen, dull, tree = await drawn(
        client, "a fox at night", "ink city", "a hen, night", "night, dull", "night!"
    )
    asked = await consult(client, "ein Boot auf dem See, night", finish=True)
    boat = (await draw(client, conversation_id=asked["conversation_id"]))["images"][0]["image_id"]
    paid = sandbox.count("text") + sandbox.count("image")
    for image, rating in ((fox, "4"), (ink, "5"), (dull, "3"), (hen, "5")):
        assert not (await rate(client, image, rating))["offer"]

    offered = await client.call_tool(RATE, {"image_id": boat, "rating": "thumbs_up"})

    words = data_of(offered)["offer"]
    assert all(
        title in words for title in ("a fox at night", "a hen, night", "ein Boot auf dem See")
    )
    assert words.startswith("Drei Bilder, die du mit 4 oder 5 bewertet hast")  # as the person spoke
    assert "Farben" in words
    assert "ink city" not in words
    assert words in text_of(offered)
    next_step = data_of(offered)["next_step"]
    assert all(one in next_step for one in ("openai_extract_style", fox, hen, boat))
    assert sandbox.count("text") + sandbox.count("image") == paid
    assert not (tmp_path / "data" / "styles").exists()  # nothing is made unasked

    assert not (await rate(client, boat, "4"))["offer"]
    assert not (await rate(client, tree, "5"))["offer"]  # the same look once more

    made = await client.call_tool(
        "openai_extract_style", {"images": [fox, hen, boat], "name": "dark"}
    )
    assert data_of(made)["status"] == "saved"
