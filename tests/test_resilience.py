"""When OpenAI does not answer: a pause, words that go on, pictures that are kept all the same."""

import asyncio
import base64
import io
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, LOW, data_of, draw, picture, refusal, text_of
from tests.conftest import Connect


async def fail_often(client: Client[Any], sandbox: Sandbox) -> None:
    """As many outages in a row as are borne."""
    sandbox.fail("server_error", times=20)
    for number in range(5):
        await refusal(client, DRAW, prompt=f"fox {number}", **LOW)
    assert len(sandbox.requests) == 20


async def test_after_repeated_faults_openai_is_left_alone_and_the_next_try_is_told(
    client: Client[Any], sandbox: Sandbox
) -> None:
    await fail_often(client, sandbox)

    error = await refusal(client, DRAW, prompt="a hen", **LOW)

    assert "failed several times in a row" in error
    assert "The next try is in" in error
    assert "Nothing was charged" in error
    assert len(sandbox.requests) == 20


async def test_after_the_pause_one_call_is_let_through_and_its_success_ends_it(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fail_often(client, sandbox)
    monkeypatch.setattr("gateway.retry.REST_SECONDS", 0.0)
    sandbox.fail("delay=4", kind="image")  # the one let through is under way when another comes

    first = asyncio.ensure_future(draw(client, prompt="a hen", **LOW))
    await asyncio.sleep(0.7)
    beside = await refusal(client, DRAW, prompt="a cat", **LOW)
    result = await first
    after = await draw(client, prompt="a dog", **LOW)

    assert "failed several times in a row" in beside
    assert (result["status"], after["status"]) == ("done", "done")


async def test_unfinished_pictures_are_shown_while_one_waits_where_they_are_on(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=5", kind="image")
    async with connect(wait_seconds=4, partial_images=2) as client:
        called = await client.call_tool(DRAW, {"prompt": "a fox", **LOW})
        conversation = data_of(called)["conversation_id"]
        result = await draw(client, conversation_id=conversation)

    assert data_of(called)["status"] == "working"
    (shown,) = [block for block in called.content if block.type == "image"]
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as partial:
        assert partial.size == (1024, 1024)
    assert result["status"] == "done"
    assert sandbox.requests[-1].body["tools"][0]["partial_images"] == 2


async def test_in_the_background_a_call_answers_in_time_and_a_later_one_collects(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=1", kind="image")
    async with connect(background_mode=True, wait_seconds=0.3) as client:
        working = await draw(client, prompt="a fox", **LOW)
        conversation = working["conversation_id"]
        while (result := await draw(client, conversation_id=conversation))["status"] == "working":
            pass

    assert result["status"] == "done"
    assert sandbox.count("image") == 1


async def test_a_picture_without_a_preview_is_kept_all_the_same(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no memory for a preview")

    monkeypatch.setattr("PIL.Image.Image.thumbnail", fail)

    result = await draw(client, prompt="a fox", **LOW)

    assert picture(result).is_file()


async def test_settings_reach_the_request_where_the_model_takes_them(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(moderation="low", complexity="high") as client:
        error = await refusal(client, DRAW, prompt="a fox", image_model="gpt-image-2", **LOW)
        assert sandbox.requests == []
        await draw(client, prompt="a fox", **LOW)

    assert "gpt-image-2 does not take it" in error
    assert "gpt-image-2.6-sunburst" in error
    (tool,) = sandbox.requests[-1].body["tools"]
    assert (tool["moderation"], tool["complexity"]) == ("low", "high")


async def test_no_result_is_larger_than_clients_take(client: Client[Any]) -> None:
    called = await client.call_tool_mcp(DRAW, {"prompt": "ß" * 32_000, "variations": 4, **LOW})

    assert not called.is_error, called.content[0].text[-600:]  # type: ignore[union-attr]
    assert len(called.model_dump_json(by_alias=True, exclude_none=True).encode()) < 900_000


async def test_an_svg_is_kept_as_text_and_never_shown(client: Client[Any]) -> None:
    called = await client.call_tool(DRAW, {"prompt": "a fox", "output_format": "svg", **LOW})

    (image,) = data_of(called)["images"]
    assert image["format"] == "svg"
    assert picture(data_of(called)).read_text(encoding="utf-8").startswith("<svg")
    assert [block.type for block in called.content] == ["text", "resource_link"]
    assert (image["width"], image["height"]) == (1024, 1024)


async def test_a_picture_whose_file_was_moved_is_told_and_not_an_exception(
    client: Client[Any], settings: Settings
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    picture(first).rename(settings.images_dir / "elsewhere.png")

    called = await client.call_tool(DRAW, {"conversation_id": first["conversation_id"]})

    assert f"no longer at {picture(first)}" in text_of(called)
