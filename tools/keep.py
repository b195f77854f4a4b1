"""The toolset `keep`: rate pictures, find conversations by meaning, delete their records."""

from typing import Annotated

from fastmcp import Context
from fastmcp.tools import Tool, ToolResult
from pydantic import Field

from app import App
from errors import Problem
from tools.parameters import STARS, Name, Rating
from tools.registration import app_of, build_tool
from tools.tool_result import build_result


def keep_tools() -> list[Tool]:
    """The tools of the toolset `keep`."""
    return [
        build_tool(openai_rate_image, "Rate an image", result="change", leaves=False),
        build_tool(
            openai_search_conversations, "Search by meaning", result="catalogue", reads=True
        ),
        build_tool(
            openai_delete_conversation, "Delete a conversation", result="change", destroys=True,
            leaves=False,
        ),
    ]  # fmt: skip


async def openai_rate_image(
    ctx: Context,
    *,
    image_id: Annotated[Name | None, Field(description="The picture to rate.")] = None,
    rating: Annotated[Rating | None, Field(description="5 is best.")] = None,
    liked: Annotated[str, Field(max_length=1000, description="What worked.")] = "",
    disliked: Annotated[str, Field(max_length=1000, description="What did not.")] = "",
    conversation_id: Annotated[
        Name | None, Field(description="The conversation to bookmark or rename.")
    ] = None,
    bookmark: bool | None = None,
    title: Annotated[str, Field(max_length=200)] = "",
) -> ToolResult:
    """Keep what a person thinks of a picture; bookmark or rename its conversation.

    Ratings become defaults in later questions, said openly. Fits when a person says
    how they like a picture.
    """
    from consultation.conversation_list import RecordChange
    from consultation.conversation_page import rating_words
    from generation.plan import picture_of

    if image_id is None and conversation_id is None:
        raise Problem("Pass image_id with a rating, or conversation_id with bookmark or title.")
    if image_id is None and (rating is not None or liked or disliked):
        raise Problem("image_id is missing: a rating is of one picture.")
    if image_id is None and bookmark is None and not title:
        raise Problem("Pass bookmark or title for the conversation, or image_id with a rating.")
    app, sentences, offer = app_of(ctx), [], None
    if image_id is not None:
        if rating is None:
            raise Problem("rating is missing: 1 to 5, thumbs_up or thumbs_down.")
        stars = STARS.get(rating) or int(rating)
        if conversation_id and image_id.isdecimal():
            image_id = picture_of(await app.records.load(conversation_id), image_id).id
        await app.records.image(image_id, conversation_id)  # refused before anything is stored
        image = await app.maintenance.rate(image_id, stars, liked=liked, disliked=disliked)
        conversation_id = image.conversation_id
        sentences.append(f"{image.id} is {rating_words(image)}.")
        offer = await app.style_offers.after_rating(image)
    if bookmark is not None or title:
        sentences.append(await _mark(app, str(conversation_id), bookmark, title))
    result = RecordChange(conversation_id=str(conversation_id), done=sentences)
    if offer:
        result.offer = offer.sentence(app.prompt_store.wording(offer.language))
        result.next_step = offer.next_step
    text = f"Conversation {conversation_id}: {' '.join(sentences)}"
    return build_result(result, "\n".join(filter(None, [text, result.offer, result.next_step])))


async def _mark(app: App, conversation_id: str, bookmark: bool | None, title: str) -> str:
    """Bookmark or rename a conversation; returns the sentence that says how it stands."""
    from storage.stamps import printable

    conversation = await app.maintenance.mark(conversation_id, bookmarked=bookmark, title=title)
    state = "bookmarked" if conversation.bookmarked else "not bookmarked"
    parts = [f"called {printable(conversation.title)} now"] * bool(title)
    parts += [state] * (bookmark is not None)
    return f"The conversation is {' and '.join(parts)}."


async def openai_search_conversations(
    ctx: Context,
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
    from storage.list_pages import Filter

    page, note = await app_of(ctx).semantic_search.search(query, limit=limit)
    catalogue = listing(page, Filter(query=query), notice=note)
    return build_result(catalogue, as_text(catalogue))


async def openai_delete_conversation(
    ctx: Context,
    conversation_id: Name,
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

    maintenance = app_of(ctx).maintenance
    removal = await maintenance.removal(conversation_id)
    sentences = [removal_sentence(removal, pictures=pictures, confirm=confirm)]
    if confirm:
        sentences += await maintenance.delete(removal, pictures=pictures)
    result = RecordChange(conversation_id=removal.id, done=sentences)
    if not confirm:
        beside = " with pictures=true" if pictures else ""
        result.next_step = f"Nothing was deleted. confirm=true{beside} deletes it for good."
    return build_result(result, " ".join([f"{removal.id}:", *sentences, result.next_step]))
