"""A style goes along with a picture as its table says, and the record says which and how strong."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import draw
from tests.conftest import Connect
from tests.painted import encoded, paint

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
