"""The command `generate`: draw from a terminal, with the same tool as every client."""

from pathlib import Path
from typing import Annotated, Any

import anyio
from cyclopts import Parameter
from fastmcp import Client
from fastmcp.exceptions import ToolError

from cli import terminal as show
from errors import Problem
from settings import Quality, load_settings
from workflow import Background, OutputFormat

TOOL = "openai_conversational_image"


def generate(
    prompt: str = "",
    *,
    conversation: str | None = None,
    from_image: str | None = None,
    inputs: Annotated[list[Path] | None, Parameter(name="--input")] = None,
    mask: Path | None = None,
    size: str | None = None,
    quality: Quality | None = None,
    background: Background | None = None,
    output_format: Annotated[OutputFormat | None, Parameter(name="--format")] = None,
    variations: int = 1,
    verify: bool = False,
    sandbox: bool = False,
) -> None:
    """Draw a prompt as it is, or change a picture, and wait until it is there.

    Args:
        prompt: What to draw, or what to change in the last picture of the conversation.
        conversation: Draw or go on within this conversation.
        from_image: Start from this picture.
        inputs: Pictures to start from.
        mask: A PNG of the first picture's size that is transparent where it may change.
        size: WIDTHxHEIGHT in multiples of 16.
        quality: The higher, the dearer.
        background: Whether it is transparent.
        output_format: The format of the file.
        variations: How many, 1 to 4.
        verify: Have a second model look at it.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    wishes = {
        "conversation_id": conversation,
        "from_image": from_image,
        "input_images": [str(path.absolute()) for path in inputs or []] or None,
        "mask": mask and str(mask.absolute()),
        "size": size,
        "quality": quality,
        "background": background,
        "output_format": output_format,
    }
    stated = {name: value for name, value in wishes.items() if value is not None}
    settings = {"dialogue_mode": "skip", "variations": variations, "verify": verify}
    anyio.run(_draw, {"prompt": prompt, **settings, **stated}, sandbox)


async def _draw(arguments: dict[str, Any], sandbox: bool) -> None:
    from server import create_server

    settings = load_settings(sandbox=True) if sandbox else load_settings()
    async with Client(create_server(settings), progress_handler=show.progress) as client:
        try:
            result = await _call(client, arguments)
            while result["status"] == "working":
                show.line(f"Still being drawn after {result['elapsed_seconds']:.0f} s.")
                result = await _call(client, {"conversation_id": result["conversation_id"]})
        except ToolError as error:
            raise Problem(str(error)) from error
    show.picture(result)
    for note in result["notes"]:
        show.line(note)
    show.line(f"Go on with: image-consultant generate --conversation {result['conversation_id']}")


async def _call(client: Client[Any], arguments: dict[str, Any]) -> show.Result:
    called = await client.call_tool(TOOL, arguments)
    return dict(called.structured_content or {})
