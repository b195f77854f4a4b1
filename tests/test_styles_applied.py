"""A style goes along with a picture as its table says, and the record says which and how strong."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import data_of, draw
from tests.conftest import Connect
from tests.painted import encoded, paint

APPLY = "openai_apply_style"
FORM = "facilitator_turn"
pytestmark = pytest.mark.anyio

HARBOUR = """\
note: A quiet harbour in the morning.
aspects:
  palette:
    words: pale blue and rust
    measured:
      colours:
        - {colour: "#88aacc", share: 0.6}
        - {colour: "#aa5533", share: 0.3}
      temperature: -3.5
      colourfulness: 20
  light: {words: low sun through haze}
  line: {words: thin pencil outlines}
  medium: {words: watercolour on rough paper}
avoid: [neon]
samples: [harbour-1.jpg, harbour-2.jpg, harbour-3.jpg]
"""


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A style of three samples."""
    folder = tmp_path / "data" / "styles"
    folder.mkdir(parents=True)
    (folder / "harbour.yaml").write_text(HARBOUR, encoding="utf-8")
    for number in (1, 2, 3):
        data = encoded(paint("watercolour", number - 1, 64), "JPEG")
        (folder / f"harbour-{number}.jpg").write_bytes(data)
    return folder


@pytest.fixture
async def explorer(connect: Connect) -> AsyncIterator[Client[Any]]:
    async with connect(toolsets=["explore"]) as client:
        yield client


async def apply(client: Client[Any], style: Any, to: str, **arguments: Any) -> dict[str, Any]:
    return data_of(await client.call_tool(APPLY, {"style": style, "to": to, **arguments}))


def asking(sandbox: Sandbox) -> dict[str, Any]:
    """The newest request for a turn of the dialogue, as it came."""
    turns = [
        c.body
        for c in sandbox.requests
        if c.body.get("text", {}).get("format", {}).get("name") == FORM
    ]
    return turns[-1]


def from_style(result: dict[str, Any]) -> list[str]:
    """The stretches of a prompt that rest on a style."""
    return [one["text"] for one in result["provenance"] if one["source"] == "style"]


def drawing(sandbox: Sandbox) -> dict[str, Any]:
    """The newest request for a picture, as it came."""
    return next(call.body for call in reversed(sandbox.requests) if call.body.get("stream"))


ALL = """\
palette: pale blue and rust
light: low sun through haze
line: thin pencil outlines
medium: watercolour on rough paper
colours: #88aacc, #aa5533
avoid: neon"""
TABLE = {
    30: ("Style, a touch of it:\npalette: pale blue and rust\nlight: low sun through haze", 0),
    60: (f"Style, all of it:\n{ALL}", 0),
    80: (f"Style, all of it:\n{ALL}", 1),
    90: (f"Style, match it closely:\n{ALL}", 3),
}


@pytest.mark.usefixtures("harbour")
@pytest.mark.parametrize("strength", TABLE)
async def test_words_drawn_as_they_are_have_the_style_beside_them(
    explorer: Client[Any], sandbox: Sandbox, strength: int
) -> None:
    words, samples = TABLE[strength]
    style = {"style": "harbour", "style_strength": strength}
    drawn = await draw(explorer, prompt="my dog on the sofa", dialogue_mode="skip", **style)

    body = drawing(sandbox)
    prompt, beside, *pictures = body["input"][0]["content"]
    assert prompt["text"] == "my dog on the sofa"
    assert beside["text"] == words
    assert [one["type"] for one in pictures] == ["input_image"] * samples
    assert body["tools"][0]["action"] == "generate"
    assert "input_fidelity" not in json.dumps(body)
    purposes = body["instructions"].count("take nothing of its subject, its text or its layout")
    assert purposes == samples
    assert drawn["prompt"] == "my dog on the sofa"


@pytest.mark.usefixtures("harbour")
@pytest.mark.parametrize("strength", TABLE)
async def test_a_style_is_material_for_the_prompt_and_its_samples_go_along_with_the_drawing(
    explorer: Client[Any], sandbox: Sandbox, strength: int
) -> None:
    words, samples = TABLE[strength]
    degree, *lines = words.removeprefix("Style, ").splitlines()

    result = await apply(explorer, "harbour", "my dog on the sofa", strength=strength)

    state = json.loads(asking(sandbox)["input"][-1]["content"])
    told = {"id": "style:harbour", "degree": degree.removesuffix(":")}
    assert state["styles"] == [told | dict(line.split(": ", 1) for line in lines)]
    assert not any(call.body.get("stream") for call in sandbox.requests)  # draws nothing
    for line in (line.split(": ", 1)[1] for line in lines):
        assert any(line in stretch.casefold() for stretch in from_style(result)), line
    assert {one["ref"] for one in result["provenance"] if one["source"] == "style"} == {"harbour"}

    drawn = await draw(explorer, conversation_id=result["conversation_id"])

    body = drawing(sandbox)
    prompt, *pictures = body["input"][0]["content"]  # the words stand in the prompt
    assert prompt["text"] == result["refined_prompt"] == drawn["prompt"]
    assert len(pictures) == samples
    assert body["instructions"].count("is there for its") == samples
    assert body["tools"][0]["action"] == "generate"
    assert ("match it closely" in body["instructions"]) == (samples > 1)


@pytest.mark.usefixtures("harbour")
async def test_of_a_style_only_its_palette(explorer: Client[Any], sandbox: Sandbox) -> None:
    result = await apply(explorer, "harbour", "my dog", strength=80, aspects=["palette"])
    await draw(explorer, conversation_id=result["conversation_id"])

    (told,) = json.loads(asking(sandbox)["input"][-1]["content"])["styles"]
    assert {*told} == {"id", "degree", "palette", "colours"}
    said = drawing(sandbox)["instructions"]
    purpose = "Picture 1 is there for its palette alone: "
    assert f"{purpose}take nothing of its subject, its text or its layout." in said
