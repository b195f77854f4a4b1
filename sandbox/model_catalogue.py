"""The models that exist on 2026-11-21, and what each can do; any other name is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.openai_errors import Json

STANDARD_SIZES = ("1024x1024", "1536x1024", "1024x1536")


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
    fidelity: bool = False
    formats: tuple[str, ...] = ("png", "webp", "jpeg")
    shutdown: str | None = None


def _old(dated: str | None, shutdown: str = "2027-01-14", *, draws: bool = True) -> Mainline:
    return Mainline(dated, reasons=False, draws=draws, shutdown=shutdown)


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
    fidelity=True,
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


def describe(name: str) -> Json | None:
    """The model object of GET /v1/models/{name}, or None for an unknown name."""
    known = MAINLINE.get(name) or PAINTERS.get(name)
    if known is None:
        return None
    return {
        "id": name,
        "object": "model",
        "created": RELEASE_TIME,
        "owned_by": "system",
        "shutdown_date": known.shutdown,
    }


def describe_all() -> list[Json]:
    """The model objects of GET /v1/models."""
    return [body for name in (*MAINLINE, *PAINTERS) if (body := describe(name))]
