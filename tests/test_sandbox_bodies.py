"""What the sandbox answers when all goes well, seen through the OpenAI SDK and plain HTTP."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types import Model

from sandbox.loopback import Sandbox
from tests import wire

TOOL = {"type": "image_generation", "quality": "low", "size": "1024x1024"}
DRAW: dict[str, Any] = {"model": "gpt-6-luna", "input": "A fox", "tools": [TOOL]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


async def test_the_sdk_gets_a_picture_then_an_empty_message(sandbox: Sandbox) -> None:
    async with wire.client(sandbox) as client:
        response = await client.responses.create(**DRAW)
    assert [item.type for item in response.output] == [
        "reasoning",
        "image_generation_call",
        "message",
    ]
    assert [item.id.split("_sandbox_")[0] for item in response.output] == ["rs", "ig", "msg"]
    picture = response.output[1]
    assert picture.type == "image_generation_call"
    assert picture.revised_prompt != "A fox"
    assert "A fox" in str(picture.revised_prompt)
    assert response.output_text == ""


@pytest.mark.parametrize("format_", ["png", "svg", "gif"])
def test_the_plain_body_and_the_streams_last_body_agree(sandbox: Sandbox, format_: str) -> None:
    request = {**DRAW, "tools": [{**TOOL, "output_format": format_}]}
    plain, told = wire.answer(sandbox, request), wire.events(sandbox, request)
    assert not wire.differences(told[-1]["response"], plain)
    assert told[-1]["response"]["output"][1]["result"] == plain["output"][1]["result"]


def test_a_stream_sends_the_picture_twice_and_its_partials_before(sandbox: Sandbox) -> None:
    told = wire.events(sandbox, {**DRAW, "tools": [{**TOOL, "partial_images": 3}]})
    partials = [e for e in told if e["type"].endswith("partial_image")]
    assert [partial["partial_image_index"] for partial in partials] == [0, 1, 2]
    assert len({partial["partial_image_b64"] for partial in partials}) == 3
    done = [e for e in told if e["type"] == "response.output_item.done"]
    final = told[-1]["response"]["output"][1]["result"]
    assert done[1]["item"]["result"] == final
    used = told[-1]["response"]["tool_usage"]["image_gen"]["output_tokens"]
    assert used == 686 + 3 * 100


async def test_a_client_that_hangs_up_finds_its_response_complete(sandbox: Sandbox) -> None:
    async with wire.client(sandbox) as client:
        stream: Any = await client.responses.create(**DRAW, stream=True)
        first = await anext(aiter(stream))
        await stream.close()
        await asyncio.sleep(0.05)
        kept = await client.responses.retrieve(first.response.id)
    assert kept.status == "completed"


async def test_models_have_shutdown_dates_and_gone_ones_are_not_found(sandbox: Sandbox) -> None:
    async with wire.client(sandbox) as client:
        model = await client.models.retrieve("gpt-4o")
        names = [one.id async for one in client.models.list()]
    wire.check(model.model_dump(exclude_none=True), Model)
    assert model.shutdown_date == "2027-01-14"
    assert "gpt-image-2.6-sunburst" in names
    assert not {"gpt-image-1", "dall-e-3"} & set(names)
    with wire.http(sandbox) as plain:
        gone = plain.get("/v1/models/dall-e-3")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "model_not_found")
