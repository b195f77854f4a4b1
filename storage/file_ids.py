"""Under which file ids OpenAI holds pictures, so that none is uploaded twice."""

from datetime import timedelta

from storage.database import Database
from storage.stamps import before, now
from storage.tables import Upload

UPLOAD_LIFE = timedelta(days=29)
"""OpenAI keeps what is uploaded for 30; one that is about to expire is not used again."""


class FileIds:
    """The uploads of one data folder by their bytes, with `openai` or in the `sandbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, sha256: str, origin: str) -> str | None:
        """The file id under which OpenAI still holds these bytes."""
        async with self._database.read() as session:
            upload = await session.get(Upload, (sha256, origin))
        return upload.file_id if upload and upload.created_at > before(UPLOAD_LIFE) else None

    async def note(self, sha256: str, origin: str, file_id: str) -> None:
        """Remember under which file id OpenAI holds these bytes."""
        row = Upload(sha256=sha256, origin=origin, file_id=file_id, created_at=now())
        async with self._database.write() as session:
            await session.merge(row)
