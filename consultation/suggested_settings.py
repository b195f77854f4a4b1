"""Settings to draw with: the type's where the configured model takes them, else plain ones."""

from datetime import datetime

from gateway.capabilities import fault_of_image_model, faults_of_options
from gateway.prices import draft_usd, estimate_image
from prompts.image_type import ImageType
from prompts.wording import Wording
from settings import Settings

PLAIN = {
    "size": "1024x1024",
    "quality": "medium",
    "background": "auto",
    "output_format": "png",
}
"""What every image model draws."""


def settle_settings(image_type: ImageType, settings: Settings) -> dict[str, str]:
    """Size, quality, background and format that the configured image model draws."""
    suits = image_type.suggested.model_dump(exclude={"why"})
    faults = faults_of_options(settings.image_model, compression=None, **suits)
    return dict(PLAIN) if any(faults) else suits


def draft_notes(suggested: dict[str, str], settings: Settings, wording: Wording) -> list[str]:
    """What a try-out costs, before expensive settings."""
    size, quality = suggested["size"], suggested["quality"]
    usd = draft_usd(settings.image_model, size=size, quality=quality)
    return [] if usd is None else [wording.draft.format(usd=wording.number(usd))]


def estimate(suggested: dict[str, str], settings: Settings) -> float | None:
    """USD for one picture with these settings, from the table."""
    today = datetime.now().astimezone().date()
    if fault_of_image_model(settings.image_model, today):
        return None
    cost = estimate_image(
        settings.image_model,
        size=suggested["size"],
        quality=suggested["quality"],
        assistant=settings.assistant_model,
    )
    return round(cost.usd, 4) if cost.known else None
