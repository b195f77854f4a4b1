"""The record database of a data folder: sessions that read, sessions that write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from storage.database_faults import told
from storage.database_file import FILE_NAME, is_damage
from storage.database_opening import DatabaseOpener
from storage.schema_upgrade import MIGRATIONS

if TYPE_CHECKING:
    from storage.encryption import Cipher

__all__ = ["FILE_NAME", "MIGRATIONS", "Database"]


class Database:
    """The record database, made and migrated on first use; several processes may share it."""

    def __init__(self, folder: Path, cipher: "Cipher | None" = None) -> None:
        self.path = folder / FILE_NAME
        self._opener = DatabaseOpener(self.path, cipher)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    @property
    def notice(self) -> str | None:
        """What a person has to know of damage that was found since this process began."""
        return self._opener.notice

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with self._session({}) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are committed at the end, all or none.

        Takes the write lock at its start: upgrading a read lock later fails at once
        when another process writes, instead of waiting.
        """
        async with self._session({"immediate": True}) as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()
        self._opener.leave()

    @asynccontextmanager
    async def _session(self, options: dict[str, Any]) -> AsyncIterator[AsyncSession]:
        with told(self.path):
            engine = await self._open()
            bound = engine.execution_options(**options)
            try:
                async with AsyncSession(bound, expire_on_commit=False) as session:
                    yield session
            except DBAPIError as error:
                if is_damage(error) and engine is self._engine:
                    self._opener.doubted = True
                    await self.close()
                raise

    async def _open(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                self._engine = await self._opener.open()
        return self._engine
