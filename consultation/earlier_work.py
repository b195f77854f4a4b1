"""Earlier work that is close to a new idea: offered, and never used on its own."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from consultation.coverage import UNSEEN
from consultation.semantic_search import SemanticSearch
from consultation.turn import FORMAT, BriefEntry
from consultation.words import content, words_of
from errors import Problem
from settings import Settings
from storage.list_pages import Filter
from storage.records import Records
from storage.search import ConversationSummary, Search
from storage.spending import ReuseKind

logger = logging.getLogger(__name__)

LOOKED_AT = 5
"""Conversations that are compared; what is close comes first."""

FEWEST_WORDS = 2
"""An idea of one word ("logo") is close to everything."""

LONGEST_SECONDS = 5.0
"""An offer is worth no longer wait."""

OFFER = (
    "You made something like this on {day}: '{title}' (conversation {conversation}, current "
    "picture {picture}). To go on from it, pass that picture as a reference or its "
    "conversation_id; nothing of it is used otherwise."
)


class EarlierWork:
    """Finds earlier pictures that are close to an idea, and counts what that was good for."""

    def __init__(
        self, settings: Settings, search: Search, semantic_search: SemanticSearch, records: Records
    ) -> None:
        self._settings = settings
        self._search = search
        self._semantic_search = semantic_search
        self._records = records
        self._offers: dict[str, str] = {}

    async def offers(self, idea: str, *, without: str) -> list[str]:
        """A sentence on the conversation that comes closest to an idea, if one comes close.

        `without` is the conversation that the idea begins. Meanings are compared where the
        settings allow it, else words; the setting IMAGE_CONSULTANT_SIMILAR says what is close.
        """
        words = _telling_words(idea)
        if not self._settings.similar or len(words) < FEWEST_WORDS:
            return []
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                item = await self._closest(idea, words, without)
        except TimeoutError:
            return []
        except Problem as problem:  # the turn is paid for, and goes on without an offer
            logger.warning("Earlier work could not be searched: %s", problem)
            return []
        if item is None:
            return []
        key, picture = item.conversation_id, item.newest_image_id
        self._offers |= dict.fromkeys((key, picture), key)
        await self._count("offered")
        day = item.changed_at[:10]
        return [OFFER.format(day=day, title=item.title, conversation=key, picture=picture)]

    async def note_use(self, names: Iterable[str | None]) -> None:
        """Count an offer as taken where a call names its conversation or picture."""
        ids = {self._offers[name] for name in names if name and name in self._offers}
        for conversation_id in ids:
            self._offers = {k: v for k, v in self._offers.items() if v != conversation_id}
            with suppress(Problem):  # it was deleted since
                one = await self._records.load(conversation_id)
                costs = [one.cost_of(image) or 0.0 for image in one.images]
                await self._count("taken", max(costs, default=0.0))

    async def _closest(
        self, idea: str, words: set[str], without: str
    ) -> ConversationSummary | None:
        if not await self._search.has_pictures(without=without):
            return None
        near = await self._semantic_search.nearest(idea, limit=LOOKED_AT)
        if near is None:
            return await self._closest_by_words(words, without)
        close = [key for key, cosine in near if key != without and cosine >= self._settings.similar]
        page = await self._search.these(close)
        return next((item for item in page.items if item.pictures), None)

    async def _closest_by_words(self, words: set[str], without: str) -> ConversationSummary | None:
        query = " ".join(sorted(words))
        page = await self._search.page(Filter(query=query, without=without), limit=LOOKED_AT)
        for item in page.items:
            said = await self._search.words(item.conversation_id)
            there = {word.text for word in words_of(f"{item.title} {said}")}
            if item.pictures and len(words & there) >= self._settings.similar * len(words):
                return item
        return None

    async def _count(self, kind: ReuseKind, usd: float = 0.0) -> None:
        with suppress(Problem):  # a count is worth no failed call
            await self._records.ledger.note_reuse(
                kind, origin=self._semantic_search.origin, usd=usd
            )


def words_of_the_picture(words: str, brief: Iterable[BriefEntry]) -> str:
    """Words of an idea without those that say where it goes: two phone wallpapers may show
    nothing alike."""
    for entry in brief:
        for quote in entry.said if entry.dimension in (*UNSEEN, FORMAT) else ():
            words = words.replace(quote.quote, " ")
    return words


def _telling_words(idea: str) -> set[str]:
    """Long words, or those of three letters too where there are few: "a red fox in snow"."""
    words = words_of(idea)
    telling = {word.text for word in content(words)}
    return telling if len(telling) >= FEWEST_WORDS else {word.text for word in content(words, 3)}
