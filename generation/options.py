"""What to draw with: the call's wish, else the suggestion, else the settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from gateway.capabilities import fault_of_image_model, faults_of_options
from gateway.prices import estimate_image
from generation.errors import GenerationError
from settings import Settings

STILL = {"png", "jpeg", "webp"}


@dataclass(frozen=True)
class Options:
    """All that decides a drawing besides its prompt. Sizes are WIDTHxHEIGHT in pixels."""

    image_model: str
    assistant_model: str
    size: str
    quality: str
    background: str
    output_format: str
    compression: int | None = None
    moderation: str = "auto"
    complexity: str | None = None
    partial_images: int = 0

    def estimated_usd(self, inputs: int = 0) -> float:
        """What one picture should cost, from the table; `inputs` is how many it starts from."""
        return estimate_image(
            self.image_model,
            size=self.size,
            quality=self.quality,
            partials=self.partial_images,
            inputs=inputs,
        ).usd

    @property
    def draft_usd(self) -> float:
        """What the same would cost as a draft."""
        return replace(self, quality="low", partial_images=0).estimated_usd()

    def as_data(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


def choose(
    wished: Mapping[str, Any], suggested: Mapping[str, str], settings: Settings, today: date
) -> Options:
    """Settle every option and check them against the model before money is spent.

    `wished` maps option names to values, None where the caller left it open. Raises
    `GenerationError` naming each option that the model does not take.
    """
    defaults = {
        "image_model": settings.image_model,
        "assistant_model": settings.assistant_model,
        "size": "1024x1024",
        "quality": settings.quality,
        "background": "auto",
        "output_format": "png",
        "compression": None,
        "moderation": settings.moderation,
        "complexity": settings.complexity,
    }
    given = {name: value for name, value in wished.items() if value is not None}
    options = Options(**{**defaults, **_fitting(suggested, given), **given})
    if fault := fault_of_image_model(options.image_model, today):
        raise GenerationError(f"{fault} Nothing was charged.")
    faults = list(
        faults_of_options(
            options.image_model,
            size=options.size,
            quality=options.quality,
            background=options.background,
            output_format=options.output_format,
            compression=options.compression,
            complexity=options.complexity,
        )
    )
    if faults:
        raise GenerationError(f"{' '.join(faults)} Nothing was charged.")
    watched = options.output_format in STILL and not settings.background_mode
    return replace(options, partial_images=settings.partial_images if watched else 0)


def _fitting(suggested: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """The suggestion without what contradicts the call's own wishes."""
    fitting = dict(suggested)
    if given.get("output_format", "png") not in {"png", "webp"}:
        fitting.pop("background", None)
    if given.get("background") == "transparent" or given.get("compression") is not None:
        fitting.pop("output_format", None)
    return fitting
