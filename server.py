"""The composition root: settings in, the server with its tools out.

The tools stand here exactly as a client sees them. What they stand on is made on the
first call: a server that only lists its tools imports neither the OpenAI SDK nor
SQLAlchemy, Pillow or Jinja.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastmcp import Context, FastMCP
from fastmcp.exceptions import ResourceError
from fastmcp.tools import ToolResult
from mcp.types import InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, Field

from problems import Problem
from replies import PlainArguments, as_reply, in_words
from schemas import CONSULTATION, GENERATION
from settings import Settings, own_version

if TYPE_CHECKING:
    from consultation.flow import Consultant
    from consultation.result import Consultation
    from gateway import Gateway
    from generation.flow import Artist
    from prompts.library import Library
    from sandbox import Sandbox
    from storage.database import Database
    from storage.inputs import Inputs
    from storage.records import Records

INSTRUCTIONS = """\
Two tools make a picture together. openai_image_consultation turns an idea into a refined
prompt by asking the person what is still open; openai_conversational_image draws it and
changes it turn by turn. One conversation_id runs through both.

The questions are meant for the person: their answers go back in their own words. Before a
picture is paid for, people like to see the refined prompt with its assumptions and price.
Afterwards they want to know where the file lies and what it cost.
"""

LONGEST = 32_000

Mode = Literal["quick", "guided", "explorer", "skip"]
Words = Annotated[str, Field(max_length=LONGEST)]
ConversationId = Annotated[
    str | None, Field(description="Continue this conversation. Without it a new one begins.")
]


class GivenAnswer(BaseModel):
    """One answer by the id of its question."""

    question_id: str
    answer: str


class _Parts:
    """What the tools stand on, each made when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> "Database":
        from storage.database import Database

        return Database(self.settings.data_dir)

    @cached_property
    def records(self) -> "Records":
        from storage.records import Records

        return Records(self.database)

    @cached_property
    def gateway(self) -> "Gateway":
        from gateway import Gateway

        return Gateway(self.settings, lambda: self.sandbox.base_url)

    @cached_property
    def sandbox(self) -> "Sandbox":
        from sandbox import Sandbox

        started = Sandbox()
        started.start()
        return started

    @cached_property
    def inputs(self) -> "Inputs":
        from storage.inputs import Inputs

        folders = [self.settings.images_dir, *self.settings.input_dirs]
        return Inputs(folders, self.settings.data_dir / "references")

    @cached_property
    def library(self) -> "Library":
        from prompts.library import Library

        return Library(self.settings.templates_dir)

    @cached_property
    def consultant(self) -> "Consultant":
        from consultation.facilitator import Facilitator
        from consultation.flow import Consultant

        facilitator = Facilitator(
            self.settings, self.gateway, self.records, self.library, self.inputs
        )
        return Consultant(self.settings, self.records, self.inputs, facilitator)

    @cached_property
    def artist(self) -> "Artist":
        from generation.flow import Artist
        from storage.pictures import Pictures

        reserve = self.settings.data_dir / "pictures"
        pictures = Pictures(self.settings.images_dir, reserve)
        return Artist(self.settings, self.gateway, self.records, pictures, self.library)

    async def close(self) -> None:
        """Finish what is paid for, then close what was opened."""
        made = self.__dict__
        if "artist" in made:
            await self.artist.finish()
        if "gateway" in made:
            await self.gateway.close()
        if "database" in made:
            await self.database.close()
        if "sandbox" in made:
            self.sandbox.stop()


def create_server(settings: Settings) -> FastMCP:
    """Build the server. Everything it stands on is made on first use, not here."""
    parts = _Parts(settings)

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
    _add_resources(server, parts)
    return server


def _add_consultation(server: FastMCP, parts: _Parts) -> None:
    @server.tool(
        title="Consult on an image",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, open_world_hint=True
        ),
        output_schema=CONSULTATION,
    )
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


async def _from_form(ctx: Context, parts: _Parts) -> ToolResult | InputRequiredResult | None:
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
    ctx: Context, parts: _Parts, result: "Consultation"
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
    parts: _Parts, conversation_id: str, answers: list[dict[str, str]]
) -> "Consultation":
    words = "; ".join(answer["answer"] for answer in answers)
    return await parts.consultant.consult(words, conversation_id=conversation_id, answers=answers)


def _asked(result: "Consultation") -> ToolResult:
    from consultation.result import as_text

    return as_reply(result, as_text(result))


def _add_image(server: FastMCP, parts: _Parts) -> None:
    @server.tool(
        title="Draw or refine an image",
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=False, open_world_hint=True
        ),
        output_schema=GENERATION,
    )
    @in_words
    async def openai_conversational_image(
        ctx: Context,
        prompt: Annotated[
            Words,
            Field(
                description="What to draw, or what to change in the last picture. Empty with a "
                "conversation_id: draw its refined prompt."
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
        from_image: Annotated[
            str | None,
            Field(description="image_id to start from instead of the last: undo, redo, branch."),
        ] = None,
        size: Annotated[
            str | None, Field(description="WIDTHxHEIGHT in multiples of 16, such as 1536x1024.")
        ] = None,
        quality: Literal["low", "medium", "high", "xhigh", "max"] | None = None,
        background: Literal["auto", "opaque", "transparent"] | None = None,
        output_format: Literal["png", "jpeg", "webp", "gif", "svg"] | None = None,
        compression: Annotated[
            int | None, Field(ge=0, le=100, description="For jpeg and webp.")
        ] = None,
        image_model: str | None = None,
        assistant_model: str | None = None,
    ) -> ToolResult:
        """Draw a picture, or change the last one, and save it as a file.

        Draws the refined prompt of a consultation or a prompt of its own; a further prompt
        in the same conversation changes the newest picture and keeps the rest. Returns the
        path of the file, a small preview, size, format, cost and what to check. Takes
        10-120 seconds and a few cents per picture.
        """
        from generation.result import as_text

        if conversation_id is None and from_image:
            conversation_id = (await parts.records.image(from_image)).conversation_id
        if conversation_id is None:
            _require_words(prompt, "prompt")
        if conversation_id is None or dialogue_mode not in {None, "skip"}:
            asked = await parts.consultant.consult(
                prompt, conversation_id=conversation_id, mode=dialogue_mode
            )
            if asked.status == "asking":
                return _asked(asked)
            conversation_id, prompt = asked.conversation_id, ""
        result, preview = await parts.artist.draw(
            prompt.strip(),
            conversation_id=conversation_id,
            from_image=from_image,
            wished={
                "size": size,
                "quality": quality,
                "background": background,
                "output_format": output_format,
                "compression": compression,
                "image_model": image_model,
                "assistant_model": assistant_model,
            },
            progress=_reporter(ctx),
        )
        return as_reply(result, as_text(result), preview)


def _add_resources(server: FastMCP, parts: _Parts) -> None:
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


STAGES = {
    "submitted": (10, "OpenAI has the request"),
    "planning": (20, "planning the picture"),
    "drawing": (40, "drawing"),
    "partial": (60, "a first version is there"),
    "drawn": (85, "drawn"),
    "saved": (100, "saved"),
}


def _reporter(ctx: Context) -> Any:  # generation.flow.Progress, imported late
    async def report(stage: str) -> None:
        done, words = STAGES[stage]
        await ctx.report_progress(done, 100, words)

    return report


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
