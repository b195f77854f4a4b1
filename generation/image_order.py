"""What one call for pictures orders, as the tools pass it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from errors import Problem
from generation.variations import Strategy


class OrderError(Problem):
    """A picture cannot be drawn as ordered, which is known before it is paid for."""

    charged = "no"


@dataclass(frozen=True)
class ImageOrder:
    """A call as data.

    `input_images` and `mask` are paths, image ids or OpenAI file ids; `options` maps names
    of `Options` to values, None where the caller left one open.
    """

    conversation_id: str
    prompt: str = ""
    from_image: str | None = None
    input_images: tuple[str, ...] = ()
    mask: str | None = None
    variations: int = 1
    strategy: Strategy = "mixed"
    verify: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
