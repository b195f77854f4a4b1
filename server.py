"""The composition root: settings in, the server with its tools out.

The tools stand here exactly as a client sees them. What they stand on (`app.py`) is
made on the first call.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult
from mcp.types import Icon, InputRequiredResult
from pydantic import Field

from app import App
from settings import Quality, Settings, own_version
from tools.companions import add_companions, drawn
from tools.library_prompts import add_templates
from tools.output_schemas import CONSULTATION, GENERATION
from tools.parameters import (
    Background,
    ConversationId,
    Format,
    FromImage,
    GivenAnswer,
    Mode,
    Size,
    Strategy,
    Words,
    require_words,
)
from tools.resources import Server, add_resources
from tools.tool_result import PlainArguments, as_reply, in_words, offer

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation

INSTRUCTIONS = """\
Two tools make a picture together. openai_image_consultation turns an idea into a refined
prompt by asking the person what is still open; openai_conversational_image draws it and
changes it turn by turn. One conversation_id runs through both.

The questions are meant for the person: their answers go back in their own words. Before a
picture is paid for, people like to see the refined prompt with its assumptions and price.
Afterwards they want to know where the file lies and what it cost.
"""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 2h14v10H8l-4 3v-3H1z' fill='%231d3557'/%3E"
    "%3Cpath d='M3 10l4-6 3 4 1-1 2 3z' fill='%23a8d5e2'/%3E%3C/svg%3E"
).replace(" ", "%20")
"""A picture in a speech bubble. Short, since the newer protocol puts it into every reply."""


def create_server(settings: Settings) -> FastMCP:
    """Build the server. Everything it stands on is made on first use, not here."""
    app = App(settings)

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await app.close()

    server = Server(
        "image-consultant",
        instructions=INSTRUCTIONS,
        version=own_version(),
        icons=[Icon(src=ICON, mime_type="image/svg+xml")],
        lifespan=lifespan,
        middleware=[PlainArguments()],
        mask_error_details=True,
    )
    server.app = app
    server.library = add_templates(server, app)
    _add_consultation(server, app)
    _add_image(server, app)
    add_companions(server, app)
    add_resources(server, app)
    return server


def _add_consultation(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_image_consultation(
        ctx: Context,
        message: Annotated[
            Words,
            Field(
                description="The person's idea, answer or change of mind in their own words and "
                "language. Answers to open questions may all come here as plain words."
            ),
        ],
        *,
        conversation_id: ConversationId = None,
        mode: Annotated[
            Mode | None,
            Field(
                description="quick: 1-2 questions in all; guided (default): 3-5; explorer: 6-10; "
                "skip: no dialogue, the words are the prompt."
            ),
        ] = None,
        answers: Annotated[
            list[GivenAnswer] | None,
            Field(description="Answers by question id, where known apart."),
        ] = None,
        reference_images: Annotated[
            list[str] | None,
            Field(description="Paths or image ids of pictures that the person refers to."),
        ] = None,
        template: Annotated[
            str | None,
            Field(description="Library template to fill; answers may name its parameters."),
        ] = None,
        finish: Annotated[
            bool, Field(description="Ask nothing more; decide the rest as marked assumptions.")
        ] = False,
    ) -> ToolResult | InputRequiredResult:
        """Turn an idea for a picture into a refined prompt through a short dialogue.

        Asks only what is still open and decides the picture, and returns questions with
        options, or, once nothing is open, the refined prompt with the source of each
        phrase, what was assumed, suggested settings and the price. Draws nothing. Fits
        when a person describes a picture they would like, answers its questions, or
        changes their mind. Costs a fraction of a cent per turn.
        """
        require_words(message, "message")
        if (form := await _from_form(ctx, app)) is not None:
            return form
        result = await app.consultant.consult(
            message,
            conversation_id=conversation_id,
            mode=mode,
            answers=[answer.model_dump() for answer in answers or []],
            reference_images=reference_images or [],
            template=template,
            finish=finish,
        )
        return await _with_form(ctx, app, result)

    offer(server, openai_image_consultation, "Consult on an image", CONSULTATION)


async def _from_form(ctx: Context, app: App) -> ToolResult | InputRequiredResult | None:
    """Go on with a form that came back with this call, if one did."""
    if ctx.input_responses is None:
        return None
    import tools.forms as elicitation

    filled = elicitation.returned(ctx)
    if filled is None:
        return None
    conversation_id, answers = filled
    if answers is None:
        return _asked(app, await app.consultant.recall(conversation_id))
    return await _with_form(ctx, app, await _take(app, conversation_id, answers))


async def _with_form(
    ctx: Context, app: App, result: "Consultation"
) -> ToolResult | InputRequiredResult:
    """The result of a turn, its questions as a form where that is possible and allowed."""
    if app.settings.elicitation == "off":
        return _asked(app, result)
    import tools.forms as elicitation

    while result.status == "asking" and elicitation.offers_forms(ctx):
        if elicitation.is_modern(ctx):
            return elicitation.form_result(result)
        answers = await elicitation.ask(ctx, result, app.settings.wait_seconds)
        if answers is None:
            break
        result = await _take(app, result.conversation_id, answers)
    return _asked(app, result)


async def _take(app: App, conversation_id: str, answers: list[dict[str, str]]) -> "Consultation":
    words = "; ".join(answer["answer"] for answer in answers)
    return await app.consultant.consult(words, conversation_id=conversation_id, answers=answers)


def _asked(app: App, result: "Consultation") -> ToolResult:
    from consultation.consultation_result import as_text

    result.notes += app.news()
    return as_reply(result, as_text(result))


def _add_image(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_conversational_image(
        ctx: Context,
        prompt: Annotated[
            Words,
            Field(
                description="What to draw, or what to change in the last picture. Empty with a "
                "conversation_id: draw its refined prompt, or collect."
            ),
        ] = "",
        *,
        conversation_id: ConversationId = None,
        dialogue_mode: Annotated[
            Mode | None,
            Field(
                description="Depth of the dialogue before drawing. Unset, a prompt without "
                "conversation is drawn at once if complete, else questions come back. skip: draw."
            ),
        ] = None,
        from_image: FromImage = None,
        input_images: Annotated[
            list[str] | None,
            Field(description="Pictures to start from: paths, image ids, OpenAI file ids."),
        ] = None,
        mask: Annotated[
            str | None,
            Field(description="PNG of the first picture's size; it changes where transparent."),
        ] = None,
        size: Size = None,
        quality: Quality | None = None,
        background: Background | None = None,
        output_format: Format | None = None,
        compression: Annotated[
            int | None, Field(ge=0, le=100, description="For jpeg and webp.")
        ] = None,
        variations: Annotated[int, Field(ge=1, le=4)] = 1,
        variation_strategy: Annotated[
            Strategy, Field(description="The one thing that variations differ in.")
        ] = "mixed",
        image_model: str | None = None,
        assistant_model: str | None = None,
        verify: Annotated[
            bool, Field(description="Have a second model look at the picture against the brief.")
        ] = False,
    ) -> ToolResult:
        """Draw a picture, or change the last one, and save it as a file.

        Draws the refined prompt of a consultation or a prompt of its own; a further prompt
        in the same conversation changes the newest picture and keeps the rest. Returns the
        path of the file, a small preview, size, format, cost and what to check; or, where
        it takes longer, status working: the same call with only the conversation_id
        collects it. Takes 10-120 seconds and a few cents per picture.
        """
        given = [*(input_images or []), *([mask] if mask else [])]
        if conversation_id is None and from_image:
            conversation_id = (await app.records.image(from_image)).conversation_id
        if conversation_id is None:
            require_words(prompt, "prompt")
        await app.artist.check(given)
        if conversation_id is None or dialogue_mode not in {None, "skip"}:
            mode = dialogue_mode or ("skip" if given else None)
            asked = await app.consultant.consult(prompt, conversation_id=conversation_id, mode=mode)
            if asked.status == "asking":
                return _asked(app, asked)
            conversation_id, prompt = asked.conversation_id, ""
        wish = {
            "conversation_id": conversation_id,
            "prompt": prompt.strip(),
            "from_image": from_image,
            "input_images": tuple(input_images or ()),
            "mask": mask,
            "variations": variations,
            "strategy": variation_strategy,
            "verify": verify,
        }
        options = {
            "size": size,
            "quality": quality,
            "background": background,
            "output_format": output_format,
            "compression": compression,
            "image_model": image_model,
            "assistant_model": assistant_model,
        }
        return await drawn(ctx, app, wish, options)

    offer(server, openai_conversational_image, "Draw or refine an image", GENERATION)
