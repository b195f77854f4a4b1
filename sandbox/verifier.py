"""The model that checks a picture, played from its pixels: it looks, and it never varies."""

import base64
import binascii
import colorsys
import io
import json
import re
from collections import Counter
from dataclasses import dataclass

from sandbox import reading
from sandbox.errors import Json

SCHEMA_NAME = "picture_check"

_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)
_NO_TEXT = re.compile(
    r"\b(?:no|without|any|keine?|ohne)\s+(?:other\s+)?"
    r"(?:text|words?|letter(?:s|ing)|writing|schrift|wörter|worte|buchstaben)\b",
    re.IGNORECASE,
)
_AVOIDED = re.compile(r"^\s*avoid\b", re.IGNORECASE)
_COLOURS = {
    "red": r"reds?|rote?[nrsm]?|rot",
    "orange": r"oranges?",
    "yellow": r"yellows?|gelbe?[nrsm]?|gelb",
    "green": r"greens?|grüne?[nrsm]?|grün",
    "blue": r"blues?|blaue?[nrsm]?|blau",
    "purple": r"purples?|violets?|violette?[nrsm]?|lila",
    "pink": r"pinks?|rosa",
    "black": r"black|schwarze?[nrsm]?|schwarz",
    "white": r"white|weiße?[nrsm]?|weiß",
    "grey": r"gr[ae]ys?|graue?[nrsm]?|grau",
}
_HUES = ((16, "red"), (45, "orange"), (70, "yellow"), (170, "green"), (255, "blue"))
_LATER_HUES = ((300, "purple"), (345, "pink"), (361, "red"))
_EDGE = 64
_ENOUGH = 0.04
_DARK, _BRIGHT, _DULL = 0.2, 0.85, 0.1
_PROSE = "I looked at the picture, and it is lovely."


@dataclass(frozen=True)
class _View:
    """What can be seen: the size, the mean colour, and the share of each colour."""

    size: tuple[int, int]
    mean: str
    shares: dict[str, float]


def reply(body: Json, fault: str | None) -> str:
    """Return the findings as JSON, or what a misbehaving model would say."""
    if fault == "not_json":
        return _PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": "The picture is fine.", "score": 9})
    view = _look(body)
    found = [{"id": item["id"], **_judge(item["text"], view)} for item in _items(body)]
    return json.dumps({"findings": found}, ensure_ascii=False)


def _items(body: Json) -> list[Json]:
    """Return the items of the newest words, none if these are no list of items."""
    try:
        items = json.loads(reading.prompt(body))["items"]
        return [{"id": int(item["id"]), "text": str(item["text"])} for item in items]
    except (ValueError, KeyError, TypeError):
        return []


def _judge(text: str, view: _View | None) -> Json:
    if view is None:
        return {"seen": "No picture came with the request.", "verdict": "cannot_tell"}
    if _NO_TEXT.search(text):
        return {"seen": "The word SANDBOX stands at the top.", "verdict": "not_met"}
    named = [name for name, words in _COLOURS.items() if re.search(rf"\b({words})\b", text, re.I)]
    if named:
        there = [view.shares.get(name, 0) >= _ENOUGH for name in named]
        met = not any(there) if _AVOIDED.match(text) else all(there)
        seen = ", ".join(f"{name} {view.shares.get(name, 0):.0%}" for name in named)
        return {"seen": f"Share of the picture: {seen}.", "verdict": "met" if met else "not_met"}
    width, height = view.size
    seen = f"A placeholder of the sandbox, {width}x{height} pixels, mean colour {view.mean}."
    return {"seen": seen, "verdict": "cannot_tell"}


def _look(body: Json) -> _View | None:
    """Return what the first picture shows, None if there is none that can be read."""
    # Here and not above: Pillow loads with the first picture, not with the server.
    from PIL import Image, UnidentifiedImageError

    part = next(reading.image_parts(body), {})
    sent = _DATA_URL.fullmatch(str(part.get("image_url") or ""))
    if sent is None:
        return None
    try:
        with Image.open(io.BytesIO(base64.b64decode(sent[1]))) as image:
            small = image.convert("RGB").resize((_EDGE, _EDGE), Image.Resampling.BOX)
            red, green, blue = small.resize((1, 1), Image.Resampling.BOX).tobytes()
            return _View(image.size, f"#{red:02x}{green:02x}{blue:02x}", _shares(small.tobytes()))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, binascii.Error):
        return None


def _shares(pixels: bytes) -> dict[str, float]:
    counts = Counter(_name(*rgb) for rgb in zip(*[iter(pixels)] * 3, strict=True))
    return {name: count / (_EDGE * _EDGE) for name, count in counts.items()}


def _name(red: int, green: int, blue: int) -> str:
    """Return the one colour word for a pixel."""
    hue, lightness, _ = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if (max(red, green, blue) - min(red, green, blue)) / 255 < _DULL:
        return "black" if lightness < _DARK else "white" if lightness > _BRIGHT else "grey"
    return next(name for end, name in (*_HUES, *_LATER_HUES) if hue * 360 < end)
