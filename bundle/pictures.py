"""Draw the pictures of docs/claude-desktop.md anew, from a job on the sandbox.

`python -m uv run python -m bundle.pictures` needs Chromium, which turns the dialogue into one.
"""

import asyncio
import base64
import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastmcp import Client
from mcp.types import ImageContent
from PIL import Image
from rich.console import Console

from cli import terminal as show
from server import create_server
from settings import load_settings

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
IDEA = "a paper boat on a stormy sea"
ANSWER = "For my website, in watercolour, and cool colours."
CHANGE = "Make it evening, with warm light from one side."
WIDTH, HEIGHT, COLOURS = 960, 900, 128


async def play() -> None:
    """Play a dialogue and two drawings, and save the previews as a client shows them."""
    async with Client(create_server(load_settings(sandbox=True))) as client:
        asked = await _consult(client, message=IDEA)
        conversation = asked["conversation_id"]
        show.heading(f"You: I would like {IDEA}.")
        for question in asked["questions"]:
            show.question(question)
        show.heading(f"You: {ANSWER}")
        show.prompt(
            await _consult(client, message=ANSWER, conversation_id=conversation, finish=True)
        )
        keep(await _preview(client, conversation, ""), FOLDER / "preview.png")
        keep(await _preview(client, conversation, CHANGE), FOLDER / "changed.png")


async def _consult(client: Client[Any], **arguments: Any) -> show.Result:
    result = await client.call_tool("openai_image_consultation", arguments)
    return dict(result.structured_content or {})


async def _preview(client: Client[Any], conversation: str, prompt: str) -> bytes:
    arguments = {"conversation_id": conversation, "prompt": prompt}
    result = await client.call_tool("openai_conversational_image", arguments)
    preview = next(block for block in result.content if isinstance(block, ImageContent))
    return base64.b64decode(preview.data)


def photograph(page: Path) -> bytes:
    """A picture of a page as a browser shows it."""
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if browser is None:
        sys.exit("Chromium is not found on PATH.")
    shot = page.with_suffix(".png")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    window = [f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}", page.as_uri()]
    subprocess.run([browser, *options, *window], check=True, capture_output=True, timeout=60)  # noqa: S603  # our own
    return shot.read_bytes()


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
        show.console = Console(record=True, width=88, highlight=False, file=io.StringIO())
        asyncio.run(play())
        page = Path(folder, "dialogue.svg")
        svg = show.console.export_svg(title="Sandbox")
        page.write_text(svg, encoding="utf-8")
        keep(photograph(page), FOLDER / "dialogue.png")


if __name__ == "__main__":
    main()
