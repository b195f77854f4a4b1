"""The API replayed: the tools through MCP, OpenAI at the HTTP layer from a cassette.

Record with `python -m tests.cassettes record`, from the sandbox or from OpenAI.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image
from vcr.cassette import Cassette

from gateway import image_response as stream
from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests.calls import DRAW, SKIP, consult, data_of, draw, picture, refusal
from tests.conftest import KEY
from tests.folders import rows

pytestmark = pytest.mark.vcr

OWN_KEY = os.environ.get("OPENAI_API_KEY")
NOBODY = "http://127.0.0.1:9/v1"
"""Where replayed calls are sent to: nothing answers there, should one ever get out."""

COMPLETE = (
    "A flat vector illustration of a red fox for a children's book, in warm autumn colours, no text"
)
Connect = Callable[..., AbstractAsyncContextManager[Client[Any]]]


@pytest.fixture
def origin(request: pytest.FixtureRequest, record_mode: str) -> str:
    """Who answers: `openai`, the `sandbox`, or the `recording`."""
    return "recording" if record_mode == "none" else str(request.config.getoption("--record-from"))


@pytest.fixture
def settings(request: pytest.FixtureRequest, origin: str, tmp_path: Path) -> Settings:
    """Settings by which whoever answers is asked; pictures as cheap as they are sold."""
    address = NOBODY if origin == "recording" else None
    if origin == "sandbox":
        address = request.getfixturevalue("sandbox").base_url
    return Settings(
        openai_api_key=OWN_KEY if origin == "openai" else KEY,
        openai_base_url=address,
        data_dir=tmp_path / "data",
        images_dir=tmp_path / "images",
        quality="low",
    )


@pytest.fixture
def connect(settings: Settings, cassette: Cassette) -> Connect:
    """A server with these settings, which speaks with the recording or is recorded."""
    assert cassette is not None

    @asynccontextmanager
    async def open_client(**changes: Any) -> AsyncIterator[Client[Any]]:
        async with Client(create_server(settings.model_copy(update=changes))) as connected:
            yield connected

    return open_client


@pytest.fixture
def fail(request: pytest.FixtureRequest, origin: str) -> Callable[[str], None]:
    """Have the next request for a picture fail; only the sandbox can be told to."""
    if origin == "openai":
        pytest.skip("OpenAI cannot be made to fail, so it is recorded from the sandbox.")
    if origin == "recording":
        return lambda _fault: None
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    return lambda fault: sandbox.fail(fault, kind="image")


async def test_a_vague_idea_is_asked_about(client: Client[Any]) -> None:
    result = await consult(client, "a lighthouse")

    assert result["status"] == "asking"
    assert result["reply"]
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
    assert "".join(span["text"] for span in ready["provenance"]) == ready["refined_prompt"]
    quotes = [quote["quote"] for span in ready["provenance"] for quote in span["said"]]
    assert any("lighthouse" in quote for quote in quotes)


async def test_a_picture_is_drawn_and_changed(client: Client[Any]) -> None:
    first = await draw(client, prompt="a red boat", **SKIP)
    second = await draw(
        client, prompt="make the boat blue", conversation_id=first["conversation_id"]
    )

    assert second["images"][0]["parent_image_id"] == first["images"][0]["image_id"]
    assert picture(second).read_bytes() != picture(first).read_bytes()


async def test_a_model_that_is_not_there_is_named(client: Client[Any]) -> None:
    error = await refusal(client, DRAW, prompt="a red boat", assistant_model="gpt-none", **SKIP)

    assert "gpt-none" in error


async def test_variations_get_their_own_pictures(client: Client[Any]) -> None:
    result = await draw(
        client, prompt="a fox", variations=2, variation_strategy="color",
        size="1536x1024", output_format="webp", **SKIP,
    )  # fmt: skip

    first, second = result["images"]
    assert first["variation"] != second["variation"]
    assert first["format"] == second["format"] == "webp"
    assert first["width"] > first["height"]
    drawn = [picture({"images": [image]}).read_bytes() for image in (first, second)]
    assert drawn[0] != drawn[1]


async def test_a_look_judges_the_picture_by_the_brief(client: Client[Any]) -> None:
    result = await draw(client, prompt=COMPLETE, verify=True)

    by_model = [f for f in result["verification"]["findings"] if f["source"] == "model"]
    assert [finding["item"] for finding in by_model] == result["checklist"]
    assert all(finding["seen"] for finding in by_model)


async def test_where_the_earlier_response_is_gone_the_kept_picture_is_sent(
    client: Client[Any], settings: Settings
) -> None:
    first = await draw(client, prompt="a red boat", output_format="jpeg", **SKIP)
    rows(settings, "UPDATE images SET response_id = 'resp_' || hex(zeroblob(24))")

    second = await draw(
        client, prompt="make the boat blue", conversation_id=first["conversation_id"]
    )

    assert second["status"] == "done"
    assert any("kept file was uploaded instead" in note for note in second["notes"])


async def test_a_refusal_by_moderation_is_told(
    client: Client[Any], fail: Callable[[str], None]
) -> None:
    fail("moderation_http")

    error = await refusal(client, DRAW, prompt="a fox", **SKIP)

    assert "safety system refused" in error


async def test_a_picture_is_changed_within_a_mask(client: Client[Any], settings: Settings) -> None:
    settings.images_dir.mkdir()  # over 1 MiB each, so they are uploaded as files
    whole = Image.new("RGBA", (640, 512), "teal")
    whole.save(settings.images_dir / "boat.png", compress_level=0)
    whole.paste((0, 0, 0, 0), (0, 0, 200, 150))
    whole.save(settings.images_dir / "mask.png", compress_level=0)

    changed = await draw(
        client, prompt="add a moon", input_images=["boat.png"], mask="mask.png", **SKIP
    )

    assert changed["status"] == "done"


async def test_conversations_are_found_by_meaning(connect: Connect) -> None:
    async with connect(toolsets=["core", "keep"]) as client:
        for idea in ("a lighthouse in a storm", "a cake with candles"):
            await consult(client, idea, mode="skip")
            found = data_of(
                await client.call_tool("openai_search_conversations", {"query": "lighthouses"})
            )

    assert "lighthouse" in found["conversations"][0]["title"]
    assert any("Meanings were compared" in note for note in found["notes"])


async def test_a_picture_ordered_in_the_background_is_collected(
    connect: Connect, record_mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if record_mode == "none":
        monkeypatch.setattr(stream, "POLL_SECONDS", 0)
    async with connect(background_mode=True) as client:
        result = await draw(client, prompt="a red boat", **SKIP)

    assert result["status"] == "done"
    assert picture(result).is_file()
