"""What a server can tell of itself: configuration, models with their dates, spending; no key.

`doctor` says the same in a terminal, and adds what only it may do: ask OpenAI, start things.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from app import App
from errors import Problem, Severity, redact, without_keys
from gateway.models import load_models, outlook
from settings import Origin, Settings, own_version, variable_of

PATIENT_CLIENT_SECONDS = 55
"""Claude Desktop was seen to give a call up after 60 s (claude-code#63379)."""


class Check(NamedTuple):
    """One finding: what was looked at, how it stands, and what to do if anything."""

    name: str
    state: Severity
    sentence: str


Look = Callable[[Settings], Iterable[tuple[str, Severity, str]]]


class ModelState(BaseModel):
    """A configured model and its future."""

    setting: str
    state: Severity
    told: str


class Found(BaseModel):
    """Something that is not as it should be."""

    name: str
    state: Severity
    told: str


class Status(BaseModel):
    """A server as it stands; money in USD."""

    version: str
    origin: Origin
    key: str
    models: list[ModelState]
    images_folder: str
    records_folder: str
    templates_folder: str
    input_folders: list[str]
    toolsets: list[str]
    quality: str
    spent_today_usd: float
    daily_budget_usd: float | None
    findings: list[Found]
    notes: list[str]
    next_step: str = "image-consultant doctor, in a terminal, checks all of it and starts it once."


async def status(app: App) -> Status:
    """Look at settings, folders and records; nothing is asked of OpenAI."""
    import anyio

    settings = app.settings
    today = datetime.now().astimezone().date()
    origin = app.gateway.origin
    found = await anyio.to_thread.run_sync(lambda: list(findings(settings)))
    spent = await app.records.spending_today(origin)
    found += budget(spent, settings)
    told = Status(
        version=own_version(),
        origin=origin,
        key=next(check.sentence for check in found if check.name == "key"),
        models=[
            ModelState(setting=name, state=state, told=sentence)
            for name, state, sentence in outlook(settings, today)
        ],
        images_folder=str(settings.images_dir),
        records_folder=str(settings.data_dir),
        templates_folder=str(settings.templates_dir),
        input_folders=[str(folder) for folder in settings.input_dirs],
        toolsets=settings.toolsets,
        quality=settings.quality,
        spent_today_usd=round(spent, 6),
        daily_budget_usd=settings.daily_budget_usd,
        findings=[
            Found(name=check.name, state=check.state, told=check.sentence)
            for check in found
            if check.state != "ok"
        ],
        notes=[app.database.notice] if app.database.notice else [],
    )
    return Status.model_validate_json(without_keys(told.model_dump_json()))  # one may have strayed


def as_text(told: Status) -> str:
    """The whole status in words."""
    limit = "no daily budget" if told.daily_budget_usd is None else f"of ${told.daily_budget_usd}"
    lines = [
        f"image-consultant {told.version} on {told.origin}. Key: {told.key}",
        *(f"{model.state}: {model.told}" for model in told.models),
        f"Pictures are saved in {told.images_folder}, records in {told.records_folder}, own "
        f"templates belong into {told.templates_folder}; input pictures may come from "
        f"{', '.join([told.images_folder, *told.input_folders])}.",
        f"Spent today: ${told.spent_today_usd:.4f}, {limit}. Quality {told.quality}, toolsets "
        f"{', '.join(told.toolsets)}.",
        *(f"{found.state}: {found.name}: {found.told}" for found in told.findings),
        *told.notes,
        told.next_step,
    ]
    return "\n".join(lines)


def findings(settings: Settings) -> Iterator[Check]:
    """All that can be seen without asking anybody, one look after the other."""
    for name, look in LOOKS.items():
        yield from looked(name, look, settings)


def looked(name: str, look: Look, settings: Settings) -> list[Check]:
    """What a look found; one that fails is itself a finding."""
    try:
        return [Check(*found) for found in look(settings)]
    except Problem as problem:
        return [Check(name, "problem", str(problem))]
    except Exception as error:  # a page with a gap helps more than none
        said = redact(" ".join(str(error).split()))[:200]
        sentence = f"This could not be looked at ({type(error).__name__}: {said})."
        return [Check(name, "problem", sentence)]


def budget(spent: float, settings: Settings) -> Iterator[Check]:
    """How much of a day's budget is left."""
    limit = settings.daily_budget_usd
    variable = variable_of("daily_budget_usd")
    if limit is None:
        yield Check(
            "budget", "ok", f"${spent:.2f} today, and no daily budget; {variable} sets one."
        )
    elif spent >= limit:
        sentence = f"${spent:.2f} of ${limit:.2f} are spent today: paid calls are refused."
        yield Check("budget", "warning", f"{sentence} Raise {variable}, or wait until tomorrow.")
    else:
        yield Check("budget", "ok", f"${spent:.2f} of ${limit:.2f} are spent today.")


def _key(settings: Settings) -> Iterator[Check]:
    from gateway.api_key import find

    if settings.sandbox:
        yield Check("key", "ok", "The sandbox needs none; its pictures are placeholders.")
    elif found := find(settings):
        yield Check("key", "ok", f"OPENAI_API_KEY comes from {found.source}.")
    else:
        sentence = (
            "There is none. Run `image-consultant configure` in a terminal, or set OPENAI_API_KEY "
            "in the client's configuration; --sandbox tries everything without one."
        )
        yield Check("key", "problem", sentence)


def _images(settings: Settings) -> Iterator[tuple[str, Severity, str]]:
    from storage.folder_checks import folder

    yield folder("images folder", settings.images_dir, variable_of("images_dir"))


def _data(settings: Settings) -> Iterator[tuple[str, Severity, str]]:
    from storage.folder_checks import folder, secret_file

    yield folder("data folder", settings.data_dir, variable_of("data_dir"))
    yield from secret_file(settings.data_dir / ".env")


def _inputs(settings: Settings) -> Iterator[tuple[str, Severity, str]]:
    from storage.folder_checks import inputs

    return inputs(settings.images_dir, settings.input_dirs, variable_of("input_dirs"))


def _templates(settings: Settings) -> Iterator[tuple[str, Severity, str]]:
    from prompts.own import examine

    if settings.prompts_dir and not settings.prompts_dir.is_dir():
        way = f"Create it, or unset {variable_of('prompts_dir')}."
        yield "templates", "problem", f"{settings.prompts_dir} is no folder. {way}"
    yield from examine(settings.templates_dir)


def _records(settings: Settings) -> Iterable[tuple[str, Severity, str]]:
    from storage.encryption import connect_for
    from storage.health import examine

    return examine(settings.data_dir, connect_for(settings))


def _settings(settings: Settings) -> Iterator[Check]:
    model = load_models().find_image(settings.image_model)
    qualities = model.qualities if model else []
    if qualities and settings.quality not in {"auto", *qualities}:
        sentence = f"{settings.image_model} has no quality {settings.quality}. Set"
        way = f"{variable_of('quality')} to one of {', '.join(qualities)}."
        yield Check("settings", "problem", f"{sentence} {way}")
    if settings.wait_seconds > PATIENT_CLIENT_SECONDS:
        sentence = f"A call may wait {settings.wait_seconds:g} s, and clients give up after 60."
        way = f"Set {variable_of('wait_seconds')} to 45."
        yield Check("settings", "warning", f"{sentence} {way}")


LOOKS: dict[str, Look] = {
    "key": _key,
    "images folder": _images,
    "data folder": _data,
    "input folders": _inputs,
    "templates": _templates,
    "settings": _settings,
    "records": _records,
}
