"""Pictures in a recording, made tiny: the same format, the same shape, valid still."""

import base64
import binascii
import io
import re
from typing import Any

from PIL import Image, ImageSequence, UnidentifiedImageError

EDGE = 48
"""Pixels of the longer edge."""

BASE64 = r"([A-Za-z0-9+/=]*(?:\\/[A-Za-z0-9+/=]*)*)"  # JSON may escape a slash
FIELD = re.compile(rf'("(?:result|partial_image_b64)": ?"){BASE64}(")')
DATA_URL = re.compile(rf"(data:image/[a-z+]+;base64,){BASE64}()")
SVG_SIZE = re.compile(r'<svg\b[^>]*?\b(?:viewBox="[\d.]+ [\d.]+ |width=")([\d.]+)\D+([\d.]+)', re.S)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}">'
    '<rect width="{0}" height="{1}" fill="teal"/></svg>'
)


def shrink_all(text: str) -> str:
    """Make every picture in a JSON text or a stream tiny; what is no picture stays."""

    def replaced(match: re.Match[str]) -> str:
        return f"{match[1]}{_encoded_tiny(match[2])}{match[3]}"

    return DATA_URL.sub(replaced, FIELD.sub(replaced, text))


def shrink(data: bytes) -> bytes:
    """A picture as a tiny one of the same format, shape, transparency and movement.

    What is no picture comes back as it is.
    """
    if size := SVG_SIZE.search(data[:2000].decode("utf-8", "ignore")):
        return SVG.format(*_edges(float(size[1]), float(size[2]))).encode()
    try:
        return _shrunk(data)
    except (UnidentifiedImageError, OSError):
        return data


def _shrunk(data: bytes) -> bytes:
    target = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        more: dict[str, Any] = {}
        edges = _edges(*image.size)
        first, *rest = (frame.copy().resize(edges) for frame in ImageSequence.Iterator(image))
        if rest:
            duration = image.info.get("duration", 200)
            more = {"save_all": True, "append_images": rest, "duration": duration}
        first.save(target, image.format, **more)
    return target.getvalue()


def _edges(width: float, height: float) -> tuple[int, int]:
    scale = min(1.0, EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encoded_tiny(encoded: str) -> str:
    try:
        data = base64.b64decode(encoded.replace("\\", ""), validate=True)
    except binascii.Error:
        return encoded
    return base64.b64encode(shrink(data)).decode()
