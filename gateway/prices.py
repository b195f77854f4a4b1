"""What a call costs, from the tokens OpenAI reports or, before the call, from the table."""

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from gateway.capabilities import DEFAULT_SIZE
from gateway.models import ImageModel, load_models

MILLION = 1_000_000
SIZE = re.compile("[1-9][0-9]{0,5}x[1-9][0-9]{0,5}", re.ASCII)
SQUARE = 1024 * 1024
"""Pixels of the size that `models.toml` holds the tokens of."""

BASE_PIXELS = 2_000_000
"""Of OpenAI's rule for the tokens of a picture: it fits its published prices of gpt-image-2, what
was recorded of it at 1280x720 and 1536x864, and what was measured of 2.6 at 3840x2160."""

EXPENSIVE_USD = 0.05
"""From here on a draft is worth proposing: below it, it saves less than reading of it costs."""

PARTIAL_TOKENS = 100
"""Output tokens of one unfinished picture, from OpenAI's image guide."""

INPUT_TOKENS = 1024
"""Input tokens of one picture to start from; an estimate."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, as the API reports them.

    `image_reported` is false where the API left out `tool_usage`: then the image
    tokens are unknown and the table serves as an estimate.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    image_reported: bool = False
    image_text_tokens: int = 0
    image_input_tokens: int = 0
    image_output_tokens: int = 0


@dataclass(frozen=True)
class Cost:
    """USD, and whether any part of it is an estimate; `known` is false where there is no price."""

    usd: float
    estimated: bool
    known: bool = True

    @property
    def booked(self) -> float | None:
        """What stands in the record: nothing rather than $0.00 where nobody knows the price."""
        return self.usd if self.known else None


PASSING_ON = Usage(input_tokens=3_000, output_tokens=700)
"""Of one call of the image tool; answers that OpenAI sent had 2,279 to 3,195 and 78 to 1,970."""

LOOKING = Usage(input_tokens=1_500, output_tokens=400)
"""Of one look at a picture: 765 of the input are the picture's; a finding takes about 30."""

UNPRICED = Cost(0.0, estimated=True, known=False)


@dataclass(frozen=True)
class Charge:
    """What a call without a usable answer cost all the same."""

    model: str
    usage: Usage
    cost: Cost

    @property
    def as_booking(self) -> dict[str, Any]:
        """The fields of a row of spending."""
        return {
            "model": self.model,
            "usd": self.cost.booked,
            "estimated": self.cost.estimated,
            "usage": asdict(self.usage),
        }


def text_cost(model: str, usage: Usage) -> Cost:
    """The price of the talking model's tokens; unknown where it has no price."""
    row = load_models().find_text(model)
    if row is None or row.price is None:
        return UNPRICED
    fresh = usage.input_tokens - usage.cached_tokens
    usd = (
        fresh * row.price.input
        + usage.cached_tokens * row.price.cached
        + usage.output_tokens * row.price.output
    ) / MILLION
    return Cost(usd, row.estimated)


def image_cost(model: str, usage: Usage, *, size: str, quality: str) -> Cost:
    """The price of one picture: by reported tokens, else by the table."""
    row = load_models().find_image(model)
    if row is None or row.price is None:
        return UNPRICED
    if not usage.image_reported:
        return estimate_image(model, size=size, quality=quality)
    usd = (
        usage.image_text_tokens * row.price.text
        + usage.image_input_tokens * row.price.image
        + usage.image_output_tokens * row.price.output
    ) / MILLION
    return Cost(usd, estimated=False)


def charge(model: str, usage: Usage, *, image_model: str | None = None) -> list[Charge]:
    """What OpenAI reports of a call that failed, a row for each model; often nothing."""
    charges = []
    if usage.input_tokens or usage.output_tokens:
        charges.append(Charge(model, usage, text_cost(model, usage)))
    if usage.image_reported and image_model:
        cost = image_cost(image_model, usage, size="auto", quality="auto")
        charges.append(Charge(image_model, usage, cost))
    return charges


def estimate_image(
    model: str,
    *,
    size: str,
    quality: str,
    partials: int = 0,
    inputs: int = 0,
    assistant: str = "",
    verifier: str = "",
) -> Cost:
    """The price of a picture before it is drawn, for its very size.

    `partials` unfinished pictures are shown on the way, it starts from `inputs` others, and the
    `assistant` model is paid for passing the prompt on, the `verifier` for looking at it.
    """
    row = load_models().find_image(model)
    if row is None or row.price is None:
        return UNPRICED
    out = _expected_tokens(row, size, quality) + partials * PARTIAL_TOKENS
    usd = (out * row.price.output + inputs * INPUT_TOKENS * row.price.image) / MILLION
    usd += text_cost(assistant, PASSING_ON).usd + text_cost(verifier, LOOKING).usd
    return Cost(usd, estimated=True)


def has_price(model: str) -> bool:
    """Whether a price of this image model is known."""
    row = load_models().find_image(model)
    return row is not None and row.price is not None


def draft_usd(model: str, *, size: str, quality: str, assistant: str) -> float | None:
    """What a draft would cost, where a picture is expensive enough for one to be worth it."""
    price = estimate_image(model, size=size, quality=quality, assistant=assistant).usd
    draft = estimate_image(model, size=size, quality="low", assistant=assistant).usd
    return draft if price >= EXPENSIVE_USD and draft <= price / 2 else None


def _expected_tokens(model: ImageModel, size: str, quality: str) -> float:
    """Output tokens of a picture; of a size that is left open those of the default one."""
    edges = (size if SIZE.fullmatch(size) else DEFAULT_SIZE).split("x")
    width, height = (int(edge) for edge in edges)
    row = model.patches or model.tokens
    worth = row.get(quality, max(row.values()))
    if not model.patches:
        return worth * width * height / SQUARE
    across = round(worth * min(width, height) / max(width, height))
    return math.ceil(worth * across * (BASE_PIXELS + width * height) / (2 * BASE_PIXELS))
