"""A picture held against the styles that it was drawn in: a fact of its bytes, free, no score."""

from dataclasses import dataclass, field
from functools import lru_cache

from errors import StorageError
from generation.verification import Finding
from prompts.wording import Wording
from storage.picture_files import read_picture
from storage.pixels import UNDECODABLE
from storage.tables import Image, Job
from styles.measurement import Measurement, measure
from styles.style_check import check
from styles.style_use import StyleUse


@dataclass(frozen=True)
class _Recorded:
    """A picture, the same as any other of these bytes."""

    sha256: str
    image: Image = field(compare=False)


def style_fact(image: Image, job: Job, wording: Wording) -> Finding | None:
    """How far a picture is from its styles; None without such, or where nothing can be measured.

    Not met is what is far off.
    """
    styles = [StyleUse.model_validate(row) for row in job.style_uses]
    if not any(use.measurements for use in styles):
        return None
    measured = _measured(_Recorded(image.sha256, image))
    distance = check(measured, styles) if measured else None
    if distance is None:
        return None
    verdict = "not_met" if distance.is_far else "met"
    return Finding(item=distance.sentence(wording), verdict=verdict, seen="", source="bytes")


@lru_cache(maxsize=512)  # it takes a tenth of a second, and the view shows pictures often
def _measured(picture: _Recorded) -> Measurement | None:
    try:
        return measure(read_picture(picture.image))
    except (StorageError, *UNDECODABLE):
        return None
