"""What a server can tell of itself: configuration, models with their dates, spending; no key."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from gateway.models import outlook
from parts import Parts
from settings import own_version


class ModelState(BaseModel):
    """A configured model and its future."""

    setting: str
    state: Literal["ok", "warning", "problem"]
    told: str


class Status(BaseModel):
    """A server as it stands; money in USD."""

    version: str
    origin: Literal["openai", "sandbox"]
    key: str
    models: list[ModelState]
    images_folder: str
    records_folder: str
    input_folders: list[str]
    toolsets: list[str]
    quality: str
    spent_today_usd: float
    daily_budget_usd: float | None
    notes: list[str]
    next_step: str = "image-consultant doctor, in a terminal, checks all of it and starts it once."


async def status(parts: Parts) -> Status:
    """Look at settings and records; nothing is asked of OpenAI."""
    settings = parts.settings
    today = datetime.now().astimezone().date()
    origin = parts.gateway.origin
    return Status(
        version=own_version(),
        origin=origin,
        key="not needed" if settings.sandbox else "set" if settings.openai_api_key else "missing",
        models=[
            ModelState(setting=name, state=state, told=told)
            for name, state, told in outlook(settings, today)
        ],
        images_folder=str(settings.images_dir),
        records_folder=str(settings.data_dir),
        input_folders=[str(folder) for folder in settings.input_dirs],
        toolsets=settings.toolsets,
        quality=settings.quality,
        spent_today_usd=round(await parts.records.spent_today(origin), 6),
        daily_budget_usd=settings.daily_budget_usd,
        notes=[parts.database.notice] if parts.database.notice else [],
    )


def as_text(told: Status) -> str:
    """The whole status in words."""
    budget = "no daily budget" if told.daily_budget_usd is None else f"of ${told.daily_budget_usd}"
    lines = [
        f"image-consultant {told.version} on {told.origin}; the OpenAI key is {told.key}.",
        *(f"{model.state}: {model.told}" for model in told.models),
        f"Pictures are saved in {told.images_folder}, records in {told.records_folder}; input "
        f"pictures may come from {', '.join([told.images_folder, *told.input_folders])}.",
        f"Spent today: ${told.spent_today_usd:.4f}, {budget}. Quality {told.quality}, toolsets "
        f"{', '.join(told.toolsets)}.",
        *told.notes,
        told.next_step,
    ]
    return "\n".join(lines)
