"""What is spent is told before and after, counted in full, and never passes the budget."""

import asyncio
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import pytest
from fastmcp import Client

from app import App
from consultation.facilitator_request import ask
from errors import Problem
from gateway.client import Gateway
from gateway.prices import Charge, Cost, Usage
from gateway.retry import OnCharge
from generation.job_end import Bill
from sandbox.loopback import Sandbox
from settings import Settings
from storage.database import Database
from storage.job_claim import ClaimTerms
from storage.records import Records
from storage.spending import charge_rows
from storage.stamps import now
from storage.tables import Job
from tests.calls import CONSULT, DRAW, LOW, consult, draw, picture, refusal
from tests.conftest import Connect
from tests.folders import rows
from tests.turns import COMPLETE, FACILITATOR, TURN


def booked(settings: Settings) -> list[tuple[str, float]]:
    """Purpose and price of each booking."""
    return rows(settings, "SELECT purpose, usd FROM spending ORDER BY id")


async def test_what_goes_along_with_a_change_is_paid_for_beside_the_picture_that_changes(
    client: Client[Any],
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    here = {"conversation_id": first["conversation_id"], "quality": "low"}
    alone = await draw(client, prompt="in snow", **here)
    other = await draw(client, prompt="a hen", **LOW)

    both = await draw(client, prompt="with it", input_images=[picture(other).name], **here)

    more = both["estimated_cost_usd"] - alone["estimated_cost_usd"]
    assert both["cost_usd"] - alone["cost_usd"] > more / 2 > 0


async def test_the_estimate_stands_beside_the_price(client: Client[Any]) -> None:
    result = await draw(client, prompt="a fox", **LOW)
    looked = await draw(client, prompt="a hen", **LOW, verify=True)

    assert 0.5 < result["estimated_cost_usd"] / result["cost_usd"] < 2
    look = looked["cost_usd"] - result["cost_usd"]
    assert 0.5 < (looked["estimated_cost_usd"] - result["estimated_cost_usd"]) / look < 2


async def test_a_conversation_knows_what_it_cost(client: Client[Any]) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    await draw(client, prompt="a hen", **LOW)
    second = await draw(
        client, prompt="make it blue", conversation_id=first["conversation_id"], quality="low"
    )

    assert second["spent_conversation_usd"] == pytest.approx(
        first["cost_usd"] + second["cost_usd"], abs=1e-5
    )
    assert second["spent_today_usd"] > second["spent_conversation_usd"]


async def test_dialogue_repair_and_verification_are_booked(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    sandbox.fail("not_json", kind="text")
    ready = await consult(client, "a fox", finish=True)
    await draw(client, conversation_id=ready["conversation_id"], quality="low", verify=True)

    purposes = [purpose for purpose, usd in booked(settings) if usd > 0]
    assert purposes == ["consultation", "consultation", "assistant", "image", "verification"]


async def test_turns_that_failed_after_they_were_charged_are_booked(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    sandbox.fail("refusal")
    await refusal(client, CONSULT, message="a fox")
    sandbox.fail("truncated_json", times=2)
    await consult(client, "a hen")

    assert [purpose for purpose, usd in booked(settings) if usd > 0] == ["failed"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="a limit that only POSIX has")
async def test_a_charge_that_found_no_room_on_the_disk_is_booked_with_the_next(
    settings: Settings,
) -> None:
    import resource

    database = Database(settings.data_dir)
    records = Records(database)
    drawn = job(await records.begin("skip"), "fox")
    await records.jobs.claim([drawn], ClaimTerms("openai"))
    bill = Bill(drawn, records, sandbox=False)
    charge = Charge("gpt-4o", Usage(), Cost(0.01, estimated=False))
    log = settings.data_dir / "conversations.db-wal"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))  # as if it were full
    try:
        await bill([charge])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    before = booked(settings)
    await records.ledger.book(*charge_rows(None, [charge], sandbox=False))
    await bill([charge])
    await database.close()

    assert before == []
    assert booked(settings) == [("failed", 0.01)] * 3


class SlowGateway:
    """A gateway whose first attempt was charged, and whose second never ends."""

    origin = "openai"

    async def talk(self, _request: object, on_charge: OnCharge) -> None:
        await on_charge([Charge("gpt-4o", Usage(), Cost(0.01, estimated=False))])
        await asyncio.sleep(60)


async def test_a_charged_attempt_of_a_turn_is_booked_though_the_turns_time_is_over(
    settings: Settings,
) -> None:
    database = Database(settings.data_dir)
    records = Records(database)
    conversation = await records.begin("guided")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ask({}, conversation, cast(Gateway, SlowGateway()), records)
    await database.close()

    assert booked(settings) == [("failed", 0.01)]


async def test_a_server_that_ends_is_held_by_a_turn_only_until_its_charge_is_booked(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.LAST_SECONDS", 0.4)
    app = App(settings)
    sandbox.fail("delay=0.2", kind="text")
    turn = asyncio.create_task(app.consultant.consult("a fox"))
    while not sandbox.requests:  # noqa: ASYNC110  # the sandbox runs in a thread of its own
        await asyncio.sleep(0.02)
    with closing(sqlite3.connect(settings.data_dir / "conversations.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        end = asyncio.create_task(app.close())
        await asyncio.sleep(0.7)
        assert not end.done()
        other.rollback()
    await end

    assert turn.cancelled()
    assert [purpose for purpose, _ in booked(settings)] == ["consultation"]


async def test_drawings_under_way_count_in_the_budget_and_what_is_bought_is_shown_beyond_it(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=4", kind="image")
    async with connect(daily_budget_usd=0.035) as client:
        running = asyncio.ensure_future(draw(client, prompt="a fox", **LOW))
        await asyncio.sleep(0.8)
        error = await refusal(client, DRAW, prompt="a hen", **LOW)
        joined = await draw(client, prompt="a fox", **LOW)
        shown = await draw(client, prompt="a fox", **LOW)

    assert "being drawn for" in error
    assert picture(shown) == picture(joined) == picture(await running)
    assert "Nothing was charged" in error
    assert sandbox.count("image") == 1


def job(conversation_id: str, key: str, number: int = 1) -> Job:
    """A drawing that should cost three cents."""
    return Job(
        id=f"job_{key}_{number}", conversation_id=conversation_id, batch=key, request_key=key,
        prompt="a fox", options={}, templates={}, inputs=[], estimated_usd=0.03,
        created_at=now(), changed_at=now(),
    )  # fmt: skip


async def test_what_the_sandbox_draws_takes_nothing_from_the_budget_for_openai(
    settings: Settings,
) -> None:
    database = Database(settings.data_dir)
    records = Records(database)
    conversation = await records.begin("skip")

    for number, (origin, is_allowed) in enumerate(
        [("sandbox", True), ("openai", True), ("openai", False)]
    ):
        terms = ClaimTerms(origin, budget=0.05)
        claim = await records.jobs.claim([job(conversation, str(number))], terms)
        assert (claim.over is None) is is_allowed
    await database.close()


async def test_a_call_is_not_bought_again_that_another_process_lost_since_it_was_read(
    settings: Settings,
) -> None:
    database = Database(settings.data_dir)
    records = Records(database)
    conversation = await records.begin("skip")
    lost = job(conversation, "fox")
    await records.jobs.claim([lost], ClaimTerms("openai"))
    await records.jobs.send(lost)
    await records.jobs.end(lost, "unknown", Problem("It may have been paid for."))

    equal = job(conversation, "fox", 2)
    claim = await records.jobs.claim([equal], ClaimTerms("openai"))
    anew = ClaimTerms("openai", again=timedelta(), lost=[lost])
    again = await records.jobs.claim([job(conversation, "fox", 3)], anew)
    await database.close()

    assert [one.id for one in claim.jobs] == [lost.id]
    assert not claim.new
    assert again.new, "redraw buys"


async def test_several_pictures_at_once_do_not_pass_the_budget(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(daily_budget_usd=0.07) as client:
        # Before its first answer a server cannot know that behind an address is the sandbox.
        await draw(client, prompt="a fox", **LOW)
        sandbox.fail("delay=1", times=6, kind="image")
        calls = (
            client.call_tool(DRAW, {"prompt": f"fox {n}", **LOW}, raise_on_error=False)
            for n in range(6)
        )
        results = await asyncio.gather(*calls)

    assert sum(not result.is_error for result in results) == 2
    assert sandbox.count("image") == 3


async def test_variations_are_counted_together(connect: Connect, sandbox: Sandbox) -> None:
    async with connect(daily_budget_usd=0.05) as client:
        error = await refusal(client, DRAW, prompt="a fox", variations=4, **LOW)

    assert "These 4 pictures" in error
    assert sandbox.requests == []


@pytest.mark.parametrize(("budget", "words"), [
    (0.035, "Ask for quality low (about $0.0"), (0.01, "Raise IMAGE_CONSULTANT_DAILY_BUDGET_USD"),
])  # fmt: skip
async def test_a_refusal_for_money_names_only_what_the_budget_has_room_for(
    connect: Connect, budget: float, words: str
) -> None:
    async with connect(daily_budget_usd=budget) as client:
        error = await refusal(client, DRAW, prompt="a fox", **LOW | {"quality": "high"})
        low = await client.call_tool(DRAW, {"prompt": "a fox", **LOW}, raise_on_error=False)
        again = await refusal(client, DRAW, prompt="a hen", **LOW)

    assert words in error
    assert "tomorrow" not in error, "nor does tomorrow have room for it"
    assert low.is_error == ("quality low" not in error)
    if price := (low.structured_content or {}).get("estimated_cost_usd"):
        assert f"(about ${price:.3f})" in error
    assert ("tomorrow" in again, "uality low" in again) == (not low.is_error, False)


async def test_before_expensive_settings_a_draft_is_suggested(
    client: Client[Any], sandbox: Sandbox
) -> None:
    notes = {}
    for kind in ("logo", "illustration"):
        sandbox.answer(FACILITATOR, {**TURN, "image_type": kind})
        notes[kind] = " ".join((await consult(client, COMPLETE))["notes"])

    assert "quality low costs about" in notes["logo"]
    assert "quality low costs about" not in notes["illustration"]
