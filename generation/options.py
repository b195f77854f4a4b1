"""What to draw with: what the call says, else the suggestion, else the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.capabilities import (
    CLEARABLE,
    DEFAULT_SIZE,
    fault_of_image_model,
    faults_of_options,
    size_in_pixels,
    unfinished_pictures,
)
from gateway.prices import estimate_image
from generation.image_request import OrderError
from settings import Settings

CLEAR_NOTE = (
    "{format} cannot be transparent, so this is drawn as {drawn} and its background is "
    "{background}."
)


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

    def estimated_usd(self, inputs: int = 0, *, verifier: str = "") -> float:
        """What one picture and its assistant model should cost; it starts from `inputs` others,
        and the model `verifier` looks at it."""
        return estimate_image(
            self.image_model,
            size=self.size,
            quality=self.quality,
            partials=self.partial_images,
            inputs=inputs,
            assistant=self.assistant_model,
            verifier=verifier,
        ).usd


def choose(
    wishes: Mapping[str, Any], suggestion: Mapping[str, str], settings: Settings, today: date
) -> Options:
    """Settle every option and check them against the model before money is spent.

    `wishes` maps option names to values, None where the caller left it open. Raises
    `OrderError` naming each option that the model does not take.
    """
    defaults = {
        "image_model": settings.image_model,
        "assistant_model": settings.assistant_model,
        "size": DEFAULT_SIZE,
        "quality": settings.quality,
        "background": "auto",
        "output_format": "png",
        "compression": None,
        "moderation": settings.moderation,
        "complexity": settings.complexity,
    }
    choices = {name: value for name, value in wishes.items() if value is not None}
    model = choices.get("image_model", settings.image_model)
    if "size" in choices:
        choices["size"] = size_in_pixels(choices["size"])
    plain = Options(**{**defaults, **choices})
    options = replace(plain, **_fitting(suggestion, choices, plain))
    if fault := fault_of_image_model(model, today):
        raise OrderError(fault)
    if faults := _faults(options):
        raise OrderError(" ".join(faults))
    return replace(options, partial_images=unfinished_pictures(options.output_format, settings))


def clear_note(suggestion: Mapping[str, str], wishes: Mapping[str, Any], options: Options) -> str:
    """What is told where a suggested file or background gave way to a wish, since a file of its
    format cannot be transparent."""
    drawn = {"output_format": options.output_format, "background": options.background}
    open_ones = drawn.keys() - wishes.keys()
    wanted = drawn | {name: value for name, value in suggestion.items() if name in open_ones}
    formats = (wanted["output_format"], options.output_format)
    opaque = [one for one in formats if one not in CLEARABLE]
    if wanted == drawn or wanted["background"] != "transparent" or not opaque:
        return ""
    return CLEAR_NOTE.format(
        format=opaque[0], drawn=options.output_format, background=options.background
    )


def _fitting(
    suggestion: Mapping[str, str], choices: Mapping[str, Any], plain: Options
) -> dict[str, Any]:
    """What of a suggestion nobody chose otherwise, and the model takes beside the choices."""
    fitting: dict[str, Any] = {
        name: value for name, value in suggestion.items() if name not in choices
    }
    if choices.get("output_format", "png") not in CLEARABLE:
        fitting.pop("background", None)
    if choices.get("background") == "transparent" or choices.get("compression") is not None:
        fitting.pop("output_format", None)
    faulty = {name for name in fitting if _faults(replace(plain, **{name: fitting[name]}))}
    return {name: value for name, value in fitting.items() if name not in faulty}


def _faults(options: Options) -> list[str]:
    """What the image model does not take of its options."""
    names = ("size", "quality", "background", "output_format", "compression", "complexity")
    values = {name: getattr(options, name) for name in names}
    return [*faults_of_options(options.image_model, **values)]
