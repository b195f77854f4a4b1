"""An independent look at the picture on disk: item by item, in the record, never a risk."""

import asyncio
import io
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastmcp import Client
from PIL import Image

from gateway.prices import UNPRICED
from generation.picture_facts import facts
from generation.verification import read
from sandbox.loopback import Sandbox
from storage import pixels
from storage.tables import Job
from tests.calls import DRAW, consult, data_of, draw, text_of
from tests.calls import picture as file_of
from tests.conftest import Connect
from tests.turns import COMPLETE, DECISIONS, FACILITATOR, TURN


@pytest.fixture(autouse=True)
def turn(sandbox: Sandbox) -> None:
    """The facilitator needs to ask nothing about the complete request."""
    sandbox.answer(FACILITATOR, TURN)


def looks(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The requests for a look."""
    return [
        call.body
        for call in sandbox.requests
        if call.body.get("text", {}).get("format", {}).get("name") == "picture_check"
    ]


async def test_the_checklist_is_the_brief_and_what_its_type_wants_checked(
    client: Client[Any], sandbox: Sandbox
) -> None:
    result = await draw(client, prompt=COMPLETE, quality="low")

    decisions = [f"{dimension}: {words}" for dimension, words in DECISIONS.items()]
    assert result["checklist"][:5] == decisions
    assert "The scene tells what it should without a caption." in result["checklist"]
    assert result["verification"] is None
    assert looks(sandbox) == []


async def test_a_look_judges_each_item_of_the_checklist(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(
        "picture_check",
        {"findings": [
            {"id": 1, "seen": "A red fox stands there.", "verdict": "met"},
            {"id": 2, "seen": "It is a photograph.", "verdict": "not_met"},
            {"id": 2, "seen": "It may be painted.", "verdict": "met"},
        ]},
    )  # fmt: skip

    called = await client.call_tool(DRAW, {"prompt": COMPLETE, "quality": "low", "verify": True})

    result = data_of(called)
    findings = result["verification"]["findings"]
    assert [f["item"] for f in findings if f["source"] == "model"] == result["checklist"]
    assert [f["verdict"] for f in findings[:3]] == ["met", "not_met", "cannot_tell"]
    assert [f["verdict"] for f in findings[7:]] == ["met"] * 3, "the facts of the bytes"
    assert result["verification"]["confidence"] == 0.5, "neither what cannot be told nor a fact"
    for item, seen in zip(result["checklist"], ["A red fox stands", "It is a photo"], strict=False):
        assert f"{item} ({seen}" in text_of(called)
    seen, read = text_of(called).split("Read from the file:")
    assert "found: 1 of 2 items met, 5 that cannot be told." in seen
    assert "size: 1536x1024" in read
    assert "size: 1536x1024" not in seen


async def test_the_look_knows_nothing_but_the_picture_and_the_items(
    client: Client[Any], sandbox: Sandbox
) -> None:
    result = await draw(client, prompt=COMPLETE, quality="low", verify=True)

    (body,) = looks(sandbox)
    assert body["model"] == "gpt-4o"
    assert "previous_response_id" not in body
    (message,) = body["input"]
    items, shown = message["content"]
    assert [item["text"] for item in json.loads(items["text"])["items"]] == result["checklist"]
    assert result["checklist"][0] not in body["instructions"]
    assert shown["type"] == "input_image"
    finding = body["text"]["format"]["schema"]["properties"]["findings"]["items"]
    assert list(finding["properties"]) == ["id", "seen", "verdict"], "it looks before it judges"


def asked_of(body: dict[str, Any]) -> Any:
    """What a look was to judge: items, or a prompt."""
    return json.loads(body["input"][0]["content"][0]["text"])


async def test_a_changed_picture_is_judged_by_the_brief_and_its_own_changes(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt=COMPLETE, quality="low")
    start = {"conversation_id": first["conversation_id"], "quality": "low"}
    await draw(client, **start, prompt="make it snow")
    await draw(client, **start, prompt="at night", from_image=first["images"][0]["image_id"])

    last = await draw(client, **start, prompt="with a  green fox", verify=True)

    (body,) = looks(sandbox)
    items = [item["text"] for item in asked_of(body)["items"]]
    assert items[: len(DECISIONS)] == [f"{name}: {words}" for name, words in DECISIONS.items()]
    assert items[len(DECISIONS) :][:2] == ["change: at night", "change: with a green fox"]
    assert last["checklist"] == items, "what another branch changed is none of it"


async def test_a_later_style_and_shape_are_looked_for_in_place_of_those_of_the_brief(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt=COMPLETE, quality="low", size="wide")
    here = {"conversation_id": first["conversation_id"], "quality": "low", "size": "square"}
    look = {"style": "linocut", "style_strength": 80}
    await draw(client, **here, **look, prompt="with a moon", verify=True)

    (body,) = looks(sandbox)
    items = [item["text"] for item in asked_of(body)["items"]]
    assert [item for item in items if item.startswith("style: ")] == ["style: linocut print"]
    assert f"palette: {DECISIONS['palette']}" not in items
    assert f"subject: {DECISIONS['subject']}" in items


async def test_what_a_variation_varied_on_purpose_is_not_held_against_it(
    client: Client[Any], sandbox: Sandbox
) -> None:
    ours = {"dimension": "palette", "value": "pale grey", "said": [], "open": False}
    brief = [entry for entry in TURN["brief"] if entry["dimension"] != "palette"]
    sandbox.clear()
    sandbox.answer(FACILITATOR, {**TURN, "brief": [*brief, ours]})

    result = await draw(
        client, prompt=COMPLETE, quality="low", verify=True, variations=2,
        variation_strategy="color",
    )  # fmt: skip

    for body in looks(sandbox):
        items = [item["text"] for item in asked_of(body)["items"]]
        assert sum(item.startswith("color: ") for item in items) == 1
        assert "palette: pale grey" not in items
    assert not any(item.startswith("color: ") for item in result["checklist"])


async def test_a_look_after_variations_is_at_the_current_picture_alone(
    client: Client[Any], sandbox: Sandbox
) -> None:
    drawn = await draw(client, prompt="a fox", dialogue_mode="skip", quality="low", variations=2)
    looked = await draw(client, conversation_id=drawn["conversation_id"], verify=True)

    again = await draw(client, conversation_id=drawn["conversation_id"], verify=True)

    assert [one["current"] for one in looked["images"]] == [True]
    (look,) = looks(sandbox)  # each is paid for
    assert [*looked["models"]] == ["verification"], "no other was asked"
    assert looked["models"]["verification"].startswith(look["model"])
    assert again["models"] == {}
    body = next(call.body for call in sandbox.requests if call.kind == "image")
    assert drawn["models"] == {"assistant": body["model"], "image": body["tools"][0]["model"]}


async def test_without_a_brief_the_items_are_drawn_from_the_prompt_and_its_changes(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(
        "picture_check",
        {"findings": [
            {"item": "a fox", "seen": "A fox.", "verdict": "met"},
            {"item": "green", "seen": "It is red.", "verdict": "not_met"},
            {"item": "calm", "seen": "", "verdict": "met"},
            {"seen": "a verdict on nothing", "verdict": "met"},
        ]},
    )  # fmt: skip
    first = await draw(client, prompt="a red fox", dialogue_mode="skip", quality="low")

    result = await draw(
        client, conversation_id=first["conversation_id"], prompt="make it green", quality="low",
        verify=True,
    )  # fmt: skip

    (body,) = looks(sandbox)
    assert asked_of(body) == {"prompt": "a red fox\nmake it green"}
    findings = [one for one in result["verification"]["findings"] if one["source"] == "model"]
    assert [(one["item"], one["verdict"]) for one in findings] == [
        ("a fox", "met"), ("green", "not_met"), ("calm", "cannot_tell"),
    ]  # fmt: skip
    assert result["verification"]["confidence"] == 0.5


async def test_a_picture_that_is_there_can_be_looked_at_later_once(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt=COMPLETE, quality="low")
    conversation = first["conversation_id"]

    looked = await draw(client, conversation_id=conversation, verify=True)
    again = await draw(client, conversation_id=conversation, verify=True)
    (record,) = await client.read_resource(f"conversation://{conversation}")

    assert looked["cost_usd"] > 0
    assert not any("nothing was charged" in note.lower() for note in looked["notes"])
    assert any("nothing was charged" in note for note in again["notes"])
    assert again["verification"] == looked["verification"]
    assert again["cost_usd"] == 0
    assert len(looks(sandbox)) == sandbox.count("image") == 1
    assert "looked at: " in record.text  # type: ignore[union-attr]  # Markdown
    paid = first["cost_usd"] + looked["cost_usd"]
    assert f"${paid:.4f} (with its verification, " in record.text  # type: ignore[union-attr]


async def test_the_setting_has_every_picture_looked_at(connect: Connect, sandbox: Sandbox) -> None:
    async with connect(verify=True) as client:
        result = await draw(
            client, prompt="a red fox", dialogue_mode="skip", quality="low", variations=2
        )

    prompts = {asked_of(body)["prompt"] for body in looks(sandbox)}
    assert prompts == {f"{image['variation']}\na red fox" for image in result["images"]}
    assert {f["image_id"] for f in result["verification"]["findings"]} == {
        image["image_id"] for image in result["images"]
    }


@pytest.mark.parametrize("fault", ["refusal", "not_json"])
async def test_a_look_that_fails_is_a_note_and_the_picture_is_kept(
    client: Client[Any], sandbox: Sandbox, fault: str
) -> None:
    ready = await consult(client, COMPLETE)
    sandbox.fail(fault, times=4, kind="text")

    result = await draw(
        client, conversation_id=ready["conversation_id"], quality="low", verify=True
    )

    assert file_of(result).is_file()
    assert result["verification"]["notes"]
    assert result["verification"]["confidence"] is None
    assert {f["source"] for f in result["verification"]["findings"]} == {"bytes"}
    sandbox.clear()
    looked = await draw(client, conversation_id=ready["conversation_id"], verify=True)
    assert {f["source"] for f in looked["verification"]["findings"]} == {"bytes", "model"}
    assert len(looks(sandbox)) == 1


async def test_no_look_is_paid_once_the_budget_is_spent(connect: Connect, sandbox: Sandbox) -> None:
    async with connect() as client:
        first = await draw(client, prompt=COMPLETE, quality="low")
    async with connect(daily_budget_usd=0) as client:
        result = await draw(client, conversation_id=first["conversation_id"], verify=True)

    assert "daily budget" in result["verification"]["notes"][0]
    assert looks(sandbox) == []


async def test_a_look_without_a_price_is_not_said_to_be_free(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await draw(client, prompt=COMPLETE, quality="low")
    monkeypatch.setattr("gateway.client.text_cost", lambda *_: UNPRICED)

    result = await draw(client, conversation_id=first["conversation_id"], verify=True)

    assert result["cost_usd"] is None
    assert any("No price of gpt-4o" in note for note in result["notes"])
    assert not any("nothing was charged" in note.lower() for note in result["notes"])


def answer(*findings: Any) -> str:
    return json.dumps({"findings": list(findings)})


@pytest.mark.parametrize(
    "odd",
    [
        "text", None,
        {"seen": "no id", "verdict": "met"},
        {"id": "²", "seen": "a", "verdict": "met"},
        {"id": 1, "seen": "a", "verdict": "mostly"},
        {"id": 1, "seen": {"a": 1}, "verdict": "met"},
        {"id": 1, "seen": " ", "verdict": "met"},
    ],
)  # fmt: skip
def test_a_finding_that_says_nothing_is_never_a_yes_and_leaves_the_others(odd: Any) -> None:
    good = {"id": 2, "seen": "a tail", "verdict": "met"}

    findings = read(answer(odd, good), ["a kite", "a tail"])

    assert [one.verdict for one in findings] == ["cannot_tell", "met"]


@pytest.mark.parametrize("text", ["", "Sure!", "[]", '{"findings": 3}', "[" * 100_000])
def test_an_answer_that_is_no_list_of_findings_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read(text, ["a kite"])


def picture(mode: str = "RGB", form: str = "PNG", *, alpha: int = 255) -> bytes:
    image = Image.new("RGBA", (300, 200), (208, 32, 32, 255))
    image.paste((0, 0, 255, alpha), (0, 0, 100, 25))
    target = io.BytesIO()
    image.convert(mode).save(target, form)
    return target.getvalue()


def verdicts(data: bytes, **options: str) -> dict[str, str]:
    job = SimpleNamespace(
        options={"size": "auto", "background": "auto", "output_format": "auto", **options}
    )
    return {one.item: one.verdict for one in facts(data, cast("Job", job))}


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (picture(), {"size": "300x200"}, {"size: 300x200": "met"}),
        (picture(), {"size": "300x201"}, {"size: 300x201": "not_met"}),
        (picture(form="WEBP"), {"output_format": "png"}, {"format: png": "not_met"}),
        (picture("RGBA"), {"background": "transparent"}, {"background: transparent": "not_met"}),
        (
            picture("RGBA", alpha=0),
            {"background": "transparent"},
            {"background: transparent": "met"},
        ),
        (SVG, {"output_format": "svg", "size": "8x8"}, {"format: svg": "met"}),
        (b"", {"output_format": "png"}, {}),
        (picture(form="JPEG")[:-400], {"output_format": "png", "size": "300x200"}, {}),
    ],
)
def test_format_size_and_alpha_are_read_from_the_bytes(
    data: bytes, options: dict[str, str], expected: dict[str, str]
) -> None:
    assert verdicts(data, **options) == expected


def test_of_a_picture_too_large_to_unpack_nobody_says_that_it_is_opaque(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixels, "MOST_UNPACKED", 1000)
    wishes = {"size": "300x200", "background": "transparent"}

    assert verdicts(picture("RGBA", alpha=0), **wishes) == {"size: 300x200": "met"}


async def test_of_two_servers_that_are_asked_at_once_one_pays_a_look(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect() as one, connect() as other:
        drawn = await draw(one, prompt=COMPLETE, quality="low")
        call = {"conversation_id": drawn["conversation_id"], "verify": True}
        results = await asyncio.gather(*(draw(client, **call) for client in (one, other)))

    assert len(looks(sandbox)) == 1
    assert results[0]["verification"] == results[1]["verification"]
