"""The composition root: settings in, the server with its tools out.

The tools stand here exactly as a client sees them. What they stand on (`parts.py`) is
made on the first call.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ResourceError
from fastmcp.tools import Tool, ToolResult
from mcp.types import InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, Field

from parts import Parts
from problems import Problem
from replies import PlainArguments, as_reply, in_words, reporter
from schemas import CONSULTATION, DRAWN, GENERATION, Schema, shorten
from settings import Settings, own_version

if TYPE_CHECKING:
    from consultation.result import Consultation

INSTRUCTIONS = """\
Two tools make a picture together. openai_image_consultation turns an idea into a refined
prompt by asking the person what is still open; openai_conversational_image draws it and
changes it turn by turn. One conversation_id runs through both.

The questions are meant for the person: their answers go back in their own words. Before a
picture is paid for, people like to see the refined prompt with its assumptions and price.
Afterwards they want to know where the file lies and what it cost.
"""

LONGEST = 32_000

Strategy = Literal["color", "composition", "style", "mixed"]
Mode = Literal["quick", "guided", "explorer", "skip"]
Words = Annotated[str, Field(max_length=LONGEST)]
ConversationId = Annotated[
    str | None, Field(description="Continue this conversation. Without it a new one begins.")
]


class GivenAnswer(BaseModel):
    """One answer by the id of its question."""

    question_id: str
    answer: str


def create_server(settings: Settings) -> FastMCP:
    """Build the server. Everything it stands on is made on first use, not here."""
    parts = Parts(settings)

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await parts.close()

    server = FastMCP(
        "image-consultant",
        instructions=INSTRUCTIONS,
        version=own_version(),
        lifespan=lifespan,
        middleware=[PlainArguments()],
        mask_error_details=True,
    )
    _add_consultation(server, parts)
    _add_image(server, parts)
    offered = set(settings.toolsets)
    if offered & {"quick", "all"}:
        _add_quick(server, parts)
    if offered & {"explore", "all"}:
        _add_explore(server, parts)
    _add_resources(server, parts)
    return server


def _add_consultation(server: FastMCP, parts: Parts) -> None:
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
        template: Annotated[str | None, Field(description="Not available yet.")] = None,
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
        _refuse_unavailable(template=template)
        _require_words(message, "message")
        if (form := await _from_form(ctx, parts)) is not None:
            return form
        result = await parts.consultant.consult(
            message,
            conversation_id=conversation_id,
            mode=mode,
            answers=[answer.model_dump() for answer in answers or []],
            reference_images=reference_images or [],
            finish=finish,
        )
        return await _with_form(ctx, parts, result)

    _offer(server, openai_image_consultation, "Consult on an image", CONSULTATION)


def _offer(server: FastMCP, tool: Callable[..., Any], title: str, output: Schema) -> None:
    """Put a tool before clients, its schemas as short as they can be."""
    offered = Tool.from_function(
        tool,
        title=title,
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, open_world_hint=True
        ),
        output_schema=output,
    )
    offered.parameters = shorten(offered.parameters)
    server.add_tool(offered)


async def _from_form(ctx: Context, parts: Parts) -> ToolResult | InputRequiredResult | None:
    """Go on with a form that came back with this call, if one did."""
    if ctx.input_responses is None:
        return None
    import elicitation

    filled = elicitation.returned(ctx)
    if filled is None:
        return None
    conversation_id, answers = filled
    if answers is None:
        return _asked(await parts.consultant.recall(conversation_id))
    return await _with_form(ctx, parts, await _take(parts, conversation_id, answers))


async def _with_form(
    ctx: Context, parts: Parts, result: "Consultation"
) -> ToolResult | InputRequiredResult:
    """The result of a turn, its questions as a form where that is possible and allowed."""
    if parts.settings.elicitation == "off":
        return _asked(result)
    import elicitation

    while result.status == "asking" and elicitation.offers_forms(ctx):
        if elicitation.is_modern(ctx):
            return elicitation.form_result(result)
        answers = await elicitation.ask(ctx, result, parts.settings.wait_seconds)
        if answers is None:
            break
        result = await _take(parts, result.conversation_id, answers)
    return _asked(result)


async def _take(
    parts: Parts, conversation_id: str, answers: list[dict[str, str]]
) -> "Consultation":
    words = "; ".join(answer["answer"] for answer in answers)
    return await parts.consultant.consult(words, conversation_id=conversation_id, answers=answers)


def _asked(result: "Consultation") -> ToolResult:
    from consultation.result import as_text

    return as_reply(result, as_text(result))


Size = Annotated[
    str | None, Field(description="WIDTHxHEIGHT in multiples of 16, such as 1536x1024.")
]
Quality = Literal["low", "medium", "high", "xhigh", "max"]
Background = Literal["auto", "opaque", "transparent"]
Format = Literal["png", "jpeg", "webp", "gif", "svg"]
FromImage = Annotated[
    str | None,
    Field(description="image_id to start from instead of the last: undo, redo, branch."),
]


def _add_image(server: FastMCP, parts: Parts) -> None:
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
            conversation_id = (await parts.records.image(from_image)).conversation_id
        if conversation_id is None:
            _require_words(prompt, "prompt")
        await parts.artist.check(given)
        if conversation_id is None or dialogue_mode not in {None, "skip"}:
            mode = dialogue_mode or ("skip" if given else None)
            asked = await parts.consultant.consult(
                prompt, conversation_id=conversation_id, mode=mode
            )
            if asked.status == "asking":
                return _asked(asked)
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
        return await _drawn(ctx, parts, wish, options)

    _offer(server, openai_conversational_image, "Draw or refine an image", GENERATION)


def _add_quick(server: FastMCP, parts: Parts) -> None:
    @in_words
    async def openai_generate_image(
        ctx: Context,
        prompt: Annotated[Words, Field(description="What to draw, word for word.")],
        *,
        size: Size = None,
        quality: Quality | None = None,
        background: Background | None = None,
        output_format: Format | None = None,
    ) -> ToolResult:
        """Draw one prompt as it is, without a dialogue, and save the picture as a file.

        Fits where a finished prompt is at hand. Returns the path of the file, a small
        preview, size, format and cost.
        """
        _require_words(prompt, "prompt")
        asked = await parts.consultant.consult(prompt, mode="skip")
        options = {
            "size": size,
            "quality": quality,
            "background": background,
            "output_format": output_format,
        }
        return await _drawn(ctx, parts, {"conversation_id": asked.conversation_id}, options)

    _offer(server, openai_generate_image, "Draw a prompt as it is", DRAWN)


def _add_explore(server: FastMCP, parts: Parts) -> None:
    @in_words
    async def openai_generate_variations(
        ctx: Context,
        prompt: Annotated[
            Words,
            Field(
                description="What to draw, or to change first. Empty with a conversation_id: vary "
                "its refined prompt, or its newest picture."
            ),
        ] = "",
        *,
        conversation_id: ConversationId = None,
        from_image: FromImage = None,
        variations: Annotated[int, Field(ge=2, le=4)] = 4,
        variation_strategy: Annotated[
            Strategy, Field(description="The one thing that variations differ in.")
        ] = "mixed",
        size: Size = None,
        quality: Quality | None = None,
    ) -> ToolResult:
        """Draw up to four variations of a picture that each differ in one thing on purpose.

        Returns a labelled contact sheet, and each picture's path and image_id, from which
        it can be refined. Fits where a person would like to choose a direction.
        """
        if conversation_id is None and from_image:
            conversation_id = (await parts.records.image(from_image)).conversation_id
        if conversation_id is None:
            _require_words(prompt, "prompt")
            asked = await parts.consultant.consult(prompt, mode="skip")
            conversation_id, prompt = asked.conversation_id, ""
        wish = {
            "conversation_id": conversation_id,
            "prompt": prompt.strip(),
            "from_image": from_image,
            "variations": variations,
            "strategy": variation_strategy,
        }
        return await _drawn(ctx, parts, wish, {"size": size, "quality": quality})

    _offer(server, openai_generate_variations, "Draw variations", DRAWN)


async def _drawn(
    ctx: Context, parts: Parts, wish: dict[str, Any], options: dict[str, Any]
) -> ToolResult:
    """Draw what a tool was asked for, and reply with it."""
    from generation.result import as_text
    from generation.wish import Wish

    result, preview = await parts.artist.draw(Wish(**wish, options=options), reporter(ctx))
    return as_reply(result, as_text(result), preview)


def _add_resources(server: FastMCP, parts: Parts) -> None:
    @server.resource(
        "conversation://{conversation_id}",
        title="Record of a conversation",
        mime_type="text/markdown",
    )
    async def conversation(conversation_id: str) -> str:
        """What was said, asked, assumed, written and drawn, as Markdown."""
        from consultation.record import as_markdown

        try:
            return as_markdown(await parts.records.load(conversation_id))
        except Problem as problem:
            raise ResourceError(problem.text, log_level=logging.DEBUG) from problem


def _require_words(text: str, name: str) -> None:
    if not text.strip():
        raise Problem(f"{name} is empty. Put what the picture should show into it, in any words.")


def _refuse_unavailable(**given: object) -> None:
    for name, value in given.items():
        if value:
            raise Problem(
                f"{name} is not available yet. Leave it out and say in message what matters about "
                "it. Nothing was charged."
            )
