"""Failures of OpenAI, through MCP: the error or the retry that each asks for.

`test_openai_errors` has its own sentences. The sandbox makes each fault at the HTTP layer.
`requests` counts what was sent to OpenAI, so a retry that must not happen shows.
"""

import asyncio
import time
from typing import Any, NamedTuple

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from storage.job_claim import Claim
from storage.job_journal import JobJournal
from tests.calls import CONSULT, DRAW, consult, draw, picture, refusal
from tests.conftest import Connect

PICTURE = {"prompt": "a fox", "dialogue_mode": "skip"}


class Ends(NamedTuple):
    """A fault that ends in an error: what it says, and the money it may have cost."""

    fault: str
    says: str
    money: str


FREE, UNKNOWN, PAID = "Nothing was charged", "It is unknown whether", "The call was charged"

ERRORS = [
    Ends("not_found", "does not know what was asked for", FREE),
    Ends("billing_hard_limit", "out of credit", FREE),
    Ends("previous_response_not_found", "no longer knows the earlier picture", FREE),
    Ends("empty_answer", "answered without a picture", PAID),
    Ends("not_a_picture", "not a picture", PAID),
]

TALK_ERRORS = [
    Ends("insufficient_quota", "out of credit", FREE),
    Ends("moderation_failed", "safety system refused", FREE),
    Ends("refusal", "declined to answer", PAID),
]


@pytest.mark.parametrize("expected", ERRORS, ids=lambda row: row.fault)
async def test_a_fault_while_drawing_is_told_and_not_repeated(
    client: Client[Any], sandbox: Sandbox, expected: Ends
) -> None:
    sandbox.fail(expected.fault, kind="image")

    error = await refusal(client, DRAW, **PICTURE)

    assert expected.says in error
    assert expected.money in error
    assert "kept in conversation conv_" in error
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("fault", ["stream_cut_after_image", "no_completed_event"])
async def test_a_picture_that_arrived_is_kept_whatever_follows(
    client: Client[Any], sandbox: Sandbox, fault: str
) -> None:
    sandbox.fail(fault, kind="image")

    result = await draw(client, **PICTURE)

    assert result["status"] == "done"
    assert result["attempts"] == 1
    assert len(sandbox.requests) == 1


async def test_a_picture_whose_stream_was_cut_is_collected_without_paying_again(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("stream_cut_before_image", kind="image")

    result = await draw(client, **PICTURE)

    assert result["status"] == "done"
    assert any("fetched by its id" in note for note in result["notes"])
    assert picture(result).is_file()
    assert result["spent_today_usd"] == result["cost_usd"] > 0
    assert sandbox.count("image") == 1


async def test_an_outage_that_lasts_ends_after_four_attempts_with_pauses_between_them(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.retry.BACKOFF", lambda _state: 0.2)
    sandbox.fail("server_error", times=20)

    began = time.monotonic()
    error = await refusal(client, DRAW, **PICTURE)

    assert time.monotonic() - began > 0.6
    assert "internal error" in error
    assert len(sandbox.requests) == 4


async def test_retry_after_is_waited_for(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("rate_limit_retry_after=2", kind="image")

    started = time.monotonic()
    await draw(client, **PICTURE)

    assert time.monotonic() - started >= 2


async def test_a_wait_longer_than_the_deadline_is_not_begun(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("rate_limit_retry_after=300", times=5)

    started = time.monotonic()
    result = await consult(client, "a fox")

    assert time.monotonic() - started < 5
    assert "asks to wait 5 minutes" in result["notes"][0]
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("expected", TALK_ERRORS, ids=lambda row: row.fault)
async def test_a_fault_in_the_dialogue_is_told_and_not_repeated(
    client: Client[Any], sandbox: Sandbox, expected: Ends
) -> None:
    sandbox.fail(expected.fault)

    error = await refusal(client, CONSULT, message="a fox")

    assert expected.says in error
    assert expected.money in error
    assert "kept in conversation conv_" in error
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("fault", ["truncated_json", "empty_answer"])
async def test_a_turn_that_was_cut_off_or_empty_is_asked_for_once_more_with_more_room(
    client: Client[Any], sandbox: Sandbox, fault: str
) -> None:
    sandbox.fail(fault)

    result = await consult(client, "a fox")

    assert result["questions"]
    little, more = [call.body["max_output_tokens"] for call in sandbox.requests]
    assert little < more


@pytest.mark.parametrize("tool", [CONSULT, DRAW])
async def test_without_a_key_the_tools_say_how_to_set_one(connect: Connect, tool: str) -> None:
    arguments = PICTURE if tool == DRAW else {"message": "a fox"}
    async with connect(openai_api_key=None) as client:
        error = await refusal(client, tool, **arguments)

    assert "OPENAI_API_KEY" in error
    assert "--sandbox" in error


async def test_calls_at_once_are_each_told_that_there_is_no_key(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has ended before the last is written down, since writing takes its time."""
    claim = JobJournal.claim

    async def claim_slowly(*jobs: Any, **wishes: Any) -> Claim:
        written = await claim(*jobs, **wishes)
        await asyncio.sleep(0.1)
        return written

    monkeypatch.setattr(JobJournal, "claim", claim_slowly)
    async with connect(openai_api_key=None) as client:
        calls = [refusal(client, DRAW, **{**PICTURE, "prompt": one}) for one in "abcde"]
        errors = await asyncio.gather(*calls)

    assert all("OPENAI_API_KEY" in error for error in errors), errors
