"""What the studio's page is told of the work: what is under way, and the pictures that there are.

All of it is read from records, without a model and without money; a search by meaning alone asks
one, and says so on its button.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from pydantic import BaseModel, TypeAdapter, ValidationError

from app import App
from errors import Problem
from storage.list_pages import Filter
from storage.picture_list import ListedPicture
from storage.stamps import before
from tools.status import missing_key
from tools.view_state import DrawingProgress, SpendingView, drawing_progress, spending
from tools.view_words import ViewWords, page_wording, view_words

PAGE = 24
NEAREST = 12
"""Conversations that come closest: the next ones are mostly about something else."""
MOST_DRAWINGS = 12
"""In the tray: more than one person has under way."""
MOST_NEWER = 50
"""Pictures that came since the page asked last: more than those under way, in variations."""
OVERLAP = timedelta(seconds=5)
"""A picture has its time before it is written down, which may be after a pulse has looked."""


class UnderWay(DrawingProgress):
    """How far the drawing of a conversation is."""

    title: str


class Pulse(SpendingView):
    """What the page asks for again and again: drawings under way, the day's spending.

    `pictures` came since an earlier pulse, whose `moment` the page passes on.
    `key` says what to do where there is no key, None to a page that knows; `words` come where
    the page has them not.
    `stamp` differs once the conversation that the page shows does, "" where it shows none that
    there is: another page may have deleted it.
    """

    drawings: list[UnderWay]
    pictures: list[ListedPicture]
    moment: str
    stamp: str
    key: str | None
    words: ViewWords | None


class GalleryPage(BaseModel):
    """Some pictures, and the image types and styles that there are to choose from.

    Newest first, or those nearest to what was asked for; then `note` says what was compared.
    """

    pictures: list[ListedPicture]
    total: int
    cursor: str | None
    types: list[str]
    styles: list[str]
    note: str = ""


async def pulse(app: App, shown: str, language: str, known_words: str, since: str) -> Pulse:
    """Drawings under way in all conversations, the day's spending, and whether a key is there.

    `shown` is the conversation that the page shows, if any, `since` the moment of the pulse
    before. A page that knows words already is
    not told of the key again: some keyrings take long, or ask the person each time.
    """
    with suppress(Problem):  # whoever opens its conversation is told
        await app.image_generator.adopt_abandoned()
    moment, drawings = before(OVERLAP), []
    for conversation_id in await app.picture_list.drawing(MOST_DRAWINGS):
        conversation = await app.records.load(conversation_id)
        progress = drawing_progress(app, conversation)
        if progress and progress.status == "working":
            drawings.append(UnderWay(title=conversation.title, **progress.model_dump()))
    return Pulse(
        drawings=drawings,
        pictures=await app.picture_list.newer(since, MOST_NEWER) if since else [],
        moment=moment,
        stamp=await app.records.stamp(shown) if shown else "",
        key=None if known_words else await asyncio.to_thread(_way_to_key, app, language),
        words=await asyncio.to_thread(
            view_words, app.prompt_store, language, known_words, for_studio=True
        ),
        **(await spending(app)).model_dump(),
    )


def _way_to_key(app: App, language: str) -> str:
    return page_wording(app.prompt_store, language).setup(missing_key(app.settings))


async def gallery_page(app: App, query: str, values: Mapping[str, str], cursor: str) -> GalleryPage:
    """A page of all pictures that fit what the fields above the gallery hold, as text.

    With `meaning` words are compared by what they mean, which OpenAI is paid for. Raises a
    `Problem` for a filter that is none.
    """
    given = {key: value for key, value in values.items() if value}
    by_meaning = given.pop("meaning", "") == "true" and query.strip()
    try:
        criteria = TypeAdapter(Filter).validate_python(given)
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors(include_input=False))
        raise Problem(f"The gallery cannot be filtered by this {names}.") from None
    note = ""
    if by_meaning:
        near, note = await app.semantic_search.search(query, limit=NEAREST)
        page = await app.picture_list.of([one.conversation_id for one in near.items], criteria)
    else:
        criteria = replace(criteria, query=query)
        page = await app.picture_list.page(criteria, cursor=cursor or None, limit=PAGE)
    types, styles = ([], []) if cursor else await app.picture_list.types_and_styles()
    return GalleryPage(
        pictures=page.items,
        total=page.total,
        cursor=page.cursor,
        types=types,
        styles=styles,
        note=note,
    )
