"""The toolset `explore`: see directions before choosing one."""

from typing import Annotated

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult
from pydantic import Field

from generation.image_request import ImageRequest
from settings import Quality
from tools import parameters
from tools.progress import draw
from tools.registration import build_tool


def explore_tools() -> list[Tool]:
    """The tools of the toolset `explore`."""
    return [
        build_tool(
            openai_generate_variations, "Draw variations", result="pictures", audience="viewer"
        )
    ]


async def openai_generate_variations(
    ctx: Context,
    prompt: parameters.PromptToVary = "",
    *,
    conversation_id: parameters.ConversationId = None,
    from_image: parameters.FromImage = None,
    variations: Annotated[int, Field(ge=2, le=4)] = 4,
    variation_strategy: parameters.VariationStrategy = "mixed",
    size: parameters.Size = None,
    quality: Quality | None = None,
    redraw: parameters.Redraw = False,
) -> ToolResult:
    """Draw up to four variations of a picture that each differ in one thing on purpose.

    Returns a labelled contact sheet, and each picture's path and image_id, from which
    it can be refined. Fits where a person would like to choose a direction.
    """
    request = ImageRequest(
        prompt=prompt,
        conversation_id=conversation_id,
        dialogue_mode="skip",
        from_image=from_image,
        size=size,
        quality=quality,
        variations=variations,
        strategy=variation_strategy,
        redraw=redraw,
    )
    return await draw(ctx, request)
