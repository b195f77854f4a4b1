"""Earlier work that is close to a new idea: offered, and never used on its own."""

from consultation.words import content, words_of
from storage.search import ConversationSummary, Filter, Search

CLOSE = 0.6
"""The share of an idea's words that earlier work must hold to be worth a mention: with half
of them "a poster for a jazz night" offers every poster."""

LOOKED_AT = 5
"""Conversations that are compared; what is close comes first."""

FEWEST_WORDS = 2
"""An idea of one word ("logo") is close to everything."""


async def earlier_work(search: Search, idea: str, *, without: str) -> list[str]:
    """A sentence on the conversation that comes closest to an idea, if one comes close.

    `without` is the conversation that the idea begins.
    """
    words = {word.text for word in content(words_of(idea))}
    if len(words) < FEWEST_WORDS:
        return []
    query = " ".join(sorted(words))[:400]
    page = await search.page(Filter(query=query, without=without), limit=LOOKED_AT)
    for item in page.items:
        there = {w.text for w in words_of(f"{item.title} {await search.words(item.id)}")}
        if item.pictures and len(words & there) >= CLOSE * len(words):
            return _offer(item)
    return []


def _offer(item: ConversationSummary) -> list[str]:
    return [
        f"You made something like this on {item.changed_at[:10]}: '{item.title}' "
        f"(conversation {item.id}, newest picture {item.newest_image_id}). To go on from "
        "it, pass that picture as a reference or its conversation_id; nothing of it is "
        "used otherwise."
    ]
