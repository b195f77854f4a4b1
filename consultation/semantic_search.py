"""Search by meaning: vectors from OpenAI beside the records, compared exactly; else by words."""

from gateway.api_errors import GatewayError
from gateway.client import Gateway
from settings import Settings
from storage.records import Records, booking
from storage.search import Filter, Search, SearchPage
from storage.vectors import Vectors

MODEL = "text-embedding-3-small"
AT_ONCE = 50
LONGEST = 4_000
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
        meanings: Vectors,
    ) -> None:
        self._settings = settings
        self._gateway = gateway
        self._records = records
        self._search = search
        self._meanings = meanings

    async def search(self, query: str, *, limit: int) -> tuple[SearchPage, str]:
        """The conversations that come closest, and how they were compared. Raises a `Problem`."""
        why = self._why_not()
        if why is None:
            try:
                await self._catch_up()
                (vector,) = await self._embed([query])
            except GatewayError as error:
                why = str(error).split(".")[0]
            else:
                near = await self._meanings.nearest(vector, MODEL, limit=limit, without=None)
                page = await self._search.these([found for found, _ in near])
                return page, f"Meanings were compared, by {MODEL}."
        page = await self._search.page(Filter(query=query), limit=limit)
        return page, BY_WORDS.format(why=why)

    def _why_not(self) -> str | None:
        settings = self._settings
        if not settings.embeddings:
            return "IMAGE_CONSULTANT_EMBEDDINGS is off"
        budget = settings.daily_budget_usd
        return "the daily budget is 0" if budget == 0 else None

    async def _catch_up(self) -> None:
        """Give each conversation a vector that stands for its words as they are now."""
        last = ""
        while stale := await self._meanings.stale(MODEL, after=last, limit=AT_ONCE):
            last = list(stale)[-1]
            said = {found: words for found, words in stale.items() if words.strip()}
            if said:
                vectors = await self._embed([words[:LONGEST] for words in said.values()])
                rows = zip(said, said.values(), vectors, strict=True)
                await self._meanings.keep(MODEL, rows)

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        embedded = await self._gateway.embed(MODEL, texts)
        await self._records.add(booking(None, "search", **embedded.as_booking))
        return embedded.vectors
