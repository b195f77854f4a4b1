"""The few colours that make up a picture, and how far those of two pictures are apart."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydantic import Field, StringConstraints

from prompts.field_fault import HEX
from prompts.source import FileModel

MOST_COLOURS = 6
"""What people name of a picture; further ones have a hundredth of it or less."""

DRAFT_COLOURS = 64
"""Cubes of the octree: enough that a small bright spot in a large dark ground has a colour of its
own. Median cut with k-means takes ten times as long, and differs more between copies."""

ALIKE = 14.0
"""Lab units: the steps of a soft shadow are closer, two colours that one would name are not."""

SHARPNESS, STEPS = 1.0, 60
"""Of Sinkhorn's method: the cost in Lab units below which two ways to move colour count as one,
and rounds after which the distance changes in the third digit only."""

Pixels = NDArray[np.float32]


class Colour(FileModel):
    """A colour of a picture, and how much of the picture has it, 0 to 1."""

    colour: Annotated[str, StringConstraints(pattern=HEX, to_lower=True)]
    share: Annotated[float, Field(gt=0, le=1)]


def lab_of(image: Image.Image) -> Pixels:
    """The pixels of an RGB picture in CIE Lab: lightness 0 to 100, then a* and b*."""
    pixels = np.asarray(ImageCms.applyTransform(image, _to_lab()))
    lightness = pixels[..., :1].astype(np.float32) * (100 / 255)
    return np.concatenate([lightness, pixels[..., 1:].view(np.int8)], axis=-1, dtype=np.float32)


def palette_of(image: Image.Image) -> list[Colour]:
    """The colours of an RGB picture, the most of it first; what one would call alike is one."""
    draft = image.quantize(DRAFT_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    cubes = np.asarray(draft).ravel()
    counts = np.bincount(cubes)
    channels = np.asarray(image).reshape(-1, 3).T
    sums = np.stack([np.bincount(cubes, channel) for channel in channels], axis=-1)
    there = counts > 0
    means = np.rint(sums[there] / counts[there, None]).astype(np.uint8)  # Pillow's round down
    return _merged(zip(map(bytes, means), counts[there] / counts.sum(), strict=True))


def join_palettes(palettes: Sequence[tuple[Sequence[Colour], float]]) -> list[Colour]:
    """One palette of several, each with its weight: colours by their share in all of them."""
    total = sum(weight for _, weight in palettes)
    return _merged(
        (bytes.fromhex(one.colour[1:]), one.share * weight / total)
        for colours, weight in palettes
        for one in colours
    )


def palette_distance(one: Sequence[Colour], other: Sequence[Colour]) -> float:
    """How far the colours of one have to move to become those of the other, in Lab units.

    The earth mover's distance: each colour weighs as much as its share.
    """
    here, there = (_table(colours) for colours in (one, other))
    cost = np.linalg.norm(here[0][:, None] - there[0][None], axis=-1)
    # Sinkhorn's method, on logarithms: their exponentials would be 0 for colours far apart.
    kernel, left, right = -cost / SHARPNESS, np.log(here[1]), np.log(there[1])
    up, across = np.zeros_like(left), np.zeros_like(right)
    for _ in range(STEPS):
        up = left - _log_sum(kernel + across[None], axis=1)
        across = right - _log_sum(kernel + up[:, None], axis=0)
    return float((np.exp(kernel + up[:, None] + across[None]) * cost).sum())


@cache
def _to_lab() -> ImageCms.ImageCmsTransform:
    """Making it takes longer than using it."""
    screen, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.buildTransform(screen, lab, "RGB", "LAB")


def _merged(shares: Iterable[tuple[bytes, float]]) -> list[Colour]:
    """The colours with the largest shares, each with those that one would call alike."""
    largest = sorted(shares, key=lambda one: -one[1])
    labs = _lab_of_colours([colour for colour, _ in largest])
    leading: list[int] = []
    sums: list[float] = []
    for place, (_, share) in enumerate(largest):
        apart = np.linalg.norm(labs[leading] - labs[place], axis=-1)
        if leading and apart.min() < ALIKE:
            sums[int(apart.argmin())] += share
        else:
            leading.append(place)
            sums.append(share)
    merged = sorted(zip(leading, sums, strict=True), key=lambda one: -one[1])[:MOST_COLOURS]
    return [
        Colour(colour=f"#{largest[place][0].hex()}", share=min(rounded, 1))
        for place, share in merged
        if (rounded := round(share, 3))
    ]


def _table(colours: Sequence[Colour]) -> tuple[Pixels, Pixels]:
    """The colours in Lab, and their shares of all that is named."""
    shares = np.asarray([one.share for one in colours], np.float32)
    return _lab_of_colours(
        [bytes.fromhex(one.colour[1:]) for one in colours]
    ), shares / shares.sum()


def _lab_of_colours(colours: Sequence[bytes]) -> Pixels:
    """Colours of three bytes each, in Lab."""
    row: Pixels = lab_of(Image.frombytes("RGB", (len(colours), 1), b"".join(colours)))[0]
    return row


def _log_sum(values: Pixels, axis: int) -> Pixels:
    """The logarithm of a sum of exponentials, none of which overflows."""
    most = values.max(axis=axis, keepdims=True)
    total: Pixels = np.log(np.exp(values - most).sum(axis=axis)) + most.squeeze(axis)
    return total
