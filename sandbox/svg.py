"""Placeholders as SVG documents, new or made from another picture."""

import base64
from xml.sax.saxutils import escape

from sandbox.dice import Dice

_LINE = 42


def is_svg(content: bytes) -> bool:
    """Return whether these bytes are an SVG document."""
    return b"<svg" in content[:512]


def document(words: str, size: tuple[int, int], source: bytes | None) -> bytes:
    """Return an SVG of that size; an edit keeps the source whole and draws upon it."""
    if source and is_svg(source):
        return source.replace(b"</svg>", f"{_figure(words, size)}</svg>".encode())
    width, height = size
    ground = _embedded(source, size) if source else _ground(words, size)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">'
        f"<title>SANDBOX placeholder: {escape(words)}</title>"
        f"{ground}{_figure(words, size)}{_caption(words, size)}</svg>"
    ).encode()


def _ground(words: str, size: tuple[int, int]) -> str:
    dice = Dice(words)
    top, bottom = dice.colour(0, 0.45, 0.93), dice.colour(0.09, 0.22, 0.99)
    discs = "".join(_disc(dice, size, number) for number in range(6))
    return (
        '<defs><linearGradient id="sky" x2="0" y2="1">'
        f'<stop stop-color="rgb{top}"/><stop offset="1" stop-color="rgb{bottom}"/>'
        '</linearGradient></defs><rect width="100%" height="100%" fill="url(#sky)"/>'
        f"{discs}"
    )


def _disc(dice: Dice, size: tuple[int, int], number: int) -> str:
    x, y = size[0] * dice.between(0.15, 0.85), size[1] * dice.between(0.15, 0.7)
    radius = min(size) * dice.between(0.06, 0.2)
    colour = dice.colour(0.35 + 0.06 * number, 0.6, 0.92)
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="rgb{colour}" opacity=".7"/>'


def _embedded(source: bytes, size: tuple[int, int]) -> str:
    encoded = base64.b64encode(source).decode()
    kinds = {b"\xff\xd8": "jpeg", b"RI": "webp", b"GI": "gif"}
    kind = kinds.get(source[:2], "png")
    return (
        f'<image width="{size[0]}" height="{size[1]}" preserveAspectRatio="xMidYMid slice" '
        f'href="data:image/{kind};base64,{encoded}"/>'
    )


def _figure(words: str, size: tuple[int, int]) -> str:
    dice = Dice(f"figure {words}")
    x, y = size[0] * dice.between(0.3, 0.7), size[1] * dice.between(0.3, 0.6)
    side = min(size) * dice.between(0.1, 0.18)
    colour = dice.colour(0, 0.75, 0.8)
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{side:.0f}" height="{side:.0f}" '
        f'rx="{side / 6:.0f}" fill="rgb{colour}" '
        f'transform="rotate({dice.between(10, 80):.0f} {x:.0f} {y:.0f})"/>'
    )


def _caption(words: str, size: tuple[int, int]) -> str:
    width, height = size
    unit = min(size) / 100
    lines = [words[start : start + _LINE] for start in range(0, len(words), _LINE)][:3]
    text = "".join(
        f'<text x="{6 * unit:.0f}" y="{height - (14 - 5 * n) * unit:.0f}" '
        f'font-size="{3.6 * unit:.0f}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return (
        '<g font-family="sans-serif" fill="white">'
        f'<rect x="{3.5 * unit:.0f}" y="{3.5 * unit:.0f}" width="{34 * unit:.0f}" '
        f'height="{10 * unit:.0f}" rx="{2 * unit:.0f}" fill="#181a22"/>'
        f'<text x="{6 * unit:.0f}" y="{11 * unit:.0f}" font-size="{6.5 * unit:.0f}">SANDBOX</text>'
        f'<rect x="{3.5 * unit:.0f}" y="{height - 21 * unit:.0f}" '
        f'width="{width - 7 * unit:.0f}" height="{17.5 * unit:.0f}" rx="{2 * unit:.0f}" '
        f'fill="#181a22"/>{text}</g>'
    )
