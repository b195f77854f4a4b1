"""Turn results and problems into what MCP clients read.

Some clients show the model only the text of a result, others only its structured
content, so each says everything. Errors are text alone.
"""

import base64
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

import mcp.types as mt
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.exceptions import ValidationError as Refused
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import Tool, ToolResult
from mcp.types import ToolAnnotations
from pydantic import BaseModel, ValidationError

from errors import Problem
from tools.output_schemas import Schema, shorten

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

Arguments = MiddlewareContext[mt.CallToolRequestParams]

LARGEST = 900_000
"""Bytes of a whole result; clients refuse more. A preview that would pass it is left out."""

MUST_BE = {
    "missing": "is required",
    "missing_argument": "is required",
    "unexpected_keyword_argument": "is no parameter of this tool, which takes {parameters}",
    "literal_error": "must be {expected}",
    "string_type": "must be text",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be an object of question_id and answer",  # the only kind there is
}
"""What a parameter has to be, by the kind of pydantic's complaint."""

LONGEST_NAME = 60


def as_reply(result: BaseModel, text: str, preview: bytes | None = None) -> ToolResult:
    """A tool's result: all of it in words, all of it as data, and a JPEG to look at."""
    content: list[mt.ContentBlock] = [mt.TextContent(type="text", text=text)]
    said = 2 * len(text.encode()) + len(result.model_dump_json())  # quoted text grows
    if preview is not None and said + len(preview) * 4 // 3 < LARGEST:
        encoded = base64.b64encode(preview).decode()
        content.append(mt.ImageContent(type="image", data=encoded, mime_type="image/jpeg"))
    return ToolResult(content=content, structured_content=result.model_dump(mode="json"))


STAGES = {
    "": (2, "getting ready"),
    "sending": (5, "asking OpenAI"),
    "submitted": (10, "OpenAI has the request"),
    "planning": (20, "planning the picture"),
    "drawing": (40, "drawing"),
    "partial": (60, "a first version is there"),
    "drawn": (85, "drawn"),
    "saved": (100, "saved"),
}
"""Each step of a drawing: the percentage it stands for, and how it is told."""

STRIDE = 0.5
"""Percent that progress grows by where nothing new is known: clients wait while it grows."""


def reporter(ctx: Context) -> Any:  # generation.jobs.Progress, imported late
    """Tells a client how far its drawings are: the stage, and the seconds so far."""
    told = 0.0

    async def report(seen: Any) -> None:  # generation.jobs.Seen
        nonlocal told
        percent = sum(STAGES[step][0] for step in seen.steps) / len(seen.steps)
        told = 100.0 if seen.ended else min(max(percent, told + STRIDE), 99.0)
        slowest = min(seen.steps, key=lambda step: STAGES[step][0])
        await ctx.report_progress(told, 100, f"{STAGES[slowest][1]}, {seen.elapsed:.0f} s")

    return report


def offer(
    server: FastMCP,
    tool: Callable[..., Any],
    title: str,
    output: Schema,
    *,
    reads: bool = False,
    destroys: bool = False,
    leaves: bool = True,
) -> None:
    """Put a tool before clients, its schemas as short as they can be.

    `reads` says that it changes nothing, `destroys` that it may delete, `leaves` that it
    asks OpenAI.
    """
    offered = Tool.from_function(
        tool,
        title=title,
        annotations=ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=None if reads else destroys,
            open_world_hint=leaves,
        ),
        output_schema=output,
    )
    offered.parameters = shorten(offered.parameters)
    server.add_tool(offered)


def in_words(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Tell the client about expected failures; let a bug be a bug, whose text stays hidden."""

    @functools.wraps(tool)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except Problem as problem:
            kind = getattr(problem, "kind", type(problem).__name__)
            logger.warning("%s ended without a result: %s", tool.__name__, kind)
            raise ToolError(problem.text, log_level=logging.DEBUG) from problem

    return wrapper


class PlainArguments(Middleware):
    """Takes null for left out, and says of wrong arguments what they have to be."""

    async def on_call_tool(
        self, context: Arguments, call_next: CallNext[mt.CallToolRequestParams, Any]
    ) -> Any:  # whatever the tool returns
        """Run the tool; raise `ToolError` for arguments that its schema refuses."""
        asked = context.message
        given = {name: it for name, it in (asked.arguments or {}).items() if it is not None}
        try:
            return await call_next(
                context.copy(message=asked.model_copy(update={"arguments": given}))
            )
        except Refused as refused:
            if not isinstance(refused.__cause__, ValidationError):
                raise
            takes = await _parameters(context)
            raise ToolError(_arguments(refused.__cause__, takes)) from refused


async def _parameters(context: Arguments) -> str:
    server = context.fastmcp_context
    tool = await server.fastmcp.get_tool(context.message.name) if server else None
    return ", ".join(tool.parameters["properties"]) if tool else "others"


def _arguments(error: ValidationError, parameters: str) -> str:
    """Each wrong argument with what it may be, without what was passed."""
    told = []
    for fault in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in fault["loc"])
        shown = "".join(letter for letter in name if letter.isprintable())[:LONGEST_NAME]
        must_be = MUST_BE.get(fault["type"], "cannot be used")
        told.append(f"{shown} {must_be.format(parameters=parameters, **fault.get('ctx', {}))}.")
    return f"{' '.join(dict.fromkeys(told))} Nothing was sent to OpenAI and nothing was charged."
