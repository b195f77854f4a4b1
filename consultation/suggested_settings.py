"""Settings to draw with: the size of the format that was said; else the type's settings where
the configured model takes them, or plain ones."""

from consultation.turn import FacilitatorTurn
from gateway.capabilities import (
    MOST_INPUTS,
    fault_of_image_model,
    faults_of_options,
    size_near,
    unfinished_pictures,
)
from gateway.prices import draft_usd, estimate_image
from prompts.image_type import ImageType, SuggestedSettings
from prompts.wording import Wording
from settings import Settings, local_date
from storage.tables import FORMAT


def settle_settings(
    image_type: ImageType, turn: FacilitatorTurn, settings: Settings
) -> dict[str, str]:
    """Size, quality, background and format that the configured image model draws."""
    suits = image_type.suggested.model_dump(exclude={"why"})
    if any(faults_of_options(settings.image_model, compression=None, **suits)):
        suits = SuggestedSettings().model_dump(exclude={"why"})  # what every image model draws
    if edges := turn.edges:
        suits["size"] = size_near(settings.image_model, *edges)
    return suits


def plain_settings(settings: Settings) -> dict[str, str]:
    """What words are drawn with of which nobody suggests anything."""
    return SuggestedSettings().model_dump(exclude={"why"}) | {"quality": settings.quality}


def size_notes(size: str, turn: FacilitatorTurn, wording: Wording) -> list[str]:
    """Which words of the person the size follows, where it follows any."""
    shape = turn.decided(FORMAT)
    if shape is None or not shape.said or turn.edges is None:
        return []
    words = ", ".join(f"{wording.quoted.format(words=q.quote)} ({q.ref})" for q in shape.said)
    return [wording.sized.format(size=size, words=words)]


def draft_notes(suggested: dict[str, str], settings: Settings, wording: Wording) -> list[str]:
    """What a try-out costs, before expensive settings."""
    size, quality = suggested["size"], suggested["quality"]
    model, assistant = settings.image_model, settings.assistant_model
    usd = draft_usd(model, size=size, quality=quality, assistant=assistant)
    return [] if usd is None else [wording.draft.format(usd=wording.number(usd))]


def estimate(suggested: dict[str, str], settings: Settings, references: int) -> float | None:
    """USD for one picture with these settings, of a dialogue with so many references."""
    today = local_date()
    if fault_of_image_model(settings.image_model, today):
        return None
    cost = estimate_image(
        settings.image_model,
        size=suggested["size"],
        quality=suggested["quality"],
        partials=unfinished_pictures(suggested["output_format"], settings),
        inputs=min(MOST_INPUTS, references),
        assistant=settings.assistant_model,
        verifier=settings.facilitator_model if settings.verify else "",
    )
    return round(cost.usd, 4) if cost.known else None
