"""The record of a conversation reads well as Markdown."""

import re
from typing import Any

from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import DRAW, consult, draw, refusal
from tests.turns import FACILITATOR, entry, source, turn


async def read(client: Client[Any], conversation_id: str) -> str:
    (content,) = await client.read_resource(f"conversation://{conversation_id}")
    return str(content.text)  # type: ignore[union-attr]  # Markdown is text


async def test_it_says_who_said_what_and_where_each_phrase_comes_from(
    client: Client[Any],
) -> None:
    asked = await consult(client, "a lighthouse\nin a storm", mode="quick")
    first, *_ = asked["questions"]
    ready = await consult(
        client,
        "as a linocut",
        conversation_id=asked["conversation_id"],
        answers=[{"question_id": first["id"], "answer": "for my wall"}],
        finish=True,
    )
    drawn = await draw(client, conversation_id=asked["conversation_id"])

    text = await read(client, asked["conversation_id"])

    assert "## m1\n\n**The person, m1:**\n> a lighthouse\n> in a storm" in text
    assert f"**The facilitator:**\n> {asked['reply']}" in text
    assert "## m2, m3\n\n**The person, m2:**\n> q1 (" in text
    assert 'said m3 "as a linocut"' in text
    assert f"{first['id']} ({first['dimension']}): {first['text']}" in text
    assert f"why: {first['why']}" in text
    assert f"{first['id']} ({first['dimension']}): for my wall" in text
    for line in ready["refined_prompt"].splitlines():
        assert f"> {line}" in text
    for assumption in ready["assumptions"]:
        assert f"- {assumption['dimension']}: {assumption['value']} (assumed)" in text
    assert "consultation/facilitator.md.j2@" in text
    assert drawn["images"][0]["path"] in text


async def test_it_says_what_was_not_drawn_and_why(client: Client[Any], sandbox: Sandbox) -> None:
    drawn = await draw(client, prompt="a hen", dialogue_mode="skip")
    sandbox.fail("moderation_http", times=9, kind="image")
    again = {"conversation_id": drawn["conversation_id"], "prompt": "make it red"}
    assert "safety" in await refusal(client, DRAW, **again)

    text = await read(client, drawn["conversation_id"])

    assert re.search(r"## Not drawn\n\n- make it red \(.*safety", text)


async def test_each_quote_of_a_decision_stands_behind_the_message_it_is_of(
    client: Client[Any], sandbox: Sandbox
) -> None:
    avoid = entry("avoid", "no rain, no gulls", ("m1", "no rain"), ("m2", "and no gulls"))
    sandbox.answer(FACILITATOR, turn(brief=[]), turn(brief=[avoid]))
    asked = await consult(client, "a harbour, no rain")
    here = {"conversation_id": asked["conversation_id"]}
    await consult(client, "and no gulls", **here)

    text = await read(client, asked["conversation_id"])

    assert 'avoid: no rain, no gulls (said m1 "no rain", m2 "and no gulls")' in text


async def test_it_says_what_was_sent_back(client: Client[Any], sandbox: Sandbox) -> None:
    sandbox.fail("invented_quote", times=2)
    result = await consult(client, "a lighthouse", finish=True)

    text = await read(client, result["conversation_id"])

    assert "Not kept by the facilitator, and put right:" in text


async def test_a_colour_keeps_its_sign_and_what_joins_two_stretches_is_no_line(
    client: Client[Any], sandbox: Sandbox
) -> None:
    written = turn(
        brief=[entry("subject", "a #FF0000 sky", ("m1", "a #FF0000 sky, bright"))],
        prompt="A #FF0000 sky. The palette is bright, at dawn over the sea.",
        sources=[
            source("A #FF0000 sky", ("m1", "#FF0000 sky")),
            source("bright", ("m1", "bright")),
        ],
    )
    sandbox.answer(FACILITATOR, written)
    ready = await consult(client, "a #ff0000 sky, bright", finish=True)

    text = await read(client, ready["conversation_id"])

    lines = text.partition("Where each phrase comes from:\n")[2].splitlines()[:3]
    assert lines == [
        '- said m1 "#ff0000 sky": A #FF0000 sky',
        '- said m1 "bright": bright',
        "- assumed: at dawn over the sea",
    ]
