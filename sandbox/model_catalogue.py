"""The models that exist on 2026-11-21, and what each can do; any other name is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.openai_errors import USER_ERROR, ApiError, Json, model_not_found

STANDARD_SIZES = ("1024x1024", "1536x1024", "1024x1536")

GRID, LONGEST_EDGE, WIDEST_RATIO = 16, 3840, 3
FEWEST_PIXELS, MOST_PIXELS = 655_360, 8_294_400
"""The rules on free sizes that OpenAI gives for gpt-image-2 and later."""

FULL_COMPRESSION = 100

Complaint = tuple[str, str]
"""The parameter that a model cannot do, and the sentence that says so."""


@dataclass(frozen=True)
class Mainline:
    """A model that answers: its dated name, and what it accepts."""

    dated: str | None = None
    reasons: bool = True
    draws: bool = True
    phase: bool = False
    shutdown: str | None = None

    @property
    def cache_retention(self) -> str | None:
        """How long prompts are cached unless the request says otherwise, as recorded."""
        if self.phase:
            return "24h"
        return "in_memory" if self.reasons else None


@dataclass(frozen=True)
class Painter:
    """An image model: its qualities, and its output tokens for a 1024x1024 picture by quality."""

    tokens: dict[str, int]
    any_size: bool = True
    transparent: bool = True
    formats: tuple[str, ...] = ("png", "webp", "jpeg")
    shutdown: str | None = None


def _old(dated: str | None, *, draws: bool = True) -> Mainline:
    return Mainline(dated, reasons=False, draws=draws, shutdown="2027-01-14")


def _five(dated: str) -> Mainline:
    return Mainline(dated, shutdown="2026-12-11")


MAINLINE = {
    "gpt-4o": _old("gpt-4o-2024-08-06"),
    "gpt-4o-2024-08-06": _old(None),
    "gpt-4o-2024-11-20": _old(None),
    "gpt-4o-mini": _old("gpt-4o-mini-2024-07-18"),
    "gpt-4.1": _old("gpt-4.1-2025-04-14"),
    "gpt-4.1-mini": _old("gpt-4.1-mini-2025-04-14"),
    "gpt-3.5-turbo": _old("gpt-3.5-turbo-0125", draws=False),
    "o3": _five("o3-2025-04-16"),
    "gpt-5": _five("gpt-5-2025-08-07"),
    "gpt-5-mini": _five("gpt-5-mini-2025-08-07"),
    "gpt-5-nano": _five("gpt-5-nano-2025-08-07"),
    "gpt-5.2": Mainline(),
    "gpt-5.4": Mainline(),
    "gpt-5.4-mini": Mainline(),
    "gpt-5.4-nano": Mainline(),
    "gpt-5.5": Mainline(),
    "gpt-5.6-sol": Mainline(phase=True),
    "gpt-5.6-terra": Mainline(phase=True),
    "gpt-6-luna": Mainline(phase=True),
    "gpt-6.1-sol": Mainline(phase=True),
}

IMAGE_1 = Painter(
    {"low": 272, "medium": 1056, "high": 4160},
    any_size=False,
    shutdown="2026-12-01",
)
IMAGE_2 = Painter({"low": 196, "medium": 1760, "high": 7030}, transparent=False)
IMAGE_2_5 = Painter({"low": 196, "medium": 439, "high": 1756, "xhigh": 3122, "max": 7024})
IMAGE_2_6 = Painter(
    {"low": 686, "medium": 1536, "high": 1756, "xhigh": 3122, "max": 7024},
    formats=("png", "webp", "jpeg", "gif", "svg"),
)
DEFAULT_PAINTER = "gpt-image-2.6-sunburst"

PAINTERS = {
    "gpt-image-1.5": IMAGE_1,
    "gpt-image-1-mini": IMAGE_1,
    "chatgpt-image-latest": IMAGE_1,
    "gpt-image-2": IMAGE_2,
    "gpt-image-2-2026-04-21": IMAGE_2,
    "gpt-image-2.5-sunburst": IMAGE_2_5,
    "gpt-image-2.5-sunburst-2026-09-08": IMAGE_2_5,
    "gpt-image-2.5-flare": IMAGE_2_5,
    "gpt-image-2.5-flare-2026-09-08": IMAGE_2_5,
    "gpt-image-2.6-sunburst": IMAGE_2_6,
    "gpt-image-2.6-flare": IMAGE_2_6,
}

RELEASE_TIME = int(datetime(2026, 11, 4, tzinfo=UTC).timestamp())


def describe_all() -> list[Json]:
    """The model objects of GET /v1/models."""
    fixed = {"object": "model", "created": RELEASE_TIME, "owned_by": "system"}
    known = MAINLINE | PAINTERS
    return [{"id": n, **fixed, "shutdown_date": one.shutdown} for n, one in known.items()]


def check_image_model(tool: Json, place: str) -> None:
    """Raises `ApiError` 400 for what the tool's model is not able to do.

    `place` is where the tool stands in the request.
    """
    model = tool.get("model") or DEFAULT_PAINTER
    if model not in PAINTERS:
        raise model_not_found(model, f"{place}.model")
    form = tool.get("output_format") or "png"
    for complaints in (_of_model(tool, model, form, PAINTERS[model]), _of_format(tool, form)):
        for param, message in complaints:
            raise ApiError(message, type=USER_ERROR, param=param, code="invalid_value")


def _of_model(tool: Json, model: str, form: str, painter: Painter) -> Iterator[Complaint]:
    size = tool.get("size") or "auto"
    standard = (*STANDARD_SIZES, "auto")
    if size not in standard:
        names = ", ".join(f"'{one}'" for one in standard)
        rule = size_complaint(size) if painter.any_size else f"Supported sizes are {names}."
        if rule:
            yield "size", f"Invalid size '{size}'. {rule}"
    quality = tool.get("quality") or "auto"
    if quality not in ("auto", *painter.tokens):
        yield "quality", f"Quality '{quality}' is not supported by {model}."
    if form not in painter.formats:
        yield "output_format", f"Output format '{form}' is not supported by {model}."
    if tool.get("background") == "transparent" and not painter.transparent:
        yield "background", f"Transparent background is not supported for {model}."


def _of_format(tool: Json, form: str) -> Iterator[Complaint]:
    if tool.get("background") == "transparent" and form not in ("png", "webp"):
        yield "background", f"Transparent background is not supported for {form} output format."
    level = tool.get("output_compression", FULL_COMPRESSION)
    if form not in ("jpeg", "webp") and level != FULL_COMPRESSION:
        rule = "Compression less than 100 is not supported for"
        yield "output_compression", f"{rule} {form.upper()} output format."
    for key in ("partial_images", "input_image_mask") if form == "gif" else ():
        if tool.get(key):
            yield key, f"'{key}' is not supported for GIF output format."


def size_complaint(size: str) -> str | None:
    """What is wrong with a WIDTHxHEIGHT for gpt-image-2 and later, or None."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if not match:
        return "Expected 'auto' or WIDTHxHEIGHT."
    width, height = int(match[1]), int(match[2])
    short, longest, pixels = min(width, height), max(width, height), width * height
    rules = {
        f"Width and height must both be divisible by {GRID}.": not (width % GRID or height % GRID),
        f"The longest edge must be at most {LONGEST_EDGE} pixels.": longest <= LONGEST_EDGE,
        "The aspect ratio must be between 1:3 and 3:1.": longest <= WIDEST_RATIO * short,
        "Requested resolution is below the current minimum pixel budget.": pixels >= FEWEST_PIXELS,
        "Requested resolution is above the current maximum pixel budget.": pixels <= MOST_PIXELS,
    }
    return next((rule for rule, fits in rules.items() if not fits), None)
