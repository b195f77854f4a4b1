"""Find conversations by what they were about: vectors from OpenAI, else the words themselves."""

from gateway.api_errors import GatewayError
from gateway.client import Gateway
from settings import Origin, Settings
from storage.database import write_to_the_end
from storage.list_pages import Filter
from storage.records import Records
from storage.search import Search, SearchPage
from storage.spending import booking
from storage.vectors import Vectors

MODEL = "text-embedding-3-small"
TEXTS_AT_ONCE = 50
LONGEST_TEXT = 4_000
"""Letters of a conversation that its vector stands for; the beginning says what it is about.

In any script so many are fewer tokens than OpenAI takes: 8,192 of a text, 300,000 of a request.
"""

BY_WORDS = "Words were compared, not meanings: {why}."


class SemanticSearch:
    """Finds conversations by what they were about."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        records: Records,
        search: Search,
        vectors: Vectors,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._search = search
        self._vectors = vectors

    @property
    def origin(self) -> Origin:
        """Who compares: `openai` or the `sandbox`."""
        return self._gateway.origin

    async def nearest(self, query: str, *, limit: int) -> list[tuple[str, float]] | None:
        """The conversations that come closest with their cosines; None where nobody compares."""
        if await self._why_not() is not None:
            return None
        try:
            vector = await self._vector_of(query)
        except GatewayError:
            return None
        return await self._vectors.nearest(vector, MODEL, limit=limit)

    async def search(self, query: str, *, limit: int) -> tuple[SearchPage, str]:
        """The conversations that come closest, and how they were compared. Raises a `Problem`."""
        why = await self._why_not()
        if why is None:
            try:
                vector = await self._vector_of(query)
            except GatewayError as error:
                why = error.event.removesuffix(".")
            else:
                near = await self._vectors.nearest(vector, MODEL, limit=limit)
                page = await self._search.these([key for key, _ in near])
                return page, f"Meanings were compared, by {MODEL}."
        page = await self._search.page(Filter(query=query), limit=limit)
        return page, BY_WORDS.format(why=why)

    async def _why_not(self) -> str | None:
        if not self._settings.embeddings:
            return "IMAGE_CONSULTANT_EMBEDDINGS is off"
        if await self._records.ledger.is_spent(self._settings.daily_budget_usd, self.origin):
            return "the daily budget is spent"
        return None

    async def _vector_of(self, query: str) -> list[float]:
        """The vector of a query. Conversations whose words changed get theirs with it."""
        last = ""
        while True:
            stale = await self._vectors.stale(MODEL, after=last, limit=TEXTS_AT_ONCE)
            texts = {key: words for key, words in stale.items() if words.strip()}
            cut = [words[:LONGEST_TEXT] for words in (query, *texts.values())]
            embedding = await self._gateway.embed(MODEL, cut)
            vector, *others = embedding.vectors
            rows = zip(texts, texts.values(), others, strict=True)
            charge = booking(None, "search", **embedding.as_booking)
            # Whoever waits for an offer gives up after seconds, and this is paid.
            await write_to_the_end(self._vectors.store(MODEL, rows, charge))
            if len(stale) < TEXTS_AT_ONCE:
                return vector
            last = list(stale)[-1]
