"""Draw the pictures of docs/claude-desktop.md anew, from a job on the sandbox.

Run: `python -m uv run --with resvg_py python -m tests.desktop_pictures`. resvg turns the dialogue's
text into a picture, in the font DejaVu Sans Mono of this system. It is no dependency, since
nothing else needs it.
"""

import asyncio
import base64
import importlib
import io
import tempfile
from pathlib import Path
from typing import Any

from fastmcp import Client
from mcp.types import ImageContent
from PIL import Image
from rich.console import Console
from rich.text import Text

from server import create_server
from settings import Settings
from tests.calls import CONSULT, DRAW, data_of, text_of
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "pictures"
MESSAGES = (
    "I would like a paper boat on a stormy sea",
    "2, for a birthday card, no people please",
    "2, and you decide the rest",
)
CHANGE = "Make it evening, with warm light from one side."
COLUMNS = 88
WIDTH, HEIGHT, COLOURS = 960, 1600, 128
"""Of a picture at most: letters are legible at the width of a page, and flat areas need no more."""


async def hold(client: Client[Any]) -> tuple[list[tuple[str, str]], str]:
    """Hold the dialogue: each message with the text of its result, and the conversation's id."""
    turns: list[tuple[str, str]] = []
    conversation = None
    for message in MESSAGES:
        said = {"message": message, "conversation_id": conversation}
        result = await client.call_tool(CONSULT, said)
        conversation = data_of(result)["conversation_id"]
        turns.append((message, text_of(result)))
    return turns, str(conversation)


async def play(settings: Settings) -> None:
    """Play the dialogue and two drawings, and save what a person sees of them."""
    async with Client(create_server(settings)) as client:
        turns, conversation = await hold(client)
        keep(typeset(turns[:-1]), FOLDER / "dialogue.png")
        keep(typeset(turns[-1:]), FOLDER / "prompt.png")
        keep(await _preview(client, conversation, ""), FOLDER / "preview.png")
        keep(await _preview(client, conversation, CHANGE), FOLDER / "changed.png")


async def _preview(client: Client[Any], conversation: str, prompt: str) -> bytes:
    result = await client.call_tool(DRAW, {"conversation_id": conversation, "prompt": prompt})
    preview = next(block for block in result.content if isinstance(block, ImageContent))
    return base64.b64decode(preview.data)


def typeset(turns: list[tuple[str, str]]) -> bytes:
    """A PNG of messages, each with the text of its result but the paragraph for the client."""
    console = Console(record=True, width=COLUMNS, highlight=False, file=io.StringIO())
    for message, text in turns:
        console.print(Text(f"\nYou: {message}\n", style="bold"))
        console.print(Text("\n\n".join(text.split("\n\n")[:-1])))
    resvg = importlib.import_module("resvg_py")
    png: bytes = resvg.svg_to_bytes(
        console.export_svg(title=" "),
        width=2 * WIDTH,
        monospace_family="DejaVu Sans Mono",
        sans_serif_family="DejaVu Sans",
    )
    return png


def keep(data: bytes, target: Path) -> None:
    """Save a picture as a small PNG."""
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((WIDTH, HEIGHT))
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def main() -> None:
    """Write the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(play(Settings(sandbox=True, data_dir=folder, images_dir=folder / "images")))


if __name__ == "__main__":
    main()
