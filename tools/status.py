"""What a server can tell of itself: configuration, models with their dates, spending; no key.

`doctor` says the same in a terminal, and adds what only it may do: ask OpenAI, start things.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from pydantic import BaseModel

from app import App
from errors import Check, Problem, Severity, redact, without_keys
from gateway.models import KnownModel, known_models, load_models, outlook
from keyring_store import KeyringFault
from settings import Origin, Settings, local_date, own_version, variable_of
from storage.spending import ReuseTotals

PATIENT_CLIENT_SECONDS = 55
"""Claude Desktop was seen to give a call up after 60 s (claude-code#63379)."""
LONGEST_REASON = 200
"""Letters of a bug's text in a finding: enough to search for, and no page of a traceback."""


REUSES = {"shown": "shown again free", "offered": "offered", "taken": "taken where it was offered"}
"""In words, by the kind of reuse."""

Inspection = Callable[[Settings], Iterable[Check]]
"""Looks at one thing, and yields what comes of it."""


class ModelOutlook(BaseModel):
    """A configured model and its future."""

    setting: str
    state: Severity
    told: str


class StatusFinding(BaseModel):
    """What was looked at, and how it stands."""

    name: str
    state: Severity
    told: str


class Status(BaseModel):
    """A server as it stands; money in USD."""

    version: str
    origin: Origin
    key: str
    models: list[ModelOutlook]
    supported_models: list[KnownModel]
    images_folder: str
    records_folder: str
    templates_folder: str
    input_folders: list[str]
    toolsets: list[str]
    quality: str
    spent_today_usd: float
    daily_budget_usd: float | None
    reused: list[ReuseTotals]
    findings: list[StatusFinding]
    notes: list[str]
    next_step: str = "image-consultant doctor, in a terminal, checks all of it and starts it once."


async def check_server(app: App) -> list[Check]:
    """Look at settings, folders and records; nothing is asked of OpenAI."""
    return await asyncio.to_thread(lambda: list(findings(app.settings)))


async def status(app: App, checks: list[Check]) -> Status:
    """A server as it stands, with what `check_server` saw."""
    settings, origin = app.settings, app.gateway.origin
    today = local_date()
    spent = await app.records.ledger.today(origin)
    noteworthy = [one for one in (*checks, *budget(spent, settings)) if one.state != "ok"]
    report = Status(
        version=own_version(),
        origin=origin,
        key=next(check.sentence for check in checks if check.name == "key"),
        models=[
            ModelOutlook(setting=name, state=state, told=sentence)
            for name, state, sentence in outlook(settings, today)
        ],
        supported_models=known_models(today),
        images_folder=str(settings.images_dir),
        records_folder=str(settings.data_dir),
        templates_folder=str(settings.templates_dir),
        input_folders=[str(folder) for folder in settings.input_folders],
        toolsets=settings.toolsets,
        quality=settings.quality,
        spent_today_usd=round(spent, 6),
        daily_budget_usd=settings.daily_budget_usd,
        reused=await app.records.ledger.reuses(origin),
        findings=status_findings(noteworthy),
        notes=[app.database.notice] if app.database.notice else [],
    )
    # A key may have strayed into any other setting.
    return Status.model_validate_json(without_keys(report.model_dump_json()))


def status_findings(checks: Iterable[Check]) -> list[StatusFinding]:
    """What was looked at, as results have it."""
    return [StatusFinding(name=one.name, state=one.state, told=one.sentence) for one in checks]


def as_text(report: Status) -> str:
    """The whole status in words."""
    limit = (
        "no daily budget" if report.daily_budget_usd is None else f"of ${report.daily_budget_usd}"
    )
    play = " of play money" if report.origin == "sandbox" else ""
    lines = [
        f"image-consultant {report.version} on {report.origin}. Key: {report.key}",
        *(f"{model.state}: {model.told}" for model in report.models),
        *_supported(report.supported_models),
        f"Pictures are saved in {report.images_folder}, records in {report.records_folder}, own "
        f"templates belong into {report.templates_folder}; input pictures may come from "
        f"{', '.join(dict.fromkeys([report.images_folder, *report.input_folders]))}.",
        f"Spent today: ${report.spent_today_usd:.4f}{play}, {limit}. Quality {report.quality}, "
        f"toolsets {', '.join(report.toolsets)}.",
        *reuse_lines(report.reused),
        *(f"{finding.state}: {finding.name}: {finding.told}" for finding in report.findings),
        *report.notes,
        report.next_step,
    ]
    return "\n".join(lines)


def _supported(models: list[KnownModel]) -> Iterator[str]:
    """Every model that can be set, in a line for each purpose."""
    for purpose in ("image", "dialogue"):
        names = [_described(model) for model in models if model.purpose == purpose]
        yield f"Models that can be set for {purpose}s: {'; '.join(names)}."


def _described(model: KnownModel) -> str:
    end = f"until {model.shutdown}" if model.shutdown else "no end announced"
    heir = f", then {model.successor}" if model.shutdown and model.successor else ""
    qualities = f"{', '.join(model.qualities)}; " if model.qualities else ""
    return f"{model.name} ({qualities}{end}{heir})"


def reuse_lines(figures: Iterable[ReuseTotals]) -> Iterator[str]:
    """How often earlier work stood in for a new picture, a line for each kind."""
    for one in figures:
        saved = f", which saved ${one.usd:.4f}" if one.usd else ""
        times = "once" if one.count == 1 else f"{one.count} times"
        yield f"Earlier work was {REUSES.get(one.kind, one.kind)} {times}{saved}."


def findings(settings: Settings) -> Iterator[Check]:
    """All that can be seen without asking anybody, one thing after the other."""
    for name, inspection in INSPECTIONS.items():
        yield from _inspect(name, inspection, settings)


def _inspect(name: str, inspection: Inspection, settings: Settings) -> list[Check]:
    """What an inspection yields; one that fails is itself a finding."""
    try:
        return list(inspection(settings))
    except Problem as problem:
        return [Check(name, "problem", str(problem))]
    except Exception as error:  # a page with a gap helps more than none
        return [untried(name, error)]


def untried(name: str, error: Exception) -> Check:
    """The finding of a look that failed in a way that nobody foresaw."""
    reason = redact(" ".join(str(error).split()))[:LONGEST_REASON]
    sentence = f"This could not be looked at ({type(error).__name__}: {reason})."
    return Check(name, "problem", sentence)


def budget(spent: float, settings: Settings) -> Iterator[Check]:
    """How much of a day's budget is left."""
    limit = settings.daily_budget_usd
    variable = variable_of("daily_budget_usd")
    play = " of play money" if settings.sandbox else ""
    if limit is None:
        sentence = f"${spent:.2f}{play} today, and no daily budget; {variable} sets one."
        yield Check("budget", "ok", sentence)
    elif spent >= limit:
        sentence = f"${spent:.2f} of ${limit:.2f}{play} are spent today: paid calls are refused."
        yield Check("budget", "warning", f"{sentence} Raise {variable}, or wait until tomorrow.")
    else:
        yield Check("budget", "ok", f"${spent:.2f} of ${limit:.2f}{play} are spent today.")


def missing_key(settings: Settings) -> str:
    """What to do about a key that is not there, "" where none is needed."""
    from gateway.api_key import find_key, way_to_give

    with suppress(KeyringFault):  # which the way to give one names
        if settings.sandbox or find_key(settings):
            return ""
    return way_to_give(settings)


def _key(settings: Settings) -> Iterator[Check]:
    from gateway.api_key import find_key, way_to_give

    if settings.sandbox:
        yield Check("key", "ok", "The sandbox needs none; its pictures are placeholders.")
    elif key := find_key(settings):
        yield Check("key", "ok", f"OPENAI_API_KEY comes from {key.source}.")
    else:
        way = way_to_give(settings)
        sentence = f"There is none. {way} --sandbox tries everything without one."
        yield Check("key", "problem", sentence)


def _images(settings: Settings) -> Iterator[Check]:
    from storage.health import folder

    yield folder("images folder", settings.images_dir, variable_of("images_dir"))


def _data(settings: Settings) -> Iterator[Check]:
    from storage.health import folder, secret_file

    yield folder("data folder", settings.data_dir, variable_of("data_dir"))
    yield from secret_file(settings.data_dir / ".env")


def _inputs(settings: Settings) -> Iterator[Check]:
    from storage.health import inputs

    usual = () if settings.input_dirs else (settings.images_dir, *settings.input_folders)
    return inputs(settings.input_dirs, usual, variable_of("input_dirs"))


def _templates(settings: Settings) -> Iterator[Check]:
    from prompts.own_files import check_own_files

    if settings.prompts_dir and not settings.prompts_dir.is_dir():
        way = f"Create it, or unset {variable_of('prompts_dir')}."
        yield Check("templates", "problem", f"{settings.prompts_dir} is no folder. {way}")
    yield from check_own_files(settings.templates_dir)


def _records(settings: Settings) -> Iterable[Check]:
    from storage.encryption import connect_for
    from storage.health import check_records

    return check_records(settings.data_dir, connect_for(settings))


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


INSPECTIONS: dict[str, Inspection] = {
    "key": _key,
    "images folder": _images,
    "data folder": _data,
    "input folders": _inputs,
    "templates": _templates,
    "settings": _settings,
    "records": _records,
}
