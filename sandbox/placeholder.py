"""One call of the image tool: a placeholder as the request wants it, and the item it leaves.

Colours and discs come from the words, so that pictures are told apart. The mark SANDBOX says that
no model drew it, so that nobody takes it for a picture they paid for.
"""

import base64
import colorsys
import io
import random
import secrets
import zlib
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from sandbox import openai_errors, request_content, response_body
from sandbox.memory import ApiCall, mint
from sandbox.model_catalogue import PAINTERS, STANDARD_SIZES, size_complaint
from sandbox.openai_errors import USER_ERROR, ApiError, Json
from sandbox.request_content import EditSources

Size = tuple[int, int]
Box = tuple[float, float, float, float]

MARK, NOTE = "SANDBOX", "placeholder, no model was asked"
INK, CARD = "white", "#181a22"
DISCS, NEW_DISCS = 6, 2
"""Of a picture, and those that an edit lays over one, so that it is seen to be an edit."""
BLURS = (48, 24, 12)
"""How many pixels become one in each partial picture: the motif is guessed at, then known."""

FRAMES, FRAME_MS = 9, 200
"""OpenAI's defaults for a GIF."""

PNG_LEVEL = 1
"""Two thirds of the time of 4, and 50 kB instead of 37."""

BEST_LEVEL = 95
"""Beyond that JPEG only grows, says Pillow."""

PNG_SIGNATURE, PNG_END = b"\x89PNG\r\n\x1a\n", 12
HEAVY = 3_000_000
"""The weight of a real picture in high quality."""


@dataclass
class ImageCall:
    """What an image call adds to a response."""

    item: Json
    partials: list[str] = field(default_factory=list)
    tool_usage: Json = field(default_factory=response_body.tool_usage)


def call_tool(call: ApiCall, tool: Json, sources: EditSources) -> ImageCall:
    """The picture of a call, which is marked as having one.

    Raises `ApiError` if a source is no picture, or the mask does not fit it.
    """
    item = {"id": mint("ig"), "type": "image_generation_call"}
    if call.meets("moderation_item"):
        error = openai_errors.item_error()
        return ImageCall({**item, "status": "failed", "error": error, "result": None})
    count = (tool.get("partial_images") or 0) if call.stream else 0
    words, tool = request_content.prompt(call.body), response_body.tool_echo(tool)
    orders = str(call.body.get("instructions"))  # by which variations differ
    is_svg = b"<svg" in (sources.picture or b"")[:512]
    source = _open(sources.picture) if sources.picture and not is_svg else None
    size = _size(tool, source)
    transparent = tool["background"] == "transparent"
    quality = "high" if tool["quality"] == "auto" else tool["quality"]
    form = {"count": count, "transparent": transparent, "orders": orders}
    stages = _stages(words, size, source, sources, tool, **form)
    call.has_picture = True
    item |= {
        "status": "generating" if call.meets("no_completed_event") else "completed",
        "action": "edit" if sources.picture else "generate",
        "background": "transparent" if transparent else "opaque",
        "output_format": tool["output_format"],
        "quality": quality,
        "result": _result(call, stages[0]),
        "revised_prompt": f"A placeholder painted by the sandbox, after the words: {words}",
        "size": f"{size[0]}x{size[1]}",
    }
    usage = response_body.tool_usage(
        response_body.text_tokens(words),
        sources.count * response_body.TOKENS_PER_SOURCE,
        response_body.picture_tokens(tool["model"], quality, *size, count),
    )
    return ImageCall(item, [base64.b64encode(stage).decode() for stage in stages[1:]], usage)


def _stages(
    words: str,
    size: Size,
    source: Image.Image | None,
    sources: EditSources,
    tool: Json,
    *,
    count: int,
    transparent: bool,
    orders: str,
) -> list[bytes]:
    """The picture, and so many before it is done."""
    if tool["output_format"] == "svg":
        return [svg(words, size)]
    if source is None:
        image = scene(words, size, orders, transparent=transparent)
    else:
        image = ImageOps.fit(source.convert("RGBA" if transparent else "RGB"), size)
    if source is not None and sources.mask:
        unchanged = _unchanged(sources.mask, source, size)
        fresh = scene(words, size, orders).convert(image.mode)
        sign(fresh, ImageOps.invert(unchanged).getbbox() or (0, 0, *size))
        image = Image.composite(image, fresh, unchanged)
    else:
        if source is not None:
            dice = random.Random(words + orders)  # noqa: S311  # no secret
            _add_discs(image, dice, NEW_DISCS, ring=INK)
        sign(image, (0, 0, image.width / 2, image.height / 4))
    blurs = [image.reduce(pixels).resize(size, Image.Resampling.BILINEAR) for pixels in BLURS]
    return [encode(stage, words, tool) for stage in (image, *blurs[:count])]


def _size(tool: Json, source: Image.Image | None) -> Size:
    """The size that is asked for; where that is left open, the source's or the nearest to it."""
    size = tool["size"]
    if size == "auto":
        own = f"{source.width}x{source.height}" if source else STANDARD_SIZES[0]
        fits = PAINTERS[tool["model"]].any_size and size_complaint(own) is None
        size = own if fits or not source else _nearest(source.width / source.height)
    width, height = size.split("x")
    return int(width), int(height)


def _nearest(ratio: float) -> str:
    """The standard size whose shape is closest."""
    return min(STANDARD_SIZES, key=lambda size: abs(int(size[:4]) / int(size[5:]) - ratio))


def _open(content: bytes) -> Image.Image:
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


def _unchanged(mask: bytes, source: Image.Image, size: Size) -> Image.Image:
    """255 wherever the mask is not wholly transparent: there nothing may change."""
    image = _open(mask)
    why = ""
    if image.size != source.size:
        why = "mask size does not match image size"
    elif image.mode != "RGBA":
        why = "mask must have an alpha channel"
    if why:
        message = f"Invalid mask image format - {why}."
        raise ApiError(
            message, type=USER_ERROR, param="input_image_mask", code="invalid_image_file"
        )
    alpha = image.getchannel("A").point([0, *[255] * 255])
    return ImageOps.fit(alpha, size, Image.Resampling.NEAREST)


def scene(words: str, size: Size, orders: str, *, transparent: bool = False) -> Image.Image:
    """A picture of that size; on a transparent ground only its discs are opaque."""
    dice = random.Random(words + orders)  # noqa: S311  # the same request always gives the same picture
    image = Image.new("RGBA", size) if transparent else Image.new("RGB", size, _colour(dice, 0.3))
    _add_discs(image, dice, DISCS)
    return image


def _colour(dice: random.Random, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(dice.random(), saturation, 0.93)
    return round(red * 255), round(green * 255), round(blue * 255)


def _add_discs(
    image: Image.Image, dice: random.Random, count: int, ring: str | None = None
) -> None:
    draw, short = ImageDraw.Draw(image), min(image.size)
    for _ in range(count):
        place = image.width * dice.uniform(0.16, 0.84), image.height * dice.uniform(0.16, 0.84)
        draw.circle(place, short * dice.uniform(0.05, 0.13), _colour(dice, 0.6), ring, short // 60)


def sign(image: Image.Image, box: Box) -> None:
    """Write the mark into a box, as large as it fits."""
    left, top, right, bottom = box
    size = max(8, min((bottom - top) * 0.4, (right - left) / 5.5))
    draw, middle = ImageDraw.Draw(image), ((left + right) / 2, (top + bottom) / 2)
    for text, part, anchor in ((MARK, 1, "mm"), (NOTE, 3, "ma")):
        font = ImageFont.load_default(size / part)
        place = (middle[0], middle[1] + size * (part > 1) / 2)
        draw.text(place, text, INK, font, anchor, stroke_width=2, stroke_fill=CARD)


def encode(image: Image.Image, words: str, tool: Json) -> bytes:
    """The picture in the format of the tool; a png says where it comes from."""
    out = io.BytesIO()
    level = min(tool["output_compression"], BEST_LEVEL)
    match tool["output_format"]:
        case "png":
            about = PngInfo()
            about.add_itxt("Software", "image-consultant sandbox")
            about.add_itxt("Description", f"Placeholder, no model was asked: {words}")
            image.save(out, "PNG", compress_level=PNG_LEVEL, pnginfo=about)
        case "webp":
            image.save(out, "WEBP", quality=level, method=1)
        case "jpeg":
            image.convert("RGB").save(out, "JPEG", quality=level)
        case _:
            still, black = image.convert("RGB"), Image.new("RGB", image.size)
            frames = [Image.blend(still, black, number / FRAMES / 3) for number in range(FRAMES)]
            frames[0].save(
                out, "GIF", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0
            )
    return out.getvalue()


def svg(words: str, size: Size) -> bytes:
    """An SVG of that size."""
    width, height = size
    ground, disc = (f"rgb{_colour(random.Random(words + n), 0.5)}" for n in ("", "2"))  # noqa: S311
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f"<title>{MARK}, {NOTE}: {escape(words)}</title>"
        f'<rect width="100%" height="100%" fill="{ground}"/>'
        f'<circle cx="50%" cy="60%" r="{height // 6}" fill="{disc}"/>'
        f'<text x="6%" y="14%" font-family="sans-serif" font-size="{height // 14}">{MARK}</text>'
        "</svg>"
    ).encode()


def _result(call: ApiCall, content: bytes) -> str:
    """The picture as base64, or one of the things that go wrong with it."""
    if call.meets("not_a_picture"):
        content = b"The sandbox was asked for something that is not a picture."
    if call.fault and call.meets("padded") and content.startswith(PNG_SIGNATURE):
        content = _pad(content, int(call.fault.value or HEAVY))
    encoded = base64.b64encode(content).decode()
    return "!" + encoded[:-3] if call.meets("broken_base64") else encoded


def _pad(png: bytes, size: int) -> bytes:
    """A png as heavy as a real one, by a private chunk of noise before its end."""
    data = secrets.token_bytes(max(0, size - len(png) - PNG_END))
    chunk = b"saNd" + data
    frame = len(data).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return png[:-PNG_END] + frame + png[-PNG_END:]
