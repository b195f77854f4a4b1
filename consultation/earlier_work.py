"""Earlier work that is close to a new idea: offered, and never used on its own."""

from consultation.quotes import content
from storage.search import Filter, Search

CLOSE = 0.6
"""The share of an idea's words that earlier work must hold to be worth a mention."""

LOOKED_AT, SHORTEST = 5, 2


async def earlier_work(search: Search, idea: str, *, without: str) -> list[str]:
    """A sentence on the conversation that comes closest to an idea, if one comes close.

    `without` is the conversation that the idea begins.
    """
    wanted = set(content(idea))
    if len(wanted) < SHORTEST:
        return []
    page = await search.page(Filter(query=" ".join(sorted(wanted))[:400]), limit=LOOKED_AT)
    for item in page.items:
        if item.id == without or not item.pictures:
            continue
        there = set(content(f"{item.title} {await search.words(item.id)}"))
        if len(wanted & there) >= CLOSE * len(wanted):
            return [
                f"You made something like this on {item.changed_at[:10]}: '{item.title}' "
                f"(conversation {item.id}, newest picture {item.newest_image_id}). To go on from "
                "it, pass that picture as a reference or its conversation_id; nothing of it is "
                "used otherwise."
            ]
    return []
