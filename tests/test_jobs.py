"""A picture that is paid for is never lost and never paid for twice."""

import asyncio
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, consult, draw, picture
from tests.conftest import Connect

SKIP = {"dialogue_mode": "skip"}


async def ready(client: Client[Any]) -> str:
    """A conversation with a prompt that is not drawn yet."""
    result = await consult(client, "a fox", mode="skip")
    return str(result["conversation_id"])


async def test_a_call_answers_in_time_and_a_later_one_collects(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=6", kind="image")
    async with connect(wait_seconds=1) as client:
        working = await draw(client, prompt="a fox", **SKIP)
        while (result := await draw(client, conversation_id=working["conversation_id"]))[
            "status"
        ] == "working":
            assert result["elapsed_seconds"] > 0

    assert working["status"] == "working"
    assert working["images"] == []
    assert working["next_step"].startswith("Call again with only this conversation_id")
    assert picture(result).is_file()
    assert sandbox.count("image") == 1


async def test_a_change_that_took_long_is_collected_and_not_the_first_picture(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(wait_seconds=2) as client:
        first = await draw(client, prompt="a fox", **SKIP)
        conversation = first["conversation_id"]
        sandbox.fail("delay=3", kind="image")
        working = await draw(client, prompt="make it blue", conversation_id=conversation)
        await asyncio.sleep(3)
        collected = await draw(client, conversation_id=conversation)

    assert working["status"] == "working"
    assert collected["images"][0]["changed"] == "make it blue"


async def test_the_same_request_joins_the_one_that_runs(
    client: Client[Any], sandbox: Sandbox
) -> None:
    conversation = await ready(client)
    sandbox.fail("delay=1", kind="image")

    results = await asyncio.gather(*(draw(client, conversation_id=conversation) for _ in range(6)))

    assert len({result["images"][0]["image_id"] for result in results}) == 1
    assert sandbox.count("image") == 1


async def test_a_call_that_is_cancelled_before_its_request_is_sent_costs_nothing(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir()
    Image.effect_noise((3000, 3000), 90).save(settings.images_dir / "large.png")
    sandbox.fail("delay=1", kind="image")
    heard = asyncio.Event()

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        assert message
        assert progress < (total or 0)
        heard.set()

    arguments = {"prompt": "darker", "input_images": ["large.png"], **SKIP}
    call = asyncio.ensure_future(client.call_tool(DRAW, arguments, progress_handler=listen))
    await heard.wait()
    call.cancel()
    await asyncio.sleep(2)

    assert sandbox.count("image") == 0
    assert not [call for call in sandbox.requests if call.kind == "image"]


async def test_another_request_does_not_join(client: Client[Any], sandbox: Sandbox) -> None:
    first = await draw(client, prompt="a fox", **SKIP)
    conversation = first["conversation_id"]

    await asyncio.gather(
        draw(client, conversation_id=conversation, prompt="make it blue"),
        draw(client, conversation_id=conversation, prompt="make it green"),
    )

    assert sandbox.count("image") == 3


async def test_where_the_earlier_turn_is_gone_the_kept_file_is_uploaded_once(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt="a fox", **SKIP)
    sandbox.fail("previous_response_not_found", kind="image")

    changed = await draw(client, prompt="make it blue", conversation_id=first["conversation_id"])

    body = sandbox.requests[-1].body
    assert "previous_response_id" not in body
    assert body["input"][0]["content"][1]["type"] == "input_image"
    assert any("kept file was uploaded" in note for note in changed["notes"])
    assert changed["images"][0]["parent_image_id"] == first["images"][0]["image_id"]
    assert sandbox.count("image") == 2


async def test_a_server_that_ends_waits_for_turns_and_drawings_at_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the two goes on only once the other is waited for, too."""
    both = asyncio.Barrier(2)

    async def finish(_: object) -> None:
        await both.wait()

    monkeypatch.setattr("consultation.consultant.Consultant.finish", finish)
    monkeypatch.setattr("generation.drawing.ImageGenerator.finish", finish)
    async with asyncio.timeout(10), connect() as client:
        await draw(client, prompt="a fox", **SKIP)
