"""Draw the pictures of docs/claude-desktop.md anew, from a job on the sandbox.

Run: `python -m uv run --with resvg_py python -m bundle.pictures`. resvg turns the dialogue's
text into a picture, in the font DejaVu Sans Mono of this system. It is no dependency, since
nothing else needs it.
"""

import asyncio
import base64
import importlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

from fastmcp import Client
from mcp.types import ImageContent, TextContent
from PIL import Image
from rich.console import Console
from rich.text import Text

from server import create_server
from settings import load_settings

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
MESSAGES = (
    "I would like a paper boat on a stormy sea",
    "2, for a birthday card, no people please",
    "2, and you decide the rest",
)
CHANGE = "Make it evening, with warm light from one side."
COLUMNS = 88
WIDTH, HEIGHT, COLOURS = 960, 1600, 128
"""Of a picture at most: letters are legible at the width of a page, and flat areas need no more."""


async def play() -> None:
    """Play a dialogue and two drawings, and save what a person sees of them."""
    async with Client(create_server(load_settings(sandbox=True))) as client:
        turns: list[tuple[str, str]] = []
        conversation: dict[str, str] = {}
        for message in MESSAGES:
            result = await client.call_tool(
                "openai_image_consultation", {"message": message, **conversation}
            )
            fields: dict[str, Any] = result.structured_content or {}
            conversation = {"conversation_id": fields["conversation_id"]}
            texts = [block.text for block in result.content if isinstance(block, TextContent)]
            turns.append((message, texts[0]))
        keep(typeset(turns[:-1]), FOLDER / "dialogue.png")
        keep(typeset(turns[-1:]), FOLDER / "prompt.png")
        keep(await _preview(client, conversation, ""), FOLDER / "preview.png")
        keep(await _preview(client, conversation, CHANGE), FOLDER / "changed.png")


async def _preview(client: Client[Any], conversation: dict[str, str], prompt: str) -> bytes:
    arguments = {**conversation, "prompt": prompt}
    result = await client.call_tool("openai_conversational_image", arguments)
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
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMAGE_CONSULTANT_DATA_DIR"] = str(Path(folder, "data"))
        os.environ["IMAGE_CONSULTANT_IMAGES_DIR"] = str(Path(folder, "images"))
        asyncio.run(play())


if __name__ == "__main__":
    main()
