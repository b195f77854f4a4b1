"""Search by meaning: vectors beside the records, compared exactly and in memory."""

import asyncio
from collections.abc import Iterable, Sequence

from sqlalchemy import text

from storage.database import Database
from storage.vector_matrix import VectorMatrix

SAID = "title || char(10) || words || char(10) || answers || char(10) || prompts"

STALE = text(
    f"""
    SELECT conversation_id, {SAID} FROM texts
    WHERE conversation_id > :after AND conversation_id NOT IN
        (SELECT conversation_id FROM meanings WHERE model = :model AND current)
    ORDER BY conversation_id LIMIT :limit
    """  # noqa: S608  # of our own words
)
KEEP = text(
    f"""
    INSERT OR REPLACE INTO meanings (rowid, conversation_id, model, current, vector)
    SELECT (SELECT coalesce(max(rowid), 0) + 1 FROM meanings), conversation_id, :model, 1, :vector
    FROM texts WHERE conversation_id = :id AND {SAID} = :words
    """  # noqa: S608  # of our own words
)
"""Each change takes a row number above all others: see `VectorMatrix`."""


class Vectors:
    """The vectors of one data folder, where other processes may write too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matrices: dict[tuple[str, int], VectorMatrix] = {}
        self._reading = asyncio.Lock()

    async def stale(self, model: str, *, after: str = "", limit: int = 100) -> dict[str, str]:
        """The words of conversations whose vector is missing or out of date, by their ids.

        Ordered by id; `after` goes on behind one.
        """
        given = {"model": model, "after": after, "limit": limit}
        async with self._database.read() as session:
            return dict((await session.execute(STALE, given)).all())

    async def keep(self, model: str, rows: Iterable[tuple[str, str, Sequence[float]]]) -> None:
        """Keep vectors in place of older ones: id, words as `stale` told them, and vector of each.

        All or none, but for conversations that were deleted or went on meanwhile.
        """
        import numpy as np

        async with self._database.write() as session:
            for key, words, vector in rows:
                packed = np.asarray(vector, np.float32).tobytes()
                given = {"id": key, "model": model, "words": words, "vector": packed}
                await session.execute(KEEP, given)

    async def nearest(
        self, vector: Sequence[float], model: str, *, limit: int, without: str | None = None
    ) -> list[tuple[str, float]]:
        """The conversations that mean most nearly the same, with their cosines, closest first.

        All vectors of a model are held in memory, 2 kB each, and compared one by one.
        """
        limit = max(limit, 0)
        matrix = await self._matrix(model, len(vector))
        found = matrix.nearest(vector, limit + 1)  # one of them may be left out
        return [one for one in found if one[0] != without][:limit]

    async def _matrix(self, model: str, width: int) -> VectorMatrix:
        async with self._reading, self._database.read() as session:
            matrix = self._matrices.pop((model, width), None) or VectorMatrix(model, width)
            await matrix.renew(session)
            self._matrices[model, width] = matrix
            return matrix
