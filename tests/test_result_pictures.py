"""A picture of a result comes with all that is known of it, in data, in words and as a link."""

import base64
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.types import ResourceLink

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, SKIP, data_of, draw, picture, text_of
from tests.conftest import Connect
from tests.folders import rows


def booked(settings: Settings) -> float:
    """USD that the record says was paid."""
    ((usd,),) = rows(settings, "SELECT sum(usd) FROM spending")
    return float(usd)


def size_of(image: dict[str, Any]) -> int:
    return Path(image["path"]).stat().st_size


async def test_a_picture_is_told_with_its_model_quality_price_and_bytes_behind_a_link(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    called = await client.call_tool(DRAW, {"prompt": "a fox", "quality": "low", **SKIP})
    (image,) = data_of(called)["images"]
    (sent,) = [call.body for call in sandbox.requests if call.kind == "image"]
    (link,) = [block for block in called.content if isinstance(block, ResourceLink)]
    (read,) = await client.read_resource(link.uri)

    assert image["current"] is True
    assert (image["model"], image["quality"]) == (sent["tools"][0]["model"], "low")
    assert image["response_id"].startswith("resp_sandbox_")
    assert image["cost_usd"] == pytest.approx(booked(settings), abs=1e-6)
    assert image["bytes"] == link.size == size_of(image)
    assert str(link.uri) == f"image://{image['image_id']}"
    assert link.mime_type == "image/png"
    whole = picture(data_of(called)).read_bytes()
    assert base64.b64decode(read.blob) == whole  # type: ignore[union-attr]
    told = text_of(called)
    for fact in ("(current)", image["model"], "quality low", f"${image['cost_usd']:.4f}",
                 image["created_at"][:10], image["response_id"], str(link.uri)):  # fmt: skip
        assert fact in told


async def test_the_newest_picture_is_the_current_one_and_each_keeps_its_own_price(
    client: Client[Any], settings: Settings
) -> None:
    first = await draw(client, prompt="a fox", quality="low", **SKIP)
    conversation = first["conversation_id"]
    second = await draw(
        client, prompt="bluer", conversation_id=conversation, quality="high", variations=2
    )
    costs = [one["cost_usd"] for one in second["images"]]

    assert sorted(one["current"] for one in second["images"]) == [False, True]
    assert all(cost > first["cost_usd"] for cost in costs)
    assert first["cost_usd"] + sum(costs) == pytest.approx(booked(settings), abs=1e-5)
    assert {one["variation"] for one in second["images"]} != {None}


async def test_the_record_in_full_tells_each_picture_with_price_model_quality_date_and_rating(
    connect: Connect,
) -> None:
    async with connect(toolsets=["all"]) as client:
        drawn = await draw(client, prompt="a fox", quality="low", **SKIP)
        (image,) = drawn["images"]
        await client.call_tool(
            "openai_rate_image", {"image_id": image["image_id"], "rating": "4", "liked": "fur"}
        )
        asked = {"conversation_id": drawn["conversation_id"]}
        record = data_of(await client.call_tool("openai_list_conversations", asked))["record"]
        listed = text_of(await client.call_tool("openai_list_conversations", {}))

    for fact in (f"{image['image_id']} (current)", "quality low",
                 f"by the sandbox in place of {image['model']}",
                 f"${drawn['cost_usd']:.4f}", image["created_at"][:10], image["response_id"],
                 "rated 4 of 5; liked: fur", drawn["revised_prompt"], "play money"):  # fmt: skip
        assert fact in record
    assert "): no dialogue, 1 picture, " in listed
