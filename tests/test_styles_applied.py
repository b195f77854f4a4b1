"""A style goes along with a picture as its table says, and the record says which and how strong."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from styles.strength import STEPS, StrengthStep
from tests.calls import consult, data_of, draw, refusal, text_of
from tests.conftest import ROOT, Connect, Run
from tests.looks import encoded, paint
from tests.turns import FACILITATOR, Json, aside, entry, question, source, turn

APPLY = "openai_apply_style"
LIST = "openai_list_conversations"
pytestmark = pytest.mark.usefixtures("harbour")

HARBOUR = """\
note: A quiet harbour in the morning.
aspects:
  palette:
    words: pale blue and rust
    measured:
      colours:
        - {colour: "#88aacc", share: 0.6}
        - {colour: "#aa5533", share: 0.3}
      temperature: -3.5
      colourfulness: 20
  light: {words: low sun through haze}
  line: {words: thin pencil outlines}
  medium: {words: watercolour on rough paper}
avoid: [neon]
samples: [harbour-1.jpg, harbour-2.jpg, harbour-3.jpg]
"""


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A style of three samples."""
    folder = tmp_path / "data" / "styles"
    folder.mkdir(parents=True)
    (folder / "harbour.yaml").write_text(HARBOUR, encoding="utf-8")
    for number in (1, 2, 3):
        data = encoded(paint("watercolour", number - 1, 64), "JPEG")
        (folder / f"harbour-{number}.jpg").write_bytes(data)
    return folder


@pytest.fixture
async def explorer(connect: Connect) -> AsyncIterator[Client[Any]]:
    async with connect(toolsets=["explore"]) as client:
        yield client


async def apply(client: Client[Any], style: Any, to: str, **arguments: Any) -> dict[str, Any]:
    return data_of(await client.call_tool(APPLY, {"style": style, "to": to, **arguments}))


def asking(sandbox: Sandbox) -> dict[str, Any]:
    """The newest request for a turn of the dialogue, as it came."""
    turns = [
        c.body
        for c in sandbox.requests
        if c.body.get("text", {}).get("format", {}).get("name") == FACILITATOR
    ]
    return turns[-1]


def from_style(result: dict[str, Any]) -> list[str]:
    """The stretches of a prompt that rest on a style."""
    return [one["text"] for one in result["provenance"] if one["source"] == "style"]


def drawing(sandbox: Sandbox) -> dict[str, Any]:
    """The newest request for a picture, as it came."""
    return next(call.body for call in reversed(sandbox.requests) if call.body.get("stream"))


ALL = """\
palette: pale blue and rust
light: low sun through haze
line: thin pencil outlines
medium: watercolour on rough paper
colours: #88aacc, #aa5533
avoid: neon"""
TABLE = {
    30: ("Style, a touch of it:\npalette: pale blue and rust\nlight: low sun through haze", 0),
    60: (f"Style, all of it:\n{ALL}", 0),
    80: (f"Style, all of it:\n{ALL}", 1),
    90: (f"Style, match it closely:\n{ALL}", 3),
}


def test_the_page_has_the_table_of_strengths_as_it_is() -> None:
    page = (ROOT / "docs" / "styles.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+)-(\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|$", page, re.MULTILINE)

    assert [int(row[0]) for row in rows] == [0, *(int(row[1]) + 1 for row in rows[:-1])]
    assert (
        tuple(
            StrengthStep(
                int(highest),
                2 if "two" in words else None,
                colours="yes" in colours,
                samples={"none": 0, "one": 1, "up to 3": 3}[samples.strip()],
                degree=degree.strip(),
            )
            for _, highest, words, colours, samples, degree in rows
        )
        == STEPS
    )


async def test_a_style_written_into_words_that_were_to_be_drawn_as_they_are_keeps_them(
    explorer: Client[Any],
) -> None:
    asked = await consult(explorer, "a snail on a rainy road", mode="skip")

    written = await apply(explorer, "linocut", asked["conversation_id"])

    assert "snail on a rainy road" in written["refined_prompt"]
    assert written["not_used"] == []


async def test_a_look_after_a_change_in_another_style_is_for_that_one(
    explorer: Client[Any],
) -> None:
    written = await apply(explorer, "linocut", "a red barn")
    here = {"conversation_id": written["conversation_id"]}
    await draw(explorer, **here)

    changed = await draw(explorer, prompt="at night", style="blue_hour", **here)

    words = "\n".join(changed["checklist"])
    assert "ink" not in words
    assert "palette: " in words
    assert "subject: a red barn" in words


@pytest.mark.parametrize("strength", TABLE)
async def test_words_drawn_as_they_are_have_the_style_beside_them(
    explorer: Client[Any], sandbox: Sandbox, strength: int
) -> None:
    words, samples = TABLE[strength]
    style = {"style": "harbour", "style_strength": strength}
    drawn = await draw(explorer, prompt="my dog on the sofa", dialogue_mode="skip", **style)

    body = drawing(sandbox)
    prompt, beside, *pictures = body["input"][0]["content"]
    assert prompt["text"] == "my dog on the sofa"
    assert beside["text"] == words
    assert [one["type"] for one in pictures] == ["input_image"] * samples
    assert body["tools"][0]["action"] == "generate"
    assert "input_fidelity" not in json.dumps(body)
    purposes = body["instructions"].count("take nothing of its subject, its text or its layout")
    assert purposes == samples
    assert drawn["prompt"] == "my dog on the sofa"
    note = next(note for note in drawn["notes"] if "eside the prompt" in note)
    assert all(line in note for line in words.splitlines()[1:])
    assert "otherwise than your own words, those count" in note


async def test_what_was_drawn_in_a_style_is_found_by_its_name_and_says_how_strong_it_is(
    explorer: Client[Any],
) -> None:
    await draw(explorer, prompt="a blue boat at the first hour", dialogue_mode="skip")
    style = {"style": "blue_hour", "style_strength": 90}
    dog = await draw(explorer, prompt="my dog", dialogue_mode="skip", **style)
    here = {"conversation_id": dog["conversation_id"]}

    for wish in ({"style": "blue_hour"}, {"style": "Blue-hour"}, {"query": "blue_hour"}):
        listed = await explorer.call_tool(LIST, wish)
        assert [one["conversation_id"] for one in data_of(listed)["conversations"]] == [
            *here.values()
        ]
        assert "in blue_hour at 90" in text_of(listed)
    record = data_of(await explorer.call_tool(LIST, here))["record"]
    assert "in the style blue_hour at 90" in record


@pytest.mark.parametrize("strength", TABLE)
async def test_a_style_is_material_for_the_prompt_and_its_samples_go_along_with_the_drawing(
    explorer: Client[Any], sandbox: Sandbox, strength: int
) -> None:
    words, samples = TABLE[strength]
    degree, *lines = words.removeprefix("Style, ").splitlines()

    result = await apply(explorer, "harbour", "my dog on the sofa", strength=strength)

    state = json.loads(asking(sandbox)["input"][-1]["content"])
    told = {"id": "style:harbour", "degree": degree.removesuffix(":")}
    assert state["styles"] == [told | dict(line.split(": ", 1) for line in lines)]
    assert not any(call.body.get("stream") for call in sandbox.requests)  # draws nothing
    for line in (line.split(": ", 1)[1] for line in lines):
        assert any(line in stretch.casefold() for stretch in from_style(result)), line
    said = [quote for one in result["provenance"] for quote in one["said"]]
    own = {quote["quote"] for quote in said if quote["ref"] == "style:harbour"}
    assert own == {line.split(": ", 1)[1] for line in lines}

    drawn = await draw(explorer, conversation_id=result["conversation_id"])

    body = drawing(sandbox)
    prompt, *pictures = body["input"][0]["content"]  # the words stand in the prompt
    assert prompt["text"] == result["refined_prompt"] == drawn["prompt"]
    assert len(pictures) == samples
    assert body["instructions"].count("is there for its") == samples
    assert body["tools"][0]["action"] == "generate"
    assert ("match it closely" in body["instructions"]) == (samples > 1)


async def test_of_a_style_only_its_palette(explorer: Client[Any], sandbox: Sandbox) -> None:
    result = await apply(explorer, "harbour", "my dog", strength=80, aspects=["palette"])
    await draw(explorer, conversation_id=result["conversation_id"])

    (told,) = json.loads(asking(sandbox)["input"][-1]["content"])["styles"]
    assert {*told} == {"id", "degree", "palette", "colours"}
    said = drawing(sandbox)["instructions"]
    purpose = "Picture 1 is there for its palette alone: "
    assert f"{purpose}take nothing of its subject, its text or its layout." in said


async def test_in_the_sandbox_a_style_is_told_in_sentences_of_its_own_language(
    explorer: Client[Any],
) -> None:
    result = await apply(explorer, "linocut", "mein Hund im Schnee")

    german = "Mein Hund im Schnee. Es ist kein Text darin."
    assert result["refined_prompt"].startswith(f"{german} The ")
    assert "linocut" in result["refined_prompt"]


def mixed(*weights: float) -> list[Json]:
    names = ("linocut", "soft_gouache")
    return [{"name": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]


async def test_of_70_to_30_the_greater_has_the_say_and_the_other_what_that_lacks(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    result = await apply(explorer, mixed(70, 30), "my dog")

    linocut, gouache = json.loads(asking(sandbox)["input"][-1]["content"])["styles"]
    assert {*linocut} == {"id", "degree", "palette", "light", "texture", "line", "medium", "avoid"}
    assert {*gouache} == {"id", "degree", "composition", "mood"}
    assert "gentle and unhurried" in from_style(result)
    assert "gouache" not in result["refined_prompt"]
    assert [(one["name"], one["weight"]) for one in result["styles"]] == [
        ("linocut", 70),
        ("soft_gouache", 30),
    ]


async def test_two_media_of_near_weights_are_asked_about_and_an_answer_decides(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    called = await explorer.call_tool(APPLY, {"style": mixed(0.5, 0.5), "to": "my dog"})
    asked, text = data_of(called), text_of(called)

    assert asked["options"] == ["linocut print", "gouache on textured paper", "neither of them"]
    assert "linocut print" in asked["question"]
    assert sandbox.requests == []  # and nothing was charged

    chosen = next(one for one in asked["choices"] if one["option"] == "gouache on textured paper")
    (told,) = re.findall("- gouache on textured paper: (.+)", text)
    assert json.loads(told) == chosen["styles"]
    result = await apply(explorer, chosen["styles"], "my dog")

    assert "gouache on textured paper" in from_style(result)
    assert "linocut print" not in result["refined_prompt"]
    assert "black ink" in result["refined_prompt"]
    assert (await apply(explorer, mixed(50, 50), "my dog"))["origin"] == "sandbox", "as it was met"


async def test_palettes_are_joined_by_share(
    explorer: Client[Any], sandbox: Sandbox, harbour: Path
) -> None:
    other = HARBOUR.replace("#88aacc", "#114422").replace("#aa5533", "#aa5534")
    (harbour / "forest.yaml").write_text(other.replace("harbour-", "forest-"), encoding="utf-8")
    for number in (1, 2, 3):
        sample = (harbour / f"harbour-{number}.jpg").read_bytes()
        (harbour / f"forest-{number}.jpg").write_bytes(sample)

    shares = [{"name": "harbour", "weight": 75}, {"name": "forest", "weight": 25}]
    result = await apply(explorer, shares, "my dog", aspects=["palette"])

    colours = {c["colour"]: c["share"] for one in result["styles"] for c in one["colours"]}
    assert colours == pytest.approx({"#88aacc": 0.45, "#aa5533": 0.3, "#114422": 0.15})
    said = json.loads(asking(sandbox)["input"][-1]["content"])["styles"]
    assert [one["colours"] for one in said] == ["#88aacc, #aa5533", "#114422"]


async def test_beside_words_that_were_not_measured_go_no_colours_of_another_style(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    shares = [{"name": "harbour", "weight": 30}, {"name": "soft_gouache", "weight": 70}]

    await apply(explorer, shares, "my dog", aspects=["palette"])

    said = asking(sandbox)["input"][-1]["content"]
    assert "chalky pastels held together by a warm grey" in said
    assert "#88aacc" not in said


REDDEST = turn(
    reply="A bright red dog, as you said; the pale blue of the style gave way to it.",
    brief=[
        entry("subject", "a bright red dog", ("m1", "a bright red dog, please")),
        entry("light", "low sun through haze", ("style:harbour", "low sun through haze")),
    ],
    prompt="Watercolour on rough paper of a bright red dog, drawn with thin pencil outlines, in "
    "low sun through haze. Nothing neon.",
    sources=[
        source("Watercolour on rough paper", ("style:harbour", "watercolour on rough paper")),
        source("a bright red dog", ("m1", "a bright red dog, please")),
        source("thin pencil outlines", ("style:harbour", "thin pencil outlines")),
        source("low sun through haze", ("style:harbour", "low sun through haze")),
        source("Nothing neon", ("style:harbour", "neon")),
    ],
    set_aside=[
        aside("style:harbour", "pale blue and rust", "replaced"),
        aside("style:harbour", "#88aacc, #aa5533", "replaced"),
    ],
)


async def test_the_persons_words_win_and_the_result_and_the_drawing_say_where(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(FACILITATOR, REDDEST)

    arguments = {"style": "harbour", "to": "a bright red dog, please", "strength": 90}
    called = await explorer.call_tool(APPLY, arguments)

    result = data_of(called)
    assert {(one["quote"], one["why"]) for one in result["gave_way"]} == {
        ("pale blue and rust", "replaced"),
        ("#88aacc, #aa5533", "replaced"),
    }
    went_in = "light: low sun through haze; line: thin pencil outlines; medium: watercolour on "
    went_in += "rough paper; avoid: neon."
    told_of_style = [
        f"Of the style harbour went into the prompt, at strength 90: {went_in}",
        "Of the style harbour gave way to your own words: palette: pale blue and rust; colours: "
        "#88aacc, #aa5533.",
    ]
    assert result["notes"][:2] == told_of_style
    assert all(note in text_of(called) for note in told_of_style)
    assert len(sandbox.requests) == 1  # nothing to send back
    drawn = await draw(explorer, conversation_id=result["conversation_id"])
    told = drawing(sandbox)["instructions"]
    assert told.count("is there for its light and line and medium alone") == 3
    assert "palette" not in told
    assert drawn["prompt"] == REDDEST["prompt"]
    assert {*told_of_style, "3 of 3 sample pictures of the style harbour went along."} <= {
        *drawn["notes"]
    }


async def test_one_thing_that_a_style_avoids_gives_way_to_words_that_ask_for_it(
    explorer: Client[Any], sandbox: Sandbox, harbour: Path
) -> None:
    style = HARBOUR.replace("[neon]", "[neon, photographic detail]")
    (harbour / "harbour.yaml").write_text(style, encoding="utf-8")
    first = aside("style:harbour", "photographic detail", "replaced")
    sandbox.answer(FACILITATOR, REDDEST | {"set_aside": [*REDDEST["set_aside"], first]})

    result = await apply(explorer, "harbour", "a bright red dog, please")

    assert len(sandbox.requests) == 1  # nothing to send back
    went_in, gave_way, *_ = result["notes"]
    assert went_in.endswith("avoid: neon.")
    assert gave_way.endswith("avoid: photographic detail.")
    drawn = await draw(explorer, conversation_id=result["conversation_id"])
    assert {went_in, gave_way} <= {*drawn["notes"]}


async def test_a_line_that_got_lost_and_a_quote_that_no_line_has_go_back_once(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    first, *others = REDDEST["sources"]
    oil = source("Watercolour on rough paper", ("style:harbour", "oil on canvas"))
    lazy = REDDEST | {"sources": [oil, *others[:1]], "set_aside": []}
    sandbox.answer(FACILITATOR, lazy, lazy | {"sources": [first, *others[:1]]})

    result = await apply(explorer, "harbour", "a bright red dog, please")

    broken = json.loads(asking(sandbox)["input"][-1]["content"])["broken"]
    assert '"oil on canvas" does not stand in style:harbour' in broken
    assert "`low sun through haze` is quoted for no stretch" in broken
    lost = {one["quote"] for one in result["gave_way"] if one["why"] == "unplaced"}
    assert {"pale blue and rust", "low sun through haze"} <= lost


async def test_a_style_is_not_written_into_a_picture_and_a_new_one_says_that_it_is_new(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    drawn = await draw(explorer, prompt="a red fox", dialogue_mode="skip")
    image, conversation = drawn["images"][0]["image_id"], drawn["conversation_id"]

    refused = await refusal(explorer, APPLY, style="harbour", to=image)
    asked = [call for call in sandbox.requests if call.kind != "image"]
    applied = await apply(explorer, "harbour", conversation)
    fresh = await apply(explorer, "harbour", "a red fox")
    changed = await draw(explorer, from_image=image, style="harbour")

    assert "Nothing was charged" in refused
    assert not asked
    assert "is a new picture" in applied["next_step"]
    assert "is a new picture" not in fresh["next_step"]
    assert changed["images"][0]["parent_image_id"] == image


async def test_another_style_takes_the_place_of_the_one_before(explorer: Client[Any]) -> None:
    before = await apply(explorer, "linocut", "my dog")

    after = await apply(explorer, "blue_hour", before["conversation_id"], strength=30)

    assert "linocut" not in after["refined_prompt"]
    assert "a touch of deep blues and slate" in after["refined_prompt"]
    assert "My dog" in after["refined_prompt"]


async def test_where_nobody_leads_the_turn_nothing_changes_and_that_is_said(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    before = await consult(explorer, "a red fox", finish=True)
    sandbox.fail("server_error", times=20)

    result = await apply(explorer, "linocut", before["conversation_id"])

    assert result["refined_prompt"] == before["refined_prompt"]
    assert "could not be asked" in result["reply"]
    assert any("was not applied" in note for note in result["notes"])
    sandbox.clear()
    drawn = await draw(explorer, conversation_id=before["conversation_id"])
    assert drawn["prompt"] == before["refined_prompt"]
    assert "Style" not in json.dumps(drawing(sandbox)["input"])


async def test_a_broken_style_is_told_free_of_charge_and_drawing_without_it_goes_on(
    explorer: Client[Any], sandbox: Sandbox, harbour: Path
) -> None:
    (harbour / "harbour.yaml").write_text(HARBOUR.replace("light:", "lights:"), encoding="utf-8")

    for error in (
        await refusal(explorer, APPLY, style="harbour", to="my dog"),
        await refusal(explorer, "openai_conversational_image", prompt="my dog", style="harbour"),
    ):
        assert "styles/harbour.yaml, line 11" in error
        assert "Nothing was charged" in error
    assert sandbox.requests == []
    assert (await draw(explorer, prompt="my dog", dialogue_mode="skip"))["status"] == "done"


async def test_a_sample_that_is_gone_is_left_out(
    explorer: Client[Any], sandbox: Sandbox, harbour: Path
) -> None:
    applied = await apply(explorer, "harbour", "my dog", strength=90)
    (harbour / "harbour-2.jpg").unlink()

    drawn = await draw(explorer, conversation_id=applied["conversation_id"])

    _, *pictures = drawing(sandbox)["input"][0]["content"]
    assert len(pictures) == 2
    assert "2 of 3 sample pictures of the style harbour went along." in drawn["notes"]


async def test_a_style_that_is_chosen_is_named_with_the_questions_and_not_asked_for(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    asked = await draw(explorer, prompt="mein Hund auf dem Sofa", style="harbour")
    about_style = turn(
        reply="?", questions=[question("style", "Which style?", "a photograph", "a drawing"),
                              question("light", "When?", "day", "night")],
    )  # fmt: skip
    sandbox.answer(FACILITATOR, about_style, about_style)
    insists = await draw(explorer, prompt="a cat", style="harbour", dialogue_mode="explorer")

    assert asked["questions"]
    for result in (asked, insists):
        assert "style" not in {one["dimension"] for one in result["questions"]}
        assert "style" not in result["completeness"]["missing"]
        assert any("harbour is chosen, at strength 60" in note for note in result["notes"])


async def test_variations_of_a_picture_stay_in_its_own_style(explorer: Client[Any]) -> None:
    in_harbour = {"dialogue_mode": "skip", "style": "harbour", "style_strength": 20}
    first = await draw(explorer, prompt="my dog on the sofa", **in_harbour)
    again = {"conversation_id": first["conversation_id"], "variations": 4}

    for call in (
        {"prompt": "my cat", **in_harbour, "variations": 4},
        again,
        {**again, "variation_strategy": "color"},
    ):
        varied = await draw(explorer, **call)
        things = {one["variation"].partition(":")[0] for one in varied["images"]}
        assert not things & {"color", "style", "light"}

    await draw(explorer, prompt="by day", conversation_id=first["conversation_id"])
    left = await draw(explorer, **again, variation_strategy="color")
    assert {one["variation"].partition(":")[0] for one in left["images"]} == {"color"}


async def test_a_style_named_with_a_ready_dialogue_is_written_into_its_prompt_first(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    ready = await consult(explorer, "a red fox", finish=True)
    conversation = ready["conversation_id"]

    drawn = await draw(explorer, conversation_id=conversation, style="harbour")
    again = await draw(explorer, conversation_id=conversation, style="harbour")

    assert "thin pencil outlines" in drawn["prompt"]
    assert "Style" not in json.dumps(drawing(sandbox)["input"])
    assert sandbox.count("image") == 1
    assert again["images"] == drawn["images"]


async def test_a_change_in_a_style_keeps_the_picture_and_its_samples_keep_their_numbers(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(explorer, prompt="a red fox", dialogue_mode="skip")
    await draw(
        explorer,
        prompt="now at night",
        conversation_id=first["conversation_id"],
        style="harbour",
        style_strength=80,
    )

    body = drawing(sandbox)
    change, beside, *pictures = body["input"][0]["content"]
    assert change["text"] == "now at night"
    assert beside["text"].startswith("Style, all of it:")
    assert len(pictures) == 1
    assert body["previous_response_id"]
    assert body["tools"][0]["action"] == "edit"
    assert "Picture 1 is there for its" in body["instructions"]


async def test_a_style_goes_on_without_words_and_a_change_that_does_not_name_it_says_so(
    explorer: Client[Any], sandbox: Sandbox
) -> None:
    style = {"style": "harbour", "style_strength": 90}
    first = await draw(explorer, prompt="a red fox", dialogue_mode="skip", **style)
    conversation = {"conversation_id": first["conversation_id"]}

    await draw(explorer, **conversation, quality="high")
    higher = drawing(sandbox)["input"][0]["content"]
    changed = await draw(explorer, **conversation, prompt="make it evening, keep the style")
    without = drawing(sandbox)["input"][0]["content"]
    named = await draw(explorer, **conversation, prompt="more of it", **style)

    assert "style=harbour and style_strength=90" in first["next_step"]
    assert higher[1]["text"] == TABLE[90][0]
    assert len(higher) == 2 + TABLE[90][1]
    assert [one["text"] for one in without] == ["make it evening, keep the style"]
    (note,) = [note for note in changed["notes"] if "without it" in note]
    assert "style harbour, at strength 90" in note
    assert not any("without it" in note for note in named["notes"])


def test_the_command_prints_the_prompt_and_what_came_from_which_style(run: Run) -> None:
    said = run("styles", "apply", "harbour:80", "blue_hour:20", "--to", "my dog")

    told = "Of the style harbour (80 %) went into the prompt, at strength 60: palette: pale blue"
    assert told in said
    told = "Of the style blue_hour (20 %) went into the prompt, at strength 60: composition: a low"
    assert told in said
    assert "My dog" in said
    assert "image-consultant generate --conversation conv_" in said


def test_a_picture_drawn_in_a_terminal_says_what_of_a_style_went_along(run: Run) -> None:
    said = run("generate", "my dog", "--style", "harbour", "--style-strength", "20")

    assert "pale blue and rust" in said
    assert "calm" not in said
    assert 'generate "…" --style harbour --style-strength 20 --conversation' in said
