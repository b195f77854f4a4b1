"""How much of a picture is decided: it counts decisions of the person, never words."""

from collections.abc import Iterable

from consultation.turn import BriefEntry
from prompts.image_type import ImageType

DECIDED = {"request", "answer", "reference", "template"}


def decided(brief: Iterable[BriefEntry]) -> set[str]:
    """The dimensions that the person has decided. Assumptions are ours, so they do not count."""
    return {entry.dimension for entry in brief if entry.source in DECIDED and entry.value.strip()}


def completeness(brief: Iterable[BriefEntry], image_type: ImageType) -> tuple[int, list[str]]:
    """The weighted share of the type's dimensions that are decided (0-100), and the others.

    The others come heaviest first.
    """
    known = decided(brief)
    weights = {name: dimension.weight for name, dimension in image_type.dimensions.items()}
    share = sum(weight for name, weight in weights.items() if name in known)
    missing = sorted((name for name in weights if name not in known), key=lambda n: -weights[n])
    return round(100 * share / sum(weights.values())), missing
