"""The resources: records and pictures, of which the newest are listed, templates, styles."""

import asyncio
from typing import Any

import mcp.types as mt
from fastmcp import FastMCP
from fastmcp.resources import ResourceContent, ResourceResult
from mcp import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from typing_extensions import override

from app import App
from errors import Problem
from tools.library_prompts import MIME_TYPE, LibraryPrompts
from tools.middleware import read_failure
from tools.view import view_resource

NEWEST = 100
"""Resources that are listed, templates and styles aside: clients show them in a menu, follow every
page before they do, and give up where there are hundreds. The rest is found by search."""


class ShortListServer(FastMCP):
    """FastMCP, listing the newest of the records; it would make a list of all of them first."""

    def __init__(self, app: App, library: LibraryPrompts, **options: Any) -> None:
        super().__init__(**options)
        self._app, self._library = app, library

    @override
    async def _on_list_tools(
        self,
        ctx: Any,  # fixed by FastMCP
        params: mt.PaginatedRequestParams | None,
    ) -> mt.ListToolsResult:
        """The list, without the icon that the SDK stamps it with in the newer era."""
        listing = await super()._on_list_tools(ctx, params)
        if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            stamp = {"name": self.name, "version": self.version}
            listing.meta = {**(listing.meta or {}), mt.SERVER_INFO_META_KEY: stamp}
        return listing

    @override
    async def _on_list_resources(
        self,
        ctx: Any,  # fixed by FastMCP
        params: mt.PaginatedRequestParams | None,
    ) -> mt.ListResourcesResult:
        if params and params.cursor is not None:
            raise MCPError(mt.INVALID_PARAMS, "There is one page of resources, without a cursor.")
        resources = [
            mt.Resource(uri=one.uri, name=one.id, title=one.title, mime_type=one.mime_type)
            for one in await self._app.search.resources(NEWEST)
        ]
        templates = await self._library.resources()
        styles = await asyncio.to_thread(_style_resources, self._app)
        return mt.ListResourcesResult(resources=[view_resource(), *resources, *templates, *styles])


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
            raise read_failure(problem) from problem

    @server.resource("image://{image_id}", title="A picture in full")
    async def image(image_id: str) -> ResourceResult:
        """The bytes of a picture exactly as they came."""
        from storage.picture_files import read_picture
        from storage.tables import media_type

        try:
            row = await app.records.image(image_id)
            data = await asyncio.to_thread(read_picture, row)
        except Problem as problem:
            raise read_failure(problem) from problem
        return ResourceResult([ResourceContent(data, mime_type=media_type(row.format))])

    @server.resource("style://{name}", title="A style", mime_type=MIME_TYPE)
    async def style(name: str) -> str:
        """The file of a style: each aspect in words, and what was measured of it."""
        try:
            return await asyncio.to_thread(app.style_store.source, name)
        except Problem as problem:
            raise read_failure(problem) from problem


def _style_resources(app: App) -> list[mt.Resource]:
    """Each sound style; importing what reads it takes longer than a start may."""
    from styles.style_file import Style

    return [
        mt.Resource(
            uri=f"style://{name}",
            name=name,
            title=name.replace("_", " ").capitalize(),
            description=style.note,
            mime_type=MIME_TYPE,
        )
        for name, style in app.style_store.styles()
        if isinstance(style, Style)
    ]
