"""Pictures as bytes: still, unfinished, animated."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sandbox import paint
from sandbox.errors import Json

_FRAMES, _FRAME_MS = 9, 200
_BEST = 95
_GRAIN = 4


def blurred(image: Image.Image, blur: int) -> Image.Image:
    """Return a stage on the way to the picture: the same, seen out of focus."""
    small = image.resize((max(1, image.width // blur), max(1, image.height // blur)))
    middle = (max(1, image.width // _GRAIN), max(1, image.height // _GRAIN))
    soft = small.resize(middle, Image.Resampling.BILINEAR)
    return soft.resize(image.size, Image.Resampling.NEAREST)


def encoded(image: Image.Image, prompt: str, tool: Json) -> bytes:
    """Return the picture in the format the tool asks for; a png says where it comes from."""
    out = io.BytesIO()
    form, level = tool["output_format"], min(tool["output_compression"], _BEST)
    if form == "png":
        about = PngInfo()
        about.add_itxt("Software", "image-consultant sandbox")
        about.add_itxt("Description", f"Placeholder, no model was asked: {prompt}")
        image.save(out, "PNG", compress_level=4, pnginfo=about)
    elif form == "webp":
        image.save(out, "WEBP", quality=level, method=1)
    elif form == "jpeg":
        image.convert("RGB").save(out, "JPEG", quality=level)
    else:
        _save_animation(image.convert("RGB"), out, tool)
    return out.getvalue()


def _save_animation(image: Image.Image, out: io.BytesIO, tool: Json) -> None:
    """Save a GIF in which a disc wanders across the picture."""
    count = tool.get("frame_count") or _FRAMES
    duration = round((tool.get("frame_duration_ms") or _FRAME_MS) / 10) * 10
    radius = min(image.size) * 0.05
    frames = []
    for number in range(count):
        frame = image.copy()
        at = (image.width * (number + 1) / (count + 1), image.height * 0.3)
        paint.disc(frame, (255, 255, 255), 0.9, at, radius)
        frames.append(frame.quantize(96, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=duration, loop=0)
