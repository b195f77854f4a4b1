"""Search by meaning: vectors beside the records, compared exactly and in memory."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

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
"""Each change takes a row number above all others: see `VectorMatrix`."""

STATE = text(
    "SELECT (SELECT count(*) FROM meanings), rowid, conversation_id FROM meanings "
    "ORDER BY rowid DESC LIMIT 1"
)
OWNERS = text("SELECT rowid, conversation_id FROM meanings")
ROWS = text(
    "SELECT rowid, vector FROM meanings WHERE rowid IN (SELECT value FROM json_each(:rows)) "
    "AND model = :model AND length(vector) = :bytes"
)


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
        async with self._reading, self._database.read() as session:
            place = model, len(vector)
            # Put back only when it is up to date: a renewal that fails leaves half a matrix.
            matrix = self._matrices.pop(place, None) or VectorMatrix(*place)
            await matrix.renew(session)
            self._matrices[place] = matrix
        return matrix.nearest(vector, max(limit, 0))


class VectorMatrix:
    """Vectors of length 1, one below the other, and whose they are.

    A vector that changes takes another row number in the database, above all others: so the
    numbers tell what has to be read. Changed in place, since a second matrix would double the
    memory; one whose renewal failed must not be used again.
    """

    def __init__(self, model: str, width: int) -> None:
        import numpy as np

        self._model = model
        self._width = width
        self._vectors: Floats = np.empty((0, width), np.float32)
        self._rows: list[int] = []
        self._owners: list[str] = []
        self._state: tuple[Any, ...] | None = None

    async def renew(self, session: AsyncSession) -> None:
        """Bring it up to date; what did not change is not read again."""
        state = tuple((await session.execute(STATE)).one_or_none() or ())
        if state == self._state:
            return
        owners: dict[int, str] = dict((await session.execute(OWNERS)).all())
        self._drop_all_but(owners)
        new = sorted(owners.keys() - set(self._rows))
        for start in range(0, len(new), ROWS_AT_ONCE):
            await self._read(session, new[start : start + ROWS_AT_ONCE], owners)
        self._state = state

    def nearest(self, vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        """So many of the owners with the greatest cosines, closest first."""
        import numpy as np

        direction = _normal(np.asarray([vector], np.float32))[0]
        scores = np.vecdot(self._vectors, direction)  # @ would have every core spin for it
        most = min(most, len(scores))
        best = np.argpartition(-scores, most - 1)[:most] if most else np.empty(0, np.int64)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [(self._owners[index], float(scores[index])) for index in ordered]

    def _drop_all_but(self, owners: dict[int, str]) -> None:
        """Leave out what is gone; what stands last takes its place."""
        for index in reversed(range(len(self._rows))):
            if owners.get(self._rows[index]) != self._owners[index]:
                last = self._rows.pop(), self._owners.pop()
                if index < len(self._rows):
                    self._rows[index], self._owners[index] = last
                    self._vectors[index] = self._vectors[len(self._rows)]
        self._resize(len(self._rows))

    async def _read(self, session: AsyncSession, rows: list[int], owners: dict[int, str]) -> None:
        import numpy as np

        size = self._width * FLOAT_BYTES
        values = {"rows": json.dumps(rows), "model": self._model, "bytes": size}
        vectors = (await session.execute(ROWS, values)).all()
        start = len(self._rows)
        self._resize(start + len(vectors))
        for index, (row, packed) in enumerate(vectors, start):
            self._vectors[index] = np.frombuffer(packed, np.float32)
            self._rows.append(row)
            self._owners.append(owners[row])
        self._vectors[start:] = _normal(self._vectors[start:])

    def _resize(self, count: int) -> None:
        # Without the check for references, which counts our own; nobody else has one.
        self._vectors.resize((count, self._width), refcheck=False)


def _normal(vectors: "Floats") -> "Floats":
    """Vectors brought to length 1; one of nothing but zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normal: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return normal
