"""How much of a picture is decided: it counts decisions of the person, never words."""

from collections.abc import Iterable

from pydantic import BaseModel

from consultation.provenance import SpanSource, source_of
from consultation.turn import BriefEntry
from prompts.image_type import ImageType

THEIRS: frozenset[SpanSource] = frozenset({"said", "chosen", "reference", "template", "style"})
"""Sources by which the person decides; what is assumed is ours."""


class Completeness(BaseModel):
    """Per cent of the picture decided after the first turn and now, and what is not."""

    first: int
    now: int
    missing: list[str]


def completeness(brief: Iterable[BriefEntry], image_type: ImageType) -> tuple[int, list[str]]:
    """The share of the type's dimensions that are decided (0-100), and the others in order.

    The first dimension of a type counts most, the last least: of n they weigh n to 1.
    """
    known = {e.dimension for e in brief if not e.open and e.value and source_of(e.said) in THEIRS}
    names = list(image_type.dimensions)
    weights = {name: len(names) - place for place, name in enumerate(names)}
    share = sum(weight for name, weight in weights.items() if name in known)
    return round(100 * share / sum(weights.values())), [n for n in names if n not in known]
