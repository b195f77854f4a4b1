"""What an MCP client sees, in both protocol eras: the tools, their results, several at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastmcp import Client
from jsonschema import Draft202012Validator

from sandbox.loopback import Sandbox
from settings import Settings, own_version
from tests.calls import CONSULT, DRAW, consult, draw, picture
from tests.conftest import Connect
from tests.folders import rows
from tools.progress import STAGES

IDEAS = ["a lighthouse", "a hedgehog", "a violin", "a submarine", "a sunflower"]


@pytest.fixture(params=["auto", "legacy"])
async def of_each_era(
    request: pytest.FixtureRequest, connect: Connect
) -> AsyncIterator[Client[Any]]:
    """A client of each protocol era."""
    async with connect(request.param) as connected:
        yield connected


async def wire(client: Client[Any]) -> dict[str, Any]:
    """The reply to tools/list as it travels."""
    listing = await client.list_tools_mcp()
    return listing.model_dump(mode="json", by_alias=True, exclude_none=True)


def size(data: object) -> int:
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


async def give_up(client: Client[Any], **arguments: Any) -> None:
    """Call for a picture, and cancel the call as soon as OpenAI has the request."""
    heard: asyncio.Queue[tuple[float, float | None, str | None]] = asyncio.Queue()

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        await heard.put((progress, total, message))

    call = asyncio.create_task(client.call_tool(DRAW, arguments, progress_handler=listen))
    while (await heard.get())[0] < STAGES["submitted"][0]:  # before, it is taken back
        pass
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_the_server_and_its_tools_introduce_themselves_in_few_words(
    of_each_era: Client[Any],
) -> None:
    listing = await wire(of_each_era)
    read = [
        {name: tool[name] for name in ("name", "description", "inputSchema")}
        for tool in listing["tools"]
    ]

    assert size(listing) <= 12_000
    assert size(read) <= 6_500
    for tool in listing["tools"]:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            Draft202012Validator.check_schema(schema)
            assert set(schema.get("required", [])) <= set(schema["properties"])
    assert of_each_era.server_info
    assert of_each_era.server_info.name == "image-consultant"
    assert of_each_era.server_info.version == own_version() != "0"
    assert of_each_era.instructions
    assert len(of_each_era.instructions.encode()) < 2048
    assert CONSULT in of_each_era.instructions
    assert DRAW in of_each_era.instructions


async def test_five_conversations_at_once_do_not_mix(client: Client[Any]) -> None:
    asked = await asyncio.gather(*(consult(client, idea) for idea in IDEAS))
    ready = await asyncio.gather(
        *(
            consult(client, "as a watercolor", conversation_id=one["conversation_id"], finish=True)
            for one in asked
        )
    )
    drawn = await asyncio.gather(
        *(draw(client, conversation_id=one["conversation_id"]) for one in ready)
    )

    assert len({one["conversation_id"] for one in asked}) == len(IDEAS)
    for number, own in enumerate(IDEAS):
        steps = (asked[number], ready[number], drawn[number])
        assert len({step["conversation_id"] for step in steps}) == 1
        words = ready[number]["refined_prompt"]
        assert [idea for idea in IDEAS if idea.split()[1] in words] == [own]
        assert drawn[number]["prompt"] == words
    assert len({picture(one) for one in drawn}) == len(IDEAS)


@pytest.mark.parametrize("pause", [0, 0.8], ids=["while it is drawn", "later"])
async def test_a_picture_whose_caller_gave_up_is_kept_and_booked_once_when_asked_for_again(
    client: Client[Any], sandbox: Sandbox, settings: Settings, pause: float
) -> None:
    ready = await consult(client, "a fox", mode="skip")
    sandbox.fail("delay=0.5", kind="image")

    await give_up(client, conversation_id=ready["conversation_id"])
    await asyncio.sleep(pause)
    result = await draw(client, conversation_id=ready["conversation_id"])

    booked = rows(settings, "SELECT purpose FROM spending ORDER BY purpose")
    assert booked == [("assistant",), ("image",)]
    assert list(settings.images_dir.iterdir()) == [picture(result)]
    assert sandbox.count("image") == 1
