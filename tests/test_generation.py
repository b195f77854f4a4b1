"""Drawing and refining, through MCP, with the sandbox as OpenAI."""

import base64
import io
import re
from datetime import date
from typing import Any

from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, SKIP, draw, picture
from tests.conftest import Connect


async def test_the_request_forces_the_tool_and_names_every_option(
    client: Client[Any], sandbox: Sandbox
) -> None:
    await draw(client, prompt="a fox", **SKIP)

    body = sandbox.requests[-1].body
    (tool,) = body["tools"]
    assert body["tool_choice"] == {"type": "image_generation"}
    assert body["max_tool_calls"] == 1
    assert body["stream"] is True
    assert tool["model"] == "gpt-image-2.6-sunburst"
    assert tool["quality"] == "medium"
    assert tool["size"] == "1024x1024"


async def test_the_file_is_named_after_time_and_format(
    client: Client[Any], settings: Settings
) -> None:
    result = await draw(client, prompt="a fox", output_format="jpeg", **SKIP)

    assert picture(result).parent == settings.images_dir
    assert result["images"][0]["bytes"] == picture(result).stat().st_size
    assert not list(settings.images_dir.glob(".*"))
    name = picture(result).name
    stem, suffix = name.split(".")
    assert suffix == "jpg"
    assert stem.startswith(f"openai_image_{date.today():%Y%m%d}_")  # noqa: DTZ011  # the person's day
    assert len(stem.split("_")[-1]) == 8


async def test_the_size_of_a_picture_is_read_from_its_bytes(client: Client[Any]) -> None:
    result = await draw(client, prompt="a fox", output_format="gif", **SKIP)

    (image,) = result["images"]
    assert image["format"] == "gif"
    with Image.open(image["path"]) as opened:
        assert opened.size == (image["width"], image["height"]) == (1024, 1024)


async def test_transparency_is_what_the_pixels_say(client: Client[Any]) -> None:
    clear = await draw(client, prompt="a fox", background="transparent", **SKIP)
    solid = await draw(client, prompt="a fox", background="opaque", **SKIP)

    assert clear["images"][0]["has_alpha"] is True
    assert solid["images"][0]["has_alpha"] is False


async def test_the_preview_is_small_and_shows_the_picture(client: Client[Any]) -> None:
    called = await client.call_tool(DRAW, {"prompt": "a fox", "size": "3840x2160", **SKIP})

    (shown,) = [block for block in called.content if block.type == "image"]
    assert len(shown.data) < 350_000
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as preview:
        assert max(preview.size) <= 1024
        assert abs(preview.width / preview.height - 3840 / 2160) < 0.01


async def test_no_preview_where_the_setting_is_off(connect: Connect) -> None:
    async with connect(preview="off") as client:
        called = await client.call_tool(DRAW, {"prompt": "a fox", **SKIP})

    assert [block.type for block in called.content] == ["text", "resource_link"]


async def test_progress_tells_each_stage_once_and_ends_at_the_end(connect: Connect) -> None:
    heard: list[float] = []

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        assert total == 100
        assert message
        assert re.search(r", \d+ s$", message), "the stage, then the seconds so far"
        heard.append(progress)

    async with connect() as client:
        await client.call_tool(DRAW, {"prompt": "a fox", **SKIP}, progress_handler=listen)

    assert heard == sorted(set(heard))
    assert heard[-1] == 100
