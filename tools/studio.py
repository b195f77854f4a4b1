"""The tool that only the studio's page is to call, beside those of the view."""

import asyncio
from typing import Annotated, Literal

from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult
from pydantic import BaseModel, Field

from tools import studio_setup, studio_state, view_library
from tools.parameters import Name, Words
from tools.registration import app_of, build_tool
from tools.view import as_answer

StudioReadable = Literal["pulse", "pictures", "template", "style", "costs", "about"]


def add_studio(server: FastMCP) -> None:
    """Offer the studio's tool, which servers without a page have no use for."""
    server.add_tool(
        build_tool(studio_read, "Read for the studio", result="view", reads=True, leaves=False,
                   audience="view")
    )  # fmt: skip


async def studio_read(
    ctx: Context,
    what: StudioReadable,
    *,
    id: Name = "",  # noqa: A002  # as in view_read
    query: Words = "",
    values: Annotated[dict[str, str] | None, Field(max_length=20)] = None,
    cursor: Name = "",
) -> ToolResult:
    """For the studio: pictures, templates, costs and setup, without cost."""
    app, given = app_of(ctx), values or {}
    match what:
        case "pulse":
            answer: BaseModel = await studio_state.pulse(
                app, id, query or "en", cursor, given.get("since", "")
            )
        case "pictures":
            answer = await studio_state.gallery_page(app, query, given, cursor)
        case "template":
            answer = await asyncio.to_thread(view_library.template_form, app, id, given)
        case "style":
            answer = await asyncio.to_thread(view_library.style_preview, app, query)
        case "costs":
            answer = await studio_setup.costs(app)
        case "about":
            answer = await studio_setup.about(app)
    return as_answer(answer)
