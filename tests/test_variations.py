"""Several pictures in one call: each differs in one thing on purpose, and says which."""

import base64
import io
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from tests.calls import DRAW, consult, data_of, draw, refusal, text_of
from tests.conftest import Connect

SKIP = {"dialogue_mode": "skip", "quality": "low"}
VARY = "openai_generate_variations"
QUICK = "openai_generate_image"


def labels(result: dict[str, Any]) -> list[str]:
    return [image["changed"] for image in result["images"]]


@pytest.mark.parametrize(
    ("strategy", "things"),
    [("style", ["style"] * 4), ("mixed", ["color", "composition", "style", "color"])],
)
async def test_each_variation_varies_one_thing_of_the_same_words_and_says_which(
    client: Client[Any], sandbox: Sandbox, strategy: str, things: list[str]
) -> None:
    result = await draw(client, prompt="a fox", variations=4, variation_strategy=strategy, **SKIP)

    bodies = [call.body for call in sandbox.requests]
    instructions = {body["instructions"] for body in bodies}
    assert len(set(labels(result))) == len(instructions) == 4
    assert [label.split(":")[0] for label in labels(result)] == things
    assert all(any(f"Vary only the {thing}:" in one for one in instructions) for thing in things)
    assert {body["input"][0]["content"][0]["text"] for body in bodies} == {"a fox"}


async def test_the_one_preview_is_a_sheet_of_all(client: Client[Any]) -> None:
    called = await client.call_tool(DRAW, {"prompt": "a fox", "variations": 3, **SKIP})

    (shown,) = [block for block in called.content if block.type == "image"]
    assert len(shown.data) < 350_000
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as sheet:
        assert sheet.width == 1024
        assert sheet.height > 1024
    for image in data_of(called)["images"]:
        assert image["path"] in text_of(called)


async def test_one_that_fails_does_not_fail_the_others(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("moderation_http", kind="image")

    result = await draw(client, prompt="a fox", variations=3, **SKIP)

    assert result["status"] == "failed"
    assert len(result["images"]) == 2
    (note,) = [note for note in result["notes"] if "was not drawn" in note]
    assert "safety system refused" in note


async def test_only_if_all_fail_the_call_fails(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("moderation_http", times=2, kind="image")

    error = await refusal(client, DRAW, prompt="a fox", variations=2, **SKIP)

    assert error.count("safety system refused") == 1


async def test_a_picture_that_is_there_can_be_varied_without_words(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt="a fox", **SKIP)

    result = await draw(
        client, conversation_id=first["conversation_id"], variations=2, quality="low"
    )

    assert len(result["images"]) == 2
    parents = {image["parent_image_id"] for image in result["images"]}
    assert parents == {first["images"][0]["image_id"]}
    assert sandbox.requests[-1].body["previous_response_id"]


async def test_all_are_collected_when_they_take_long(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.fail("delay=3", times=2, kind="image")
    async with connect(wait_seconds=1) as client:
        working = await draw(client, prompt="a fox", variations=2, **SKIP)
        conversation = working["conversation_id"]
        while (result := await draw(client, conversation_id=conversation))["status"] == "working":
            pass
        again = await draw(client, conversation_id=conversation)

    assert working["status"] == "working"
    assert len(result["images"]) == len(again["images"]) == 2
    assert sandbox.count("image") == 2


async def test_the_price_is_that_of_all(client: Client[Any]) -> None:
    one = await draw(client, prompt="a fox", **SKIP)
    three = await draw(client, prompt="a hen", variations=3, **SKIP)

    assert three["cost_usd"] == pytest.approx(3 * one["cost_usd"], rel=0.1)


@pytest.mark.parametrize("count", [0, 5])
async def test_more_than_four_are_refused(
    client: Client[Any], sandbox: Sandbox, count: int
) -> None:
    error = await refusal(client, DRAW, prompt="a fox", variations=count, **SKIP)

    assert "variations" in error
    assert sandbox.requests == []


async def test_the_tool_of_its_own_name_draws_variations(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(toolsets=["all"]) as client:
        ready = await consult(client, "a fox", mode="skip")
        result = data_of(
            await client.call_tool(
                VARY, {"conversation_id": ready["conversation_id"], "variations": 2}
            )
        )

    assert len(result["images"]) == sandbox.count("image") == 2


async def test_the_quick_tool_draws_the_prompt_as_it_is(connect: Connect, sandbox: Sandbox) -> None:
    async with connect(toolsets=["quick"]) as client:
        result = data_of(await client.call_tool(QUICK, {"prompt": "a fox", "quality": "low"}))

    assert result["prompt"] == "a fox"
    assert len(sandbox.requests) == 1
