"""A picture that is there: what was kept, what it cost, what there is to say of it."""

from dataclasses import dataclass, field

from storage.tables import Image


@dataclass(frozen=True)
class Made:
    """One picture of a result.

    `usd` is what this call paid for it: 0 where it was there already. `assistant` is the
    model that called the image tool, None where nothing was asked of it.
    """

    image: Image
    usd: float = 0.0
    estimated: bool = False
    attempts: int = 0
    assistant: str | None = None
    notes: list[str] = field(default_factory=list)
    preview: bytes | None = field(default=None, repr=False)
