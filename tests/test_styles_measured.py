"""What is measured of a picture tells looks apart, and not its size or its format."""

import itertools
from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image

from styles.comparison import PALETTE, REST, closeness, distances
from styles.measurement import Measurement, measure
from styles.palette import Colour, palette_distance
from tests.looks import LOOKS, encoded, paint

TAKES = range(2)
COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "smaller": lambda image: encoded(image.resize((300, 300))),
    "larger": lambda image: encoded(image.resize((800, 800))),
    "jpeg": lambda image: encoded(image, "JPEG", quality=80),
    "webp": lambda image: encoded(image, "WEBP", quality=80),
}


@cache
def measured(look: str, take: int) -> Measurement:
    return measure(encoded(paint(look, take, 512)))


def apart(one: Measurement, other: Measurement) -> tuple[float, float]:
    palette, rest = distances(dict(one), dict(other))
    assert palette is not None
    assert rest is not None
    return palette, rest


@pytest.mark.parametrize("look", LOOKS)
def test_a_copy_in_another_size_or_format_is_close_to_its_picture(look: str) -> None:
    image = paint(look, 0, 512)
    for name, copy in COPIES.items():
        palette, rest = apart(measure(copy(image)), measured(look, 0))

        assert closeness(palette, PALETTE) == "close", name
        assert closeness(rest, REST) == "close", name


@pytest.mark.parametrize("look", LOOKS)
def test_another_subject_in_the_same_look_is_closer_than_any_other_look(look: str) -> None:
    own = [sum(apart(measured(look, 0), measured(look, take))) for take in TAKES[1:]]
    others = [
        sum(apart(measured(look, 0), measured(other, take)))
        for other, take in itertools.product(LOOKS.keys() - {look}, TAKES)
    ]

    assert max(own) < min(others)


def test_each_look_stands_out_by_what_one_sees_of_it() -> None:
    """Ink is lines without colour, night is dark and cool, flat has areas of strong colour."""
    one = {look: measured(look, 0) for look in LOOKS}

    assert max(one, key=lambda look: one[look].line.edges) == "ink"
    assert one["ink"].palette.colourfulness == pytest.approx(0, abs=1)
    assert max(one, key=lambda look: one[look].light.shadow) == "night"
    assert min(one, key=lambda look: one[look].palette.temperature) == "night"
    assert max(one, key=lambda look: one[look].palette.colourfulness) == "flat"
    assert max(one, key=lambda look: one[look].composition.symmetry) == "product"
    assert one["flat"].texture.flatness > 2 * one["watercolour"].texture.flatness
    assert one["product"].composition.empty_border > one["ink"].composition.empty_border + 0.2


def test_the_colours_of_flat_shapes_are_the_ones_that_were_painted() -> None:
    painted = {"#f4d35e", "#ee964b", "#0d3b66", "#faf0ca", "#f95738"}
    colours = [one.colour for one in measured("flat", 0).palette.colours]

    assert painted <= {*colours}
    assert colours[0] == "#f4d35e"


@pytest.mark.parametrize("size", [(4000, 16), (16, 4000), (1, 1)])
def test_a_picture_as_thin_as_a_thread_has_the_colour_that_it_was_painted_in(
    size: tuple[int, int],
) -> None:
    colours = measure(encoded(Image.new("RGB", size, "#0d3b66"))).palette.colours

    assert [one.colour for one in colours] == ["#0d3b66"]


def test_the_distance_of_colours_is_how_far_they_have_to_move() -> None:
    """Black and white are 100 of lightness apart; half of a picture changed is half as far."""
    black, white = Colour(colour="#000000", share=1), Colour(colour="#ffffff", share=1)
    half = [Colour(colour="#000000", share=0.5), Colour(colour="#ffffff", share=0.5)]

    assert palette_distance([black], [white]) == pytest.approx(100, abs=1)
    assert palette_distance(half, [white]) == pytest.approx(50, abs=1)
    assert palette_distance(half, half[::-1]) == pytest.approx(0, abs=0.5)
