"""Whether OpenAI takes the key, and lists the models that are set."""

from collections.abc import Iterator, Set
from datetime import date, datetime

import anyio

from app import App
from errors import Check
from gateway.api_errors import GatewayError
from gateway.api_key import Found, find
from gateway.models import living_text_model, load_models
from keyring_store import KeyringFault
from settings import Settings, variable_of

NAME = "openai"
MODELS = "model access"
SUGGESTED = 3

UNREACHED = (
    "OpenAI could not be reached. Check the network, a proxy (HTTPS_PROXY), and OPENAI_BASE_URL if "
    "it is set."
)
SAID = {
    "key": "OpenAI refused the API key. Give another with `image-consultant configure`, or in "
    "{source}.",
    "permission": "OpenAI knows the key, and does not let it list models. Allow that and the "
    "writing of responses in the settings of its platform; your region may not be served.",
    "not_found": "What answers at OPENAI_BASE_URL lists no models: correct or unset it.",
    "connection": UNREACHED,
    "unclear": UNREACHED,
}
"""What to tell where the list of models was refused; other refusals have their own words."""


async def ask(settings: Settings) -> list[Check]:
    """Have the models listed, which costs nothing; without a key there is nothing to ask."""
    if settings.sandbox:
        return []
    try:
        found = await anyio.to_thread.run_sync(find, settings)
    except KeyringFault:
        return []  # the line on the key has said so
    return await _asked(settings, found) if found else []


async def _asked(settings: Settings, found: Found) -> list[Check]:
    try:
        offered = await listed(settings.model_copy(update={"openai_api_key": found.key}))
    except GatewayError as error:
        return [Check(NAME, "problem", refusal(error, found.source))]
    today = datetime.now().astimezone().date()
    return [Check(NAME, "ok", "OpenAI takes the key."), *access(offered, settings, today)]


async def listed(settings: Settings) -> set[str]:
    """The names of the models that OpenAI lists for the key. Raises `GatewayError`."""
    app = App(settings)
    try:
        return await app.gateway.offered()
    finally:
        await app.close()


def refusal(error: GatewayError, source: str) -> str:
    """Why the models could not be listed, and what helps."""
    return SAID[error.kind].format(source=source) if error.kind in SAID else str(error)


def access(offered: Set[str], settings: Settings, today: date) -> Iterator[Check]:
    """Whether the models that are set are among those that OpenAI lists for the key."""
    talking = {
        field: living_text_model(getattr(settings, field), today)[0]
        for field in ("facilitator_model", "assistant_model")
    }
    for field, model in talking.items():
        if model not in offered:
            sentence = f"OpenAI does not list {model} for this key. Allow it in the limits of the"
            way = f"project, or set {variable_of(field)} to another."
            yield Check(MODELS, "problem", f"{sentence} {way}")
    if settings.image_model in offered:
        yield Check(MODELS, "ok", f"OpenAI lists {settings.image_model} for this key.")
        return
    others = [name for name in load_models().living_image_models(today) if name in offered]
    choice = f"to {' or '.join(others[:SUGGESTED])}" if others else "to a model that it lists"
    yield Check(
        MODELS,
        "problem",
        f"OpenAI does not list {settings.image_model} for this key. Verify the organization in "
        "the settings of the OpenAI platform, allow the model in the limits of the project, or set "
        f"{variable_of('image_model')} {choice}.",
    )
