"""Colour words as people use them, English and German, and which pixels each one means."""

import colorsys
import re
from collections.abc import Callable
from dataclasses import dataclass

NEAR = 48
"""How far apart two colours are called the same, in steps of 255 in each channel."""

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Colour:
    """A colour word: how it is written, and its pixels by hue (degrees), tint and lightness (%).

    Tint is the difference of the strongest and the weakest channel. Where the hues run
    backwards they pass through 360.
    """

    name: str
    words: str
    hue: tuple[int, int]
    tint: tuple[int, int]
    light: tuple[int, int]

    def holds(self, rgb: Rgb) -> bool:
        """Whether one would call a pixel by this word."""
        hue, light, tint = measures(rgb)
        first, last = self.hue
        turned = first <= hue <= last if first <= last else hue >= first or hue <= last
        return (
            turned
            and self.tint[0] <= tint <= self.tint[1]
            and self.light[0] <= light <= self.light[1]
        )


COLOURS = (
    # Words are stems: plurals, German endings and prefixes come below. Common words come first.
    Colour("black", "black|schwarz", (0, 360), (0, 12), (0, 20)),
    Colour("white", "white|weiß|weiss", (0, 360), (0, 12), (86, 100)),
    Colour("grey", "gr[ae]y|grau|silver|silber|silbern", (0, 360), (0, 13), (16, 88)),
    Colour("red", "red|rot|crimson|scarlet|scharlachrot|karmin", (343, 17), (22, 100), (12, 72)),
    Colour("brown", "brown|braun|chocolate|sepia", (5, 48), (8, 75), (6, 52)),
    Colour("orange", "orange|apricot|aprikose", (14, 46), (32, 100), (32, 85)),
    Colour("gold", "gold|golden|ochre|ocker|mustard|senf", (28, 58), (25, 100), (28, 78)),
    Colour("yellow", "yellow|gelb", (42, 70), (28, 100), (32, 94)),
    Colour("olive", "olive|oliv", (45, 95), (8, 65), (10, 55)),
    Colour("green", "green|grün|gruen", (68, 172), (8, 100), (6, 94)),
    Colour("turquoise", "turquoise|türkis|teal|petrol|cyan|aqua", (160, 202), (12, 100), (10, 92)),
    Colour("blue", "blue|blau|indigo", (193, 262), (10, 100), (6, 94)),
    Colour("purple", "purple|violet|violett|lila", (255, 315), (10, 100), (6, 92)),
    Colour("pink", "pink|rosa|rosé", (300, 14), (10, 100), (52, 97)),
    Colour("beige", "beige|cream|creme|ivory|elfenbein|sand", (20, 66), (2, 40), (66, 98)),
    Colour("burgundy", "burgundy|maroon|bordeaux|weinrot", (325, 17), (12, 75), (6, 38)),
    Colour("coral", "coral|koralle|korallenrot|salmon|lachs", (350, 25), (25, 100), (50, 85)),
    Colour("terracotta", "terracotta|terrakotta|rust|rost", (5, 30), (20, 80), (22, 65)),
    Colour("mint", "mint|minze", (120, 178), (6, 70), (62, 97)),
    Colour("navy", "navy|marine|marineblau", (205, 258), (8, 70), (4, 38)),
    Colour("lavender", "lavender|lavendel|lilac|flieder", (230, 312), (6, 60), (58, 96)),
    Colour("magenta", "magenta|fuchsia", (290, 338), (38, 100), (25, 80)),
)

BEFORE = r"(?:dunkel|hell|tief|knall|blass|zart|pastell|himmel|smaragd|wald|gras|stahl|zitronen)?"
AFTER = r"(?:e[nmrs]?|s|ish|lich\w*|n?t[oö]ne?n?)?"
ONE_COLOUR = rf"#[0-9a-f]{{6}}\b|\b{BEFORE}(?:{'|'.join(one.words for one in COLOURS)}){AFTER}\b"
NAMED = re.compile(rf"(?:{ONE_COLOUR})(?:[ -](?:{ONE_COLOUR}))*", re.I)
"""Words side by side, such as olive green, are one colour that either of them may be."""

REFUSED = re.compile(
    r"\b(?:no|not|without|avoid|never|ohne|kein\w*|nicht|nie)\b.*?(?=[,;.]|\b(?:but|aber|sondern)\b|$)",
    re.I | re.S,
)
EITHER = re.compile(rf"(?:{ONE_COLOUR}),? (?:or|oder)\b", re.I)
UNCOLOURED = re.compile(
    r"black[ -](?:and|&)[ -]white|\bb ?[&/] ?w\b|monochrom\w*|gr[ae]y ?scale"
    r"|schwarz[ -]?(?:und )?[ -]?wei(?:ß|ss)\w*|graustufen",
    re.I,
)
WARMTH = {
    "warm": (re.compile(rf"\bwarm\w*\b(?!\s+(?:{ONE_COLOUR}))", re.I), (315, 75)),
    "cool": (
        re.compile(rf"\b(?:cool|cooler|cold|kühle?\w*|kalte?\w*)\b(?!\s+(?:{ONE_COLOUR}))", re.I),
        (85, 290),
    ),
}
WITHOUT_COLOUR = {"black", "white", "grey"}


def tests_of(phrase: str) -> dict[str, Callable[[Rgb], bool]]:
    """The colours that a phrase names, and how to know each."""
    tests: dict[str, Callable[[Rgb], bool]] = {}
    for word in re.findall(ONE_COLOUR, phrase, re.I):
        if word.startswith("#"):
            tests[word] = _like((int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)))
        for one in COLOURS:
            if re.fullmatch(rf"{BEFORE}(?:{one.words}){AFTER}", word, re.I):
                tests[one.name] = one.holds
    return tests


def _like(wished: Rgb) -> Callable[[Rgb], bool]:
    return lambda rgb: max(abs(a - b) for a, b in zip(rgb, wished, strict=True)) <= NEAR


def measures(rgb: Rgb) -> tuple[float, float, float]:
    """Hue in degrees, lightness and tint in percent."""
    hue, light, _ = colorsys.rgb_to_hls(*(channel / 255 for channel in rgb))
    return hue * 360, light * 100, (max(rgb) - min(rgb)) / 2.55
