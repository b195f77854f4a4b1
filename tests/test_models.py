"""The table of models and the rules that stand on it, as plain functions."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product

import pytest

from gateway.capabilities import (
    SIZE,
    fault_of_image_model,
    fault_of_size,
    nearest_size,
)
from gateway.models import (
    WARNING_DAYS,
    ImageModel,
    TextModel,
    fit,
    is_shut_down,
    living_text_model,
    load_models,
    outlook,
)
from gateway.prices import Usage, estimate_image, image_cost, text_cost
from settings import Settings

MODELS = load_models()
AS_OF = date(2026, 11, 21)
"""The date of the table."""

GPT_4O_ENDS = date(2027, 1, 14)
DAY = timedelta(days=1)
FLEXIBLE = MODELS.sizes["flexible"]

WIDE_DIGITS = "\uff11\uff10\uff12\uff14x\uff11\uff10\uff12\uff14"
"""1024x1024 as a Japanese keyboard types it; OpenAI does not read it."""

TABLES: dict[str, Mapping[str, TextModel | ImageModel]] = {
    "text": MODELS.text,
    "image": MODELS.image,
}
DATED = [
    (kind, name)
    for kind, table in TABLES.items()
    for name, model in table.items()
    if model.shutdown
]
LIVING = [name for name in MODELS.image if not is_shut_down(MODELS.image[name], AS_OF)]


def row(kind: str, name: str) -> TextModel | ImageModel:
    """A model of the table."""
    return TABLES[kind][name]


@pytest.mark.parametrize(("kind", "name"), DATED)
def test_a_model_with_an_end_has_a_successor_that_outlives_it(kind: str, name: str) -> None:
    ending = row(kind, name)
    assert ending.shutdown
    assert ending.successor

    heir = row(kind, ending.successor)

    assert not is_shut_down(heir, ending.shutdown)
    assert not is_shut_down(heir, AS_OF)
    assert heir.price


@pytest.mark.parametrize(
    ("kind", "field"),
    [("text", "facilitator_model"), ("text", "assistant_model"), ("image", "image_model")],
)
def test_the_default_models_are_in_the_table_and_alive(kind: str, field: str) -> None:
    default = row(kind, Settings.model_fields[field].default)

    assert not is_shut_down(default, AS_OF)
    assert default.price


@pytest.mark.parametrize("name", LIVING)
def test_an_image_model_that_draws_is_described_in_full(name: str) -> None:
    model = MODELS.image[name]

    assert model.sizes in MODELS.sizes
    worth = model.patches or model.tokens
    assert set(worth) == set(model.qualities)
    assert sorted(worth.values()) == list(worth.values())
    assert "png" in model.formats
    assert model.price


@pytest.mark.parametrize(
    ("today", "called"),
    [
        (GPT_4O_ENDS - DAY, "gpt-4o"),
        (GPT_4O_ENDS, "gpt-6-luna"),
    ],
)
def test_gpt_4o_is_called_until_the_day_it_is_shut_down(today: date, called: str) -> None:
    name, note = living_text_model("gpt-4o", today)

    assert name == called
    assert (note is None) == (called == "gpt-4o")
    if note:
        assert note == "gpt-4o was shut down on 2027-01-14; gpt-6-luna was used instead."


@pytest.mark.parametrize(
    ("today", "state", "told"),
    [
        (GPT_4O_ENDS - (WARNING_DAYS + 1) * DAY, "ok", "is shut down on 2027-01-14"),
        (GPT_4O_ENDS - WARNING_DAYS * DAY, "warning", "in 90 days"),
        (GPT_4O_ENDS - DAY, "warning", "in 1 day; from then on gpt-6-luna is used"),
        (GPT_4O_ENDS, "problem", "Set IMAGE_CONSULTANT_FACILITATOR_MODEL to gpt-6-luna."),
    ],
)
def test_the_outlook_warns_before_a_model_ends_and_says_what_to_set(
    today: date, state: str, told: str
) -> None:
    name, judged, sentence = outlook(Settings(), today)[0]

    assert (name, judged) == ("gpt-4o", state)
    assert told in sentence


def test_a_dated_snapshot_is_the_model_it_was_taken_of() -> None:
    assert MODELS.find_text("gpt-4o-2024-08-06") is MODELS.text["gpt-4o"]
    assert MODELS.find_text("gpt-4o-mini-2024-07-18") is MODELS.text["gpt-4o-mini"]
    assert MODELS.find_image("gpt-image-2-2026-04-21") is MODELS.image["gpt-image-2"]
    assert MODELS.find_text("gpt-4o-audio-2024-08-06") is None
    assert living_text_model("gpt-4o-2024-08-06", GPT_4O_ENDS)[0] == "gpt-6-luna"


def test_an_image_model_that_is_gone_or_unknown_is_refused_with_the_way_out() -> None:
    last = date(2026, 11, 30)

    assert fault_of_image_model("gpt-image-1.5", last) is None
    assert fault_of_image_model("gpt-image-1.5", last + DAY) == (
        "gpt-image-1.5 was shut down on 2026-12-01; use gpt-image-2.5-sunburst instead."
    )
    unknown = fault_of_image_model("gpt-image-9", last + DAY) or ""
    assert "gpt-image-2.6-sunburst" in unknown
    assert "dall-e" not in unknown
    assert "gpt-image-1.5" not in unknown


@pytest.mark.parametrize(
    "size",
    [
        "auto",
        "1024x1024",
        "640x1024",  # the least area
        "3840x2160",  # the largest area and edge
        "2880x2880",  # the largest square
        "1440x480",  # the widest
    ],
)
def test_a_size_on_the_boundary_is_drawn(size: str) -> None:
    assert fault_of_size(FLEXIBLE, size) is None


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ("640x1008", "640x1024"),  # less than the least area
        ("3840x2176", "3824x2160"),  # more than the largest area
        ("3856x1600", "3840x1600"),  # an edge too long
        ("1456x480", "1440x480"),  # wider than 3:1
        ("1025x1023", "1024x1024"),  # no multiple of 16
        ("1920x1080", "1920x1088"),
        ("4000x2250", "3840x2160"),
        ("100x100", "816x816"),
        ("5000x500", "2736x912"),
        ("0x1024", ""),
        ("99999x99999", ""),
    ],
)
def test_a_size_past_the_boundary_is_refused_with_the_nearest_that_keeps_its_shape(
    size: str, nearest: str
) -> None:
    fault = fault_of_size(FLEXIBLE, size) or ""

    assert fault.startswith(f"{size} is not possible")
    offered = "x".join(SIZE.findall(fault)[-1])
    assert fault_of_size(FLEXIBLE, offered) is None
    assert offered == nearest or not nearest


@pytest.mark.parametrize("size", ["", "1024", "1024 x 1024", "-16x16", WIDE_DIGITS])
def test_what_is_no_size_is_told_how_to_write_one(size: str) -> None:
    assert "WIDTHxHEIGHT such as 1024x1024" in (fault_of_size(FLEXIBLE, size) or "")


def test_the_nearest_size_is_always_one_that_can_be_drawn() -> None:
    edges = [0, 1, 7, 15, 16, 17, 100, 479, 809, 810, 1023, 1025, 1919, 2161, 3839, 3841, 99999]
    refused = {
        f"{width}x{height}": offered
        for width, height in product(edges, edges)
        if fault_of_size(FLEXIBLE, offered := nearest_size(FLEXIBLE, width, height))
    }

    assert refused == {}


def test_reported_tokens_are_priced_and_their_absence_is_estimated() -> None:
    usage = Usage(
        image_reported=True,
        image_text_tokens=1_000,
        image_input_tokens=2_000,
        image_output_tokens=10_000,
    )

    reported = image_cost("gpt-image-2", usage, size="1024x1024", quality="low")
    guessed = image_cost("gpt-image-2", Usage(), size="1024x1024", quality="low")

    assert reported.usd == pytest.approx(0.005 + 0.016 + 0.3)
    assert reported.estimated is False
    assert guessed == estimate_image("gpt-image-2", size="1024x1024", quality="low")
    assert guessed.usd == pytest.approx(196 * 30 / 1_000_000)
    assert guessed.estimated is True


@pytest.mark.parametrize(
    ("model", "size", "quality", "usd"),
    [  # OpenAI's price page of gpt-image-2, to the tenth of a cent
        ("gpt-image-2", "1024x1024", "low", 0.006),
        ("gpt-image-2", "1024x1024", "medium", 0.053),
        ("gpt-image-2", "1024x1024", "high", 0.211),
        ("gpt-image-2", "1536x1024", "low", 0.005),
        ("gpt-image-2", "1024x1536", "medium", 0.041),
        ("gpt-image-2", "1536x1024", "high", 0.165),
        # recorded answers: 120 and 106 tokens at 30 USD a million
        ("gpt-image-2", "1536x864", "low", 0.0036),
        ("gpt-image-2", "1280x720", "low", 0.0032),
        # measured by a reseller: 3,337 and 1,353 tokens
        ("gpt-image-2.6-sunburst", "3840x2160", "high", 0.100),
        ("gpt-image-2.6-sunburst", "1536x1024", "high", 0.041),
        ("gpt-image-1.5", "1024x1024", "medium", 0.034),
    ],
)
def test_the_price_before_is_that_of_the_size_itself(
    model: str, size: str, quality: str, usd: float
) -> None:
    assert estimate_image(model, size=size, quality=quality).usd == pytest.approx(usd, abs=0.0006)


def test_cached_tokens_are_cheaper_and_counted_once() -> None:
    fresh = text_cost("gpt-4o", Usage(input_tokens=1_000_000, output_tokens=100_000))
    cached = text_cost(
        "gpt-4o", Usage(input_tokens=1_000_000, cached_tokens=600_000, output_tokens=100_000)
    )

    assert fresh.usd == pytest.approx(2.5 + 1.0)
    assert cached.usd == pytest.approx(0.4 * 2.5 + 0.6 * 1.25 + 1.0)
    assert (fresh.estimated, cached.estimated) == (False, False)


def test_the_models_of_today_differ_in_what_they_take() -> None:
    request = {"temperature": 0.3}

    assert fit(request, "gpt-4o") == {"model": "gpt-4o", "temperature": 0.3}
    assert fit(request, "gpt-6-luna") == {"model": "gpt-6-luna", "reasoning": {"effort": "low"}}
    assert request == {"temperature": 0.3}
