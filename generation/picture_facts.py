"""What can be read from a picture's bytes: facts that need no model's judgement.

Colours are told from 64 by 64 pixels picked evenly. Transparent pixels have no colour.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from generation.colours import (
    COLOURS,
    EITHER,
    NAMED,
    REFUSED,
    UNCOLOURED,
    WARMTH,
    WITHOUT_COLOUR,
    Colour,
    Rgb,
    measures,
    tests_of,
)
from generation.picture_check import UNREADABLE, Picture, examine
from generation.verification import Finding, Verdict

EDGE = 64
ENOUGH, TRACE = 0.04, 0.01
"""The share of the pixels from which a colour is there, and below which it is not."""

MOSTLY, HARDLY = 0.5, 0.25
"""The share of the coloured pixels from which a picture is warm, and below which it is not."""

PALE, COLOURED = 0.06, 0.15
"""The mean tint up to which a picture is black and white, and from which it is not."""

TINTED = 10
"""The tint, in percent, from which a pixel counts as coloured."""

SOLID = 128
"""The alpha from which a pixel has a colour."""

SHOWN = 3

Pixels = Counter[Rgb]


@dataclass(frozen=True)
class _Measured:
    """One wish about colour, what was found of it, and in words of what."""

    wish: str
    verdict: Verdict
    seen: str


def facts(
    data: bytes, *, wished_size: str, wished_background: str, wished_format: str, palette: str
) -> list[Finding]:
    """What the bytes say of each wish; nothing for "auto", and nothing of bytes that end early.

    `wished_size` is "auto" or WIDTHxHEIGHT in pixels. Of an SVG only the format is told:
    it is never rendered.
    """
    try:
        picture = examine(data)
        if picture.note == UNREADABLE:
            return []
        found = [_format(picture, wished_format)]
        if picture.format != "svg":
            found += [_size(picture, wished_size), *_seen(data, wished_background, palette)]
    except Exception:  # bytes that are odd enough fail in any way
        return []
    return [one for one in found if one]


def _format(picture: Picture, wished: str) -> Finding | None:
    wished = wished.lower().replace("jpg", "jpeg")
    if wished in {"", "auto"}:
        return None
    verdict: Verdict = "met" if picture.format == wished else "not_met"
    return _finding(f"format: {wished}", verdict, f"The bytes are {picture.format}.")


def _size(picture: Picture, wished: str) -> Finding | None:
    if wished in {"", "auto"}:
        return None
    size = f"{picture.width}x{picture.height}"
    verdict: Verdict = "met" if size == wished else "not_met"
    return _finding(f"size: {wished}", verdict, f"It is {size} pixels; {wished} was wished.")


def _seen(data: bytes, background: str, palette: str) -> Iterator[Finding | None]:
    """What needs the pixels: transparency and colours."""
    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGBA")
    if background in {"transparent", "opaque"}:
        yield _transparency(whole, background)
    yield _colours(_pixels(whole), palette)


def _transparency(whole: Image.Image, wished: str) -> Finding:
    clear = 1 - whole.getchannel("A").histogram()[255] / (whole.width * whole.height)
    verdict: Verdict = "met" if (clear > 0) == (wished == "transparent") else "not_met"
    seen = (
        f"{_percent(clear)} of the pixels are transparent." if clear else "No pixel is transparent."
    )
    return _finding(f"background: {wished}", verdict, seen)


def _pixels(whole: Image.Image) -> Pixels:
    """The colours of the sampled pixels that are not mostly transparent."""
    raw = whole.resize((EDGE, EDGE), Image.Resampling.NEAREST).tobytes()
    each = zip(*[iter(raw)] * 4, strict=True)
    return Counter((red, green, blue) for red, green, blue, alpha in each if alpha >= SOLID)


def _colours(pixels: Pixels, palette: str) -> Finding | None:
    """All that the palette wishes and code can tell, as one finding."""
    measured = _measure(pixels, palette) if pixels else []
    if not measured:
        return None
    order: list[Verdict] = ["not_met", "cannot_tell", "met"]
    choose = max if EITHER.search(palette) else min
    verdict = choose((one.verdict for one in measured), key=order.index)
    seen = ", ".join(one.seen for one in measured)
    wishes = ", ".join(one.wish for one in measured)
    return _finding(
        f"colours: {wishes}", verdict, f"Measured: {seen}; most of it is {_most(pixels)}."
    )


def _measure(pixels: Pixels, palette: str) -> list[_Measured]:
    wished = REFUSED.sub("", palette)
    named = {match[0].lower(): tests_of(match[0]) for match in NAMED.finditer(wished)}
    plain = all(set(tests) <= WITHOUT_COLOUR for tests in named.values())
    if UNCOLOURED.search(wished) and plain:
        return [_uncoloured(pixels)]
    warmth = [
        _warmth(pixels, name, hues)
        for name, (words, hues) in WARMTH.items()
        if words.search(wished)
    ]
    return [*(_coverage(pixels, name, [*tests.values()]) for name, tests in named.items()), *warmth]


def _coverage(pixels: Pixels, name: str, tests: list[Callable[[Rgb], bool]]) -> _Measured:
    """How much of the picture has a colour."""
    share = _share(pixels, lambda rgb: any(test(rgb) for test in tests))
    return _Measured(name, _verdict(share, ENOUGH, TRACE), f"{name} {_percent(share)}")


def _warmth(pixels: Pixels, name: str, hues: tuple[int, int]) -> _Measured:
    """How many of the coloured pixels have warm hues, or cool ones."""
    tinted = Counter({rgb: n for rgb, n in pixels.items() if measures(rgb)[2] >= TINTED})
    if sum(tinted.values()) < ENOUGH * sum(pixels.values()):
        return _Measured(name, "cannot_tell", f"hardly any {name} or other colour")
    share = _share(tinted, Colour(name, name, hues, (0, 100), (0, 100)).holds)
    return _Measured(name, _verdict(share, MOSTLY, HARDLY), f"{name} hues {_percent(share)}")


def _uncoloured(pixels: Pixels) -> _Measured:
    """How far a picture is from black and white."""
    mean = sum(measures(rgb)[2] * n for rgb, n in pixels.items()) / sum(pixels.values()) / 100
    verdict: Verdict = "met" if mean <= PALE else "not_met" if mean >= COLOURED else "cannot_tell"
    return _Measured("black and white", verdict, f"mean saturation {_percent(mean)}")


def _verdict(share: float, enough: float, trace: float) -> Verdict:
    return "met" if share >= enough else "not_met" if share < trace else "cannot_tell"


def _most(pixels: Pixels) -> str:
    """The colour words that cover most, each pixel under the first word that fits."""
    names = Counter[str]()
    for rgb, count in pixels.items():
        names[next((one.name for one in COLOURS if one.holds(rgb)), "other")] += count
    total = sum(pixels.values())
    return ", ".join(
        f"{name} {_percent(count / total)}" for name, count in names.most_common(SHOWN)
    )


def _share(pixels: Pixels, test: Callable[[Rgb], bool]) -> float:
    return sum(count for rgb, count in pixels.items() if test(rgb)) / sum(pixels.values())


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < TRACE else f"{share * 100:.0f} %"


def _finding(item: str, verdict: Verdict, seen: str) -> Finding:
    return Finding(item=item, verdict=verdict, seen=seen, source="bytes")
