"""What people do with the tools, and what each call costs: facilitator and picture apart."""

import asyncio
import base64
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import DRAW, LOW, Result, consult, data_of, draw, refusal, text_of
from tests.conftest import Connect
from tests.turns import COMPLETE, FACILITATOR, PROMPT, TURN, aside, entry, question, source, turn

IDEA = "a lighthouse in a storm"
ANSWER = "watercolour, cool colours, calm"
ASKS = turn(
    brief=[entry("subject", "a lighthouse in a storm", ("m1", IDEA))],
    questions=[question("style", "How is it made?", "watercolour", "photograph")],
)
PAINTED = "A watercolour of a lighthouse in a storm, in cool colours, calm."
ANSWERED = turn(
    brief=[
        entry("subject", "a lighthouse in a storm", ("m1", IDEA)),
        entry("style", "watercolour", ("m2", "watercolour")),
        entry("mood", "stillness"),
    ],
    prompt=PAINTED,
    sources=[source(PAINTED, ("m1", IDEA), ("m2", ANSWER))],
)


class Till:
    """What was paid for since the last look."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._before = self._now()

    def _now(self) -> tuple[int, int]:
        return self._sandbox.count("text"), self._sandbox.count("image")

    def paid(self) -> tuple[int, int]:
        """Facilitator turns and pictures."""
        before, self._before = self._before, self._now()
        return self._before[0] - before[0], self._before[1] - before[1]


@pytest.fixture
def till(sandbox: Sandbox) -> Till:
    return Till(sandbox)


async def asked(client: Client[Any], sandbox: Sandbox, **arguments: Any) -> str:
    """A conversation that asks, begun with the image tool."""
    sandbox.answer(FACILITATOR, ASKS)
    result = await draw(client, prompt=IDEA, **arguments)
    assert result["status"] == "asking"
    return str(result["conversation_id"])


def sent(sandbox: Sandbox) -> dict[str, Any]:
    """The newest request for a picture."""
    body: dict[str, Any] = [call for call in sandbox.requests if call.kind == "image"][-1].body
    return body


def said(body: dict[str, Any]) -> str:
    return str(body["input"][-1]["content"][0]["text"])


def shown(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for part in body["input"][-1]["content"] if part["type"] == "input_image"]


def image_id(result: Result) -> str:
    return str(result["images"][0]["image_id"])


async def test_words_in_which_nothing_is_open_are_drawn_at_once(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    sandbox.answer(FACILITATOR, TURN)

    result = await draw(client, prompt=COMPLETE)

    assert result["status"] == "done"
    assert said(sent(sandbox)) == PROMPT
    assert till.paid() == (1, 1)


async def test_words_to_an_asking_conversation_are_an_answer_and_not_the_picture(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    conversation = await asked(client, sandbox)
    assert till.paid() == (1, 0)
    left = aside("m2", "Rest up to you", "left_to_us")
    sandbox.answer(FACILITATOR, {**ANSWERED, "set_aside": [left]})

    words = f"{ANSWER}. Rest up to you"
    called = await client.call_tool(DRAW, {"prompt": words, "conversation_id": conversation})
    result = data_of(called)

    assert said(sent(sandbox)) == PAINTED
    assert result["assumptions"] == [{"dimension": "mood", "value": "stillness"}]
    assert result["not_used"] == [left]  # nobody saw the prompt before it was drawn
    assert "“Rest up to you” (m2)" in text_of(called)
    assert till.paid() == (1, 1)


async def test_a_pick_counted_from_zero_goes_back_and_leaves_its_question_open(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    conversation = await asked(client, sandbox)
    till.paid()
    pick = {"question": "q1", "option": 0, "ref": "m2", "quote": "the first"}
    from_zero = {**ASKS, "questions": [], "chosen": [pick]}
    sandbox.answer(FACILITATOR, from_zero, from_zero)

    result = await draw(client, prompt="the first", conversation_id=conversation)

    assert [question["id"] for question in result["questions"]] == ["q1"]
    assert "picks no option 0 of q1" in str(sandbox.requests[-1].body["input"])
    assert till.paid() == (2, 0)


async def test_an_asking_conversation_without_words_asks_again_free(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    conversation = await asked(client, sandbox)
    till.paid()

    result = await draw(client, conversation_id=conversation, dialogue_mode="guided")

    assert result["status"] == "asking"
    assert [one["text"] for one in result["questions"]] == ["How is it made?"]
    assert till.paid() == (0, 0)


async def test_skip_draws_the_words_so_far_one_after_another(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    conversation = await asked(client, sandbox)
    till.paid()

    await draw(client, prompt="at night", conversation_id=conversation, **LOW)

    assert said(sent(sandbox)).split("\n") == [IDEA, "at night"]
    assert till.paid() == (0, 1)


async def test_a_ready_prompt_is_drawn_without_words_and_by_its_own(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    for words in ("", PROMPT):
        sandbox.answer(FACILITATOR, TURN)
        ready = await consult(client, COMPLETE)
        till.paid()

        await draw(client, prompt=words, conversation_id=ready["conversation_id"])

        assert said(sent(sandbox)) == PROMPT
        assert till.paid() == (0, 1)


async def test_other_words_to_a_ready_prompt_go_to_the_dialogue(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    sandbox.answer(FACILITATOR, ASKS)
    conversation = (await consult(client, IDEA))["conversation_id"]
    sandbox.answer(FACILITATOR, ANSWERED)
    await consult(client, ANSWER, conversation_id=conversation)
    till.paid()
    night = f"{PAINTED} It is night."
    sources = [*ANSWERED["sources"], source("It is night.", ("m3", "at night"))]
    sandbox.answer(FACILITATOR, {**ANSWERED, "prompt": night, "sources": sources})

    await draw(client, prompt="at night", conversation_id=conversation)

    assert said(sent(sandbox)) == night
    assert till.paid() == (1, 1)


async def test_what_is_under_way_is_collected_and_then_changed(
    connect: Connect, sandbox: Sandbox, till: Till
) -> None:
    async with connect(wait_seconds=1) as client:
        sandbox.fail("delay=4", kind="image")  # twice as long as both calls wait
        begun = await draw(client, prompt="a fox", **LOW)
        conversation = begun["conversation_id"]
        assert begun["status"] == "working"
        waits = await draw(client, prompt="bluer", conversation_id=conversation, quality="low")
        assert waits["status"] == "working"
        assert any("not begun" in note for note in waits["notes"])
        await asyncio.sleep(3)
        assert till.paid() == (0, 1)

        changed = await draw(client, prompt="bluer", conversation_id=conversation, quality="low")
        again = await draw(client, prompt="bluer", conversation_id=conversation, quality="low")

    assert said(sent(sandbox)) == "bluer"
    assert changed["images"][0]["parent_image_id"]
    assert image_id(again) == image_id(changed), "asked twice at once, not wished twice"
    assert till.paid() == (0, 1)


async def test_a_newer_prompt_of_the_dialogue_is_drawn_before_the_old_picture_is_shown(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    sandbox.answer(FACILITATOR, TURN)
    conversation = (await consult(client, COMPLETE))["conversation_id"]
    await draw(client, conversation_id=conversation)  # the very call that is said again below
    newer = {**TURN, "prompt": PROMPT.replace("fox", "red fox at night"), "brief": TURN["brief"]}
    sandbox.answer(FACILITATOR, newer, newer)
    ready = await consult(client, "at night", conversation_id=conversation, finish=True)
    till.paid()

    await draw(client, conversation_id=conversation)

    assert said(sent(sandbox)) == ready["refined_prompt"]
    assert till.paid() == (0, 1)


async def test_undo_redo_and_branching_are_free(client: Client[Any], till: Till) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    conversation = first["conversation_id"]
    second = await draw(client, prompt="bluer", conversation_id=conversation, quality="low")
    till.paid()

    undone = await draw(client, from_image=image_id(first))
    shown_now = await draw(client, conversation_id=conversation)
    assert image_id(undone) == image_id(shown_now) == image_id(first)
    redone = await draw(client, from_image=image_id(second))
    assert image_id(redone) == image_id(second)
    await draw(client, from_image=image_id(first))
    assert till.paid() == (0, 0)

    branch = await draw(client, prompt="greener", conversation_id=conversation, quality="low")

    assert branch["images"][0]["parent_image_id"] == image_id(first)
    assert image_id(await draw(client, conversation_id=conversation)) == image_id(branch)
    assert till.paid() == (0, 1)


async def test_another_size_is_drawn_from_the_current_picture_with_all_that_was_asked_of_it(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    conversation = first["conversation_id"]
    second = await draw(client, prompt="bluer", conversation_id=conversation, quality="low")
    till.paid()

    wide = await draw(client, conversation_id=conversation, size="wide", quality="low")
    varied = await draw(client, conversation_id=conversation, variations=2, quality="low")

    body = sent(sandbox)
    assert said(body) == "a fox\nbluer"
    assert wide["images"][0]["parent_image_id"] == image_id(second)
    assert (wide["images"][0]["width"], wide["images"][0]["height"]) == (1536, 1024)
    assert len(varied["images"]) == 2
    assert till.paid() == (0, 3)


async def test_the_same_call_shows_what_it_brought_and_redraw_draws_anew(
    client: Client[Any], till: Till
) -> None:
    first = await draw(client, prompt="a fox", **LOW)
    again = await draw(client, prompt=" a fox ", **LOW)

    assert image_id(again) == image_id(first)
    assert again["cost_usd"] == 0
    assert "redraw=true" in again["notes"][0]
    assert till.paid() == (0, 1)

    anew = await draw(client, prompt="a fox", redraw=True, **LOW)

    assert anew["conversation_id"] != first["conversation_id"]
    assert till.paid() == (0, 1)


async def test_a_call_without_a_key_is_made_once_there_is_one(connect: Connect, till: Till) -> None:
    async with connect(openai_api_key=None) as client:
        told = await refusal(client, DRAW, prompt="a fox", size="wide", **LOW)
    async with connect() as client:
        drawn = await draw(client, prompt="a fox", size="wide", **LOW)

    assert "No OpenAI key is set" in told
    assert (drawn["status"], till.paid()) == ("done", (0, 1))
    assert drawn["images"][0]["width"] == 1536


async def test_equal_calls_at_once_share_a_turn_of_the_dialogue_and_a_picture(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    sandbox.answer(FACILITATOR, TURN)

    results = await asyncio.gather(*(draw(client, prompt=COMPLETE) for _ in range(4)))

    assert len({image_id(result) for result in results}) == 1
    assert till.paid() == (1, 1)


async def test_a_picture_beyond_the_budget_is_refused_before_the_dialogue(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(daily_budget_usd=0.01) as client:
        error = await refusal(client, DRAW, prompt=IDEA, quality="high")

    assert "budget" in error
    assert sandbox.requests == []


async def test_what_came_with_the_asking_call_is_on_the_wire_of_the_drawing(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir(exist_ok=True)
    Image.new("RGB", (64, 48), "teal").save(settings.images_dir / "boat.png")
    conversation = await asked(
        client, sandbox, size="wide", quality="low", output_format="webp",
        input_images=["boat.png"], dialogue_mode="guided",
    )  # fmt: skip
    sandbox.answer(FACILITATOR, ANSWERED)

    await draw(client, prompt=ANSWER, conversation_id=conversation)

    body = sent(sandbox)
    tool = body["tools"][0]
    assert (tool["size"], tool["quality"], tool["output_format"]) == ("1536x1024", "low", "webp")
    assert tool["action"] == "generate"
    (part,) = shown(body)
    boat = (settings.images_dir / "boat.png").read_bytes()
    assert base64.b64decode(part["image_url"].partition(",")[2]) == boat


async def test_a_reference_of_the_dialogue_goes_along_with_what_it_is_for(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir(exist_ok=True)
    Image.new("RGB", (64, 48), "teal").save(settings.images_dir / "sea.png")
    like = "like this, but a lighthouse in winter"
    prompt = "A lighthouse in winter, in teal."
    sandbox.answer(
        FACILITATOR,
        turn(
            brief=[
                entry("subject", "a lighthouse in winter", ("m1", "a lighthouse in winter")),
                entry("palette", "teal", ("r1", "teal")),
            ],
            prompt=prompt,
            sources=[source(prompt, ("m1", like), ("r1", "teal"))],
        ),
    )
    ready = await consult(client, like, reference_images=["sea.png"], finish=True)

    await draw(client, conversation_id=ready["conversation_id"], quality="low")

    body = sent(sandbox)
    (part,) = shown(body)
    sea = (settings.images_dir / "sea.png").read_bytes()
    assert base64.b64decode(part["image_url"].partition(",")[2]) == sea
    assert "Picture 1 is there for its palette alone" in body["instructions"]
    assert body["tools"][0]["action"] == "generate"


async def test_a_change_is_a_message_of_the_timeline(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.answer(FACILITATOR, TURN)
    first = await draw(client, prompt=COMPLETE, quality="low")
    conversation = first["conversation_id"]
    await draw(client, prompt="set it at night", conversation_id=conversation, quality="low")

    await consult(client, "and for a poster", conversation_id=conversation)

    body = [call for call in sandbox.requests if call.kind == "text"][-1].body
    users = [item for item in body["input"] if item["role"] == "user"]
    words = [part["text"] for item in users for part in item["content"] if "text" in part]
    assert [one for one in words if one in {COMPLETE, "set it at night", "and for a poster"}] == [
        COMPLETE, "set it at night", "and for a poster",
    ]  # fmt: skip


async def test_without_a_facilitator_nothing_is_drawn_unless_skip_says_so(
    client: Client[Any], sandbox: Sandbox, till: Till
) -> None:
    sandbox.fail("server_error", times=20, kind="text")

    result = await draw(client, prompt=IDEA)

    assert result["status"] == "asking"
    assert till.paid()[1] == 0
    await draw(client, conversation_id=result["conversation_id"], **LOW)
    assert said(sent(sandbox)) == IDEA


async def test_earlier_work_that_is_similar_is_named(connect: Connect, till: Till) -> None:
    async with connect(embeddings=False) as client:
        first = await draw(client, prompt="a red fox in deep snow", **LOW)
        second = await draw(client, prompt="a red fox in snow", **LOW)
    async with connect(embeddings=False, similar=0) as client:
        third = await draw(client, prompt="one red fox in snow", **LOW)

    assert any(image_id(first) in note for note in second["notes"])
    assert not any("something like this" in note for note in third["notes"])
    assert till.paid() == (0, 3)


async def test_a_background_that_nobody_asked_for_is_left_to_a_model_that_has_none(
    client: Client[Any], sandbox: Sandbox
) -> None:
    logo = {**TURN, "image_type": "logo"}
    sandbox.answer(FACILITATOR, logo)

    result = await draw(client, prompt=COMPLETE, image_model="gpt-image-2", quality="low")

    assert result["status"] == "done"
    assert sent(sandbox)["tools"][0]["background"] == "auto"
