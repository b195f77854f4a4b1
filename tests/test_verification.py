"""An independent look at the kept picture: item by item, kept in the record, never a risk."""

from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import DRAW, consult, data_of, draw, picture, refusal, text_of
from tests.conftest import Connect

COMPLETE = "A flat vector illustration of a red fox for a website, in warm autumn colours, no text"


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

    assert "style: flat vector" in " ".join(result["checklist"])
    assert "text: no text" in result["checklist"]
    assert any(item.endswith(".") for item in result["checklist"])
    assert result["verification"] is None
    assert looks(sandbox) == []


async def test_a_look_judges_each_item_of_the_checklist(client: Client[Any]) -> None:
    result = await draw(client, prompt=COMPLETE, quality="low", verify=True)

    found = result["verification"]
    by_model = [f["item"] for f in found["findings"] if f["source"] == "model"]
    met = [f for f in found["findings"] if f["verdict"] == "met"]
    assert by_model == result["checklist"]
    assert all(finding["seen"] for finding in found["findings"])
    assert found["confidence"] == pytest.approx(len(met) / len(found["findings"]), abs=0.01)


async def test_the_look_knows_nothing_but_the_picture_and_the_items(
    client: Client[Any], sandbox: Sandbox
) -> None:
    await draw(client, prompt=COMPLETE, quality="low", verify=True)

    (body,) = looks(sandbox)
    assert body["model"] == "gpt-4o"
    assert "previous_response_id" not in body
    (message,) = body["input"]
    assert [part["type"] for part in message["content"]] == ["input_text", "input_image"]


async def test_what_the_bytes_say_is_checked_in_code(client: Client[Any]) -> None:
    result = await draw(
        client, prompt=COMPLETE, quality="low", background="transparent", verify=True
    )

    facts = {
        finding["item"]: finding["verdict"]
        for finding in result["verification"]["findings"]
        if finding["source"] == "bytes"
    }
    assert facts["format: png"] == facts["background: transparent"] == "met"


async def test_the_text_tells_verdicts_and_confidence(client: Client[Any]) -> None:
    called = await client.call_tool(DRAW, {"prompt": COMPLETE, "quality": "low", "verify": True})

    text = text_of(called)
    for finding in data_of(called)["verification"]["findings"]:
        assert f"{finding['item']} ({finding['seen']})" in text
    assert "of the items are met" in text


async def test_a_picture_that_is_there_can_be_looked_at_later_once(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await draw(client, prompt=COMPLETE, quality="low")
    conversation = first["conversation_id"]

    looked = await draw(client, conversation_id=conversation, verify=True)
    again = await draw(client, conversation_id=conversation, verify=True)
    (record,) = await client.read_resource(f"conversation://{conversation}")

    assert looked["cost_usd"] > 0
    assert again["verification"] == looked["verification"]
    assert again["cost_usd"] == 0
    assert len(looks(sandbox)) == sandbox.count("image") == 1
    assert "looked at: " in record.text  # type: ignore[union-attr]  # Markdown


async def test_the_setting_has_every_picture_looked_at(connect: Connect, sandbox: Sandbox) -> None:
    async with connect(verify=True) as client:
        result = await draw(
            client, prompt="a red fox", dialogue_mode="skip", quality="low", variations=2
        )

    assert len(looks(sandbox)) == 0, "without a brief there is nothing to hold it against"
    assert {f["image_id"] for f in result["verification"]["findings"]} == {
        image["image_id"] for image in result["images"]
    }


@pytest.mark.parametrize("fault", ["refusal", "server_error", "not_json", "truncated_json"])
async def test_a_look_that_fails_is_a_note_and_the_picture_is_kept(
    client: Client[Any], sandbox: Sandbox, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.retry._backoff", lambda _state: 0.0)
    ready = await consult(client, COMPLETE)
    sandbox.fail(fault, times=4, kind="text")

    result = await draw(
        client, conversation_id=ready["conversation_id"], quality="low", verify=True
    )

    assert picture(result).is_file()
    assert result["verification"]["notes"]
    assert {f["source"] for f in result["verification"]["findings"]} == {"bytes"}


async def test_verify_is_a_yes_or_a_no(client: Client[Any], sandbox: Sandbox) -> None:
    error = await refusal(client, DRAW, prompt="a fox", verify="thoroughly")

    assert "verify" in error
    assert sandbox.requests == []
