"""The dialogue, through MCP, with the sandbox as OpenAI."""

import asyncio
import itertools
import json
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import CONSULT, consult, data_of, draw, text_of
from tests.conftest import Connect
from tests.turns import COMPLETE, FACILITATOR, TURN, aside, entry, source, turn

PLAIN = "you decide"


def quote(ref: str, words: str) -> dict[str, str]:
    """Words of the person as a result names them."""
    return {"ref": ref, "quote": words}


async def answer_all(
    client: Client[Any], mode: str, idea: str = "a boat"
) -> tuple[int, dict[str, Any]]:
    """Answer every question in plain words; how many there were, and the last result."""
    result = await consult(client, idea, mode=mode)
    asked = 0
    for _ in range(12):
        asked += len(result["questions"])
        if result["status"] == "ready":
            return asked, result
        words = "; ".join(question["options"][0] for question in result["questions"])
        result = await consult(client, words, conversation_id=result["conversation_id"])
    raise AssertionError("the dialogue does not end")


@pytest.mark.parametrize(("mode", "most"), [("quick", 2), ("explorer", 10)])
async def test_a_dialogue_in_plain_words_ends_within_its_budget(
    client: Client[Any], mode: str, most: int
) -> None:
    asked, result = await answer_all(client, mode)

    assert 1 <= asked <= most
    assert result["refined_prompt"]


async def test_no_question_is_put_twice_whatever_the_model_asks(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("asks_decided", times=20)
    put: dict[str, str] = {}
    result = await consult(client, "a boat", mode="explorer")
    for _ in range(4):
        for question in result["questions"]:
            assert put.setdefault(question["id"], question["text"]) == question["text"]
        result = await consult(client, PLAIN, conversation_id=result["conversation_id"])

    assert len(set(put.values())) == len(put)


async def test_skip_takes_the_words_as_they_are_and_asks_nobody(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first, second = "Ein Leuchtturm — „Ahoi!“, no people", "und 12″ breit"

    begun = await consult(client, first, mode="skip")
    result = await consult(client, second, conversation_id=begun["conversation_id"])

    assert begun["refined_prompt"] == first
    assert result["refined_prompt"] == f"{first}\n{second}"
    assert result["provenance"] == [
        {"text": f"{first}\n", "source": "said", "ref": "m1", "said": [quote("m1", first)]},
        {"text": second, "source": "said", "ref": "m2", "said": [quote("m2", second)]},
    ]
    assert sandbox.requests == []

    drawn = await draw(client, conversation_id=begun["conversation_id"])

    (image,) = drawn["images"]
    size = f"{image['width']}x{image['height']}"
    assert result["suggested"].items() >= {"size": size, "quality": image["quality"]}.items()
    assert result["estimated_cost_usd"] == round(drawn["estimated_cost_usd"], 4)
    assert (await consult(client, first, mode="skip"))["origin"] == "sandbox", "as it was met"


async def test_signs_that_steer_a_terminal_are_left_out_and_it_is_said(
    client: Client[Any], sandbox: Sandbox
) -> None:
    result = await consult(client, "a fox\x00 in\x0bthe\x07 snow", finish=True)

    assert sandbox.requests[0].body["input"][0]["content"][0]["text"] == "a fox in\nthe snow"
    assert any("Control characters" in note for note in result["notes"])


async def test_spans_joined_are_the_prompt_and_every_quote_was_said_or_offered(
    client: Client[Any],
) -> None:
    asked = await consult(client, "a lighthouse in a storm")
    options = {one["id"]: one["options"] for one in asked["questions"]}
    answer = "; ".join(one[0] for one in options.values())
    result = await consult(client, answer, conversation_id=asked["conversation_id"], finish=True)

    spans = result["provenance"]
    said = {"m1": "a lighthouse in a storm", "m2": answer}
    assert "".join(span["text"] for span in spans) == result["refined_prompt"]
    assert {"said", "assumed"} <= {span["source"] for span in spans}
    for one in [one for span in spans for one in span["said"]]:
        assert one["quote"] in said.get(one["ref"], options.get(one["ref"], ""))
    assert result["accounted"]["placed"] <= result["accounted"]["words"]


async def test_a_stretch_that_nobody_asked_for_is_sent_back_and_then_shown_as_assumed(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("invented_quote", times=2)

    result = await consult(client, COMPLETE, finish=True)

    invented = [span for span in result["provenance"] if "golden dragon" in span["text"]]
    assert [(span["source"], span["said"]) for span in invented] == [("assumed", [])]
    assert len(sandbox.requests) == 2


async def test_answers_by_id_are_messages_of_their_own(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asked = await consult(client, "a lighthouse", mode="quick")
    answers = [
        {"question_id": question["id"], "answer": question["options"][1]}
        for question in asked["questions"]
    ]

    ready = await consult(client, "", conversation_id=asked["conversation_id"], answers=answers)

    items = sandbox.requests[-1].body["input"]
    said = [item["content"][0]["text"] for item in items if item["role"] == "user"]
    assert said == ["a lighthouse", *(answer["answer"] for answer in answers)]
    assert json.loads(items[-1]["content"])["answers"] == {"m2": "q1", "m3": "q2"}
    assert ready["status"] == "ready"
    for answer in answers:
        assert answer["answer"] in ready["refined_prompt"]


async def test_what_was_said_twice_is_not_listed_as_replaced_by_itself(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asked = await consult(client, "a red bicycle")
    prompt = "A red bicycle, flat vector."
    brief = [
        entry("subject", "a red bicycle", ("m1", "a red bicycle")),
        entry("style", "flat vector", ("m3", "Flat vector")),
    ]
    sources = [
        source("A red bicycle", ("m1", "a red bicycle")),
        source("flat vector", ("m3", "Flat vector")),
    ]
    replaced = aside("m2", "flat vector", "replaced")
    last = turn(brief=brief, prompt=prompt, sources=sources, set_aside=[replaced])
    sandbox.answer(FACILITATOR, turn(brief=brief[:1]), last)
    here = {"conversation_id": asked["conversation_id"]}
    await consult(client, "flat vector", **here)

    ready = await consult(client, "Flat vector", finish=True, **here)

    assert ready["refined_prompt"] == prompt
    assert ready["not_used"] == []


async def test_finish_asks_nothing_more_and_says_what_was_decided_by_us(
    client: Client[Any],
) -> None:
    begun = await consult(client, "a lighthouse")
    result = await consult(client, "", conversation_id=begun["conversation_id"], finish=True)

    assert (result["status"], result["questions"]) == ("ready", [])
    assert result["assumptions"]
    for assumption in result["assumptions"]:
        assert assumption["value"] in result["refined_prompt"]
        assert assumption["dimension"] in result["completeness"]["missing"]
    assert result["completeness"]["now"] <= 20  # what we decide is no decision of theirs


async def test_completeness_counts_decisions_and_not_adjectives_and_grows_with_answers(
    client: Client[Any], sandbox: Sandbox
) -> None:
    salad = "stunning beautiful epic 8k masterpiece ultra detailed breathtaking award winning"

    vague = await consult(client, salad)
    sandbox.answer(FACILITATOR, TURN)
    precise = await consult(client, COMPLETE)
    words = "; ".join(question["options"][0] for question in vague["questions"])
    later = await consult(client, words, conversation_id=vague["conversation_id"])

    assert vague["completeness"]["now"] <= 20
    assert precise["completeness"]["now"] >= 40
    assert later["completeness"]["first"] == vague["completeness"]["now"]
    assert later["completeness"]["now"] > vague["completeness"]["now"]
    assert set(later["completeness"]["missing"]) < set(vague["completeness"]["missing"])


async def test_a_turn_is_one_call_whose_beginning_stays_the_same_without_words_of_the_person(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asked, _ = await answer_all(client, "guided", "a xylophone on fire")

    bodies = [call.body for call in sandbox.requests]
    assert 1 <= asked <= 5
    assert len({body["instructions"] for body in bodies}) == 1
    assert len({body["prompt_cache_key"] for body in bodies}) == 1
    assert "xylophone" not in bodies[0]["instructions"]
    for earlier, later in itertools.pairwise(bodies):
        said = [item for item in earlier["input"] if item["role"] == "user"]
        assert [item for item in later["input"] if item["role"] == "user"][: len(said)] == said


async def test_a_dialogue_goes_on_in_another_server(connect: Connect) -> None:
    async with connect() as first:
        asked = await consult(first, "a lighthouse")
    async with connect() as second:
        ready = await consult(second, PLAIN, conversation_id=asked["conversation_id"], finish=True)

    assert "lighthouse" in ready["refined_prompt"]


async def test_calls_at_once_in_one_conversation_follow_one_another(
    client: Client[Any], sandbox: Sandbox
) -> None:
    begun = await consult(client, "a lighthouse", mode="explorer")
    wishes = ["in oil", "at night", "with a dog"]

    await asyncio.gather(
        *(consult(client, one, conversation_id=begun["conversation_id"]) for one in wishes)
    )

    items = sandbox.requests[-1].body["input"]
    said = [item["content"][0]["text"] for item in items if item["role"] == "user"]
    assert [said[0], sorted(said[1:])] == ["a lighthouse", sorted(wishes)]
    assert sandbox.count("text") == 4


@pytest.mark.parametrize(("seconds", "turns"), [(600.0, 1), (0.0, 2)])
async def test_a_turn_whose_caller_left_waits_for_the_same_call_and_not_for_ever(
    client: Client[Any],
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    turns: int,
) -> None:
    monkeypatch.setattr("consultation.shared_turns.REMEMBERED_SECONDS", seconds)
    sandbox.fail("delay=0.3", kind="text")
    leaving = asyncio.create_task(consult(client, "a boat"))
    while not sandbox.requests:  # noqa: ASYNC110  # the sandbox runs in a thread of its own
        await asyncio.sleep(0.02)
    leaving.cancel()
    await asyncio.sleep(2)  # the turn that was left ends meanwhile
    (begun,) = await listed(client)

    result = await consult(client, "a boat")

    assert (result["conversation_id"] == begun) is (turns == 1)
    assert sandbox.count("text") == turns


async def listed(client: Client[Any]) -> list[str]:
    """The conversations that there are."""
    found = data_of(await client.call_tool("openai_list_conversations", {}))
    return [one["conversation_id"] for one in found["conversations"]]


async def test_the_successor_takes_over_where_the_model_is_gone(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("model_not_found")
    async with connect() as client:
        result = await consult(client, "a lighthouse")

    assert sandbox.requests[-1].body["model"] == "gpt-6-luna"
    assert "temperature" not in sandbox.requests[-1].body
    assert any("gpt-6-luna was used instead" in note for note in result["notes"])


async def test_the_sandbox_is_named_and_the_price_of_the_picture_estimated(
    client: Client[Any],
) -> None:
    called = await client.call_tool(CONSULT, {"message": COMPLETE})

    result = data_of(called)
    assert result["origin"] == "sandbox"
    assert "sandbox" in text_of(called)
    assert 0 < result["estimated_cost_usd"] < 1
    assert set(result["suggested"]) == {"size", "quality", "background", "output_format"}


async def test_words_that_stand_twice_in_a_prompt_have_each_place_from_who_said_them(
    client: Client[Any],
) -> None:
    begun = await consult(client, "a red boat, with gulls")
    here = {"conversation_id": begun["conversation_id"]}
    words = "a red boat with gulls and sails, with gulls around it"
    boat = await consult(client, words, finish=True, **here)
    begun = await consult(client, "eine Katze auf dem Dach, noch eine Katze im Fenster")
    here = {"conversation_id": begun["conversation_id"]}
    words = "mit einer Katze im Fenster, die schläft, und eine Katze auf dem Dach"
    cat = await consult(client, words, finish=True, **here)

    assert rests(boat, "boat", "gulls") == [
        [quote("m1", "a red boat")],
        [quote("m1", "with gulls")],
        [quote("m2", "a red boat with gulls and sails")],
        [quote("m2", "with gulls around it")],
    ]
    assert rests(cat, "Fenster") == [
        [quote("m1", "noch eine Katze im Fenster")],
        [quote("m2", "mit einer Katze im Fenster")],
    ]


def rests(result: dict[str, Any], *words: str) -> list[list[dict[str, str]]]:
    """What each stretch of the prompt with one of these words rests on."""
    stretches = [span for span in result["provenance"] if {*words} & {*span["text"].split()}]
    return [span["said"] for span in stretches]
