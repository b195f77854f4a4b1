"""What is drawn in a style is held against it: close, near or far, in numbers, and free."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import DRAW, data_of, text_of
from tests.conftest import Connect
from tests.looks import answer_in_looks, encoded, paint

FROM_STYLE = "Distance from the style dark, as measured (0 is the same): palette "


@pytest.fixture
async def client(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client[Any]]:
    """A client that has the style `dark`, made of two pictures of the night."""
    images = tmp_path / "images"
    images.mkdir()
    for take in (1, 2):
        (images / f"{take}.png").write_bytes(encoded(paint("night", take, 256)))
    answer_in_looks(monkeypatch)
    async with connect(toolsets=["explore"]) as connected:
        taken = {"images": ["1.png", "2.png"], "name": "dark"}
        await connected.call_tool("openai_extract_style", taken)
        yield connected


async def drawn(client: Client[Any], prompt: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    arguments |= {"style": "dark", "dialogue_mode": "skip", "quality": "low"}
    called = await client.call_tool(DRAW, {"prompt": prompt, **arguments})
    return data_of(called), text_of(called)


async def test_a_picture_says_how_close_it_came_to_its_style(
    client: Client[Any], sandbox: Sandbox
) -> None:
    like, said = await drawn(client, "a hen at night")
    paid = sandbox.count("text") + sandbox.count("image")
    unlike, _ = await drawn(client, "a hen, flat")

    (line,) = like["checklist"]
    assert line.startswith(f"{FROM_STYLE}close (")
    assert re.search(r"\), [a-z +]*light[a-z +]* close \(0\.", line)
    assert line in said
    assert like["verification"] is None
    assert f"{FROM_STYLE}far (" in unlike["checklist"][0]
    assert unlike["status"] == "done"
    assert sandbox.count("text") + sandbox.count("image") == paid + 1  # the picture itself


async def test_only_what_of_a_style_went_along_is_checked_and_it_counts_for_no_score(
    client: Client[Any],
) -> None:
    touched, said = await drawn(client, "a hen, flat", style_strength=20, verify=True)

    (fact,) = [one for one in touched["verification"]["findings"] if "style dark" in one["item"]]
    assert (fact["verdict"], fact["source"]) == ("not_met", "bytes")
    assert touched["verification"]["confidence"] is None  # the sandbox can tell nothing
    assert fact["item"] in said


async def test_the_view_shows_it_too_and_of_several_pictures_each_has_its_own(
    client: Client[Any],
) -> None:
    both, _ = await drawn(client, "hens at night", variations=2)

    assert [line.partition(" from ")[0] for line in both["checklist"]] == [
        "1. Distance", "2. Distance",
    ]  # fmt: skip
    place = {"what": "state", "id": both["conversation_id"]}
    shown = data_of(await client.call_tool("view_read", place))["images"]
    assert all(one["checklist"][0].startswith(FROM_STYLE) for one in shown)


async def test_a_style_of_words_alone_is_held_against_nothing(client: Client[Any]) -> None:
    arguments = {"prompt": "a hen, ink", "style": "linocut", "dialogue_mode": "skip"}
    called = await client.call_tool(DRAW, {**arguments, "quality": "low"})

    assert data_of(called)["checklist"] == []
