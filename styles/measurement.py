"""What of a picture's look can be measured without a model, by the aspect that it belongs to.

Light's direction, medium, era and mood cannot: those a model describes.
"""

from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from prompts.source import FileModel
from storage.pixels import bound, open_picture, small_image
from styles.palette import Colour, Pixels, lab_of, palette_of

EDGE = 256
"""Pixels of the longer edge, whatever the picture's size: what is measured by the pixel would
otherwise differ between a picture and its copy. A brushstroke is still seen, and the grain of a
sensor is not, which a smaller copy of the same picture would not have."""

DRAFT = EDGE * 3 // 2
"""Pixels that a JPEG is unpacked to at least: down to `EDGE` itself its decoder leaves other edges
than a reduction, and it measures by a tenth of a spread off."""

SHADOW = 20.0
"""Lightness, 0 to 100, below which one speaks of deep shadow."""

LINE, FLAT = 6.0, 0.6
"""Change of lightness to the next pixel: from the first on one sees an edge, below the second an
area of one colour; JPEG leaves less than that where there was one."""

FEWEST_EDGES = 0.005
"""The share of edges below which their directions are chance."""

DIRECTIONS = 12
"""Sectors of 15 degrees in which lines are counted."""

WINDOW = 5
"""Pixels of a square whose mean is taken away to see texture alone."""

BORDER = 0.1
"""The share of an edge that belongs to the border."""

Share = Annotated[float, Field(ge=0, le=1)]
Lightness = Annotated[float, Field(ge=0, le=100)]


class MeasuredPalette(FileModel):
    """Colours with their shares; the mean of b* (below 0 is cool), and of chroma."""

    colours: list[Colour] = Field(min_length=1, max_length=6)
    temperature: float = Field(ge=-130, le=130)
    colourfulness: float = Field(ge=0, le=185)


class MeasuredLight(FileModel):
    """The middle lightness, how far its ends are apart, and the share of deep shadow."""

    key: Lightness
    contrast: Lightness
    shadow: Share


class MeasuredComposition(FileModel):
    """The centre of what stands out, from the left and the top; likeness to the mirrored picture;
    the share of the border in which nothing is drawn."""

    centre: tuple[Share, Share]
    symmetry: Share
    empty_border: Share


class MeasuredTexture(FileModel):
    """Fine structure in all of the picture, and in its smooth places, in lightness; the share of
    areas of one colour."""

    texture: float = Field(ge=0, le=100)
    grain: float = Field(ge=0, le=100)
    flatness: Share


class MeasuredLine(FileModel):
    """The share of edges, and how much they run in the same direction."""

    edges: Share
    order: Share


class Measurement(FileModel):
    """All that was measured of a picture, by aspect."""

    palette: MeasuredPalette
    light: MeasuredLight
    composition: MeasuredComposition
    texture: MeasuredTexture
    line: MeasuredLine


def measure(data: bytes) -> Measurement:
    """What a picture looks like, transparency over white.

    Raises `UNDECODABLE` of `storage.pixels` for bytes that are no picture, or too large a one.
    """
    with open_picture(data) as image:
        bound(image, edge=DRAFT)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        small = small_image(image, mode, EDGE)
    if mode == "RGBA":
        ground = Image.new("RGBA", small.size, "white")
        ground.alpha_composite(small)
        small = ground.convert("RGB")
    scale = EDGE / max(small.size)
    least = WINDOW + 1  # the means of two squares at least have a slope
    size = (max(round(small.width * scale), least), max(round(small.height * scale), least))
    small = small.resize(size, Image.Resampling.BICUBIC)
    lab = lab_of(small)
    lightness = lab[..., 0]
    slope, angle = _slopes(lightness)
    return Measurement(
        palette=MeasuredPalette(
            colours=palette_of(small),
            temperature=_rounded(lab[..., 2].mean()),
            colourfulness=_rounded(np.hypot(lab[..., 1], lab[..., 2]).mean()),
        ),
        light=_light(lightness),
        composition=_composition(lab, slope),
        texture=_texture(lightness, slope),
        line=MeasuredLine(edges=_rounded((slope > LINE).mean()), order=_order(slope, angle)),
    )


def _rounded(value: "np.floating[Any]") -> float:
    """Three digits behind the point: a file of a style is read by people."""
    return round(float(value), 3)


def _light(lightness: Pixels) -> MeasuredLight:
    low, middle, high = np.percentile(lightness, (5, 50, 95))
    return MeasuredLight(
        key=_rounded(middle),
        contrast=_rounded(high - low),
        shadow=_rounded((lightness < SHADOW).mean()),
    )


def _slopes(lightness: Pixels) -> tuple[Pixels, Pixels]:
    """The change of lightness at each pixel, and the direction of it in radians."""
    down, across = np.gradient(lightness)
    return np.hypot(down, across), np.arctan2(down, across)


def _order(slope: Pixels, angle: Pixels) -> float:
    """1 where all edges run in one direction, 0 where they run in all or there are next to none."""
    edges = slope > LINE
    if edges.mean() < FEWEST_EDGES:
        return 0.0
    sectors = np.floor(angle[edges] % np.pi / np.pi * DIRECTIONS).astype(int) % DIRECTIONS
    weights = np.bincount(sectors, slope[edges], DIRECTIONS)
    shares = weights[weights > 0] / weights.sum()
    return _rounded(1 + (shares * np.log(shares)).sum() / np.log(DIRECTIONS))


def _composition(lab: Pixels, slope: Pixels) -> MeasuredComposition:
    height, width = slope.shape
    apart = np.linalg.norm(lab - np.median(lab, axis=(0, 1)), axis=-1)
    total = apart.sum()
    centre = (0.5, 0.5)
    if total:
        rows, columns = (np.arange(length) / max(length - 1, 1) for length in (height, width))
        centre = (
            _rounded((apart.sum(axis=0) * columns).sum() / total),
            _rounded((apart.sum(axis=1) * rows).sum() / total),
        )
    mirrored = np.linalg.norm(lab - lab[:, ::-1], axis=-1).mean()
    pixels = lab.reshape(-1, 3)
    shuffled = np.random.default_rng(0).permutation(pixels)  # the same for the same picture
    chance = np.linalg.norm(pixels - shuffled, axis=-1).mean()
    inside = np.zeros_like(slope, bool)
    top, left = round(height * BORDER), round(width * BORDER)
    inside[top : height - top, left : width - left] = True
    return MeasuredComposition(
        centre=centre,
        symmetry=_rounded(np.clip(1 - mirrored / chance, 0, 1)) if chance else 1.0,
        empty_border=_rounded((slope[~inside] < LINE).mean()),
    )


def _texture(lightness: Pixels, slope: Pixels) -> MeasuredTexture:
    means = np.lib.stride_tricks.sliding_window_view(lightness, (WINDOW, WINDOW)).mean((-1, -2))
    margin = WINDOW // 2
    fine = np.abs(lightness[margin:-margin, margin:-margin] - means)
    smooth = np.hypot(*np.gradient(means)) < LINE / 2
    return MeasuredTexture(
        texture=_rounded(fine.mean()),
        grain=_rounded(fine[smooth].mean()) if smooth.any() else 0.0,
        flatness=_rounded((slope < FLAT).mean()),
    )
