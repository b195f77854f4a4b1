"""What a call costs, from the tokens OpenAI reports or, before the call, from the table."""

from dataclasses import dataclass

from gateway.models import ImageModel, load_models

MILLION = 1_000_000
SQUARE = 1024 * 1024


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
    """USD, and whether any part of it is an estimate."""

    usd: float
    estimated: bool


def text_cost(model: str, usage: Usage) -> Cost:
    """The price of the talking model's tokens; 0 and an estimate where it has no price."""
    known = load_models().find_text(model)
    if known is None or known.price is None:
        return Cost(0.0, estimated=True)
    fresh = usage.input_tokens - usage.cached_tokens
    usd = (
        fresh * known.price.input
        + usage.cached_tokens * known.price.cached
        + usage.output_tokens * known.price.output
    ) / MILLION
    return Cost(usd, known.estimated)


def image_cost(model: str, usage: Usage, *, size: str, quality: str) -> Cost:
    """The price of one picture: by reported tokens, else by the table."""
    known = load_models().find_image(model)
    if known is None or known.price is None:
        return Cost(0.0, estimated=True)
    if not usage.image_reported:
        return estimate_image(model, size=size, quality=quality)
    usd = (
        usage.image_text_tokens * known.price.text
        + usage.image_input_tokens * known.price.image
        + usage.image_output_tokens * known.price.output
    ) / MILLION
    return Cost(usd, estimated=False)


def estimate_image(model: str, *, size: str, quality: str) -> Cost:
    """The price of a picture before it is drawn, in proportion to its area."""
    known = load_models().find_image(model)
    if known is None or known.price is None:
        return Cost(0.0, estimated=True)
    usd = _expected_tokens(known, size, quality) * known.price.output / MILLION
    return Cost(usd, estimated=True)


def _expected_tokens(model: ImageModel, size: str, quality: str) -> float:
    tokens = model.tokens.get(quality, max(model.tokens.values()))
    if "x" not in size:
        return tokens
    width, height = (int(edge) for edge in size.split("x"))
    return tokens * width * height / SQUARE
