"""The command `generate`: draw from a terminal, with the same tool as every client."""

from pathlib import Path
from typing import Annotated, Any

import anyio
from cyclopts import Parameter

from cli import terminal as show
from cli.session import local_server, session
from generation.image_request import Background, OutputFormat
from settings import Quality


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
    redraw: bool = False,
    sandbox: bool = False,
) -> None:
    """Draw a prompt as it is, or change a picture, and wait until it is there.

    Args:
        prompt: What to draw, or what to change in the last picture of the conversation.
        conversation: Draw or go on within this conversation.
        from_image: Start from this picture.
        inputs: Pictures to start from.
        mask: A PNG of the first picture's size that is transparent where it may change.
        size: square, wide, tall, or WIDTHxHEIGHT in multiples of 16.
        quality: The higher, the dearer.
        background: Whether it is transparent.
        output_format: The format of the file.
        variations: How many, 1 to 4.
        verify: Have a second model look at it.
        redraw: Draw anew what the same command has brought already.
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
    stated: dict[str, Any] = {name: value for name, value in wishes.items() if value is not None}
    stated |= {"variations": variations, "verify": verify, "redraw": redraw}
    anyio.run(_run, {"prompt": prompt, "dialogue_mode": "skip", **stated}, sandbox)


async def _run(arguments: dict[str, Any], sandbox: bool) -> None:
    async with session(local_server(sandbox=sandbox)) as tools:
        result = await tools.draw(**arguments)
    show.picture(result)
    for note in result["notes"]:
        show.line(note)
    show.line(f"Go on with: image-consultant generate --conversation {result['conversation_id']}")
