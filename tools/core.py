"""The toolset `core`, which is always offered: ask, draw, find earlier conversations."""

from typing import Annotated

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult
from mcp.types import InputRequiredResult
from pydantic import Field

import workflow
from generation.image_request import Background, ImageRequest, OutputFormat
from settings import Quality
from styles.strength import DEFAULT_STRENGTH
from tools import forms, parameters
from tools.progress import draw
from tools.registration import app_of, build_tool
from tools.tool_result import build_result, consultation_result


def core_tools() -> list[Tool]:
    """The tools of the toolset `core`."""
    return [
        build_tool(openai_image_consultation, "Consult on an image", result="consultation",
                   audience="viewer"),
        build_tool(openai_conversational_image, "Draw or refine an image", result="outcome",
                   audience="viewer"),
        build_tool(
            openai_list_conversations, "List conversations", result="catalogue", reads=True,
            leaves=False, audience="viewer",
        ),
    ]  # fmt: skip


async def openai_image_consultation(
    ctx: Context,
    message: parameters.Message,
    *,
    conversation_id: parameters.ConversationId = None,
    mode: parameters.Depth = None,
    answers: parameters.Answers = None,
    reference_images: parameters.ReferenceImages = None,
    template: parameters.TemplateName = None,
    finish: parameters.Finish = False,
) -> ToolResult | InputRequiredResult:
    """Turn an idea for a picture into a refined prompt through a short dialogue.

    Asks only what is still open and decides the picture, and returns a reply and
    questions with options, or, once nothing is open, the refined prompt with the words
    each stretch rests on, what was assumed or not used, settings and the price. Draws
    nothing. Fits when a person describes a picture they would like, answers its
    questions, asks back, or changes their mind. Costs about a cent per turn.
    """
    app = app_of(ctx)
    reply = await forms.read_reply(ctx, app)
    if reply is not None:
        consultation = await forms.answer(app, reply)
    else:
        consultation = await workflow.consult(
            app,
            message,
            conversation_id=conversation_id,
            mode=mode,
            answers=[answer.model_dump() for answer in answers or []],
            reference_images=reference_images or [],
            template=template,
            finish=finish,
        )
    result = await forms.ask(ctx, app, consultation, reply)
    return result if isinstance(result, InputRequiredResult) else consultation_result(app, result)


async def openai_conversational_image(
    ctx: Context,
    prompt: parameters.Prompt = "",
    *,
    conversation_id: parameters.ConversationId = None,
    dialogue_mode: parameters.DialogueMode = None,
    from_image: parameters.FromImage = None,
    input_images: parameters.InputImages = None,
    mask: parameters.Mask = None,
    size: parameters.Size = None,
    quality: Quality | None = None,
    background: Background | None = None,
    output_format: OutputFormat | None = None,
    compression: parameters.Compression = None,
    variations: Annotated[int, Field(ge=1, le=4)] = 1,
    variation_strategy: parameters.VariationStrategy = "mixed",
    image_model: parameters.Name | None = None,
    assistant_model: parameters.Name | None = None,
    style: parameters.Style = "",
    style_strength: parameters.Strength = DEFAULT_STRENGTH,
    verify: parameters.Verify = False,
    redraw: parameters.Redraw = False,
) -> ToolResult:
    """Draw a picture, or change the last one, and save it as a file.

    Draws the refined prompt of a consultation or a prompt of its own; a further prompt in
    the conversation answers its questions, or changes the current picture and keeps the
    rest. The same call again shows what it brought, free. Returns path, preview, size, cost
    and what to check; or status working: only the conversation_id collects it then.
    Takes 10-120 seconds and a few cents per picture.
    """
    request = ImageRequest(
        prompt=prompt, conversation_id=conversation_id, dialogue_mode=dialogue_mode,
        from_image=from_image, input_images=tuple(input_images or ()), mask=mask,
        size=size, quality=quality, background=background,
        output_format=output_format, compression=compression,
        image_model=image_model, assistant_model=assistant_model,
        variations=variations, strategy=variation_strategy,
        style=style.strip(), style_strength=style_strength,
        verify=verify, redraw=redraw,
    )  # fmt: skip
    return await draw(ctx, request)


async def openai_list_conversations(
    ctx: Context,
    *,
    query: Annotated[
        str, Field(max_length=500, description="Words to look for in what was said and drawn.")
    ] = "",
    conversation_id: Annotated[
        parameters.Name | None, Field(description="This one in full instead of a list.")
    ] = None,
    since: Annotated[
        parameters.Name, Field(description="Changed on this day or later, YYYY-MM-DD.")
    ] = "",
    until: parameters.Name = "",
    image_type: parameters.Name = "",
    style: parameters.Name = "",
    rating: Annotated[int | None, Field(ge=1, le=5, description="At least.")] = None,
    bookmarked: bool | None = None,
    cursor: Annotated[
        parameters.Name | None, Field(description="From an earlier result: go on.")
    ] = None,
    limit: Annotated[int, Field(ge=1, le=50)] = 10,
) -> ToolResult:
    """List earlier conversations, newest first, or find them by their words.

    Fits when a person comes back to a picture or an idea. With conversation_id it
    returns that record in full: what was said, asked, written, drawn and paid.
    """
    from consultation.conversation_list import as_text, listing, record_page
    from storage.list_pages import Filter

    app = app_of(ctx)
    if conversation_id is not None:
        conversation = await app.records.load(conversation_id)
        catalogue = record_page(conversation, cursor)
    else:
        criteria = Filter(
            query=query,
            since=since,
            until=until,
            image_type=image_type,
            style=style,
            rating=rating,
            bookmarked=bookmarked,
        )
        page = await app.search.page(criteria, cursor=cursor, limit=limit)
        by_meaning = app.settings.has_toolset("keep")
        catalogue = listing(page, criteria, notice=app.database.notice, by_meaning=by_meaning)
    return build_result(catalogue, as_text(catalogue))
