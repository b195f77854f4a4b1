"""What OpenAI says of the key and its models, and what the records say of money."""

import sqlite3
from collections.abc import Iterator, Set
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from app import App
from errors import Check, Problem
from gateway.api_errors import GatewayError
from gateway.api_key import find_key
from gateway.models import living_text_model, load_models
from keyring_store import KeyringFault
from settings import Settings, local_date, variable_of
from tools.status import budget

KEY, ACCESS = "openai", "model access"

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


async def check_budget(settings: Settings) -> list[Check]:
    """What was spent today, read from a copy of the records."""
    from storage.database import Database
    from storage.database_file import FILE_NAME
    from storage.encryption import cipher_for, connect_for
    from storage.health import copy_database
    from storage.spending import Ledger

    path = settings.data_dir / FILE_NAME
    if not path.is_file():
        return [*budget(0, settings)]
    with TemporaryDirectory() as folder:
        database = Database(Path(folder), cipher_for(settings))
        try:
            await anyio.to_thread.run_sync(copy_database, path, Path(folder), connect_for(settings))
            spent = await Ledger(database).today("sandbox" if settings.sandbox else "openai")
        except (Problem, sqlite3.Error):
            return []  # the lines on the records have said so
        finally:
            await database.close()
    return [*budget(spent, settings)]
