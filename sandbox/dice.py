"""Chance that is no chance: the same words always throw the same numbers and colours."""

import colorsys
import hashlib
from collections.abc import Sequence
from typing import TypeAlias, TypeVar

Colour: TypeAlias = tuple[int, int, int]
_Option = TypeVar("_Option")
_STEPS = 65536


class Dice:
    """Numbers thrown by a text."""

    def __init__(self, words: str) -> None:
        self._bytes = hashlib.shake_256(words.encode()).digest(1024)
        self._at = 0
        self._hue = self.between(0, 1)

    def between(self, low: float, high: float) -> float:
        """Return the next number from `low` up to `high`."""
        pair = self._bytes[self._at : self._at + 2]
        self._at = (self._at + 2) % len(self._bytes)
        return low + (high - low) * int.from_bytes(pair) / _STEPS

    def pick(self, options: Sequence[_Option]) -> _Option:
        """Return one of several."""
        return options[int(self.between(0, len(options)))]

    def colour(self, shift: float, saturation: float, value: float) -> Colour:
        """Return a colour that goes with the others of these words; `shift` turns the hue."""
        red, green, blue = colorsys.hsv_to_rgb((self._hue + shift) % 1, saturation, value)
        return round(red * 255), round(green * 255), round(blue * 255)
