"""The view in a chat: its page, and the two tools that only it is to call.

`view_read` reads and `view_keep` writes down; neither asks a model nor costs money. What the
view buys it buys by the tools that everybody has. Hosts may drop structured content, so the
text of these results is the same as JSON.
"""

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, Literal

import mcp.types as mt
from fastmcp import Context, FastMCP
from fastmcp.resources import ResourceContent, ResourceResult
from fastmcp.tools import Tool, ToolResult
from pydantic import BaseModel, Field

from errors import Problem
from storage.stamps import is_image_id
from tools.registration import VIEW_URI, app_of, build_tool
from tools.tool_result import LARGEST_BYTES

if TYPE_CHECKING:
    from app import App
    from storage.picture_files import Edge, SmallCopy
    from storage.search import ConversationSummary
    from storage.tables import Conversation, Image
    from tools.view_words import ViewWords

TITLE = "Image consultation"
MIME_TYPE = "text/html;profile=mcp-app"
META: dict[str, Any] = {
    # Without the two schemes some hosts build a policy that shows no picture at all.
    "ui": {"csp": {"resourceDomains": ["data:", "blob:"]}, "prefersBorder": False}
}

LONGEST_VALUE = 1_400_000
"""Letters: 1 MB in base64, which is more than a mask of the largest picture takes."""

THUMBNAILS = 24
"""A page of the gallery: with pictures of 240 pixels it stays under 350 kB."""

Readable = Literal["state", "picture", "progress", "list", "templates", "styles", "costs"]
Keepable = Literal["mask", "reference", "rating", "bookmark", "title", "style"]


def view_tools() -> list[Tool]:
    """The tools that are for the view alone."""
    return [
        build_tool(view_read, "Read for the view", result="view", reads=True, leaves=False,
                   audience="view"),
        build_tool(view_keep, "Keep for the view", result="view", destroys=True, leaves=False,
                   audience="view"),
    ]  # fmt: skip


def view_resource() -> mt.Resource:
    """The page as lists show it."""
    return mt.Resource(uri=VIEW_URI, name="view", title=TITLE, mime_type=MIME_TYPE, _meta=META)


def add_view(server: FastMCP) -> None:
    """Offer the page; it is put together when it is first read."""

    @server.resource(VIEW_URI, name="view", title=TITLE, mime_type=MIME_TYPE, meta=META)
    async def view() -> ResourceResult:
        """The page that hosts show beside the results of five tools."""
        from studio.assembler import page

        text = await asyncio.to_thread(page, "view.js", TITLE)
        return ResourceResult([ResourceContent(text, mime_type=MIME_TYPE, meta=META)])


async def view_read(
    ctx: Context,
    what: Readable,
    *,
    id: str = "",  # noqa: A002  # a name of the contract
    edge: Literal[240, 512, 1024] = 1024,
    query: Annotated[str, Field(max_length=32_000)] = "",
    cursor: str = "",
) -> ToolResult:
    """For the view: where work stands, without cost."""
    from tools import view_library, view_state

    app = app_of(ctx)
    match what:
        case "picture":
            return await _picture(app, id, edge)
        case "list":
            return await _gallery(app, query, cursor or None)
        case "progress":
            return await _progress(app, await _conversation(app, id, query), cursor)
        case "state":  # the cursor is the language that the view has words of
            conversation = await _conversation(app, id, query)
            answer: BaseModel = await view_state.conversation_view(app, conversation, cursor)
        case "costs":
            answer = await view_state.costs(app, query, cursor)
        case "styles":
            answer = await asyncio.to_thread(view_library.style_list, app)
        case "templates":
            answer = await asyncio.to_thread(view_library.library, app)
    return as_answer(answer)


async def view_keep(
    ctx: Context,
    what: Keepable,
    *,
    id: str = "",  # noqa: A002  # a name of the contract
    value: Annotated[str, Field(max_length=LONGEST_VALUE)] = "",
) -> ToolResult:
    """For the view: keep a mask, reference, rating, bookmark or title; delete a style."""
    app = app_of(ctx)
    match what:
        case "mask" | "reference":
            return as_answer(UploadReceipt(upload_id=await _keep_upload(app, what, id, value)))
        case "rating":
            return as_answer(await _rate(app, id, value))
        case "bookmark":
            if value not in {"true", "false"}:
                raise Problem("value must be true or false to set a bookmark.")
            await app.maintenance.mark(id, bookmarked=value == "true")
        case "title":
            if not value.strip():
                raise Problem("value is empty. Give the title to keep.")
            await app.maintenance.mark(id, title=value)
        case "style":
            if value != "delete":
                raise Problem(
                    "value must be delete.",
                    "openai_extract_style makes a style, and a text editor changes its file.",
                )
            await asyncio.to_thread(app.style_store.delete, id)
    return as_answer(Confirmation(what=what, id=id))


class UploadReceipt(BaseModel):
    """What stands for a picture or mask that was handed in, wherever a path may stand."""

    upload_id: str


class Confirmation(BaseModel):
    """That something was written down."""

    what: str
    id: str
    offer: str = ""


class Opinion(BaseModel):
    """What a person thinks of a picture."""

    rating: Annotated[int, Field(ge=1, le=5)]
    liked: Annotated[str, Field(max_length=1000)] = ""
    disliked: Annotated[str, Field(max_length=1000)] = ""


async def _rate(app: "App", image_id: str, value: str) -> Confirmation:
    """Write a rating down, with what that gives reason to offer."""
    try:
        opinion = Opinion.model_validate_json(value)
    except ValueError:
        raise Problem(
            "value is no rating.",
            'Pass {"rating": 1 to 5}, with liked and disliked in up to 1,000 characters.',
        ) from None
    image = await app.maintenance.rate(image_id, **opinion.model_dump())
    confirmation = Confirmation(what="rating", id=image_id)
    if offer := await app.style_offers.after_rating(image):
        confirmation.offer = offer.sentence(app.prompt_store.wording(offer.language))
    return confirmation


class CopyFacts(BaseModel):
    """The picture that a result shows, at most `edge` pixels."""

    image_id: str
    edge: int


async def _progress(app: "App", conversation: "Conversation", cursor: str) -> ToolResult:
    """How far a drawing is, and the unfinished pictures unless the view has them by `cursor`."""
    from storage.picture_files import SmallCopy, as_webp
    from tools.view_state import DrawingProgress, drawing_progress, partial_pictures

    # What a server that died had bought is fetched now: nobody else may come for it.
    await app.image_generator.adopt_abandoned()
    progress = drawing_progress(app, conversation)
    if progress is None:
        return as_answer(DrawingProgress(conversation_id=conversation.id, status="ended"))
    copies = []
    if progress.status == "working" and str(progress.partials) != cursor:
        partials = partial_pictures(app, conversation)
        small = [await asyncio.to_thread(as_webp, data, 512) for data in partials]
        copies = [SmallCopy(data, "image/webp") for data in small if data]
    return as_answer(progress, copies)


async def _picture(app: "App", image_id: str, edge: "Edge") -> ToolResult:
    image = await app.records.image(image_id)
    copy = await asyncio.to_thread(app.small_copies.copy, image, edge)
    return as_answer(CopyFacts(image_id=image.id, edge=edge), [copy])


async def _gallery(app: "App", query: str, cursor: str | None) -> ToolResult:
    """A page of conversations, and a thumbnail of the current picture of each that has one."""
    from consultation.conversation_list import listing
    from storage.list_pages import Filter
    from tools.view_state import Gallery

    criteria = Filter(query=query)
    page = await app.search.page(criteria, cursor=cursor, limit=THUMBNAILS)
    entries = listing(page, criteria, notice=app.database.notice)
    images = [
        await app.records.image(item.newest_image_id)
        for item in entries.conversations
        if item.newest_image_id
    ]
    copies = await asyncio.to_thread(_thumbnails, app, images)
    gallery = Gallery(
        conversations=entries.conversations,
        total=entries.total,
        cursor=entries.cursor,
        notes=entries.notes,
        thumbnails=list(copies),
        words=None if cursor else await _newest_words(app, entries.conversations),
    )
    return as_answer(gallery, list(copies.values()))


async def _newest_words(app: "App", found: "list[ConversationSummary]") -> "ViewWords | None":
    """The view's words in the language of the newest conversation."""
    from tools.view_words import view_words

    if not found:
        return None
    newest = await app.records.load(found[0].conversation_id)
    return await asyncio.to_thread(view_words, app.prompt_store, newest.language, "")


def _thumbnails(app: "App", images: "list[Image]") -> "dict[str, SmallCopy]":
    """Small copies by image id; what cannot be shown is left out."""
    copies = {}
    for image in images:
        try:
            copies[image.id] = app.small_copies.copy(image, 240)
        except Problem:
            continue
    return copies


async def _conversation(app: "App", conversation_id: str, words: str) -> "Conversation":
    """The one of an id, or of a picture's, else the newest that these words were just said in."""
    if is_image_id(conversation_id):
        conversation_id = (await app.records.image(conversation_id)).conversation_id
    if not conversation_id and words:
        conversation_id = await app.records.just_said_in(words) or ""
    if not conversation_id:
        raise Problem("No conversation is named.", "Pass its id, or the words that began it.")
    return await app.records.load(conversation_id)


async def _keep_upload(app: "App", what: str, image_id: str, value: str) -> str:
    """Check a picture that came as base64 as any input is, and keep it; its id."""
    from storage.input_pictures import check_mask, check_picture
    from storage.picture_files import read_picture

    try:
        data = base64.b64decode(value.partition(",")[2] or value, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(f"value is no base64, so there is no {what} in it.") from None
    picture = await asyncio.to_thread(check_picture, data, what)
    if what == "mask":
        image = await app.records.image(image_id)
        whole = await asyncio.to_thread(read_picture, image)
        drawn = await asyncio.to_thread(check_picture, whole, image_id)
        await asyncio.to_thread(check_mask, picture, drawn)
    return await asyncio.to_thread(app.input_files.uploads.keep, picture)


def as_answer(result: BaseModel, pictures: "list[SmallCopy] | None" = None) -> ToolResult:
    """A result as JSON text, as data, and with pictures as long as clients take them."""
    text = result.model_dump_json()
    content: list[mt.ContentBlock] = [mt.TextContent(type="text", text=text)]
    size = 3 * len(text.encode())
    for data, media_type in pictures or []:
        encoded = base64.b64encode(data).decode()
        size += len(encoded)
        if size > LARGEST_BYTES:
            break
        content.append(mt.ImageContent(type="image", data=encoded, mime_type=media_type))
    return ToolResult(content=content, structured_content=result.model_dump(mode="json"))
