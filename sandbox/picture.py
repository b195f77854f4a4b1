"""One picture as asked: its settings resolved, new or made from another, encoded."""

import io
import re
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox import caption, encode, paint, svg
from sandbox.dice import Dice
from sandbox.errors import USER_ERROR, ApiError, Json
from sandbox.image_checks import size_complaint
from sandbox.models import PAINTERS, STANDARD_SIZES
from sandbox.sources import Sources

_WIDE = re.compile(r"\b(wide|landscape|banner|panorama|slide|header|desktop)", re.IGNORECASE)
_TALL = re.compile(r"\b(portrait|poster|tall|story|phone|vertical|plakat)", re.IGNORECASE)
_CUTOUT = re.compile(r"\b(transparent|sticker|cut-?out|freigestellt)", re.IGNORECASE)
_BLURS = (48, 24, 12)


@dataclass(frozen=True)
class Made:
    """A finished picture, encoded, and what `auto` became."""

    content: bytes
    partials: list[bytes]
    width: int
    height: int
    background: str
    quality: str


def make(prompt: str, tool: Json, sources: Sources, partials: int) -> Made:
    """Return the picture for a prompt; `tool` is the tool with its defaults filled in.

    Raises:
        ApiError: a source is no picture, or the mask does not fit it.
    """
    vector = bool(sources.picture and svg.is_svg(sources.picture))
    source = _opened(sources.picture) if sources.picture and not vector else None
    width, height = _size(prompt, tool, source)
    transparent = _transparent(prompt, tool, source)
    if tool["output_format"] == "svg":
        content = svg.document(prompt, (width, height), sources.picture)
        stages: list[bytes] = []
    else:
        image = _image(prompt, (width, height), source, sources.mask, transparent=transparent)
        content = encode.encoded(image, prompt, tool)
        stages = [
            encode.encoded(encode.blurred(image, blur), prompt, tool) for blur in _BLURS[:partials]
        ]
    background = "transparent" if transparent else "opaque"
    quality = "high" if tool["quality"] == "auto" else tool["quality"]
    return Made(content, stages, width, height, background, quality)


def _size(prompt: str, tool: Json, source: Image.Image | None) -> paint.Size:
    asked = tool["size"]
    if asked == "auto" and source is not None:
        own = f"{source.width}x{source.height}"
        free = PAINTERS[tool["model"]].any_size and size_complaint(own) is None
        asked = own if free else _nearest(source.width / source.height)
    if asked == "auto":
        asked = STANDARD_SIZES[1 if _WIDE.search(prompt) else 2 if _TALL.search(prompt) else 0]
    width, height = asked.split("x")
    return int(width), int(height)


def _nearest(ratio: float) -> str:
    def distance(size: str) -> float:
        width, height = map(int, size.split("x"))
        return abs(width / height - ratio)

    return min(STANDARD_SIZES, key=distance)


def _transparent(prompt: str, tool: Json, source: Image.Image | None) -> bool:
    able = PAINTERS[tool["model"]].transparent and tool["output_format"] in ("png", "webp")
    if tool["background"] != "auto":
        return bool(tool["background"] == "transparent")
    if source is not None:
        return able and source.mode == "RGBA"
    return able and bool(_CUTOUT.search(prompt))


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ApiError(
            "The image data you provided does not represent a valid image. Please check your "
            "input and try again with one of the following image formats: ['image/jpeg', "
            "'image/png', 'image/gif', 'image/webp'].",
            param="input",
            code="image_parse_error",
        ) from error
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _image(
    prompt: str,
    size: paint.Size,
    source: Image.Image | None,
    mask: bytes | None,
    *,
    transparent: bool,
) -> Image.Image:
    if source is None:
        image = paint.scene(prompt, size, transparent=transparent)
        caption.sign(image, prompt)
        return image
    keep = _kept(mask, source, size) if mask else None
    base = ImageOps.fit(source.convert("RGBA" if transparent else "RGB"), size)
    if keep is None:
        return _edited(base, prompt)
    fresh = paint.scene(prompt, size).convert(base.mode)
    change = ImageOps.invert(keep)
    caption.mark_within(fresh, change.getbbox() or (0, 0, *size))
    return Image.composite(base, fresh, keep)


def _kept(mask: bytes, source: Image.Image, size: paint.Size) -> Image.Image:
    """Return 255 wherever the mask is not wholly transparent: there nothing may change."""
    given = _opened(mask)
    if given.size != source.size:
        raise _bad_mask("mask size does not match image size")
    if given.mode != "RGBA":
        raise _bad_mask("mask must have an alpha channel")
    alpha = given.getchannel("A").point([0, *[255] * 255])
    return ImageOps.fit(alpha, size, Image.Resampling.NEAREST)


def _bad_mask(why: str) -> ApiError:
    return ApiError(
        f"Invalid mask image format - {why}.",
        type=USER_ERROR,
        param="input_image_mask",
        code="invalid_image_file",
    )


def _edited(base: Image.Image, prompt: str) -> Image.Image:
    """Return the picture with two figures added and the new words on the card."""
    dice = Dice(prompt)
    short = min(base.size)
    for number in range(2):
        at = (base.width * dice.between(0.2, 0.8), base.height * dice.between(0.28, 0.66))
        radius = short * dice.between(0.08, 0.13)
        paint.disc(base, (255, 255, 255), 0.85, at, radius * 1.18)
        colour = dice.colour(0.3 * number, 0.75, 0.85)
        paint.shape(base, colour, 1, paint.star(at, radius, dice.pick((3, 4, 5, 7))))
    caption.sign(base, prompt)
    return base
