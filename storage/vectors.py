"""Search by meaning: vectors beside the records, compared exactly and in memory."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from storage.database import Database
from storage.tables import Spending

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float32]]

FLOAT_BYTES = 4
ROWS_AT_ONCE = 500
"""Vectors that are read from the database in one go: 1 MB, so that memory does not double."""
WORDS = "title || char(10) || words || char(10) || answers || char(10) || prompts"

STALE = text(
    f"""
    SELECT conversation_id, {WORDS} FROM texts
    WHERE conversation_id > :after AND conversation_id NOT IN
        (SELECT conversation_id FROM meanings WHERE model = :model AND current)
    ORDER BY conversation_id LIMIT :limit
    """  # noqa: S608  # of our own words
)
STORE = text(
    f"""
    INSERT OR REPLACE INTO meanings (rowid, conversation_id, model, current, vector)
    SELECT (SELECT coalesce(max(rowid), 0) + 1 FROM meanings), conversation_id, :model, 1, :vector
    FROM texts WHERE conversation_id = :id AND {WORDS} = :words
    """  # noqa: S608  # of our own words
)
"""Each change takes a row number above all others: so `STATE` differs after each."""

STATE = text(
    "SELECT (SELECT count(*) FROM meanings), rowid, conversation_id FROM meanings "
    "ORDER BY rowid DESC LIMIT 1"
)
ROWS = text(
    "SELECT rowid, conversation_id, vector FROM meanings WHERE rowid > :after AND model = :model "
    "AND length(vector) = :bytes ORDER BY rowid LIMIT :limit"
)


class Vectors:
    """The vectors of one data folder, where other processes may write too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: tuple[tuple[Any, ...], list[str], Floats] | None = None

    async def stale(self, model: str, *, after: str = "", limit: int = 100) -> dict[str, str]:
        """The words of conversations whose vector is missing or out of date, by their ids.

        Ordered by id; `after` goes on behind one.
        """
        values = {"model": model, "after": after, "limit": limit}
        async with self._database.read() as session:
            return dict((await session.execute(STALE, values)).all())

    async def store(
        self, model: str, rows: Iterable[tuple[str, str, Sequence[float]]], charge: Spending
    ) -> None:
        """Write vectors in place of older ones: id, words as `stale` gave them, vector of each.

        All or none, but for conversations that were deleted or went on meanwhile; and `charge`,
        what the vectors cost.
        """
        import numpy as np

        async with self._database.write(durable=False) as session:
            session.add(charge)
            for key, words, vector in rows:
                packed = np.asarray(vector, np.float32).tobytes()
                values = {"id": key, "model": model, "words": words, "vector": packed}
                await session.execute(STORE, values)

    async def nearest(
        self, vector: Sequence[float], model: str, *, limit: int
    ) -> list[tuple[str, float]]:
        """The conversations that mean most nearly the same, with their cosines, closest first.

        All vectors of a model are held in memory, 2 kB each, and compared one by one.
        """
        import numpy as np

        owners, vectors = await self._all(model, len(vector))
        direction = _normal(np.asarray([vector], np.float32))[0]
        scores = np.vecdot(vectors, direction)  # @ would have every core spin for it
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(owners[index], float(scores[index])) for index in best]

    async def _all(self, model: str, width: int) -> "tuple[list[str], Floats]":
        """Whose vectors there are of a model, and these, of length 1, one below the other.

        Read again once anything changed: 10,000 take 70 ms.
        """
        import numpy as np

        async with self._database.read() as session:
            state = (model, width, *((await session.execute(STATE)).one_or_none() or (0,)))
            if self._read and self._read[0] == state:
                return self._read[1:]
            self._read = None  # it need not lie beside what is read now
            owners: list[str] = []
            vectors: Floats = np.empty((state[2], width), np.float32)
            values = {"model": model, "bytes": width * FLOAT_BYTES, "limit": ROWS_AT_ONCE}
            after = 0
            while rows := (await session.execute(ROWS, {**values, "after": after})).all():
                packed = np.frombuffer(b"".join(row.vector for row in rows), np.float32)
                vectors[len(owners) : len(owners) + len(rows)] = _normal(packed.reshape(-1, width))
                owners += [row.conversation_id for row in rows]
                after = rows[-1].rowid
        self._read = state, owners, vectors[: len(owners)]
        return self._read[1:]


def _normal(vectors: "Floats") -> "Floats":
    """Vectors brought to length 1; one of nothing but zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normal: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return normal
