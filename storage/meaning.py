"""Search by meaning: vectors beside the records, compared exactly and in memory."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.tables import Meaning

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float32]]

FLOAT_BYTES = 4
AT_ONCE = 500
"""Vectors that are read from the database in one go."""

KEEP = text(
    """
    INSERT OR REPLACE INTO meanings (rowid, conversation_id, model, sha256, vector)
    SELECT (SELECT coalesce(max(rowid), 0) + 1 FROM meanings), id, :model, :sha256, :vector
    FROM conversations WHERE id = :id
    """
)
"""Each change takes a row number above all others: so the rows' numbers tell what changed.

A conversation that was deleted meanwhile gets no vector.
"""

STATE = text(
    "SELECT (SELECT count(*) FROM meanings), rowid, conversation_id FROM meanings "
    "ORDER BY rowid DESC LIMIT 1"
)
OWNERS = text("SELECT rowid, conversation_id FROM meanings")
VECTORS = text(
    "SELECT rowid, vector FROM meanings WHERE rowid IN (SELECT value FROM json_each(:rows)) "
    "AND model = :model AND length(vector) = :bytes"
)


@dataclass
class Matrix:
    """The vectors of one model, each of length 1, one below the other.

    `rows` are their row numbers, `owners` their conversations, `state` what the table looked
    like when they were read.
    """

    vectors: "Floats"
    rows: list[int]
    owners: list[str]
    state: tuple[Any, ...] = ()


class Meanings:
    """The vectors of one data folder, where other processes may write too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._matrices: dict[tuple[str, int], Matrix] = {}
        self._reading = asyncio.Lock()

    async def known(self, model: str) -> dict[str, str]:
        """The sha256 of the text that each conversation's vector stands for."""
        rows = select(Meaning.conversation_id, Meaning.sha256).where(Meaning.model == model)
        async with self._database.read() as session:
            return dict((await session.execute(rows)).all())

    async def keep(
        self, conversation_id: str, model: str, sha256: str, vector: Sequence[float]
    ) -> None:
        """Keep what a conversation is about, in place of what was kept before."""
        await self.keep_all(model, [(conversation_id, sha256, vector)])

    async def keep_all(self, model: str, rows: list[tuple[str, str, Sequence[float]]]) -> None:
        """Keep vectors of several conversations: id, sha256 and vector of each, all or none."""
        import numpy as np

        async with self._database.write() as session:
            for key, sha256, vector in rows:
                packed = np.asarray(vector, np.float32).tobytes()
                given = {"id": key, "model": model, "sha256": sha256, "vector": packed}
                await session.execute(KEEP, given)

    async def nearest(
        self, vector: Sequence[float], model: str, *, limit: int, without: str | None = None
    ) -> list[tuple[str, float]]:
        """The conversations that mean most nearly the same, with their cosines, closest first.

        All vectors of a model are held in memory, 2 kB each, and compared one by one.
        """
        import numpy as np

        matrix = await self._matrix(model, len(vector))
        scores = matrix.vectors @ _normal(np.asarray([vector], np.float32))[0]
        most = min(max(limit, 0) + 1, len(scores))  # one of them may be left out
        best = np.argpartition(-scores, most - 1)[:most] if most else np.empty(0, np.int64)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        found = [(matrix.owners[index], float(scores[index])) for index in ordered]
        return [one for one in found if one[0] != without][: max(limit, 0)]

    async def _matrix(self, model: str, width: int) -> Matrix:
        """The vectors as they are now; what did not change is not read again."""
        import numpy as np

        async with self._reading, self._database.read() as session:
            empty = Matrix(np.empty((0, width), np.float32), [], [])
            known = self._matrices.get((model, width), empty)
            row = (await session.execute(STATE)).one_or_none()
            state = tuple(row or ())
            if state != known.state:
                known = await _renewed(session, known, model)
                known.state = state
                self._matrices[model, width] = known
            return known


async def _renewed(session: AsyncSession, known: Matrix, model: str) -> Matrix:
    """The same without vectors that are gone, with those that are new."""
    import numpy as np

    there: dict[int, str] = dict((await session.execute(OWNERS)).all())
    here = dict(zip(known.rows, known.owners, strict=True))
    stay = [index for index, row in enumerate(known.rows) if there.get(row) == here[row]]
    held = {known.rows[index] for index in stay}
    added = sorted(row for row in there if row not in held)
    vectors = np.empty((len(stay) + len(added), known.vectors.shape[1]), np.float32)
    np.take(known.vectors, stay, axis=0, out=vectors[: len(stay)])
    rows = [known.rows[index] for index in stay]
    for start in range(0, len(added), AT_ONCE):
        read = await _read(session, added[start : start + AT_ONCE], model, vectors.shape[1])
        for row, packed in read:
            vectors[len(rows)] = np.frombuffer(packed, np.float32)
            rows.append(row)
        vectors[len(rows) - len(read) : len(rows)] = _normal(
            vectors[len(rows) - len(read) : len(rows)]
        )
    return Matrix(vectors[: len(rows)], rows, [there[row] for row in rows])


async def _read(
    session: AsyncSession, rows: list[int], model: str, width: int
) -> Sequence[tuple[int, bytes]]:
    wanted = {"rows": json.dumps(rows), "model": model, "bytes": width * FLOAT_BYTES}
    return (await session.execute(VECTORS, wanted)).all()


def _normal(vectors: "Floats") -> "Floats":
    """Vectors brought to length 1; one of nothing but zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normal: Floats = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return normal
