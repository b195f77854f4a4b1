"""An error says in data what a program can branch on, whatever failed, and in words the same."""

from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from gateway.api_errors import GatewayError
from gateway.api_fault import cases
from gateway.image_response import OnStep, Step
from gateway.prices import UNPRICED
from sandbox.loopback import Sandbox
from tests.calls import CONSULT, DRAW, SKIP, conversation_of, data_of, draw, text_of
from tests.conftest import Connect
from tests.looks import encoded, paint
from tests.turns import COMPLETE, FACILITATOR, TURN

KINDS = {
    "input", "settings", "key", "budget", "moderation", "rate", "too_large", "model", "network",
    "storage", "unknown",
}  # fmt: skip
FOX = {"prompt": "a fox", **SKIP}

FAULTS = [
    ("insufficient_quota", "budget", "no", "Add credit"),
    ("text_instead_of_image", "input", "yes", "Say more plainly"),
]
"""What OpenAI does, its kind, whether its price list charges for it, and the way on."""


async def error_of(client: Client[Any], tool: str, **arguments: Any) -> tuple[dict[str, Any], str]:
    """What an error says in data, and in words."""
    called = await client.call_tool(tool, arguments, raise_on_error=False)
    data, text = data_of(called), text_of(called)
    assert called.is_error
    assert set(data) - {"conversation_id"} == {"error", "message"}
    assert data["message"] == text
    error: dict[str, Any] = data["error"]
    assert set(error) - {"code"} == {"kind", "charged", "retry_after", "next_step"}
    assert error["kind"] in KINDS
    assert error["next_step"]
    return error, text


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row[0])
async def test_a_failure_of_openai_has_its_kind_its_price_and_a_way_on_that_works(
    client: Client[Any], sandbox: Sandbox, row: tuple[str, str, str, str]
) -> None:
    fault, kind, charged, way = row
    sandbox.fail(fault, times=9, kind="image")

    error, text = await error_of(client, DRAW, **FOX)

    assert (error["kind"], error["charged"]) == (kind, charged)
    assert error.get("code") == (fault if kind == "budget" else None), "OpenAI's own, if it has one"
    assert ("Nothing was charged" in text) == (charged == "no")
    assert error["next_step"] in text
    assert way in text
    sandbox.clear()
    again = await draw(client, conversation_id=conversation_of(text), redraw=True)
    assert again["status"] == "done"


async def test_of_several_failures_a_program_hears_the_dearest(
    client: Client[Any], sandbox: Sandbox
) -> None:
    """A refusal of the request is free, words instead of a picture were paid for."""
    sandbox.fail("moderation_http", kind="image")
    sandbox.fail("text_instead_of_image", kind="image")

    error, text = await error_of(client, DRAW, **FOX, variations=2)

    assert error["charged"] == "yes"
    assert text.count("Nothing was charged") == 1


MONEY = {
    "no": "Nothing was charged.",
    "yes": "The call was charged.",
    "unknown": "It is unknown whether this was charged.",
}
"""What a person reads, by what a program does."""


@pytest.mark.parametrize("tool", [CONSULT, DRAW])
async def test_every_error_of_the_table_says_once_in_words_what_its_data_says_of_the_money(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    """One of each kind and price; the sentences of the others speak of no money themselves."""
    each = {case.kind + case.charged: name for name, case in cases().items()}
    fault = ""

    async def receive(_sdk: object, _request: object, on_step: OnStep) -> None:
        await on_step(Step("sending"))
        raise GatewayError(fault)

    def require_response(_response: object) -> None:
        raise GatewayError(fault)

    monkeypatch.setattr("gateway.image_client.receive", receive)
    monkeypatch.setattr("gateway.client.require_response", require_response)
    for limit in ("ATTEMPTS", "RATE_ATTEMPTS"):
        monkeypatch.setattr(f"gateway.retry.{limit}", 1)
    monkeypatch.setattr("gateway.retry.MOST_FAULTS", 1000)
    async with connect() as client:
        for fault in each.values():
            call = {**FOX, "prompt": fault} if tool == DRAW else {"message": fault}
            called = await client.call_tool(tool, call, raise_on_error=False)
            if not called.is_error:  # the dialogue goes on without the facilitator
                assert tool == CONSULT
                continue
            data, text = data_of(called), text_of(called)
            said = [kind for kind, words in MONEY.items() for _ in range(text.count(words))]
            assert said == [data["error"]["charged"]], text
    for case in cases().values():
        assert not any(words in case.event + case.next_step for words in MONEY.values())


async def test_a_budget_that_is_spent_and_a_key_that_is_missing_have_kinds_of_their_own(
    connect: Connect, tmp_path: Path
) -> None:
    picture = tmp_path / "images" / "night.png"
    picture.parent.mkdir()
    picture.write_bytes(encoded(paint("night", 0, 64), "PNG"))
    look = {"images": [str(picture)]}
    calls = ((CONSULT, {"message": "a fox"}), (DRAW, FOX), ("openai_extract_style", look))
    async with connect(daily_budget_usd=0, toolsets=["explore"]) as client:
        for tool, arguments in calls:
            error, text = await error_of(client, tool, **arguments)
            assert (error["kind"], error["charged"]) == ("budget", "no")
            assert "aise IMAGE_CONSULTANT_DAILY_BUDGET_USD" in text
            assert error["code"] == "daily_budget", "which the empty account at OpenAI has not"
    async with connect(openai_api_key=None) as client:
        error, _ = await error_of(client, DRAW, **FOX)
        assert (error["kind"], error["charged"]) == ("key", "no")


async def test_what_a_call_paid_before_it_failed_is_told(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.answer(FACILITATOR, TURN)
    sandbox.fail("moderation_http", times=9, kind="image")

    error, text = await error_of(client, DRAW, prompt=COMPLETE, dialogue_mode="quick")

    assert (error["kind"], error["charged"]) == ("moderation", "yes")
    assert "before it failed cost $0.0" in text
    assert "Nothing was charged" not in text
    assert conversation_of(text).startswith("conv_")


async def test_what_was_asked_before_a_failure_is_not_free_where_its_price_is_unknown(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.answer(FACILITATOR, TURN)
    monkeypatch.setattr("gateway.client.text_cost", lambda *_: UNPRICED)
    sandbox.fail("moderation_http", times=9, kind="image")

    error, text = await error_of(client, DRAW, prompt=COMPLETE, dialogue_mode="quick")

    assert error["charged"] == "yes"
    assert "was charged; its price is not known" in text
    assert "Nothing was charged" not in text


@pytest.mark.parametrize("place", ["before it is sent", "after it is paid"])
async def test_a_bug_says_what_is_known_of_the_money_and_nothing_of_itself(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret /path")

    before = place == "before it is sent"
    name = "consultant.transcript_of" if before else "consultant.completeness"
    monkeypatch.setattr(f"consultation.{name}", fail)

    error, text = await error_of(client, CONSULT, message="a lighthouse")

    assert (error["kind"], error["charged"]) == ("unknown", "no" if before else "yes")
    assert CONSULT in text
    assert "secret" not in text
    assert "/path" not in text
