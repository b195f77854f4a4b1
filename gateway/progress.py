"""What the gateway tells of a picture: each step on the way, and the picture as it came."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.prices import Charge, Usage


@dataclass(frozen=True)
class Step:
    """A step of a drawing: sending, submitted, planning, drawing, partial, drawn.

    From `submitted` on there is a response id; `partial` brings an unfinished picture.
    """

    name: str
    response_id: str = ""
    partial: bytes | None = field(default=None, repr=False)


Stage = Callable[[Step], Awaitable[None]]
"""Told of each step of a drawing."""


@dataclass
class Drawing:
    """A picture as it came, with what the API says about it.

    `usage` stays empty where the stream broke off after the picture. `charges` are of
    attempts that failed and were charged all the same.
    """

    response_id: str
    data: bytes = field(repr=False)
    model: str
    image_model: str | None
    size: str | None
    quality: str | None
    revised_prompt: str | None
    usage: Usage
    sandbox: bool
    attempts: int = 1
    notes: list[str] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
