"""The toolset `explore`: see directions before choosing one, and keep a look."""

from typing import Annotated

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult
from pydantic import Field

import workflow
from generation.image_request import ImageRequest
from settings import Quality
from styles.strength import ASPECTS, DEFAULT_STRENGTH, STRENGTHS
from tools import parameters
from tools.progress import draw
from tools.registration import app_of, build_tool
from tools.tool_result import build_result


def explore_tools() -> list[Tool]:
    """The tools of the toolset `explore`."""
    return [
        build_tool(
            openai_generate_variations, "Draw variations", result="pictures", audience="viewer"
        ),
        build_tool(openai_extract_style, "Make a style of pictures", result="style"),
        build_tool(openai_apply_style, "Apply a style", result="application"),
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


async def openai_extract_style(
    ctx: Context,
    images: Annotated[
        list[parameters.Words],
        Field(
            min_length=1,
            max_length=8,
            description="Pictures of one look: paths, image ids, uploads.",
        ),
    ],
    *,
    aspects: parameters.Aspects = None,
    name: Annotated[
        str,
        Field(
            max_length=40,
            description="Keep it under this name: small letters, digits and _. Without one "
            "nothing is kept, and keeping it later asks the model again.",
        ),
    ] = "",
) -> ToolResult:
    """Say what pictures look like, aspect by aspect, and keep it as a style.

    Returns each aspect in words with what was measured of it, the palette, and what was
    not taken: what the pictures show, names of artists or brands. Where pictures disagree
    it asks first, free. Fits when a person likes a look. Costs about a cent.
    """
    from styles.extraction_result import as_text

    app = app_of(ctx)
    result = await app.style_extractor.extract(images, aspects or ASPECTS, name)
    result.notes += app.news()
    return build_result(result, as_text(result))


async def openai_apply_style(
    ctx: Context,
    style: parameters.Styles,
    to: Annotated[
        parameters.Words,
        Field(description="A conversation_id, or what the picture shows, in the person's words."),
    ],
    *,
    strength: Annotated[parameters.Strength, Field(description=STRENGTHS)] = DEFAULT_STRENGTH,
    aspects: parameters.Aspects = None,
) -> ToolResult:
    """Write the prompt of a conversation, or of words, in a style; draws nothing.

    Returns the refined prompt with what came from which style and what gave way to the
    person's own words, which win. Asks first where two styles cannot both be. Costs about
    a cent; openai_conversational_image with the conversation_id draws it.
    """
    from consultation.style_dialogue import application_text

    app = app_of(ctx)
    workflow.require_words(to, "to")
    result = await app.style_dialogue.apply(
        style, to.strip(), strength=strength, aspects=aspects or ASPECTS
    )
    result.notes += app.news()
    return build_result(result, application_text(result, app.prompt_store.wording(result.language)))
