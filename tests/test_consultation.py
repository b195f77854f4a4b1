"""The dialogue, through MCP, with the sandbox as OpenAI."""

import itertools
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import CONSULT, consult, conversation_of, data_of, refusal, text_of
from tests.conftest import Connect

COMPLETE = "A flat vector illustration of a red fox for a website, in warm autumn colours, no text"
PLAIN = "you decide"


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


@pytest.mark.parametrize(("mode", "most"), [("quick", 2), ("guided", 5), ("explorer", 10)])
async def test_a_dialogue_in_plain_words_ends_within_its_budget(
    client: Client[Any], mode: str, most: int
) -> None:
    asked, result = await answer_all(client, mode)

    assert 1 <= asked <= most
    assert result["refined_prompt"]


@pytest.mark.parametrize("mode", ["quick", "guided", "explorer"])
async def test_a_model_that_asks_too_much_is_held_to_the_budget(
    client: Client[Any], sandbox: Sandbox, mode: str
) -> None:
    sandbox.fail("ask_too_many", times=20)

    asked, result = await answer_all(client, mode)

    assert asked <= {"quick": 2, "guided": 5, "explorer": 10}[mode]
    assert "boat" in result["refined_prompt"]


async def test_a_model_that_never_ends_is_ended(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("never_ready", times=20)

    _, result = await answer_all(client, "quick")

    assert result["status"] == "ready"
    assert "boat" in result["refined_prompt"]


async def test_no_dimension_is_asked_about_twice(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("ask_again", times=20)
    asked: list[str] = []
    result = await consult(client, "a boat", mode="explorer")
    while result["status"] == "asking":
        asked += [question["dimension"] for question in result["questions"]]
        result = await consult(client, PLAIN, conversation_id=result["conversation_id"])

    assert len(asked) == len(set(asked))


async def test_skip_makes_no_api_call(client: Client[Any], sandbox: Sandbox) -> None:
    words = "Ein Leuchtturm — „Ahoi!“, no people"

    result = await consult(client, words, mode="skip")

    assert result["refined_prompt"] == words
    assert result["provenance"] == [{"text": words, "source": "request", "ref": "m1"}]
    assert sandbox.requests == []


async def test_a_complete_request_gets_no_question(client: Client[Any]) -> None:
    result = await consult(client, COMPLETE)

    assert result["status"] == "ready"
    assert result["questions"] == []
    assert COMPLETE in result["refined_prompt"]


async def test_phrases_joined_are_the_prompt_and_each_answer_was_given(
    client: Client[Any],
) -> None:
    _, result = await answer_all(client, "guided", "a lighthouse in a storm")

    spans = result["provenance"]
    assert "".join(span["text"] for span in spans) == result["refined_prompt"]
    assert "a lighthouse in a storm" in result["refined_prompt"]
    assert {span["source"] for span in spans} <= {"request", "answer", "assumption"}
    assert all(span["ref"].startswith("q") for span in spans if span["source"] == "answer")
    assert result["assumptions"] == [
        span["text"].strip() for span in spans if span["source"] == "assumption"
    ]


async def test_a_phrase_with_no_answer_behind_it_becomes_an_assumption(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("bad_ref", times=2)

    result = await consult(client, COMPLETE)

    assert not [span for span in result["provenance"] if span["source"] == "answer"]
    assert any("put right in code" in note for note in result["notes"])


async def test_answers_by_id_count_like_plain_words(client: Client[Any]) -> None:
    asked = await consult(client, "a lighthouse", mode="quick")
    answers = [
        {"question_id": question["id"], "answer": question["options"][1]}
        for question in asked["questions"]
    ]

    ready = await consult(
        client, "see below", conversation_id=asked["conversation_id"], answers=answers
    )

    assert ready["status"] == "ready"
    for answer in answers:
        assert answer["answer"] in ready["refined_prompt"]


async def test_finish_asks_nothing_more_and_marks_the_rest(client: Client[Any]) -> None:
    result = await consult(client, "a lighthouse", finish=True)

    assert result["status"] == "ready"
    assert result["assumptions"]


async def test_a_message_after_ready_changes_the_brief(client: Client[Any]) -> None:
    ready = await consult(client, COMPLETE)

    changed = await consult(
        client, "in cool blue colours instead", conversation_id=ready["conversation_id"]
    )

    assert changed["conversation_id"] == ready["conversation_id"]
    assert "cool blue" in changed["refined_prompt"]


async def test_questions_come_in_the_language_of_the_person(client: Client[Any]) -> None:
    german = await consult(client, "Ein Leuchtturm im Sturm")
    japanese = await consult(client, "嵐の中の灯台")

    assert "Stil" in " ".join(question["text"] for question in german["questions"])
    assert any("\u3040" <= letter <= "\u30ff" for letter in japanese["questions"][0]["text"])


async def test_completeness_counts_decisions_and_not_adjectives(client: Client[Any]) -> None:
    salad = "stunning beautiful epic 8k masterpiece ultra detailed breathtaking award winning"

    vague = await consult(client, salad)
    precise = await consult(client, COMPLETE)

    assert vague["completeness"]["now"] <= 20
    assert precise["completeness"]["now"] >= 70


async def test_completeness_grows_with_answers(client: Client[Any]) -> None:
    asked = await consult(client, "a lighthouse")
    words = "; ".join(question["options"][0] for question in asked["questions"])
    later = await consult(client, words, conversation_id=asked["conversation_id"])

    assert later["completeness"]["before"] == asked["completeness"]["now"]
    assert later["completeness"]["now"] > asked["completeness"]["now"]
    assert set(later["completeness"]["missing"]) < set(asked["completeness"]["missing"])


async def test_the_words_of_the_person_never_stand_among_the_instructions(
    client: Client[Any], sandbox: Sandbox
) -> None:
    await consult(client, "a xylophone on fire")

    (call,) = sandbox.requests
    assert "xylophone" not in call.body["instructions"]
    assert "xylophone" in str(call.body["input"])


async def test_a_turn_is_one_call_whose_beginning_stays_the_same(
    client: Client[Any], sandbox: Sandbox
) -> None:
    await answer_all(client, "guided")

    bodies = [call.body for call in sandbox.requests]
    assert len({body["instructions"] for body in bodies}) == 1
    assert len({body["prompt_cache_key"] for body in bodies}) == 1
    for earlier, later in itertools.pairwise(bodies):
        kept = earlier["input"][:-1]  # all but the state, which comes last
        assert later["input"][: len(kept)] == kept


async def test_a_dialogue_goes_on_in_another_server(connect: Connect) -> None:
    async with connect() as first:
        asked = await consult(first, "a lighthouse")
    async with connect() as second:
        ready = await consult(second, PLAIN, conversation_id=asked["conversation_id"], finish=True)

    assert "a lighthouse" in ready["refined_prompt"]


async def test_what_was_said_survives_a_failed_turn(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("insufficient_quota")
    error = await refusal(client, CONSULT, message="a blue whale")
    conversation = conversation_of(error)

    result = await consult(client, "a blue whale", conversation_id=conversation)

    said = [item for item in sandbox.requests[-1].body["input"] if item["role"] == "user"]
    assert len(said) == 1
    assert result["status"] == "asking"


async def test_the_successor_takes_over_where_the_model_is_gone(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("model_not_found")
    async with connect() as client:
        result = await consult(client, "a lighthouse")

    assert sandbox.requests[-1].body["model"] == "gpt-6-luna"
    assert "temperature" not in sandbox.requests[-1].body
    assert any("gpt-6-luna was used instead" in note for note in result["notes"])


async def test_what_the_sandbox_said_is_labelled(client: Client[Any]) -> None:
    called = await client.call_tool(CONSULT, {"message": "a lighthouse"})

    assert data_of(called)["origin"] == "sandbox"
    assert "sandbox" in text_of(called)


async def test_the_price_of_the_picture_is_estimated(client: Client[Any]) -> None:
    result = await consult(client, COMPLETE)

    assert 0 < result["estimated_cost_usd"] < 1
    assert set(result["suggested"]) == {"size", "quality", "background", "output_format"}
