"""Refining turn by turn: how a change is meant, what is kept, where each picture comes from."""

from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import LOW, draw, picture, refusal
from tests.conftest import Connect
from tests.turns import COMPLETE, DECISIONS, FACILITATOR, TURN


async def test_a_change_goes_in_the_persons_words_with_what_was_decided(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(FACILITATOR, TURN)
    first = await draw(client, prompt=COMPLETE, quality="low")

    await draw(
        client, prompt="slightly less orange", conversation_id=first["conversation_id"],
        quality="low",
    )  # fmt: skip

    told = sandbox.requests[-1].body["instructions"]
    assert ", ".join(DECISIONS) in told
    assert "orange" not in told, "the words travel as they are, as input"
    assert "light" not in told, "a change may set it at night"
    assert words_of(sandbox.requests[-1]) == "slightly less orange"
    assert sandbox.requests[-1].body["tools"][0]["action"] == "edit"


def words_of(call: Any) -> str:
    return str(call.body["input"][-1]["content"][0]["text"])


async def test_the_result_says_how_the_prompts_differ(client: Client[Any]) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    second = await draw(
        client, prompt="make it blue", conversation_id=first["conversation_id"], quality="low"
    )

    assert first["difference"] is None
    assert second["difference"] == {"added": ["make it blue"], "removed": []}


async def test_going_back_is_free_and_a_setting_draws_only_where_it_is_another(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    conversation, start = first["conversation_id"], first["images"][0]["image_id"]
    call = {"conversation_id": conversation, "from_image": start}
    await draw(client, conversation_id=conversation, prompt="at night", quality="medium")

    same = await draw(client, **call, quality="low", size="square")
    looked = await draw(client, **call, verify=True)
    drawn = sandbox.count("image")
    higher = await draw(client, **call, quality="high")

    for result in (same, looked):
        assert [one["image_id"] for one in result["images"] if one["current"]] == [start]
    assert same["cost_usd"] == 0
    assert looked["verification"]["findings"]
    assert drawn == 2
    assert [one["quality"] for one in higher["images"]] == ["high"]


async def test_the_lineage_is_a_tree_in_the_record(client: Client[Any]) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    conversation = first["conversation_id"]
    start = first["images"][0]["image_id"]
    for words in ("make it blue", "make it green"):
        await draw(
            client, prompt=words, conversation_id=conversation, from_image=start, quality="low"
        )

    (record,) = await client.read_resource(f"conversation://{conversation}")
    lines = record.text.splitlines()  # type: ignore[union-attr]  # Markdown
    assert any(line.startswith(f"- {start}: ") for line in lines)
    assert sum(line.startswith("  - img_") and start in line for line in lines) == 2


async def test_another_assistant_model_gets_the_kept_file_and_the_result_says_so(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt="a fox", **LOW)

    changed = await draw(
        client,
        prompt="make it blue",
        conversation_id=first["conversation_id"],
        assistant_model="gpt-5.6-sol",
        quality="low",
    )

    body = sandbox.requests[-1].body
    assert "previous_response_id" not in body
    assert body["input"][0]["content"][1]["type"] == "input_image"
    assert any("Another assistant model" in note for note in changed["notes"])


@pytest.mark.parametrize(
    ("damage", "fault"),
    [(b"", "no longer where it was saved"), (b"another", "not the one that was recorded")],
)
async def test_where_the_earlier_turn_is_gone_and_the_file_too_the_same_call_waits_for_the_file(
    client: Client[Any], sandbox: Sandbox, damage: bytes, fault: str
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    file, data = picture(first), picture(first).read_bytes()
    file.unlink()
    if damage:
        file.write_bytes(damage)
    change = {"prompt": "make it blue", "conversation_id": first["conversation_id"]}
    for _ in range(2):
        sandbox.fail("previous_response_not_found", kind="image")
        error = await refusal(client, "openai_conversational_image", **change)
        assert fault in error
        assert "redraw" not in error
    assert sandbox.count("image") == 1

    file.write_bytes(data)
    sandbox.fail("previous_response_not_found", kind="image")
    changed = await draw(client, **change)

    assert changed["images"][0]["parent_image_id"] == first["images"][0]["image_id"]
    assert sandbox.count("image") == 2


async def test_a_change_is_drawn_as_its_picture_was_unless_something_else_is_asked_for(
    client: Client[Any], sandbox: Sandbox
) -> None:
    flare = "gpt-image-2.5-flare"
    sandbox.answer(FACILITATOR, TURN)
    first = await draw(client, prompt=COMPLETE, quality="high", image_model=flare)
    place = first["conversation_id"]
    await draw(client, prompt="make it blue", conversation_id=place)
    await draw(client, prompt="make it red", conversation_id=place, quality="low")
    await draw(client, prompt="make it green", conversation_id=place, image_model="gpt-image-2")

    tools = [one.body["tools"][0] for one in sandbox.requests if "tools" in one.body]
    assert [(tool["model"], tool["quality"]) for tool in tools] == [
        (flare, "high"), (flare, "high"), (flare, "low"), ("gpt-image-2", "medium"),
    ]  # fmt: skip


async def test_a_file_that_cannot_be_transparent_gives_way_aloud(client: Client[Any]) -> None:
    drawing = await draw(client, prompt="a fox", output_format="svg", **LOW)
    place = drawing["conversation_id"]
    clear = await draw(client, prompt="no ground", conversation_id=place, background="transparent")
    asked = {"background": "opaque", "output_format": "jpeg"}
    opaque = await draw(client, prompt="a ground", conversation_id=place, **asked)

    assert [one["images"][0]["format"] for one in (drawing, clear, opaque)] == [
        "svg",
        "png",
        "jpeg",
    ]
    said = "svg cannot be transparent, so this is drawn as png and its background is transparent."
    assert said in clear["notes"]
    assert not any("cannot be transparent" in note for note in opaque["notes"])


def save(path: Path, size: tuple[int, int], *, hole: bool = False) -> str:
    path.parent.mkdir(exist_ok=True)
    image = Image.new("RGBA", size, "teal")
    if hole:
        image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    image.save(path)
    return str(path)


async def test_a_mask_limits_the_change_to_its_hole(
    client: Client[Any], settings: Settings
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    mask = save(settings.images_dir / "mask.png", (1024, 1024), hole=True)

    changed = await draw(
        client, prompt="add a moon", conversation_id=first["conversation_id"], mask=mask,
        quality="low",
    )  # fmt: skip

    with Image.open(picture(first)) as before, Image.open(picture(changed)) as after:
        outside = (600, 600, 1000, 1000)
        assert before.crop(outside).convert("RGB").tobytes() == (
            after.crop(outside).convert("RGB").tobytes()
        )
        inside = (0, 0, 500, 500)
        assert before.crop(inside).tobytes() != after.crop(inside).tobytes()


async def test_a_mask_alone_is_refused(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    mask = save(settings.images_dir / "mask.png", (64, 64), hole=True)

    error = await refusal(client, "openai_conversational_image", prompt="a moon", mask=mask, **LOW)

    assert "mask needs the picture it belongs to" in error
    assert sandbox.requests == []


async def test_a_large_picture_is_uploaded_once_and_again_where_openai_lost_it(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir()
    Image.effect_noise((1400, 1400), 90).convert("RGB").save(settings.images_dir / "big.png")

    def uploads() -> int:
        return len([call for call in sandbox.requests if call.path == "/v1/files"])

    await draw(client, prompt="darker", input_images=["big.png"], **LOW)
    await draw(client, prompt="brighter", input_images=["big.png"], **LOW)
    drawn = [call.body for call in sandbox.requests if call.kind == "image"]
    files = [body["input"][0]["content"][1]["file_id"] for body in drawn]
    assert files[0] == files[1]
    assert uploads() == 1

    sandbox.lose_files()
    result = await draw(client, prompt="bluer", input_images=["big.png"], **LOW)
    assert result["status"] == "done"
    assert uploads() == 2


async def test_a_file_of_openai_can_be_named_by_its_id(connect: Connect, sandbox: Sandbox) -> None:
    async with connect() as client:
        error = await refusal(
            client, "openai_conversational_image", prompt="bluer",
            input_images=["file-sandbox-0123456789abcdef"], **LOW,
        )  # fmt: skip

    assert "could not use the input picture" in error
    assert sandbox.count("image") == 0
