"""The toolset `about`: how this server is set up."""

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult

from tools.registration import app_of, build_tool
from tools.tool_result import build_result


def about_tools() -> list[Tool]:
    """The tools of the toolset `about`."""
    return [build_tool(openai_status, "Status", result="status", reads=True, leaves=False)]


async def openai_status(ctx: Context) -> ToolResult:
    """Tell how this server is set up: models and their dates, folders, spending; no key.

    Fits when something does not work or a person asks what it costs.
    """
    from tools.status import as_text, check_server, status

    app = app_of(ctx)
    report = await status(app, await check_server(app))
    return build_result(report, as_text(report))
