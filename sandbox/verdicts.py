"""The model that checks a picture, played from its pixels so that it never varies."""

import base64
import binascii
import colorsys
import io
import json
import re
from collections import Counter
from dataclasses import dataclass

from sandbox import request_content
from sandbox.openai_errors import Json
from sandbox.source_pictures import DATA_URL

SCHEMA_NAME = "picture_check"

NO_TEXT = re.compile(
    r"\b(?:no|without|any|keine?|ohne)\s+(?:other\s+)?"
    r"(?:text|words?|letter(?:s|ing)|writing|schrift|wörter|worte|buchstaben)\b",
    re.IGNORECASE,
)
AVOIDANCE = re.compile(r"^\s*avoid\b", re.IGNORECASE)
COLOUR_WORDS = {
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
HUES = (
    (16, "red"), (45, "orange"), (70, "yellow"), (170, "green"), (255, "blue"), (300, "purple"),
    (345, "pink"), (361, "red"),
)  # fmt: skip
"""The degree of the colour circle at which each colour word ends."""

EDGE = 64
"""Pixels of a side that are looked at: enough for shares, and quick."""

ENOUGH = 0.04
"""The share from which a colour is there: a red boat on the sea is about a twentieth."""

DARK, BRIGHT, DULL = 0.2, 0.85, 0.1
PROSE = "I looked at the picture, and it is lovely."


@dataclass(frozen=True)
class View:
    """What can be seen: the size, the mean colour, and the share of each colour."""

    size: tuple[int, int]
    mean: str
    shares: dict[str, float]


def reply(body: Json, fault: str | None) -> str:
    """The findings as JSON, or what a misbehaving model would say."""
    if fault == "not_json":
        return PROSE
    if fault == "wrong_shape":
        return json.dumps({"answer": "The picture is fine.", "score": 9})
    view = _look(body)
    findings = [{"id": item["id"], **_judge(item["text"], view)} for item in _items(body)]
    return json.dumps({"findings": findings}, ensure_ascii=False)


def _items(body: Json) -> list[Json]:
    """The items of the newest words, none if these are no list of items."""
    try:
        items = json.loads(request_content.prompt(body))["items"]
        return [{"id": int(item["id"]), "text": str(item["text"])} for item in items]
    except (ValueError, KeyError, TypeError):
        return []


def _judge(text: str, view: View | None) -> Json:
    if view is None:
        return {"seen": "No picture came with the request.", "verdict": "cannot_tell"}
    if NO_TEXT.search(text):
        return {"seen": "The word SANDBOX stands at the top.", "verdict": "not_met"}
    names = [
        name for name, words in COLOUR_WORDS.items() if re.search(rf"\b({words})\b", text, re.I)
    ]
    if names:
        there = [view.shares.get(name, 0) >= ENOUGH for name in names]
        met = not any(there) if AVOIDANCE.match(text) else all(there)
        seen = ", ".join(f"{name} {view.shares.get(name, 0):.0%}" for name in names)
        return {"seen": f"Share of the picture: {seen}.", "verdict": "met" if met else "not_met"}
    width, height = view.size
    seen = f"A placeholder of the sandbox, {width}x{height} pixels, mean colour {view.mean}."
    return {"seen": seen, "verdict": "cannot_tell"}


def _look(body: Json) -> View | None:
    """What the first picture shows, None if there is none that can be read."""
    # Here and not above: Pillow loads with the first picture, not with the server.
    from PIL import Image, UnidentifiedImageError

    part = next(request_content.image_parts(body), {})
    url = DATA_URL.fullmatch(str(part.get("image_url") or ""))
    if url is None:
        return None
    try:
        with Image.open(io.BytesIO(base64.b64decode(url[1]))) as image:
            small = image.convert("RGB").resize((EDGE, EDGE), Image.Resampling.BOX)
            red, green, blue = small.resize((1, 1), Image.Resampling.BOX).tobytes()
            return View(image.size, f"#{red:02x}{green:02x}{blue:02x}", _shares(small.tobytes()))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, binascii.Error):
        return None


def _shares(pixels: bytes) -> dict[str, float]:
    counts = Counter(_name(*rgb) for rgb in zip(*[iter(pixels)] * 3, strict=True))
    return {name: count / (EDGE * EDGE) for name, count in counts.items()}


def _name(red: int, green: int, blue: int) -> str:
    """The one colour word for a pixel."""
    hue, lightness, _ = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if (max(red, green, blue) - min(red, green, blue)) / 255 < DULL:
        return "black" if lightness < DARK else "white" if lightness > BRIGHT else "grey"
    return next(name for end, name in HUES if hue * 360 < end)
