"""Which options a model takes, checked before any money is spent.

Plain functions on `models.toml`: each returns what is wrong in words, or nothing.
"""

import math
import re
from collections.abc import Iterator
from datetime import date

from gateway.models import ImageModel, SizeRule, is_shut_down, load_models
from settings import Settings

SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})")
DEFAULT_EDGE = 1024
DEFAULT_SIZE = f"{DEFAULT_EDGE}x{DEFAULT_EDGE}"
"""The one size that every model draws, and the unit of OpenAI's price table."""

SHAPES = {"square": DEFAULT_SIZE, "wide": "1536x1024", "tall": "1024x1536"}
"""Sizes by a word, each drawn by every model."""

TIMES = re.compile(r"(?<=\d)\s*[xX\u00d7*]\s*(?=\d)")
"""What people write between two edges."""

PROPORTION = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(x| ?: ?)(\d{1,5}(?:\.\d{1,3})?)")
"""A ratio (9:16) or edges in pixels (1920x1080)."""

DIRECTION = re.compile(r"\b(square|wide|landscape|tall|portrait)", re.IGNORECASE)
SYNONYMS = {"landscape": "wide", "portrait": "tall"}

PAPER = re.compile(r"\b[abc]\d\d?\b", re.IGNORECASE)
SHEET = "210x297"
"""Millimetres of A4, whose shape all sheets of ISO 216 have."""

SHAPE_IN_WORDS = re.compile(
    # A time has two digits behind its colon, as have no ratios but these.
    r"\b(?:square|wide|tall|a\d (?:landscape|portrait|upright))\b|\b\d{1,2}:(?:\d|16|21)\b"
    r"|\b\d{3,4}x\d{3,4}\b",
    re.IGNORECASE,
)
"""A shape in the middle of other words, where "landscape" alone is what a picture shows."""

SIZE_NOTE = (
    "“{shape}” in the words sets no size, so this is drawn at {size}. With size={other} and no "
    "further words it is drawn in that shape."
)

MOST_INPUTS = 8
"""Pictures to start from in one call; each is charged as about a thousand tokens."""

LONGER_EDGE = 1536
"""Pixels of the longer edge where only a ratio is known: that of the sizes by a word."""

SHORTEST_EDGE = 256
"""Below so much two edges are a ratio too: "18x24" are inches."""

LONGEST_NAME = 60
"""Letters of a model that are repeated: all of any model's, and enough of what is none."""

COMPRESSIBLE, CLEARABLE = {"jpeg", "webp"}, {"png", "webp"}
"""Formats that lose quality for size, and those that can be transparent."""

STILL = {"png", "jpeg", "webp"}
"""Formats of which OpenAI sends unfinished pictures."""


def fault_of_image_model(name: str, today: date) -> str | None:
    """Why an image model cannot be used on this day."""
    models = load_models()
    model = models.find_image(name)
    if model is None:
        living = ", ".join(models.living_image_models(today))
        return f"image_model {name[:LONGEST_NAME]!r} is not known; there are {living}."
    if is_shut_down(model, today):
        return f"{name} was shut down on {model.shutdown}; use {model.successor} instead."
    return None


def faults_of_options(
    name: str,
    *,
    size: str,
    quality: str,
    background: str,
    output_format: str,
    compression: int | None,
    complexity: str | None = None,
) -> Iterator[str]:
    """What a living image model does not take of these options, each with what it does take."""
    models = load_models()
    model = models.find_image(name)
    if model is None:
        return
    if fault := fault_of_size(models.sizes[model.sizes], size):
        yield f"size: {fault}"
    if quality != "auto" and quality not in model.qualities:
        yield f"quality: {name} draws in {', '.join(model.qualities)}, not {quality}."
    if output_format not in model.formats:
        yield f"output_format: {name} makes {', '.join(model.formats)}, not {output_format}."
    yield from _faults_of_background(name, model, background, output_format)
    if compression is not None and output_format not in COMPRESSIBLE:
        yield f"compression: only jpeg and webp are compressed, not {output_format}."
    if complexity is not None and not model.complexity:
        able = ", ".join(key for key, other in models.image.items() if other.complexity)
        yield f"complexity: {name} does not take it; unset the setting, or use one of {able}."


def _faults_of_background(
    name: str, model: ImageModel, background: str, output_format: str
) -> Iterator[str]:
    if background != "transparent":
        return
    if not model.transparent:
        yield f"background: {name} draws no transparent background; use opaque."
    elif output_format not in CLEARABLE:
        yield f"background: {output_format} cannot be transparent; use png or webp."


def unfinished_pictures(output_format: str, settings: Settings) -> int:
    """How many are asked for on the way to a picture of this format."""
    has_some = output_format in STILL and not settings.background_mode
    return settings.partial_images if has_some else 0


def size_in_pixels(size: str) -> str:
    """A size as models take it: of a word its pixels, of two edges the plain x between them."""
    return TIMES.sub("x", SHAPES.get(size.strip().lower(), size.strip()))


def fault_of_size(rule: SizeRule, size: str) -> str | None:
    """Why a size cannot be drawn under a rule, with the nearest one that can."""
    if size == "auto":
        return None
    match = SIZE.fullmatch(size)
    if match is None:
        words = ", ".join(SHAPES)
        return f"{size[:20]!r} is no size; write {words}, or WIDTHxHEIGHT such as 1024x1024."
    if rule.allowed:
        if size in rule.allowed:
            return None
        return f"{size} is not among the sizes of this model: {', '.join(rule.allowed)}."
    width, height = int(match[1]), int(match[2])
    if _fits(rule, width, height):
        return None
    return (
        f"{size} is not possible: both edges must be multiples of {rule.multiple} and at most "
        f"{rule.max_edge}, their ratio at most {rule.max_ratio:g}:1, and the area from "
        f"{rule.min_pixels:,} to {rule.max_pixels:,} pixels. The nearest is "
        f"{nearest_size(rule, width, height)}."
    )


def edges_of(value: str, words: str = "") -> tuple[int, int] | None:
    """The edges in pixels that a format asks for, whose value was written after these words: a
    direction, or a ratio, edges or a sheet of paper turned that way."""
    value, words = (TIMES.sub("x", text.replace(",", ".")) for text in (value, words))
    # A model writes "wide" of "Querformat 16:9": it reads languages, and numbers need none.
    text = value if PROPORTION.search(value) else f"{value}; {words}"
    name = match[0].lower() if (match := DIRECTION.search(text)) else ""
    shape = SHAPES.get(SYNONYMS.get(name, name), "")
    plain = SHEET if PAPER.search(text) else shape
    match = PROPORTION.search(text) or PROPORTION.search(plain)
    if match is None or not float(match[1]) or not float(match[3]):
        return None
    edges = [float(match[1]), float(match[3])]
    if shape == SHAPES["square"]:
        edges = [max(edges)] * 2
    elif shape:
        edges.sort(reverse=shape == SHAPES["wide"])
    if match[2] != "x" or min(edges) < SHORTEST_EDGE:
        longer = DEFAULT_EDGE if edges[0] == edges[1] else LONGER_EDGE
        edges = [edge * longer / max(edges) for edge in edges]
    return round(edges[0]), round(edges[1])


def size_note(words: str, name: str, size: str) -> str:
    """What is told where words that an image model draws in a size name another shape: a prompt
    sets no size."""
    match = SHAPE_IN_WORDS.search(TIMES.sub("x", words))
    edges = edges_of(match[0]) if match else None
    other = size_near(name, *edges) if edges else size
    if match is None or other == size:
        return ""
    return SIZE_NOTE.format(shape=match[0], size=size, other=other)


def size_near(name: str, width: int, height: int) -> str:
    """The size that an image model draws and that comes closest to these edges."""
    models = load_models()
    model = models.find_image(name)
    return nearest_size(models.sizes[model.sizes], width, height) if model else DEFAULT_SIZE


def nearest_size(rule: SizeRule, width: int, height: int) -> str:
    """The size under a rule that comes closest in shape, then in area."""
    width, height = max(width, 1), max(height, 1)
    if rule.allowed:
        edges = {size: [*map(int, size.split("x"))] for size in rule.allowed}
        return min(edges, key=lambda s: abs(math.log(edges[s][0] * height / edges[s][1] / width)))
    ratio = min(max(width / height, 1 / rule.max_ratio), rule.max_ratio)
    area = min(max(width * height, rule.min_pixels), rule.max_pixels)
    step = rule.multiple
    edge = round((area * ratio) ** 0.5 / step) * step  # of the exact area; near it are all others
    candidates = (
        (wide, high)
        for wide in range(max(step, edge - 4 * step), edge + 5 * step, step)
        for high in (round(wide / ratio / step) * step + shift * step for shift in (-1, 0, 1))
        if high > 0 and _fits(rule, wide, high)
    )

    def distance(size: tuple[int, int]) -> float:
        wide, high = size
        return abs(wide / high / ratio - 1) + abs(wide * high / area - 1)

    best = min(candidates, key=distance, default=None)
    return f"{best[0]}x{best[1]}" if best else DEFAULT_SIZE


def _fits(rule: SizeRule, width: int, height: int) -> bool:
    if not width or not height:
        return False
    return (
        width % rule.multiple == 0
        and height % rule.multiple == 0
        and max(width, height) <= rule.max_edge
        and max(width, height) <= rule.max_ratio * min(width, height)
        and rule.min_pixels <= width * height <= rule.max_pixels
    )
