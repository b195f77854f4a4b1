"""The tools beside the two main ones, by toolset: draw quickly, vary, find, keep in order."""

from typing import Annotated, Any, Literal

from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult
from pydantic import Field

from app import App
from errors import Problem
from settings import Quality
from tools.output_schemas import DRAWN, KEPT, LISTED, STATUS
from tools.parameters import (
    Background,
    ConversationId,
    Format,
    FromImage,
    Size,
    Strategy,
    Words,
    require_words,
)
from tools.tool_result import as_reply, in_words, offer, reporter

Rating = Literal["1", "2", "3", "4", "5", "thumbs_up", "thumbs_down"]
THUMBS = {"thumbs_up": 5, "thumbs_down": 1}


def add_companions(server: FastMCP, app: App) -> None:
    """Offer the tools of the toolsets that the settings choose."""
    chosen = set(app.settings.toolsets)
    toolsets = {
        "core": _add_core,
        "quick": _add_quick,
        "explore": _add_explore,
        "keep": _add_keep,
        "about": _add_about,
    }
    for name, add in toolsets.items():
        if chosen & {name, "all"} or name == "core":
            add(server, app)


async def drawn(
    ctx: Context, app: App, wish: dict[str, Any], options: dict[str, Any]
) -> ToolResult:
    """Draw what a tool was asked for, and reply with it."""
    from generation.image_order import Wish
    from generation.image_result import as_text

    result, preview = await app.artist.draw(Wish(**wish, options=options), reporter(ctx))
    result.notes += app.news()
    return as_reply(result, as_text(result), preview)


def _add_core(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_list_conversations(
        *,
        query: Annotated[
            str, Field(max_length=500, description="Words to look for in what was said and drawn.")
        ] = "",
        conversation_id: Annotated[
            str | None, Field(description="This one in full instead of a list.")
        ] = None,
        since: Annotated[str, Field(description="Changed on this day or later, YYYY-MM-DD.")] = "",
        until: str = "",
        image_type: str = "",
        style: str = "",
        rating: Annotated[int | None, Field(ge=1, le=5, description="At least.")] = None,
        bookmarked: bool | None = None,
        cursor: Annotated[str | None, Field(description="From an earlier result: go on.")] = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
    ) -> ToolResult:
        """List earlier conversations, newest first, or find them by their words.

        Fits when a person comes back to a picture or an idea. With conversation_id it
        returns that record in full: what was said, asked, written, drawn and paid.
        """
        from consultation.conversation_list import as_text, listing, record_page
        from storage.search import Filter

        if conversation_id is not None:
            conversation = await app.records.load(conversation_id)
            page = record_page(conversation, cursor)
            return as_reply(page, as_text(page))
        wanted = Filter(
            query=query,
            since=since,
            until=until,
            image_type=image_type,
            style=style,
            rating=rating,
            bookmarked=bookmarked,
        )
        found = await app.search.page(wanted, cursor=cursor, limit=limit)
        result = listing(found, notice=app.database.notice)
        return as_reply(result, as_text(result))

    offer(server, openai_list_conversations, "List conversations", LISTED, reads=True, leaves=False)


def _add_keep(server: FastMCP, app: App) -> None:
    _add_rating(server, app)
    _add_search(server, app)
    _add_deleting(server, app)


def _add_rating(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_rate_image(
        *,
        image_id: Annotated[str | None, Field(description="The picture to rate.")] = None,
        rating: Annotated[Rating | None, Field(description="5 is best.")] = None,
        liked: Annotated[str, Field(max_length=1000, description="What worked.")] = "",
        disliked: Annotated[str, Field(max_length=1000, description="What did not.")] = "",
        conversation_id: Annotated[
            str | None, Field(description="The conversation to bookmark or rename.")
        ] = None,
        bookmark: bool | None = None,
        title: Annotated[str, Field(max_length=200)] = "",
    ) -> ToolResult:
        """Keep what a person thinks of a picture; bookmark or rename its conversation.

        Ratings become defaults in later questions, said openly. Fits when a person says
        how they like a picture.
        """
        from consultation.conversation_list import RecordChange
        from storage.records import shown

        if image_id is None and conversation_id is None:
            raise Problem("Pass image_id with a rating, or conversation_id with bookmark or title.")
        done = []
        if image_id is not None:
            if rating is None:
                raise Problem("rating is missing: 1 to 5, thumbs_up or thumbs_down.")
            stars = THUMBS.get(rating) or int(rating)
            image = await app.maintenance.rate(image_id, stars, liked=liked, disliked=disliked)
            conversation_id = conversation_id or image.conversation_id
            done.append(f"{image.id} is rated {stars} of 5.")
        if bookmark is not None or title:
            marked = await app.maintenance.mark(
                str(conversation_id), bookmarked=bookmark, title=title
            )
            state = "bookmarked" if marked.bookmarked else "not bookmarked"
            done.append(f"{shown(marked.title)} is {state}.")
        result = RecordChange(conversation_id=str(conversation_id), done=done)
        where = f"Conversation {conversation_id}:"
        return as_reply(result, " ".join([where, *done, result.next_step]))

    offer(server, openai_rate_image, "Rate an image", KEPT, leaves=False)


def _add_search(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_search_conversations(
        query: Annotated[
            str, Field(min_length=1, max_length=500, description="What it was about, in any words.")
        ],
        *,
        limit: Annotated[int, Field(ge=1, le=20)] = 5,
    ) -> ToolResult:
        """Find earlier conversations by what they were about, whatever their words.

        Compares meanings where an OpenAI key and the setting allow it, else words, and
        says which.
        """
        from consultation.conversation_list import as_text, listing

        found, note = await app.semantic_search.search(query, limit=limit)
        result = listing(found, notice=note)
        return as_reply(result, as_text(result))

    offer(server, openai_search_conversations, "Search by meaning", LISTED, reads=True)


def _add_deleting(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_delete_conversation(
        conversation_id: str,
        *,
        confirm: Annotated[
            bool, Field(description="true deletes; without it the result says what would go.")
        ] = False,
        pictures: Annotated[bool, Field(description="Delete its picture files, too.")] = False,
    ) -> ToolResult:
        """Delete the record of a conversation, for good; its picture files stay unless asked.

        Says first what it would remove. Fits only when a person asks for it.
        """
        from consultation.conversation_list import RecordChange, removal_sentence

        removal = await app.maintenance.removal(conversation_id)
        done = [removal_sentence(removal, pictures=pictures, confirm=confirm)]
        if confirm:
            done += await app.maintenance.delete(removal, pictures=pictures)
        result = RecordChange(conversation_id=removal.id, done=done)
        if not confirm:
            result.next_step = "Nothing was deleted. confirm=true deletes it for good."
        return as_reply(result, " ".join([*done, result.next_step]))

    offer(
        server, openai_delete_conversation, "Delete a conversation", KEPT, destroys=True,
        leaves=False,
    )  # fmt: skip


def _add_quick(server: FastMCP, app: App) -> None:
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
        require_words(prompt, "prompt")
        asked = await app.consultant.consult(prompt, mode="skip")
        options = {
            "size": size,
            "quality": quality,
            "background": background,
            "output_format": output_format,
        }
        return await drawn(ctx, app, {"conversation_id": asked.conversation_id}, options)

    offer(server, openai_generate_image, "Draw a prompt as it is", DRAWN)


def _add_explore(server: FastMCP, app: App) -> None:
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
            conversation_id = (await app.records.image(from_image)).conversation_id
        if conversation_id is None:
            require_words(prompt, "prompt")
            asked = await app.consultant.consult(prompt, mode="skip")
            conversation_id, prompt = asked.conversation_id, ""
        wish = {
            "conversation_id": conversation_id,
            "prompt": prompt.strip(),
            "from_image": from_image,
            "variations": variations,
            "strategy": variation_strategy,
        }
        return await drawn(ctx, app, wish, {"size": size, "quality": quality})

    offer(server, openai_generate_variations, "Draw variations", DRAWN)


def _add_about(server: FastMCP, app: App) -> None:
    @in_words
    async def openai_status() -> ToolResult:
        """Tell how this server is set up: models and their dates, folders, spending; no key.

        Fits when something does not work or a person asks what it costs.
        """
        from tools.status import as_text, status

        told = await status(app)
        return as_reply(told, as_text(told))

    offer(server, openai_status, "Status", STATUS, reads=True, leaves=False)
