"""What a person meets where the facilitator fails, is slow, or is asked twice at once."""

import asyncio
import json
import logging
import time
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from cli.logs import OURS
from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import consult
from tests.conftest import Connect
from tests.turns import FACILITATOR, entry, source, turn

FAILURES = {
    "cut off twice": ("truncated_json", "could not be used"),
    "no JSON": ("not_json", "could not be used"),
    "500": ("server_error", "could not be asked"),
}


def said(sandbox: Sandbox) -> list[str]:
    """The person's words in the newest request."""
    items = [item for item in sandbox.requests[-1].body["input"] if item["role"] == "user"]
    parts = [part for item in items for part in item["content"]]
    return [part["text"] for part in parts if part["type"] == "input_text"]


@pytest.mark.parametrize(("fault", "says"), FAILURES.values(), ids=FAILURES)
async def test_where_no_turn_comes_nothing_is_ready_and_the_same_call_continues(
    client: Client[Any], sandbox: Sandbox, fault: str, says: str
) -> None:
    sandbox.fail(fault, times=20)
    failed = await consult(client, "a blue whale")
    sandbox.clear()
    result = await consult(client, "a blue whale", conversation_id=failed["conversation_id"])

    assert (failed["status"], failed["refined_prompt"]) == ("asking", None)
    assert says in failed["reply"]
    assert "mode: skip" in failed["reply"]
    assert said(sandbox) == ["a blue whale"]  # once, although it came twice
    assert result["status"] == "asking"
    assert result["questions"]


async def test_answers_and_pictures_of_a_retried_turn_are_kept(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir(exist_ok=True)
    Image.new("RGB", (64, 64), "navy").save(settings.images_dir / "seen.png")
    asked = await consult(client, "a blue whale", mode="quick")
    first, second = (question["id"] for question in asked["questions"])
    conversation = asked["conversation_id"]
    sandbox.fail("server_error", times=20)
    await consult(
        client, "like this one", conversation_id=conversation,
        answers=[{"question_id": first, "answer": "woodcut"}], reference_images=["seen.png"],
    )  # fmt: skip
    sandbox.clear()
    await consult(
        client, "like this one", conversation_id=conversation,
        answers=[{"question_id": second, "answer": "a wall calendar"}],
    )  # fmt: skip

    reference = json.dumps({"reference": "r1"})
    assert said(sandbox) == [
        "a blue whale", "woodcut", "a wall calendar", "like this one", reference
    ]  # fmt: skip
    state = json.loads(sandbox.requests[-1].body["input"][-1]["content"])
    assert state["answers"] == {"m2": first, "m3": second}


async def test_a_turn_with_a_slow_first_answer_ends_within_its_time(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consultation.facilitator.TURN_SECONDS", 1.5)
    sandbox.fail("delay=8", times=3)

    began = time.monotonic()
    result = await consult(client, "a blue whale")

    assert time.monotonic() - began < 5
    assert result["status"] == "asking"
    assert "could not be asked" in result["reply"]


async def test_an_answer_that_comes_late_is_not_sent_back(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consultation.facilitator.TURN_SECONDS", 6)
    invented = turn(
        prompt="A whale under a golden moon.",
        brief=[entry("subject", "a whale", ("m1", "a blue whale"))],
        sources=[source("A whale", ("m1", "a blue whale")),
            source("golden moon", ("m1", "with a golden moon"))],
    )  # fmt: skip
    sandbox.answer(FACILITATOR, invented)
    sandbox.fail("delay=0.5")

    result = await consult(client, "a blue whale")

    assert len(sandbox.requests) == 1  # less than six seconds were left
    assert result["refined_prompt"] == invented["prompt"]


async def test_two_servers_in_one_conversation_at_once_both_answer(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect() as first, connect() as second:
        begun = await consult(first, "a lighthouse", mode="explorer")
        conversation = begun["conversation_id"]
        sandbox.fail("delay=0.5", times=2)
        both = await asyncio.gather(
            consult(first, "there is a rowing boat", conversation_id=conversation),
            consult(second, "and a full moon", conversation_id=conversation),
        )
        ready = await consult(first, "", conversation_id=conversation, finish=True)

    assert {one["status"] for one in both} == {"asking"}
    for one in both:
        labels = [question["id"] for question in one["questions"]]
        assert len(labels) == len(set(labels))
    spoken = {"a lighthouse", "there is a rowing boat", "and a full moon"}
    assert set(said(sandbox)) == spoken
    left = " ".join(one["quote"] for one in ready["not_used"])
    for words in ("rowing boat", "full moon"):
        assert words in f"{ready['refined_prompt']} {left}"


async def test_the_words_of_a_person_are_never_in_a_log(
    client: Client[Any], sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sandbox.fail("server_error", times=20)
    await consult(client, "a xylophone for Annelise")
    sandbox.clear()
    sandbox.fail("invented_quote", times=2)
    await consult(client, "a xylophone for Annelise", finish=True)

    kept = [
        one.getMessage()
        for one in caplog.records
        if one.levelno >= logging.INFO or one.name.partition(".")[0] in OURS  # what logs keep
    ]
    assert kept
    assert not [text for text in kept if "xylophone" in text.casefold()]
