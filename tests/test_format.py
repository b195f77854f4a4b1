"""A format said in words becomes the size that is drawn; the model says which format is meant."""

from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import CONSULT, consult, data_of, draw, text_of
from tests.conftest import Connect
from tests.turns import FACILITATOR, Json, entry, source, turn

HERON = "A heron among tall reeds at dawn, mist over the water."


def heron(value: str, *said: tuple[str, str]) -> Json:
    """The answer to a heron in a format, as a model gives it."""
    return turn(
        image_type="poster",
        brief=[entry("subject", "a heron", ("m1", "a heron")), entry("format", value, *said)],
        prompt=HERON,
        sources=[source("A heron", ("m1", "a heron"))],
    )


def size_on_the_wire(sandbox: Sandbox) -> str:
    (tool,) = sandbox.requests[-1].body["tools"]
    return str(tool["size"])


@pytest.mark.parametrize(
    ("words", "value", "size"),
    [
        ("squre", "square", "1024x1024"),
        ("für den Sperrbildschirm, 9:16", "9:16", "864x1536"),
        ("A4 landscape", "297:210", "1536x1088"),
        ("zum Aufhängen, Hochformat 18x24", "18x24", "1152x1536"),
        ("in 1920x1080 please", "1920x1080", "1920x1088"),
        ("Querformat 16:9", "wide", "1536x864"),
        ("portrait 16:9", "tall", "864x1536"),
        ("1200 x 1200 px", "square", "1200x1200"),
        ("A4 hochkant", "A4, tall", "1088x1536"),
        ("format paysage A4", "landscape", "1536x1088"),
        ("eine Postkarte, 10x15 cm", "postcard", "1024x1536"),
    ],
)
async def test_the_size_follows_a_format_in_words_and_says_so(
    client: Client[Any], sandbox: Sandbox, words: str, value: str, size: str
) -> None:
    sandbox.answer(FACILITATOR, heron(value, ("m1", words)))
    called = await client.call_tool(CONSULT, {"message": f"a heron, {words}"})
    result = data_of(called)

    assert result["refined_prompt"] == HERON
    assert result["suggested"]["size"] == size
    assert [one["quote"] for one in result["not_used"]] == []
    assert f"Size {size}" in text_of(called)
    assert f"“{words}” (m1)" in text_of(called)
    assert len(sandbox.requests) == 1


async def test_a_later_format_is_the_size_on_the_wire_and_the_parameter_wins_over_it(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(FACILITATOR, heron("square", ("m1", "square")))
    first = await consult(client, "a heron, square")
    here = {"conversation_id": first["conversation_id"]}
    later = heron("9:16", ("m2", "no, for a story"))
    later["set_aside"] = [{"ref": "m1", "quote": "square", "why": "replaced"}]
    sandbox.answer(FACILITATOR, later)
    await consult(client, "no, for a story", **here)

    assert len(sandbox.requests) == 2
    await draw(client, prompt="", **here)
    assert size_on_the_wire(sandbox) == "864x1536"
    await draw(client, prompt="", size="wide", **here)
    assert size_on_the_wire(sandbox) == "1536x1024"


async def test_a_model_of_three_sizes_draws_the_nearest(connect: Connect, sandbox: Sandbox) -> None:
    async with connect(image_model="gpt-image-1.5") as client:
        sandbox.answer(FACILITATOR, heron("9:16", ("m1", "for my phone")))
        result = await consult(client, "a heron for my phone")

    assert result["suggested"]["size"] == "1024x1536"


@pytest.mark.parametrize("value", ["as a postcard", "0:1"])
async def test_a_format_without_numbers_leaves_the_size_of_the_type_and_is_shown(
    client: Client[Any], sandbox: Sandbox, value: str
) -> None:
    sandbox.answer(FACILITATOR, heron(value, ("m1", "as a postcard")))
    result = await consult(client, "a heron as a postcard")

    assert result["suggested"]["size"] == "1024x1536"
    assert [one["quote"] for one in result["not_used"]] == ["as a postcard"]


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("wide format 16:9", "1536x864"),
        ("Querformat 16:9", "1536x864"),
        ("hochformat A4", "1088x1536"),
        ("A4 hochkant", "1088x1536"),
        ("landscape A4", "1536x1088"),
        ("letter size landscape", "1536x1184"),
        ("1200x1200 px", "1200x1200"),
        ("for my phone", "864x1536"),
        ("portrait format", "1024x1536"),
    ],
)
async def test_the_sandbox_reads_a_shape_too_and_takes_it_for_nothing_else(
    client: Client[Any], words: str, size: str
) -> None:
    result = await consult(client, f"a fox, {words}", finish=True)

    assert result["suggested"]["size"] == size
    assert result["suggested"]["quality"] == "medium"
    assert [one["quote"] for one in result["not_used"]] == []


async def test_a_photo_that_a_picture_is_to_be_like_makes_it_none(client: Client[Any]) -> None:
    result = await consult(client, "a fox, in the colours of my holiday photo", finish=True)

    assert result["suggested"]["quality"] == "medium"
    assert result["suggested"]["output_format"] == "png"


@pytest.mark.parametrize(
    ("words", "size"),
    [("a fox, A4 upright", "1088x1536"), ("A4 landscape map of an island", "1536x1088")],
)
async def test_words_drawn_as_they_are_say_what_paper_would_be_before_it_is_paid_for(
    client: Client[Any], words: str, size: str
) -> None:
    ready = await consult(client, words, mode="skip")
    drawn = await draw(client, conversation_id=ready["conversation_id"])
    other = await draw(client, prompt=words, dialogue_mode="skip", size="square")

    for result in (ready, drawn):
        assert any(f"size={size}" in note for note in result["notes"])
    assert not any("size=" in note for note in other["notes"])
