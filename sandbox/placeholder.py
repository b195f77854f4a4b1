"""One call of the image tool: the placeholder, as the request wants it, and the item it leaves."""

import base64
import io
import re
import secrets
import zlib
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from sandbox import openai_errors, placeholder_scene, request_content, response_body
from sandbox.memory import ApiCall, mint
from sandbox.model_catalogue import PAINTERS, STANDARD_SIZES, size_complaint
from sandbox.openai_errors import USER_ERROR, ApiError, Json
from sandbox.placeholder_scene import Size, WordSeed
from sandbox.request_content import EditSources

WIDE = re.compile(r"\b(wide|landscape|banner|panorama|slide|header|desktop)", re.IGNORECASE)
TALL = re.compile(r"\b(portrait|poster|tall|story|phone|vertical|plakat)", re.IGNORECASE)
CUTOUT = re.compile(r"\b(transparent|sticker|cut-?out|freigestellt)", re.IGNORECASE)
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
    words, tool = request_content.subject(call.body), response_body.tool_echo(tool)
    source = _open(sources.picture) if sources.picture and not _is_svg(sources.picture) else None
    size = _size(words, tool, source)
    transparent = _is_transparent(words, tool, source)
    quality = "high" if tool["quality"] == "auto" else tool["quality"]
    if tool["output_format"] == "svg":
        stages = [svg(words, size, sources.picture)]
    else:
        stages = _stages(words, size, source, sources, tool, count=count, transparent=transparent)
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
        sources.count * response_body.TOKENS_PER_SOURCE if sources.picture else 0,
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
) -> list[bytes]:
    """The picture, and so many before it is done."""
    image = _image(words, size, source, sources.mask, transparent=transparent)
    blurs = [_blur(image, pixels) for pixels in BLURS[:count]]
    return [encode(stage, words, tool) for stage in (image, *blurs)]


def _size(words: str, tool: Json, source: Image.Image | None) -> Size:
    size = tool["size"]
    if size == "auto" and source is not None:
        own = f"{source.width}x{source.height}"
        free = PAINTERS[tool["model"]].any_size and size_complaint(own) is None
        size = own if free else _nearest(source.width / source.height)
    if size == "auto":
        size = STANDARD_SIZES[1 if WIDE.search(words) else 2 if TALL.search(words) else 0]
    width, height = size.split("x")
    return int(width), int(height)


def _nearest(ratio: float) -> str:
    """The standard size whose shape is closest."""
    return min(STANDARD_SIZES, key=lambda size: abs(int(size[:4]) / int(size[5:]) - ratio))


def _is_transparent(words: str, tool: Json, source: Image.Image | None) -> bool:
    if tool["background"] != "auto":
        return bool(tool["background"] == "transparent")
    if not PAINTERS[tool["model"]].transparent or tool["output_format"] not in ("png", "webp"):
        return False
    return source.mode == "RGBA" if source is not None else bool(CUTOUT.search(words))


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


def _image(
    words: str, size: Size, source: Image.Image | None, mask: bytes | None, *, transparent: bool
) -> Image.Image:
    if source is None:
        image = placeholder_scene.scene(words, size, transparent=transparent)
        placeholder_scene.sign(image, words)
        return image
    base = ImageOps.fit(source.convert("RGBA" if transparent else "RGB"), size)
    if mask is None:
        placeholder_scene.add_figures(base, words)
        placeholder_scene.sign(base, words)
        return base
    unchanged = _unchanged(mask, source, size)
    fresh = placeholder_scene.scene(words, size).convert(base.mode)
    hole = ImageOps.invert(unchanged).getbbox()
    placeholder_scene.mark_within(fresh, hole or (0, 0, *size))
    return Image.composite(base, fresh, unchanged)


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


def _blur(image: Image.Image, pixels: int) -> Image.Image:
    """A stage on the way to the picture: the same, seen out of focus."""
    small = image.resize((max(1, image.width // pixels), max(1, image.height // pixels)))
    return small.resize(image.size, Image.Resampling.BILINEAR)


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
            count = tool.get("frame_count") or FRAMES
            duration = round((tool.get("frame_duration_ms") or FRAME_MS) / 10) * 10
            frames = [_frame(image, number / count) for number in range(count)]
            frames[0].save(
                out, "GIF", save_all=True, append_images=frames[1:], duration=duration, loop=0
            )
    return out.getvalue()


def _frame(image: Image.Image, part: float) -> Image.Image:
    """A frame of a GIF, in which the light fades."""
    frame = Image.blend(image.convert("RGB"), Image.new("RGB", image.size), part / 3)
    return frame.quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _is_svg(content: bytes) -> bool:
    return b"<svg" in content[:512]


def svg(words: str, size: Size, source: bytes | None) -> bytes:
    """An SVG of that size; an edit keeps the source whole and draws upon it."""
    (width, height), unit, seed = size, min(size) / 100, WordSeed(words)
    x, y = width * seed.between(0.3, 0.7), height * seed.between(0.3, 0.6)
    figure = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{9 * unit:.0f}" fill="{_rgb(seed, 0.5)}"/>'
    if source and _is_svg(source):
        return source.replace(b"</svg>", f"{figure}</svg>".encode())
    ground = f'<rect width="100%" height="100%" fill="{_rgb(seed, 0)}"/>'
    if source:
        kind = Image.open(io.BytesIO(source)).get_format_mimetype()
        data = base64.b64encode(source).decode()
        ground = f'<image width="{width}" height="{height}" href="data:{kind};base64,{data}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f"<title>SANDBOX placeholder: {escape(words)}</title>{ground}{figure}"
        f'<text x="{6 * unit:.0f}" y="{11 * unit:.0f}" font-family="sans-serif" fill="white" '
        f'stroke="#181a22" font-size="{6.5 * unit:.0f}">{placeholder_scene.MARK}</text></svg>'
    ).encode()


def _rgb(seed: WordSeed, shift: float) -> str:
    return f"rgb{seed.colour(shift, 0.6, 0.85)}"


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
