"""The vectors of one model in memory, brought up to date from the database in place."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float32]]

FLOAT_BYTES = 4
AT_ONCE = 500
"""Vectors that are read from the database in one go."""

STATE = text(
    "SELECT (SELECT count(*) FROM meanings), rowid, conversation_id FROM meanings "
    "ORDER BY rowid DESC LIMIT 1"
)
OWNERS = text("SELECT rowid, conversation_id FROM meanings")
VECTORS = text(
    "SELECT rowid, vector FROM meanings WHERE rowid IN (SELECT value FROM json_each(:rows)) "
    "AND model = :model AND length(vector) = :bytes"
)


class VectorMatrix:
    """Vectors of length 1, one below the other, and whose they are.

    A vector that changes takes another row number in the database, above all others: so the
    numbers tell what has to be read. Changed in place, since a second matrix would double the
    memory; one whose renewal failed must not be used again.
    """

    def __init__(self, model: str, width: int) -> None:
        import numpy as np

        self._model = model
        self._vectors: Floats = np.empty((0, width), np.float32)
        self._rows: list[int] = []
        self._owners: list[str] = []
        self._state: tuple[Any, ...] | None = None

    async def renew(self, session: AsyncSession) -> None:
        """Bring it up to date; what did not change is not read again."""
        row = (await session.execute(STATE)).one_or_none()
        state = tuple(row or ())
        if state == self._state:
            return
        there: dict[int, str] = dict((await session.execute(OWNERS)).all())
        self._drop_all_but(there)
        added = sorted(there.keys() - set(self._rows))
        for start in range(0, len(added), AT_ONCE):
            read = await _read(session, added[start : start + AT_ONCE], self._model, self._width)
            self._add([(row, there[row], packed) for row, packed in read])
        self._state = state

    def nearest(self, vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        """So many of the owners with the greatest cosines, closest first."""
        import numpy as np

        wanted = _normal(np.asarray([vector], np.float32))[0]
        scores = np.vecdot(self._vectors, wanted)  # @ would have every core spin for it
        most = min(most, len(scores))
        best = np.argpartition(-scores, most - 1)[:most] if most else np.empty(0, np.int64)
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [(self._owners[index], float(scores[index])) for index in ordered]

    @property
    def _width(self) -> int:
        return int(self._vectors.shape[1])

    def _drop_all_but(self, there: dict[int, str]) -> None:
        """Leave out what is gone; what stands last takes its place."""
        for index in reversed(range(len(self._rows))):
            if there.get(self._rows[index]) != self._owners[index]:
                last = self._rows.pop(), self._owners.pop()
                if index < len(self._rows):
                    self._rows[index], self._owners[index] = last
                    self._vectors[index] = self._vectors[len(self._rows)]
        self._resize(len(self._rows))

    def _add(self, read: list[tuple[int, str, bytes]]) -> None:
        import numpy as np

        start = len(self._rows)
        self._resize(start + len(read))
        for index, (row, owner, packed) in enumerate(read, start):
            self._vectors[index] = np.frombuffer(packed, np.float32)
            self._rows.append(row)
            self._owners.append(owner)
        self._vectors[start:] = _normal(self._vectors[start:])

    def _resize(self, count: int) -> None:
        self._vectors.resize((count, self._width), refcheck=False)  # nothing else refers to it


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
