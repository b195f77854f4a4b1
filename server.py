"""The composition root: settings in, the server with its tools out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastmcp import FastMCP
from mcp.types import Icon

from app import App
from settings import Settings, own_version
from tools.about import about_tools
from tools.core import core_tools
from tools.explore import explore_tools
from tools.keep import keep_tools
from tools.library_prompts import LibraryPrompts, add_templates
from tools.middleware import BothEras, PlainArguments
from tools.quick import quick_tools
from tools.resources import ShortListServer, add_resources
from tools.view import add_view, view_tools

INSTRUCTIONS = """\
Two tools make a picture together. openai_image_consultation turns an idea into a refined
prompt by asking the person what is still open; openai_conversational_image draws it and
changes it turn by turn. One conversation_id runs through both.

The questions are meant for the person: their answers go back in their own words. Before a
picture is paid for, people like to see the refined prompt with its assumptions and price.
Afterwards they want to know where the file lies and what it cost. A copy in another format or
size needs no drawing: `image-consultant conversations save IMAGE_ID FILE`, in a terminal, makes it
free.
"""

ICON = (
    "data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'%20viewBox='0,0,16,16'%3E"
    "%3Cpath%20d='M1,2h14v10H8l-4,3v-3H1z'%20fill='%231d3557'/%3E"
    "%3Cpath%20d='M3,10l4-6,3,4,1-1,2,3z'%20fill='%23a8d5e2'/%3E%3C/svg%3E"
)
"""A picture in a speech bubble. Short, since the newer protocol puts it into every reply."""

TOOLSETS = {
    "core": core_tools,
    "quick": quick_tools,
    "explore": explore_tools,
    "keep": keep_tools,
    "about": about_tools,
}


def create_server(settings: Settings, app: App | None = None) -> FastMCP:
    """Build the server. Everything it stands on is made on first use, not here.

    `app` is what it stands on where something else does, too; it ends with the server.
    """
    app = app or App(settings)

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncIterator[dict[str, Any]]:
        try:
            yield {"app": app}
        finally:
            # Whoever cancels the server, what is paid for is kept; it takes seconds at most.
            with anyio.CancelScope(shield=True):
                await app.close()

    library = LibraryPrompts(app)
    server = ShortListServer(
        app,
        library,
        name="image-consultant",
        instructions=INSTRUCTIONS,
        version=own_version(),
        icons=[Icon(src=ICON, mime_type="image/svg+xml")],
        lifespan=lifespan,
        middleware=[PlainArguments(), BothEras()],
        mask_error_details=True,  # the text of a bug is none of a client's business
    )
    for name, tools in TOOLSETS.items():
        if settings.has_toolset(name):
            for tool in tools():
                server.add_tool(tool)
    for tool in view_tools():
        server.add_tool(tool)
    add_view(server)
    add_templates(server, library)
    add_resources(server, app)
    return server
