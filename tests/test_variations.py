"""Several pictures in one call: each differs in one thing on purpose, and says which."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from generation.preview import contact_sheet
from sandbox.loopback import Sandbox
from tests.calls import DRAW, LOW, consult, data_of, draw, refusal, text_of
from tests.conftest import Connect
from tests.turns import COMPLETE, FACILITATOR, TURN, entry

QUICK, LIST = "openai_generate_image", "openai_list_conversations"


def labels(result: dict[str, Any]) -> list[str]:
    return [image["variation"] for image in result["images"]]


def contents(result: dict[str, Any]) -> set[bytes]:
    return {Path(image["path"]).read_bytes() for image in result["images"]}


async def test_each_variation_varies_one_thing_of_the_same_words_and_says_which(
    client: Client[Any], sandbox: Sandbox
) -> None:
    result = await draw(client, prompt="a fox", variations=4, variation_strategy="style", **LOW)

    bodies = [call.body for call in sandbox.requests]
    instructions = {body["instructions"] for body in bodies}
    assert len(set(labels(result))) == len(instructions) == 4
    assert [label.split(":")[0] for label in labels(result)] == ["style"] * 4
    assert all("Vary only the style:" in one for one in instructions)
    assert {body["input"][0]["content"][0]["text"] for body in bodies} == {"a fox"}


async def test_the_one_preview_is_a_sheet_of_all(client: Client[Any]) -> None:
    called = await client.call_tool(DRAW, {"prompt": "a fox", "variations": 3, **LOW})

    (shown,) = [block for block in called.content if block.type == "image"]
    assert len(shown.data) < 350_000
    with Image.open(io.BytesIO(base64.b64decode(shown.data))) as sheet:
        assert sheet.width == 1024
        assert sheet.height > 1024
    for image in data_of(called)["images"]:
        assert image["path"] in text_of(called)


async def test_one_that_fails_does_not_fail_the_others(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("moderation_http", kind="image")

    result = await draw(client, prompt="a fox", variations=3, **LOW)

    assert result["status"] == "failed"
    assert len(result["images"]) == 2
    (note,) = [note for note in result["notes"] if "was not drawn" in note]
    assert "safety system refused" in note


async def test_only_if_all_fail_the_call_fails(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("moderation_http", times=2, kind="image")

    error = await refusal(client, DRAW, prompt="a fox", variations=2, **LOW)

    assert error.count("safety system refused") == 1


async def test_all_are_collected_when_they_take_long(connect: Connect, sandbox: Sandbox) -> None:
    sandbox.fail("delay=1", times=2, kind="image")
    async with connect(wait_seconds=0.3) as client:
        working = await draw(client, prompt="a fox", variations=2, **LOW)
        conversation = working["conversation_id"]
        while (result := await draw(client, conversation_id=conversation))["status"] == "working":
            pass
        again = await draw(client, conversation_id=conversation)

    assert working["status"] == "working"
    assert len(result["images"]) == len(again["images"]) == 2
    assert sandbox.count("image") == 2


def decided(*dimensions: str, assumed: tuple[str, ...] = ()) -> dict[str, Any]:
    """The facilitator's turn where the person said so much, and the rest was assumed."""
    entries = [entry(name, COMPLETE, ("m1", COMPLETE)) for name in dimensions]
    ours = [
        {"dimension": name, "value": "as we like it", "said": [], "open": False} for name in assumed
    ]
    return {**TURN, "brief": entries + ours}


async def vary_decided(
    client: Client[Any], sandbox: Sandbox, turn: dict[str, Any], **wishes: Any
) -> Any:
    """Four variations of a dialogue's prompt."""
    sandbox.answer(FACILITATOR, turn)
    ready = await consult(client, COMPLETE)
    assert ready["status"] == "ready"
    return await client.call_tool(
        DRAW,
        {"conversation_id": ready["conversation_id"], "variations": 4, "quality": "low", **wishes},
        raise_on_error=False,
    )


@pytest.mark.parametrize(
    ("turn", "things"),
    [
        (decided("palette", "style", "layout", assumed=("light",)), ["light"] * 4),
        (decided("subject", assumed=("mood", "style")), ["style", "mood", "color", "composition"]),
    ],
)
async def test_variations_differ_in_what_was_left_to_us(
    client: Client[Any], sandbox: Sandbox, turn: dict[str, Any], things: list[str]
) -> None:
    result = data_of(await vary_decided(client, sandbox, turn, variation_strategy="mixed"))

    assert [image["variation"].split(":")[0] for image in result["images"]] == things
    assert len({image["variation"] for image in result["images"]}) == 4


async def test_what_is_decided_is_not_varied_even_if_asked_for_and_the_result_says_so(
    client: Client[Any], sandbox: Sandbox
) -> None:
    called = await vary_decided(
        client, sandbox, decided("subject", "palette"), variation_strategy="color"
    )

    assert "What was to vary is decided, so these vary something else: each says what." in (
        text_of(called)
    )
    assert not any("color" in label for label in labels(data_of(called)))


async def test_where_nothing_is_open_plain_samples_are_offered_and_drawn_if_wanted(
    client: Client[Any], sandbox: Sandbox
) -> None:
    turn = decided("palette", "style", "composition", "light", "mood")

    refused = await vary_decided(client, sandbox, turn)

    assert refused.is_error
    assert "Nothing is left open" in text_of(refused)
    assert "Nothing was charged" in text_of(refused)
    assert sandbox.count("image") == 0
    (conversation,) = data_of(await client.call_tool("openai_list_conversations", {}))[
        "conversations"
    ]
    wanted = await draw(
        client, conversation_id=conversation["conversation_id"], variations=2, redraw=True,
        quality="low",
    )  # fmt: skip
    assert labels(wanted) == ["plain sample"] * 2
    assert (
        len({call.body["instructions"] for call in sandbox.requests if call.kind == "image"}) == 1
    )


async def test_the_numbers_of_a_sheet_name_its_pictures_and_a_change_without_one_says_its_own(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("delay=1", times=1, kind="image")  # one ends last, whichever it is
    first = await draw(client, prompt="a fox", variations=3, **LOW)
    conversation, ids = first["conversation_id"], [one["image_id"] for one in first["images"]]
    call = {"conversation_id": conversation, "prompt": "darker"}

    changed = await draw(client, prompt="take the second, darker", conversation_id=conversation)
    again = await draw(client, prompt="darker still", conversation_id=conversation)
    second = await draw(client, **call, from_image="2")
    repeated = await draw(client, **call, from_image="2")
    paid = sandbox.count("image")
    wrong = await refusal(client, DRAW, **call, from_image="4")
    record = data_of(await client.call_tool(LIST, {"conversation_id": conversation}))["record"]

    assert changed["images"][0]["parent_image_id"] == ids[2]
    (note,) = [note for note in changed["notes"] if "Of the 3 pictures" in note]
    assert f"number 3, {ids[2]} ({first['images'][2]['variation']})" in note
    assert not any("Of the" in note for note in again["notes"])
    assert second["images"][0]["parent_image_id"] == ids[1]
    assert repeated["images"] == second["images"]
    assert all(f"- {number} {id_}: " in wrong for number, id_ in enumerate(ids, start=1))
    assert sandbox.count("image") == paid == 6
    told = [line for line in record.splitlines() if re.match("- img_", line)]
    numbered = [f"- {name} ({place} of 3)" for place, name in enumerate(ids, start=1)]
    assert [line.partition(":")[0] for line in told] == numbered


async def test_variations_of_a_changed_picture_start_from_it_and_keep_what_was_chosen(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt="a fox", variations=2, variation_strategy="color", **LOW)
    conversation, chosen = first["conversation_id"], first["images"][1]["image_id"]
    changed = await draw(
        client, prompt="at night", conversation_id=conversation, from_image=chosen, quality="low"
    )

    result = await draw(client, conversation_id=conversation, variations=3, quality="low")

    bodies = [call.body for call in sandbox.requests if call.kind == "image"][-3:]
    assert {body["input"][0]["content"][0]["text"] for body in bodies} == {"a fox\nat night"}
    assert {body["previous_response_id"] for body in bodies} == {
        changed["images"][0]["response_id"]
    }
    assert [image["changed"] for image in result["images"]] == [None] * 3, "only varied"
    assert not any(label.startswith("color") for label in labels(result)), "cool was chosen"
    assert len(contents(result)) == 3, "placeholders, too, are told from each other"


async def test_going_on_with_a_variation_settles_what_it_varied_even_if_that_is_asked_for(
    client: Client[Any], sandbox: Sandbox
) -> None:
    turn = decided("mood", "style", "layout", assumed=("palette", "light"))
    colours = data_of(await vary_decided(client, sandbox, turn, variation_strategy="color"))
    go_on = {"conversation_id": colours["conversation_id"], "quality": "low", "variations": 2}
    chosen = colours["images"][0]
    await draw(client, **{**go_on, "variations": 1}, prompt="more plants", from_image="1")

    varied = await draw(client, **go_on, variation_strategy="color")
    last = await draw(client, **go_on, variation_strategy="color", from_image="2")

    assert all(label.startswith("light: ") for label in labels(varied))
    assert "What was to vary is decided" in " ".join(varied["notes"])
    assert chosen["variation"] in varied["checklist"]
    assert labels(last) == ["color: warm colours", "color: cool colours"], "nothing else is left"


async def test_a_change_after_the_brief_may_decide_what_was_to_vary(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(FACILITATOR, decided("subject"))
    first = await draw(client, prompt=COMPLETE, quality="low")
    changing = {"conversation_id": first["conversation_id"], "quality": "low"}
    await draw(client, **changing, prompt="all of it in blue and gold")

    await draw(client, **changing, variations=2, variation_strategy="color")

    told = [call.body["instructions"] for call in sandbox.requests if call.kind == "image"][-2:]
    assert all("vary the composition instead: " in one for one in told)
    assert len(set(told)) == 2


async def test_the_same_call_again_names_them_alike_in_the_same_order(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("delay=1", times=1, kind="image")  # one ends last, whichever it is
    call = {"prompt": "a fox", "variations": 4, **LOW}

    first = await draw(client, **call)
    again = await draw(client, **call)
    anew = await draw(client, **call, redraw=True)

    assert [one["image_id"] for one in again["images"]] == [
        one["image_id"] for one in first["images"]
    ]
    assert labels(again) == labels(first) == labels(anew)
    assert [image["current"] for image in first["images"]] == [False, False, False, True]
    assert sandbox.count("image") == 8


async def test_words_without_a_dialogue_may_decide_what_was_to_vary(
    client: Client[Any], sandbox: Sandbox
) -> None:
    result = await draw(client, prompt="a blue and gold poster", variations=4, **LOW)

    told = [call.body["instructions"] for call in sandbox.requests]
    fallbacks = [
        one.split("vary the composition instead: ")[1].splitlines()[0]
        for one in told
        if "instead: " in one
    ]
    assert len(set(fallbacks)) == len(fallbacks) == 3, "no two of them alike"
    (note,) = [note for note in result["notes"] if "its composition instead" in note]
    assert note.startswith("Nobody knows whether words that no dialogue read"), (
        "only the assistant model may know"
    )


async def test_prompts_are_one_batch_with_one_sheet_and_can_be_drawn_anew(
    connect: Connect, sandbox: Sandbox
) -> None:
    heard: list[str] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        heard.append(message or "")

    prompts = ["a fox", "a hen"]
    async with connect(toolsets=["all"]) as client:
        called = await client.call_tool(
            QUICK, {"prompts": prompts, "n": 2, "quality": "low"}, progress_handler=hear
        )
        result = data_of(called)
        anew = await draw(client, conversation_id=result["conversation_id"], redraw=True)

    sent = [call.body["input"][0]["content"][0]["text"] for call in sandbox.requests]
    assert sorted(sent) == sorted(prompts * 4)
    assert labels(result) == labels(anew) == ["a fox", "a fox", "a hen", "a hen"]
    assert result["prompt"] == "1. a fox\n2. a hen"
    assert heard[0].startswith(f"Pictures: 4, about ${result['estimated_cost_usd']:.2f}: ")
    assert len([block for block in called.content if block.type == "image"]) == 1
    assert "\n\n3. a hen\nSaved as " in text_of(called)


TOO_MUCH: list[tuple[dict[str, Any], str]] = [
    ({"prompts": ["a fox"] * 11}, "prompts"),
    ({"prompts": ["a fox", "a hen"], "n": 6}, "12 pictures are more than one call draws"),
    ({"prompts": ["a fox", " "]}, "One of the prompts is empty"),
    ({"prompts": ["a fox"], "prompt": "a hen"}, "Pass one of the two"),
    ({"prompts": ["a" * 20_000, "b" * 20_000]}, "one call takes 32,000"),
    ({"prompt": "a fox", "n": 11}, "n must be at most 10"),
    ({}, "prompt is empty"),
]


async def test_more_or_less_than_can_be_drawn_at_once_is_refused_free(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(toolsets=["quick"]) as client:
        for call, problem in TOO_MUCH:
            assert problem in await refusal(client, QUICK, **call)

    assert sandbox.requests == []


def test_a_sheet_says_what_each_picture_is_and_cuts_no_label_silently() -> None:
    image = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(image, "PNG")
    long = "a hen on a roof at dusk, seen from far below, before a sky full of storm clouds"

    short, cut, japanese = (
        contact_sheet([(label, image.getvalue())] * 10) for label in ("a hen", long, "鶏")
    )

    assert short is not None
    assert cut is not None
    assert len({short, cut, japanese}) == 3
    with Image.open(io.BytesIO(cut)) as sheet, Image.open(io.BytesIO(short)) as low:
        assert sheet.width == 1024
        assert sheet.height > low.height, "a long label has a second line"


async def test_variations_after_a_sheet_say_which_of_its_pictures_they_start_from(
    client: Client[Any],
) -> None:
    first = await draw(client, prompt="a red boat", variations=2, **LOW)

    here = {"conversation_id": first["conversation_id"]}
    again = await draw(client, variations=2, variation_strategy="style", **here, **LOW)

    told = f"Of the 2 pictures before, this changes number 2, {first['images'][1]['image_id']}"
    assert any(note.startswith(told) for note in again["notes"])
