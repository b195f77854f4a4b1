"""The API replayed: the two tools through MCP, OpenAI at the HTTP layer from a cassette.

Record with `uv run pytest tests/test_recorded.py --record-mode=rewrite`: from the
sandbox, or from OpenAI where OPENAI_API_KEY is set in the environment.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from vcr.cassette import Cassette

from sandbox import Sandbox
from server import create_server
from settings import Settings
from tests.calls import DRAW, consult, draw, picture, refusal
from tests.conftest import KEY

pytestmark = pytest.mark.vcr

OWN_KEY = os.environ.get("OPENAI_API_KEY")


@pytest.fixture
async def client(
    shared_sandbox: Sandbox, tmp_path: Path, cassette: Cassette
) -> AsyncIterator[Client[Any]]:
    """A server that speaks with the recording, or with what is being recorded."""
    assert cassette is not None
    settings = Settings(
        openai_api_key=OWN_KEY or KEY,
        openai_base_url=None if OWN_KEY else shared_sandbox.base_url,
        data_dir=tmp_path / "data",
        images_dir=tmp_path / "images",
        quality="low",
    )
    async with Client(create_server(settings)) as connected:
        yield connected


async def test_a_vague_idea_is_asked_about(client: Client[Any]) -> None:
    result = await consult(client, "a lighthouse")

    assert result["status"] == "asking"
    assert 1 <= len(result["questions"]) <= 5


async def test_a_dialogue_ends_with_a_prompt_that_keeps_the_words(client: Client[Any]) -> None:
    asked = await consult(client, "a lighthouse in a storm", mode="quick")
    ready = await consult(
        client,
        "a poster for my office wall, as a screen print",
        conversation_id=asked["conversation_id"],
        finish=True,
    )

    assert ready["status"] == "ready"
    assert "lighthouse" in ready["refined_prompt"]


async def test_a_picture_is_drawn_and_changed(client: Client[Any]) -> None:
    first = await draw(client, prompt="a red boat", dialogue_mode="skip")
    second = await draw(
        client, prompt="make the boat blue", conversation_id=first["conversation_id"]
    )

    assert second["images"][0]["parent_image_id"] == first["images"][0]["image_id"]
    assert picture(second).read_bytes() != picture(first).read_bytes()


async def test_a_model_that_is_not_there_is_named(client: Client[Any]) -> None:
    error = await refusal(
        client, DRAW, prompt="a red boat", dialogue_mode="skip", assistant_model="gpt-none"
    )

    assert "gpt-none" in error
