"""A picture that is paid for is never lost and never paid for twice."""

import asyncio
from typing import Any

from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, draw

SKIP = {"dialogue_mode": "skip"}


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
    await asyncio.sleep(1.2)

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
