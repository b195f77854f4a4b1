"""Make an MCP tool of a function: its schemas, its hints, its problems in words."""

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

from fastmcp import Context
from fastmcp.exceptions import FastMCPError
from fastmcp.tools import FunctionTool, Tool, ToolResult
from mcp import MCPError
from mcp.types import Tool as ListedTool
from mcp.types import ToolAnnotations
from typing_extensions import override

from errors import Problem
from receipt import open_receipt
from tools.output_schemas import Schema, output_schema
from tools.parameters import LONGEST_NAME
from tools.tool_result import bug, error_result

if TYPE_CHECKING:
    from app import App

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

VIEW_URI = "ui://image-consultant/view"
"""The page that hosts show beside a result."""

Audience = Literal["model", "viewer", "view"]
"""Who a tool is for: a model; a model and, since its result is shown in the view, whoever looks;
the view alone."""

UI: dict[Audience, dict[str, Any] | None] = {
    "model": None,
    "viewer": {"ui": {"resourceUri": VIEW_URI}},
    "view": {"ui": {"visibility": ["app"]}},
}
"""What hosts are told of the view, by a tool's audience."""

NEEDLESS = [
    ("default", None), ("default", ""), ("default", False),  # that it may be left out
    ("maxLength", LONGEST_NAME),  # that nobody meets by chance
]  # fmt: skip
"""Entries of a parameter's schema that no model needs. A call is held against them all the same."""


class ShortTool(FunctionTool):
    """A tool that is listed without what FastMCP says of it to itself."""

    @override
    def to_mcp_tool(self, **overrides: Any) -> ListedTool:
        return super().to_mcp_tool(_meta=self.meta, **overrides)


def app_of(ctx: Context) -> "App":
    """What the server of a call stands on; `create_server` puts it into the lifespan."""
    return cast("App", ctx.lifespan_context["app"])


def build_tool(
    function: Callable[..., Awaitable[Any]],
    title: str,
    *,
    result: str,
    reads: bool = False,
    destroys: bool = False,
    leaves: bool = True,
    audience: Audience = "model",
) -> Tool:
    """A tool as clients list it. `result` names its output schema.

    `reads` says that it changes nothing, `destroys` that it may delete, `leaves` that it asks
    OpenAI.
    """
    tool = ShortTool.from_function(
        _with_problems_in_words(function),
        title=title,
        description=inspect.getdoc(function),
        annotations=ToolAnnotations(
            read_only_hint=reads,
            destructive_hint=None if reads else destroys,
            open_world_hint=leaves,
        ),
        output_schema=output_schema(result),
        meta=UI[audience],
    )
    tool.parameters = shorten(tool.parameters)
    return tool


def shorten(schema: Schema) -> Schema:
    """An input schema without what no model needs: that a parameter may be null, or is bounded.

    A client reads it with every list of tools; null is accepted all the same.
    """
    parts = {name: _without_null(part) for name, part in schema.get("properties", {}).items()}
    rest = {key: value for key, value in schema.items() if (key, value) not in NEEDLESS}
    if "items" in rest:
        rest["items"] = shorten(rest["items"])
        rest["items"].pop("description", None)  # the list's own says it
    return {**rest, "properties": parts} if parts else rest


def _without_null(part: Schema) -> Schema:
    choices = [choice for choice in part.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) != 1:
        return shorten(part)
    own = {key: value for key, value in part.items() if key != "anyOf"}
    return shorten({**choices[0], **own})


def _with_problems_in_words(
    tool: Callable[P, Awaitable[R]],
) -> Callable[P, Awaitable[R | ToolResult]]:
    """The tool, telling the client of failures; the text of a bug stays hidden."""

    @functools.wraps(tool)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R | ToolResult:
        with open_receipt() as receipt:
            try:
                return await tool(*args, **kwargs)
            except Problem as problem:
                sort = getattr(problem, "case", type(problem).__name__)
                logger.warning("%s ended without a result: %s", tool.__name__, sort)
                return error_result(problem, receipt)
            except (FastMCPError, MCPError):
                raise  # of the protocol, such as a client without forms
            except Exception:
                logger.exception("Error calling tool %r", tool.__name__)
                return error_result(bug(tool.__name__), receipt)

    wrapper.__doc__ = None  # FastMCP imports griffe for a docstring: a tenth of a start
    return wrapper
