"""Earlier work found by what it was about: vectors from OpenAI, else the words themselves.

What is close to a new idea is offered, and never used on its own.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from consultation.coverage import UNSEEN
from consultation.turn import BriefEntry
from consultation.words import SHORTEST_TO_SHARE, content, words_of
from errors import Problem
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from settings import Origin, Settings
from storage.database import write_to_the_end
from storage.list_pages import Filter
from storage.records import Records
from storage.search import ConversationSummary, Search, SearchPage
from storage.spending import ReuseKind, booking
from storage.tables import FORMAT
from storage.vectors import Vectors

logger = logging.getLogger(__name__)

MODEL = "text-embedding-3-small"
LONGEST_TEXT, TEXTS_AT_ONCE = 4_000, 50
"""Letters of a conversation that its vector stands for, the beginning of which says what it is
about, and texts of a request: in any script fewer tokens than OpenAI takes, 8,192 and 300,000."""

BY_WORDS = "Words were compared, not meanings: {why}."

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


@dataclass
class SemanticSearch:
    """Finds conversations by what they were about."""

    settings: Settings
    gateway: Gateway
    records: Records
    word_search: Search
    vectors: Vectors

    @property
    def origin(self) -> Origin:
        """Who compares: `openai` or the `sandbox`."""
        return self.gateway.origin

    async def nearest(self, query: str, *, limit: int) -> list[tuple[str, float]] | str:
        """The conversations that come closest with their cosines, or why meanings cannot be
        compared."""
        if not self.settings.embeddings:
            return "IMAGE_CONSULTANT_EMBEDDINGS is off"
        if await self.records.ledger.is_spent(self.settings.daily_budget_usd, self.origin):
            return "the daily budget is spent"
        try:
            vector = await self._vector_of(query)
        except GatewayError as error:
            return error.event.removesuffix(".")
        return await self.vectors.nearest(vector, MODEL, limit=limit)

    async def search(self, query: str, *, limit: int) -> tuple[SearchPage, str]:
        """The conversations that come closest, and how they were compared. Raises a `Problem`."""
        near = await self.nearest(query, limit=limit)
        if isinstance(near, str):
            page = await self.word_search.page(Filter(query=query), limit=limit)
            return page, BY_WORDS.format(why=near)
        page = await self.word_search.these([key for key, _ in near])
        who = f"the sandbox in place of {MODEL}" if self.origin == "sandbox" else MODEL
        return page, f"Meanings were compared, by {who}; these come closest."

    async def _vector_of(self, query: str) -> list[float]:
        """The vector of a query. Conversations whose words changed get theirs with it."""
        last = ""
        while True:
            stale = await self.vectors.stale(MODEL, after=last, limit=TEXTS_AT_ONCE)
            texts = {key: words for key, words in stale.items() if words.strip()}
            cut = [words[:LONGEST_TEXT] for words in (query, *texts.values())]
            embedding = await self.gateway.embed(MODEL, cut)
            vector, *others = embedding.vectors
            rows = zip(texts, texts.values(), others, strict=True)
            charge = booking(None, "search", **embedding.as_booking)
            # Whoever waits for an offer gives up after seconds, and this is paid.
            await write_to_the_end(self.vectors.store(MODEL, rows, charge))
            if len(stale) < TEXTS_AT_ONCE:
                return vector
            last = list(stale)[-1]


@dataclass
class EarlierWork:
    """Finds earlier pictures that are close to an idea, and counts what that was good for."""

    settings: Settings
    search: Search
    semantic_search: SemanticSearch
    records: Records

    def __post_init__(self) -> None:
        """Nothing was offered yet."""
        self._offers: dict[str, str] = {}

    async def offers(self, idea: str, *, without: str) -> list[str]:
        """A sentence on the conversation that comes closest to an idea, if one comes close.

        `without` is the conversation that the idea begins. Meanings are compared where the
        settings allow it, else words; the setting IMAGE_CONSULTANT_SIMILAR says what is close.
        """
        words = _telling_words(idea)
        if not self.settings.similar or len(words) < FEWEST_WORDS:
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
                one = await self.records.load(conversation_id)
                costs = [one.cost_of(image) or 0.0 for image in one.images]
                await self._count("taken", max(costs, default=0.0))

    async def _closest(
        self, idea: str, words: set[str], without: str
    ) -> ConversationSummary | None:
        if not await self.search.has_pictures(without=without):
            return None
        near = await self.semantic_search.nearest(idea, limit=LOOKED_AT)
        if isinstance(near, str):
            return await self._closest_by_words(words, without)
        close = [key for key, cosine in near if key != without and cosine >= self.settings.similar]
        page = await self.search.these(close)
        return next((item for item in page.items if item.pictures), None)

    async def _closest_by_words(self, words: set[str], without: str) -> ConversationSummary | None:
        query = " ".join(sorted(words))
        page = await self.search.page(Filter(query=query), limit=LOOKED_AT + 1)
        for item in page.items:
            if item.conversation_id == without:
                continue
            said = await self.search.words(item.conversation_id)
            there = {word.text for word in words_of(f"{item.title} {said}")}
            if item.pictures and len(words & there) >= self.settings.similar * len(words):
                return item
        return None

    async def _count(self, kind: ReuseKind, usd: float = 0.0) -> None:
        with suppress(Problem):  # a count is worth no failed call
            await self.records.ledger.note_reuse(kind, origin=self.semantic_search.origin, usd=usd)


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
    long = {word.text for word in content(words)}
    return (
        long if len(long) >= FEWEST_WORDS else {w.text for w in content(words, SHORTEST_TO_SHARE)}
    )
