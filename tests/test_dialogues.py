"""The written dialogues hold on the sandbox, through MCP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastmcp import Client

from cli.prompts.promises import judge
from cli.prompts.scenarios import Dialogue, load_dialogues, play
from consultation.facilitator import MENDED_NOTE
from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests.conftest import KEY, ROOT

DIALOGUES = load_dialogues(ROOT / "tests" / "dialogues")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def client(
    shared_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client[Any]]:
    """One server for all dialogues, as in a long session."""
    folder = tmp_path_factory.mktemp("dialogues")
    shared_sandbox.clear()
    settings = Settings(
        openai_api_key=KEY,
        openai_base_url=shared_sandbox.base_url,
        data_dir=folder,
        images_dir=folder / "images",
    )
    async with Client(create_server(settings)) as connected:
        yield connected


def test_there_are_at_least_forty() -> None:
    assert len(DIALOGUES) >= 40


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
async def test_a_dialogue_keeps_what_is_promised(client: Client[Any], dialogue: Dialogue) -> None:
    played = await play(client, dialogue)

    assert [check for check in judge(played) if not check.kept] == []
    # The sandbox plays a facilitator that needs no mending unless it is told to misbehave.
    assert [result for result in played.results if MENDED_NOTE in result["notes"]] == []
