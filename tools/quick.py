"""The toolset `quick`: draw a prompt as it is."""

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult

import workflow
from generation.image_request import (
    Background,
    ImageRequest,
    OrderError,
    OutputFormat,
    numbered,
)
from settings import Quality
from tools import parameters
from tools.progress import draw
from tools.registration import build_tool


def quick_tools() -> list[Tool]:
    """The tools of the toolset `quick`."""
    return [
        build_tool(
            openai_generate_image, "Draw a prompt as it is", result="pictures", audience="viewer"
        )
    ]


async def openai_generate_image(
    ctx: Context,
    prompt: parameters.PlainPrompt = "",
    *,
    prompts: parameters.PlainPrompts = None,
    n: parameters.Samples = 1,
    size: parameters.Size = None,
    quality: Quality | None = None,
    background: Background | None = None,
    output_format: OutputFormat | None = None,
    redraw: parameters.Redraw = False,
) -> ToolResult:
    """Draw a prompt as it is, without a dialogue, and save the picture as a file.

    Fits where a finished prompt is at hand, or several. Returns the path of each file, a
    small preview (of several: a numbered sheet), size, format and cost.
    """
    if prompts and prompt.strip():
        raise OrderError("There is a prompt, and there are prompts.", "Pass one of the two.")
    for text in prompts or ():
        workflow.require_words(text, "One of the prompts")
    words = numbered(prompts) if prompts else prompt
    if len(words) > parameters.LONGEST_WORDS:
        raise OrderError(
            f"The prompts have {len(words):,} characters; one call takes "
            f"{parameters.LONGEST_WORDS:,}.",
            "Make two calls of them.",
        )
    request = ImageRequest(
        prompt=words,
        prompts=tuple(prompts or ()),
        samples=n,
        dialogue_mode="skip",
        size=size,
        quality=quality,
        background=background,
        output_format=output_format,
        redraw=redraw,
    )
    return await draw(ctx, request)
