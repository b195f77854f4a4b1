"""What was paid for stays within reach, is booked in full, and its end disturbs nothing else.

OpenAI's side is a plain server of our tests; the servers are those of one process.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import fastmcp
import pytest
from fastmcp import Client
from PIL import Image

from gateway import image_client
from gateway.api_errors import GatewayError
from gateway.image_client import DRAW_SECONDS
from gateway.image_response import OnStep, Step
from gateway.prices import Charge, Cost, Usage
from generation import purchase
from generation.drawing import ImageGenerator
from sandbox.loopback import Sandbox
from settings import Settings
from storage import stamps
from storage.job_journal import Withdrawn
from storage.stamps import before
from tests.calls import DRAW, consult, data_of, draw, picture, refusal
from tests.conftest import Connect
from tests.folders import rows
from tests.stand_in import Behaviour, StandIn

FOX: dict[str, Any] = {"prompt": "a fox", "dialogue_mode": "skip", "quality": "low"}


@pytest.fixture
def openai() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


async def until(condition: Callable[[], object]) -> None:
    """Wait for what happens in a thread or a process of its own."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def left_behind(connect: Connect, settings: Settings, **address: Any) -> str:
    """A conversation whose picture was bought by a server that died twenty minutes ago."""
    async with connect(**address) as client:
        result = await draw(client, **FOX)
    moment = before(timedelta(minutes=20))
    picture(result).unlink()
    rows(settings, "DELETE FROM images")
    rows(settings, "DELETE FROM spending")
    rows(
        settings,
        f"UPDATE jobs SET state = 'submitted', beat_at = '', finished_at = '', "
        f"created_at = '{moment}', changed_at = '{moment}'",
    )
    rows(settings, f"UPDATE turns SET created_at = '{moment}'")
    return str(result["conversation_id"])


@pytest.mark.parametrize("other", ["sandbox", "address"])
async def test_a_server_that_asks_elsewhere_does_not_give_up_what_openai_has(
    connect: Connect, openai: StandIn, settings: Settings, other: str
) -> None:
    conversation = await left_behind(connect, settings, openai_base_url=openai.base_url)

    with StandIn() as stranger:
        changes: dict[str, dict[str, Any]] = {
            "sandbox": {"sandbox": True},
            "address": {"openai_base_url": stranger.base_url},
        }
        async with connect(**changes[other]) as client:
            await client.call_tool(DRAW, {**FOX, "prompt": "a hen"})
            error = await refusal(client, DRAW, conversation_id=conversation)
    async with connect(openai_base_url=openai.base_url) as client:
        result = await draw(client, conversation_id=conversation)

    assert "with only this conversation_id" in error
    assert picture(result).read_bytes() == openai.payments[0].data
    assert len(openai.payments) == 1


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_ended_with_its_sandbox_is_drawn_anew_for_nothing(
    connect: Connect, settings: Settings, *, is_told: bool
) -> None:
    conversation = await left_behind(connect, settings, sandbox=True)

    async with connect(sandbox=True) as client:
        if is_told:
            error = await refusal(client, DRAW, conversation_id=conversation)
            assert "Nothing was charged." in error
            assert "redraw=true draws it anew, free" in error
        result = await draw(client, conversation_id=conversation, redraw=True)

    assert picture(result).exists()
    assert "charged" not in str(result["notes"])


async def test_a_server_that_ends_waits_for_what_its_own_sandbox_draws(
    connect: Connect, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.LAST_SECONDS", 0.1)
    async with connect(sandbox=True, wait_seconds=1) as client:
        slow = {**FOX, "prompt": "a fox [[sandbox:delay=3]]"}
        begun = await draw(client, **slow)

    assert begun["status"] == "working"
    assert len(list(settings.images_dir.iterdir())) == 1
    # Of a command, in whose process both are, the client waits for the server's end so long.
    assert fastmcp.settings.client_disconnect_timeout >= DRAW_SECONDS


async def test_two_equal_changes_at_once_are_one_and_their_words_are_noted_once(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    async with connect(openai_base_url=openai.base_url) as client:
        conversation = (await draw(client, **FOX))["conversation_id"]
        change = {"prompt": "make it blue", "conversation_id": conversation}
        async with asyncio.timeout(15):
            first, second = await asyncio.gather(draw(client, **change), draw(client, **change))

    assert picture(first) == picture(second)
    assert len(openai.payments) == 2
    assert rows(settings, "SELECT count(*) FROM turns WHERE words = 'make it blue'") == [(1,)]


@pytest.mark.parametrize(
    ("tool", "call", "is_same_call"),
    [
        (DRAW, {**FOX, "variations": 3}, False),
        ("openai_generate_image", {"prompt": "a fox", "n": 3}, True),
        ("openai_generate_image", {"prompts": ["a fox", "a hen", "an owl"]}, False),
    ],
)
async def test_redraw_of_several_buys_what_failed_and_once_all_are_there_all(
    connect: Connect, settings: Settings, tool: str, call: dict[str, Any], *, is_same_call: bool
) -> None:
    with StandIn() as openai:
        connected = connect(openai_base_url=openai.base_url, toolsets=["all"])
        async with connected as client:

            async def buy(**arguments: Any) -> tuple[dict[str, Any], int]:
                before = len(openai.payments)
                result = data_of(await client.call_tool(tool, {**call, **arguments}))
                return result, len(openai.payments) - before

            first, _ = await buy()
            lost = "SELECT id FROM jobs WHERE place = 2"
            rows(settings, f"DELETE FROM images WHERE job_id IN ({lost})")
            rows(settings, "UPDATE jobs SET state = 'failed', error = 'Lost.' WHERE place = 2")
            told, paid_when_told = await buy()
            if not is_same_call:
                tool, call = DRAW, {"conversation_id": first["conversation_id"]}
            second, paid_for_one = await buy(redraw=True)
            _, paid_for_all = await buy(redraw=True)

    assert (paid_when_told, paid_for_one, paid_for_all) == (0, 1, 3)
    assert told["status"] == "failed"
    assert any("redraw=true" in note for note in told["notes"])
    ids = [[one["image_id"] for one in result["images"]] for result in (first, second)]
    assert (ids[0][:2], ids[0][2] in ids[1]) == (ids[1][:2], False)
    assert [one["variation"] for one in second["images"]] == [
        one["variation"] for one in first["images"]
    ]


@pytest.mark.parametrize("chosen", [0, 1])
async def test_a_picture_that_arrives_late_leaves_a_choice_made_meanwhile(
    connect: Connect, openai: StandIn, chosen: int
) -> None:
    async with connect(openai_base_url=openai.base_url) as client:
        first = await draw(client, **FOX)
        owner = {"conversation_id": first["conversation_id"]}
        second = await draw(client, prompt="make it blue", **owner)
        images = [one["images"][0]["image_id"] for one in (first, second)]
        openai.behaviour = Behaviour(drawing=0.5)
        late = asyncio.ensure_future(draw(client, prompt="make it green", **owner))
        await until(lambda: len(openai.payments) == 3)
        await draw(client, from_image=images[chosen])
        await late
        shown = await draw(client, **owner)
        await draw(client, prompt="make it red", **owner)
        newest = await draw(client, **owner)

    assert shown["images"][0]["image_id"] == images[chosen]
    assert newest["images"][0]["parent_image_id"] == images[chosen]
    assert newest["images"][0]["current"]


def charged(case: str, **details: Any) -> GatewayError:
    """An error after which OpenAI wants a cent all the same."""
    error = GatewayError(case, **details)
    error.note_charges([Charge("gpt-4o", Usage(), Cost(0.01, estimated=False))])
    return error


async def test_every_failed_attempt_that_was_charged_is_booked_once(
    client: Client[Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    async def receive(_sdk: object, _request: object, on_step: OnStep) -> None:
        await on_step(Step("sending"))
        await on_step(Step("submitted", "resp_1"))
        attempts.append("drawn")
        raise charged("cut" if len(attempts) == 1 else "refusal", response_id="resp_1")

    async def collect(_sdk: object, response_id: str) -> None:
        attempts.append("looked up")
        raise charged("refusal", response_id=response_id, retryable=True)

    monkeypatch.setattr(image_client, "receive", receive)
    monkeypatch.setattr(image_client, "collect", collect)
    error = await refusal(client, DRAW, **FOX)

    assert attempts == ["drawn", "looked up", "drawn"]
    assert rows(settings, "SELECT purpose, usd FROM spending") == [("failed", 0.01)] * 3
    assert "The call was charged." in error


async def test_a_charged_attempt_is_booked_though_time_runs_out_on_the_next(
    client: Client[Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    async def receive(_sdk: object, _request: object, on_step: OnStep) -> None:
        await on_step(Step("sending"))
        attempts.append("drawn")
        if len(attempts) == 1:
            raise charged("server", retry_after=0.0)
        await asyncio.sleep(60)

    monkeypatch.setattr(image_client, "receive", receive)
    monkeypatch.setattr(image_client, "DRAW_SECONDS", 3)
    error = await refusal(client, DRAW, **FOX)

    assert attempts == ["drawn", "drawn"]
    assert rows(settings, "SELECT purpose, usd FROM spending") == [("failed", 0.01)]
    assert "The call was charged" in error


async def test_a_charged_attempt_is_told_though_its_repetition_is_taken_back(
    client: Client[Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(_sdk: object, _request: object, on_step: OnStep) -> None:
        await on_step(Step("sending"))
        raise charged("rate_limit", retry_after=30)

    monkeypatch.setattr(image_client, "receive", receive)
    ready = await consult(client, "a fox", mode="skip")
    owner = {"conversation_id": ready["conversation_id"]}
    call = asyncio.ensure_future(client.call_tool(DRAW, owner))
    await until(lambda: rows(settings, "SELECT id FROM spending"))
    await until(lambda: rows(settings, "SELECT id FROM jobs WHERE state = 'requested'"))
    await asyncio.sleep(0.1)
    call.cancel()
    await until(lambda: rows(settings, "SELECT id FROM jobs WHERE state = 'failed'"))
    error = await refusal(client, DRAW, **owner)

    assert rows(settings, "SELECT purpose, usd FROM spending") == [("failed", 0.01)]
    assert "taken back" in error
    assert "The call was charged" in error


async def test_a_bug_ends_its_drawing_and_keeps_what_came(
    connect: Connect, openai: StandIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ValueError("1024x1024px")

    async with connect(openai_base_url=openai.base_url) as client:
        with monkeypatch.context() as patch:
            patch.setattr(purchase, "spending_rows", stumble)
            error = await refusal(client, DRAW, **FOX)
        await draw(client, prompt="a hen", dialogue_mode="skip")

    kept = [path.read_bytes() for path in settings.images_dir.rglob("*") if path.is_file()]
    assert openai.payments[0].data in kept
    assert "1024x1024px" not in error
    assert "What came lies in" in error
    assert "The call was charged" in error
    assert rows(settings, "SELECT state FROM jobs ORDER BY created_at") == [("failed",), ("kept",)]


async def test_no_rating_is_kept_where_the_conversation_is_none_or_of_another_picture(
    connect: Connect, settings: Settings
) -> None:
    async with connect(toolsets=["all"]) as client:
        first = await draw(client, **FOX)
        image, owner = first["images"][0]["image_id"], first["conversation_id"]
        other = (await consult(client, "a hen"))["conversation_id"]
        wrong = {"image_id": image, "rating": "5", "conversation_id": "nonsense"}
        unknown = await refusal(client, "openai_rate_image", **wrong)
        both = {"conversation_id": other, "bookmark": True}
        foreign = [
            await refusal(client, "openai_rate_image", **{**wrong, **both}),
            await refusal(client, DRAW, conversation_id=other, from_image=image),
        ]
        lonely = await refusal(
            client, "openai_rate_image", rating="5", conversation_id="conv_1", bookmark=True
        )

    assert "nonsense" in unknown
    for told in foreign:
        assert f"{image} is of conversation {owner}, not of '{other}'" in told
    assert rows(settings, "SELECT count(*) FROM conversations WHERE bookmarked") == [(0,)]
    assert "image_id" in lonely
    assert rows(settings, "SELECT rating FROM images") == [(None,)]


async def test_a_picture_that_openai_does_not_know_is_drawn_anew_where_that_is_asked_for(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    conversation = await left_behind(connect, settings, openai_base_url=openai.base_url)
    bought = openai.payments.pop()

    async with connect(openai_base_url=openai.base_url) as client:
        told = await refusal(client, DRAW, conversation_id=conversation)
        change = await refusal(client, DRAW, conversation_id=conversation, prompt="make it blue")
        assert openai.payments == []
        result = await draw(client, **FOX, redraw=True)
        another = await draw(client, **FOX, redraw=True)
        openai.payments.append(bought)  # the key it was bought with is set again
        rows(settings, f"UPDATE jobs SET changed_at = '{before(timedelta(hours=1))}'")
        await draw(client, prompt="a hen", dialogue_mode="skip")
        await until(lambda: rows(settings, "SELECT id FROM images")[3:])
        shown = await draw(client, conversation_id=conversation)

    assert "redraw=true" in told
    assert "redraw=true" in change
    assert result["conversation_id"] == conversation
    assert picture(another).read_bytes() != picture(result).read_bytes()
    assert bought.response_id in result["notes"][0]
    assert picture(shown).read_bytes() == picture(result).read_bytes()


async def test_a_picture_that_comes_while_it_is_to_be_redrawn_is_bought_once(
    connect: Connect, openai: StandIn
) -> None:
    openai.behaviour = Behaviour(drawing=0.5)
    async with connect(openai_base_url=openai.base_url) as client:
        first = asyncio.ensure_future(draw(client, **FOX))
        await until(lambda: openai.payments)
        second = await draw(client, **FOX, redraw=True)

    assert picture(second) == picture(await first)
    assert len(openai.payments) == 1


async def test_what_a_batch_brought_is_changed_though_one_of_it_is_lost(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    moment = before(timedelta(minutes=20))
    async with connect(openai_base_url=openai.base_url) as client:
        result = await draw(client, **FOX, variations=2)
        lost = result["images"][0]["response_id"]
        rows(settings, f"DELETE FROM images WHERE response_id = '{lost}'")
        rows(
            settings,
            "UPDATE jobs SET state = 'submitted', beat_at = '', finished_at = '', "
            f"changed_at = '{moment}' WHERE response_id = '{lost}'",
        )
        openai.payments = [one for one in openai.payments if one.response_id != lost]
        async with asyncio.timeout(20):
            changed = await draw(
                client, conversation_id=result["conversation_id"], prompt="make it blue"
            )

    assert changed["images"][0]["parent_image_id"] == result["images"][1]["image_id"]


async def test_a_failure_is_told_again_with_its_kind_and_only_redraw_repeats_it(
    connect: Connect, openai: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def receive(_sdk: object, _request: object, on_step: OnStep) -> None:
        await on_step(Step("sending"))
        raise GatewayError("moderation")

    async with connect(openai_base_url=openai.base_url) as client:
        with monkeypatch.context() as patch:
            patch.setattr(image_client, "receive", receive)
            first = await client.call_tool(DRAW, FOX, raise_on_error=False)
        owner = {"conversation_id": data_of(first)["conversation_id"]}
        for call in (FOX, owner, {**owner, "prompt": FOX["prompt"]}):
            again = data_of(await client.call_tool(DRAW, call, raise_on_error=False))
            assert again == data_of(first)
            assert again["error"]["kind"] == "moderation"
            assert again["message"].count("redraw=true") == 1
        assert openai.payments == []
        await draw(client, **owner, redraw=True)


async def test_what_never_left_can_be_ordered_again_by_the_same_call(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    nowhere = connect(openai_base_url="http://127.0.0.1:9/v1")
    somewhere = connect(openai_base_url=openai.base_url)
    async with nowhere as offline, somewhere as online:
        error = await refusal(offline, DRAW, **FOX)
        jobs = rows(settings, "SELECT id FROM jobs")
        change = {
            "conversation_id": (await draw(online, **FOX))["conversation_id"],
            "prompt": "make it blue",
        }
        await refusal(offline, DRAW, **change)
        await draw(online, **change)

    assert "could not be reached" in error
    assert "Nothing was charged" in error
    assert jobs == []
    assert rows(settings, "SELECT count(*) FROM turns WHERE words = 'make it blue'") == [(1,)]


async def test_a_call_that_begins_anew_since_its_job_was_taken_back_has_no_more_time_for_it(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []

    async def buy(*_: object, seconds: float, **__: object) -> None:
        left.append(seconds)
        await asyncio.sleep(0.05)
        raise Withdrawn("job_1")

    monkeypatch.setattr(ImageGenerator, "buy", buy)
    error = await refusal(client, DRAW, **FOX)

    assert "Nothing was charged" in error
    assert len(left) == 3
    assert left[0] - left[2] >= 0.1


async def test_two_calls_at_once_that_draw_the_same_in_other_words_buy_it_once(
    connect: Connect, openai: StandIn
) -> None:
    openai.behaviour = Behaviour(drawing=0.5)
    async with connect(openai_base_url=openai.base_url) as client:
        ready = await consult(client, "a fox", mode="skip")
        owner = {"conversation_id": ready["conversation_id"]}
        first, second = await asyncio.gather(
            draw(client, **owner), draw(client, **owner, prompt=ready["refined_prompt"])
        )

    assert picture(first) == picture(second)
    assert len(openai.payments) == 1


async def test_what_a_dead_server_never_sent_is_taken_back_by_any_call(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    conversation = await left_behind(connect, settings, openai_base_url=openai.base_url)
    rows(settings, "UPDATE jobs SET state = 'requested', response_id = ''")

    async with connect(openai_base_url=openai.base_url) as client:
        await draw(client, prompt="a hen", dialogue_mode="skip")
        await until(
            lambda: (
                rows(settings, "SELECT id FROM jobs")
                == rows(settings, "SELECT id FROM jobs WHERE state = 'kept'")
            )
        )
        await draw(client, conversation_id=conversation)

    assert len(openai.payments) == 3


async def test_a_picture_whose_server_was_late_with_its_sign_of_life_comes_to_whoever_asked(
    connect: Connect, openai: StandIn, settings: Settings
) -> None:
    openai.behaviour = Behaviour(before_id=1.0)
    async with connect(openai_base_url=openai.base_url) as late, connect() as other:
        await other.call_tool("openai_list_conversations")  # which makes the records
        drawing = asyncio.create_task(draw(late, **FOX))
        await until(lambda: rows(settings, "SELECT id FROM jobs WHERE state = 'sending'"))
        rows(settings, f"UPDATE jobs SET beat_at = '{before(timedelta(minutes=1))}'")
        ((conversation,),) = rows(settings, "SELECT conversation_id FROM jobs")
        error = await refusal(other, DRAW, conversation_id=conversation)
        result = await drawing
        again = await draw(other, conversation_id=conversation)

    assert "It is unknown whether this was charged" in error
    assert "Call again in a minute with only this conversation_id" in error
    assert picture(again) == picture(result)
    assert len(openai.payments) == 1


async def test_a_call_that_is_cancelled_before_its_request_is_sent_costs_nothing(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir()
    Image.effect_noise((3000, 3000), 90).save(settings.images_dir / "large.png")
    sandbox.fail("delay=1", kind="image")
    heard = asyncio.Event()

    async def listen(progress: float, total: float | None, message: str | None) -> None:
        assert message
        assert progress < (total or 0)
        heard.set()

    arguments = {**FOX, "input_images": ["large.png"]}
    call = asyncio.ensure_future(client.call_tool(DRAW, arguments, progress_handler=listen))
    await heard.wait()
    call.cancel()
    await asyncio.sleep(1.2)

    assert sandbox.count("image") == 0
    assert not [call for call in sandbox.requests if call.kind == "image"]


async def test_another_request_does_not_join(client: Client[Any], sandbox: Sandbox) -> None:
    first = await draw(client, **FOX)
    conversation = first["conversation_id"]

    await asyncio.gather(
        draw(client, conversation_id=conversation, prompt="make it blue"),
        draw(client, conversation_id=conversation, prompt="make it green"),
    )

    assert sandbox.count("image") == 3


class ClockAhead(datetime):
    """A clock that is five days fast."""

    @classmethod
    def now(cls, _zone: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + timedelta(days=5)


@pytest.mark.parametrize("begun", ["drawn", "chosen", "talked over"])
async def test_what_follows_after_the_clock_was_set_back_is_still_the_newest(
    client: Client[Any], sandbox: Sandbox, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_talk = begun == "talked over"
    with monkeypatch.context() as clock:
        clock.setattr(stamps, "datetime", ClockAhead)
        first = await (consult(client, "a fox", finish=True) if is_talk else draw(client, **FOX))
        if begun == "chosen":
            await draw(client, from_image=first["images"][0]["image_id"])
    owner = {"conversation_id": first["conversation_id"]}
    change = owner if is_talk else {**owner, "prompt": "make it blue"}
    drawn = await draw(client, **change)
    paid = sandbox.count("image")
    again = await draw(client, **change)
    shown = await draw(client, **owner)
    read = await client.call_tool("view_read", {"what": "state", "id": first["conversation_id"]})

    assert sandbox.count("image") == paid
    assert picture(again) == picture(shown) == picture(drawn)
    assert shown["images"][0]["current"]
    assert data_of(read)["status"] == "done"
