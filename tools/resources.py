"""The resources: records and pictures, listed newest first in pages, then the templates."""

import logging
from typing import Any

import mcp.types as mt
from fastmcp import FastMCP
from fastmcp.exceptions import ResourceError
from fastmcp.resources import ResourceContent, ResourceResult
from mcp import MCPError

from app import App
from errors import Problem
from tools.library_prompts import LibraryPrompts

PAGE = 50
"""Resources in one answer; clients show them in a menu, where more are not read."""


class PagedServer(FastMCP):
    """FastMCP, listing resources from the records page by page.

    FastMCP itself pages a list that is made in full first; there may be tens of thousands.
    """

    _app: App
    _library: LibraryPrompts

    def serve_lists(self, app: App, library: LibraryPrompts) -> None:
        """Say where the lists come from."""
        self._app, self._library = app, library

    async def _on_list_resources(
        self,
        ctx: Any,  # noqa: ARG002  # fixed by FastMCP
        params: mt.PaginatedRequestParams | None,
    ) -> mt.ListResourcesResult:
        try:
            page = await self._app.search.resources(params.cursor if params else None, limit=PAGE)
        except Problem as problem:
            raise MCPError(code=mt.INVALID_PARAMS, message=problem.text()) from problem
        resources = [
            mt.Resource(uri=one.uri, name=one.name, title=one.title, mime_type=one.mime_type)
            for one in page.items
        ]
        if page.cursor is None:
            resources += await self._library.resources()
        return mt.ListResourcesResult(resources=resources, next_cursor=page.cursor)


def add_resources(server: FastMCP, app: App) -> None:
    """Offer records and pictures by their addresses."""

    @server.resource(
        "conversation://{conversation_id}",
        title="Record of a conversation",
        mime_type="text/markdown",
    )
    async def conversation(conversation_id: str) -> str:
        """What was said, asked, assumed, written and drawn, as Markdown."""
        from consultation.conversation_page import as_markdown

        try:
            return as_markdown(await app.records.load(conversation_id))
        except Problem as problem:
            raise _in_words(problem) from problem

    @server.resource("image://{image_id}", title="A picture in full")
    async def image(image_id: str) -> ResourceResult:
        """The bytes of a picture exactly as they came."""
        from anyio import to_thread

        from storage.picture_files import media_type, read_picture

        try:
            row = await app.records.image(image_id)
            data = await to_thread.run_sync(read_picture, row)
        except Problem as problem:
            raise _in_words(problem) from problem
        return ResourceResult([ResourceContent(data, mime_type=media_type(row.format))])


def _in_words(problem: Problem) -> ResourceError:
    return ResourceError(problem.text(), log_level=logging.DEBUG)
