"""The promises of a dialogue hold whatever the model answers.

First with every way in which the sandbox's facilitator misbehaves, through MCP; then
with arbitrary turns made by hypothesis, on the plain functions.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from fastmcp import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from consultation.completeness import completeness
from consultation.provenance import keep_promises
from consultation.quotes import occurs, quoted, refusals, words
from consultation.transcript import Said
from consultation.turn import FacilitatorTurn
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import Result, consult

TYPES = PromptStore().image_types()
IDEA = (
    "A flat vector poster of a red and black saxophone for the school hall, with the words "
    '"JAZZ AT NINE", no people'
)
VAGUE = "a boat"

IN_A_PROMPT = ["bad_ref", "invent", "lose_text", "drop_avoid", "lose_words", "prose_prompt"]
IN_QUESTIONS = ["ask_answered", "one_option", "same_options", "many_options", "ask_too_many"]
UNREADABLE = ["not_json", "wrong_shape"]


def repairs(settings: Settings) -> list[dict[str, Any]]:
    """What the record says was mended, newest turn."""
    with closing(sqlite3.connect(settings.data_dir / "conversations.db")) as records:
        rows = records.execute("SELECT repairs FROM turns ORDER BY id DESC").fetchone()
    return list(json.loads(rows[0]))


def assert_kept(result: Result, said: list[str]) -> None:
    """The promises that every result keeps, on what a client sees."""
    everything = "\n".join(said)
    for question in result["questions"]:
        options = [" ".join(words(option)) for option in question["options"]]
        assert 2 <= len(options) <= 5
        assert len(options) == len(set(options))
    if result["status"] == "asking":
        return
    prompt = result["refined_prompt"]
    assert prompt == "".join(span["text"] for span in result["provenance"])
    for span in result["provenance"]:
        if span["source"] in {"request", "answer"}:
            assert occurs(span["text"], everything)
    for message in said:
        assert all(text in prompt for text in quoted(message))
        assert all(occurs(wish, prompt) for wish in refusals(message))


@pytest.mark.parametrize("fault", [*IN_A_PROMPT, *UNREADABLE])
async def test_a_broken_prompt_is_sent_back_once_and_comes_back_right(
    client: Client[Any], sandbox: Sandbox, settings: Settings, fault: str
) -> None:
    sandbox.fail(fault)

    result = await consult(client, IDEA)

    assert_kept(result, [IDEA])
    assert len(sandbox.requests) == 2
    wrong = json.loads(sandbox.requests[-1].body["input"][-1]["content"])["broken"]
    assert repairs(settings)[0]["broken"] == wrong
    assert wrong


@pytest.mark.parametrize("fault", [*IN_A_PROMPT, *UNREADABLE])
async def test_a_prompt_that_stays_broken_is_mended_in_code(
    client: Client[Any], sandbox: Sandbox, settings: Settings, fault: str
) -> None:
    sandbox.fail(fault, times=2)

    result = await consult(client, IDEA)

    assert result["status"] == "ready"
    assert_kept(result, [IDEA])
    assert len(sandbox.requests) == 2
    assert len(repairs(settings)) == 2
    assert any("facilitator's answer" in note for note in result["notes"])


@pytest.mark.parametrize("fault", IN_QUESTIONS)
@pytest.mark.parametrize("times", [1, 2])
async def test_broken_questions_never_reach_the_person(
    client: Client[Any], sandbox: Sandbox, settings: Settings, fault: str, times: int
) -> None:
    sandbox.fail(fault, times=times)

    result = await consult(client, VAGUE)

    assert_kept(result, [VAGUE])
    assert len(result["questions"]) <= 5
    assert repairs(settings)


async def test_words_put_into_an_answer_are_not_taken_for_the_persons(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asked = await consult(client, VAGUE, mode="quick")
    sandbox.fail("invent_answer", times=2)
    reply = "; ".join(question["options"][1] for question in asked["questions"])

    ready = await consult(client, reply, conversation_id=asked["conversation_id"])

    assert_kept(ready, [VAGUE, reply])


async def test_a_failing_second_call_does_not_lose_the_first_answer(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sandbox.fail("invent")
    sandbox.fail("insufficient_quota")

    result = await consult(client, IDEA)

    assert_kept(result, [IDEA])


WORDS = [
    "boat",
    "red",
    "a",
    "storm",
    "no",
    "people",
    "JAZZ",
    "soft light",
    "水彩",
    "قارب",
    "",
    "  ",
]
text = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
source = st.sampled_from(["request", "answer", "reference", "template", "assumption"])
ref = st.one_of(st.none(), st.sampled_from(["m1", "m2", "q1", "q2", "q9", "r1", ""]))
dimension = st.one_of(st.sampled_from([*TYPES["general"].dimensions, "mystery"]), text)
entry = st.fixed_dictionaries(
    {
        "dimension": dimension,
        "value": text,
        "source": st.one_of(source, st.just("open")),
        "ref": ref,
    }
)
question = st.fixed_dictionaries(
    {
        "dimension": dimension,
        "text": text,
        "why": text,
        "options": st.lists(text, max_size=8),
        "default": text,
    }
)
turns = st.fixed_dictionaries(
    {
        "language": text,
        "title": text,
        "image_type": st.sampled_from([*TYPES, "nonsense"]),
        "brief": st.lists(entry, max_size=6),
        "answered": st.lists(
            st.fixed_dictionaries({"question_id": ref.map(str), "answer": text}), max_size=3
        ),
        "questions": st.lists(question, max_size=8),
        "ready": st.booleans(),
        "phrases": st.lists(
            st.fixed_dictionaries({"text": text, "source": source, "ref": ref}), max_size=6
        ),
        "suggested": st.fixed_dictionaries(
            {"size": text, "quality": text, "background": text, "output_format": text}
        ),
    }
).map(FacilitatorTurn.model_validate)


@st.composite
def dialogues(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Said:
    messages = draw(st.lists(text.filter(str.strip), min_size=1, max_size=3))
    asked = {"q1": "style", "q2": "use"} if len(messages) > 1 else {}
    answers = {"q1": messages[-1]} if asked and draw(st.booleans()) else {}
    left = draw(st.integers(0, 5))
    return Said(
        messages={f"m{number}": words for number, words in enumerate(messages, 1)},
        answers=answers,
        asked=asked,
        options={"q1": ["oil", "ink"], "q2": ["wall", "web"]} if asked else {},
        waiting=frozenset(asked) - frozenset(answers),
        left=left,
        finish=draw(st.booleans()) or left == 0,
    )


@given(turns, dialogues())
@settings(max_examples=300, deadline=None)
def test_no_answer_of_a_model_breaks_a_promise(turn: FacilitatorTurn, said: Said) -> None:
    mended = keep_promises(turn, said, TYPES["general"]).turn

    asked = [question.dimension for question in mended.questions]
    assert len(asked) <= said.left
    assert len(asked) == len(set(asked))
    assert not set(asked) & set(said.asked.values())
    assert mended.ready == (not asked)
    assert not (said.finish and asked)
    for question in mended.questions:
        assert 2 <= len(question.options) <= 5
        assert question.default in question.options
    answers = said.answers | {item.question_id: item.answer for item in mended.answered}
    assert set(answers) <= set(said.asked)
    for phrase in mended.phrases:
        if phrase.source == "request":
            assert occurs(phrase.text, said.messages[phrase.ref or ""])
        if phrase.source == "answer":
            assert occurs(phrase.text, answers[phrase.ref or ""])
    assert bool(mended.phrases) == mended.ready


@given(turns, dialogues())
@settings(max_examples=200, deadline=None)
def test_a_mended_turn_needs_no_mending(turn: FacilitatorTurn, said: Said) -> None:
    once = keep_promises(turn, said, TYPES["general"])

    again = keep_promises(once.turn, said, TYPES["general"])

    assert again.broken == []
    assert again.turn.phrases == once.turn.phrases


@given(turns, st.sampled_from(sorted(TYPES)))
@settings(max_examples=200, deadline=None)
def test_completeness_is_a_share_and_names_what_is_missing(
    turn: FacilitatorTurn, name: str
) -> None:
    share, missing = completeness(turn.brief, TYPES[name])

    assert 0 <= share <= 100
    assert (share == 100) == (missing == [])
    assert set(missing) <= set(TYPES[name].dimensions)


@given(turns)
@settings(max_examples=100, deadline=None)
def test_more_words_decide_nothing(turn: FacilitatorTurn) -> None:
    louder = turn.model_copy(deep=True)
    for known in louder.brief:
        known.value = f"{known.value} stunning epic masterpiece" if known.value.strip() else ""

    assert completeness(louder.brief, TYPES["general"]) == completeness(
        turn.brief, TYPES["general"]
    )
