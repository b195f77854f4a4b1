"""The toolset `quick`: draw a prompt as it is."""

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult

import workflow
from generation.image_request import Background, ImageRequest, OutputFormat
from settings import Quality
from tools import parameters
from tools.progress import progress_of
from tools.registration import app_of, build_tool
from tools.tool_result import outcome_result


def quick_tools() -> list[Tool]:
    """The tools of the toolset `quick`."""
    return [build_tool(openai_generate_image, "Draw a prompt as it is", result="pictures")]


async def openai_generate_image(
    ctx: Context,
    prompt: parameters.PlainPrompt,
    *,
    size: parameters.Size = None,
    quality: Quality | None = None,
    background: Background | None = None,
    output_format: OutputFormat | None = None,
    redraw: parameters.Redraw = False,
) -> ToolResult:
    """Draw one prompt as it is, without a dialogue, and save the picture as a file.

    Fits where a finished prompt is at hand. Returns the path of the file, a small
    preview, size, format and cost.
    """
    request = ImageRequest(
        prompt=prompt,
        dialogue_mode="skip",
        size=size,
        quality=quality,
        background=background,
        output_format=output_format,
        redraw=redraw,
    )
    app = app_of(ctx)
    return outcome_result(app, await workflow.draw(app, request, progress_of(ctx)))
