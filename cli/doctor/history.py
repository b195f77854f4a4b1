"""What the records say of money and access, read from a copy: nothing is made or changed."""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from errors import Check, Problem
from settings import Settings
from tools.status import budget

if TYPE_CHECKING:
    from storage.database import Database

NAME = "verification"
SANDBOX = "resp_sandbox_%"
REFUSED = "%organization behind the key verified%"


async def look(settings: Settings) -> list[Check]:
    """What was spent today, and whether OpenAI found the organization to be verified."""
    from storage.database import Database
    from storage.database_file import FILE_NAME
    from storage.encryption import cipher_for, connect_for
    from storage.health import copied
    from storage.records import Records

    path = settings.data_dir / FILE_NAME
    if not path.is_file():
        return [*budget(0, settings), verification(None, None, settings)]
    with TemporaryDirectory() as folder:
        database = Database(Path(folder), cipher_for(settings))
        try:
            await anyio.to_thread.run_sync(copied, path, Path(folder), connect_for(settings))
            spent = await Records(database).spending_today("openai")
            drawn, refused = await _last(database, settings.image_model)
        except (Problem, sqlite3.Error):
            return []  # the lines on the records have said so
        finally:
            await database.close()
    return [*budget(spent, settings), verification(drawn, refused, settings)]


async def _last(database: "Database", model: str) -> tuple[str | None, str | None]:
    """When OpenAI last drew with a model, and when it last wanted a verification first."""
    from sqlalchemy import func, select

    from storage.tables import Image, Job

    drawn = select(func.max(Image.created_at)).where(
        Image.model == model, Image.response_id.not_like(SANDBOX)
    )
    refused = select(func.max(Job.changed_at)).where(
        Job.error.like(REFUSED), Job.options["image_model"].as_string() == model
    )
    async with database.read() as session:
        return await session.scalar(drawn), await session.scalar(refused)


def verification(drawn: str | None, refused: str | None, settings: Settings) -> Check:
    """What is known of the organization: a list of models does not tell, only a drawing does."""
    model = settings.image_model
    if refused and refused > (drawn or ""):
        sentence = f"OpenAI refused {model} on {refused[:10]}: verify the organization in the"
        way = "settings of its platform; access can take 15 minutes to arrive."
        return Check(NAME, "problem", f"{sentence} {way}")
    if drawn:
        return Check(NAME, "ok", f"OpenAI drew with {model} on {drawn[:10]}.")
    return Check(NAME, "ok", f"Not known before the first picture that OpenAI draws with {model}.")
