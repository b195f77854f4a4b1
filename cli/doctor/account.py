"""What OpenAI says of the key and its models, and what the records say of money and access."""

import sqlite3
from collections.abc import Iterator, Set
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from app import App
from errors import Check, Problem
from gateway.api_errors import GatewayError
from gateway.api_key import find_key
from gateway.models import living_text_model, load_models
from keyring_store import KeyringFault
from settings import Settings, local_date, variable_of
from tools.status import budget

if TYPE_CHECKING:
    from storage.database import Database

KEY, ACCESS, VERIFICATION = "openai", "model access", "verification"

SUGGESTED = 3
"""Models that a sentence names as a choice; a longer list is not read."""

UNREACHED = (
    "OpenAI could not be reached. Check the network, a proxy (HTTPS_PROXY), and OPENAI_BASE_URL if "
    "it is set."
)
LISTLESS = (
    "OpenAI knows the key, and does not let it list models. Allow that and the writing of "
    "responses in the settings of its platform."
)
REFUSALS = {
    "key": "OpenAI refused the API key. Give another with `image-consultant configure`, or in "
    "{source}.",
    "permission": LISTLESS,
    "denied": LISTLESS,
    "no_api": "What answers at OPENAI_BASE_URL lists no models: correct or unset it.",
    "connection": UNREACHED,
    "unclear": UNREACHED,
}
"""Why a list of models was refused, by the case; others have their own words."""

SANDBOX_RESPONSES = "resp_sandbox_%"
UNVERIFIED = "%organization behind the key verified%"
"""As journaled jobs have it, in the words of the gateway's error."""


async def check_access(settings: Settings) -> list[Check]:
    """Have the models listed, which costs nothing; without a key there is nothing to ask."""
    if settings.sandbox:
        return []
    try:
        key = await anyio.to_thread.run_sync(find_key, settings)
    except KeyringFault:
        return []  # the line on the key has said so
    if key is None:
        return []
    try:
        offered = await list_models(settings.model_copy(update={"openai_api_key": key.key}))
    except GatewayError as error:
        return [Check(KEY, "problem", refusal(error, key.source))]
    today = local_date()
    return [Check(KEY, "ok", "OpenAI takes the key."), *access(offered, settings, today)]


async def list_models(settings: Settings) -> set[str]:
    """The names of the models that OpenAI lists for the key. Raises `GatewayError`."""
    app = App(settings)
    try:
        return await app.gateway.list_models()
    finally:
        await app.close()


def refusal(error: GatewayError, source: str) -> str:
    """Why the models could not be listed, and what helps; `source` says where the key lies."""
    template = REFUSALS.get(error.case)
    return template.format(source=source) if template else str(error)


def access(offered: Set[str], settings: Settings, today: date) -> Iterator[Check]:
    """Whether the models that are set are among those that OpenAI lists for the key."""
    for field in ("facilitator_model", "assistant_model"):
        model, _ = living_text_model(getattr(settings, field), today)
        if model not in offered:
            sentence = f"OpenAI does not list {model} for this key. Allow it in the limits of the"
            way = f"project, or set {variable_of(field)} to another."
            yield Check(ACCESS, "problem", f"{sentence} {way}")
    if settings.image_model in offered:
        yield Check(ACCESS, "ok", f"OpenAI lists {settings.image_model} for this key.")
        return
    others = [name for name in load_models().living_image_models(today) if name in offered]
    choice = f"to {' or '.join(others[:SUGGESTED])}" if others else "to a model that it lists"
    yield Check(
        ACCESS,
        "problem",
        f"OpenAI does not list {settings.image_model} for this key. Verify the organization in "
        "the settings of the OpenAI platform, allow the model in the limits of the project, or set "
        f"{variable_of('image_model')} {choice}.",
    )


async def check_history(settings: Settings) -> list[Check]:
    """What was spent today, and whether OpenAI drew for the organization; read from a copy."""
    from storage.database import Database
    from storage.database_file import FILE_NAME
    from storage.encryption import cipher_for, connect_for
    from storage.health import copy_database
    from storage.spending import Ledger

    path = settings.data_dir / FILE_NAME
    if not path.is_file():
        return [*budget(0, settings), _verification("", "", settings.image_model)]
    with TemporaryDirectory() as folder:
        database = Database(Path(folder), cipher_for(settings))
        try:
            await anyio.to_thread.run_sync(copy_database, path, Path(folder), connect_for(settings))
            spent = await Ledger(database).today("sandbox" if settings.sandbox else "openai")
            drawing, last_refusal = await _last_days(database, settings.image_model)
        except (Problem, sqlite3.Error):
            return []  # the lines on the records have said so
        finally:
            await database.close()
    return [*budget(spent, settings), _verification(drawing, last_refusal, settings.image_model)]


async def _last_days(database: "Database", model: str) -> tuple[str, str]:
    """When OpenAI last drew with a model, and when it last wanted a verification first."""
    from sqlalchemy import func, select

    from storage.tables import Image, Job

    drawing = select(func.max(Image.created_at)).where(
        Image.model == model, Image.response_id.not_like(SANDBOX_RESPONSES)
    )
    last_refusal = select(func.max(Job.changed_at)).where(
        Job.error.like(UNVERIFIED), Job.options["image_model"].as_string() == model
    )
    async with database.read() as session:
        return await session.scalar(drawing) or "", await session.scalar(last_refusal) or ""


def _verification(drawing: str, last_refusal: str, model: str) -> Check:
    """What is known of the organization: a list of models does not tell, only a drawing does."""
    if last_refusal > drawing:
        sentence = f"OpenAI refused {model} on {last_refusal[:10]}: verify the organization in the"
        way = "settings of its platform; access can take 15 minutes to arrive."
        return Check(VERIFICATION, "problem", f"{sentence} {way}")
    sentence = f"OpenAI drew with {model} on {drawing[:10]}."
    unknown = f"Not known before the first picture that OpenAI draws with {model}."
    return Check(VERIFICATION, "ok", sentence if drawing else unknown)
