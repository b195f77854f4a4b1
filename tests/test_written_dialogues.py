"""The dialogue through MCP with answers that a language model wrote, and what spoils them.

Who is right is said by the dialogues: the prompt of the model, the words of the person, the
label of a bad answer. Nothing of the code under test takes part in that.
"""

import json
import random
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from fastmcp import Client

from consultation.review import Review, review
from consultation.transcript import PutQuestion, Transcript
from consultation.turn import BriefEntry, Choice, QuestionDraft, SetAside, parse_turn
from sandbox.loopback import Sandbox
from tests import dialogues
from tests.calls import consult
from tests.dialogues import FACILITATOR, Json, play

NATURAL = list(dialogues.natural())
TURNS = dialogues.read("turns")


@pytest.mark.parametrize("case", NATURAL, ids=lambda case: case.name)
async def test_a_natural_prompt_comes_back_to_the_letter(
    client: Client[Any], sandbox: Sandbox, case: dialogues.Case
) -> None:
    result = (await play(client, sandbox, case, case.turn, case.turn))[-1]

    assert result["status"] == "ready"
    assert result["refined_prompt"] == case.turn["prompt"]
    assert "".join(span["text"] for span in result["provenance"]) == case.turn["prompt"]
    for span in result["provenance"]:
        for quote in span["said"]:
            assert quote["quote"] in case.messages[quote["ref"]]


async def test_nine_of_ten_natural_dialogues_take_one_call_a_turn(
    client: Client[Any], sandbox: Sandbox
) -> None:
    calls = []
    for case in NATURAL:
        await play(client, sandbox, case, case.turn, case.turn)
        calls.append(len(sandbox.requests))

    assert sorted(calls)[:9] == [1] * 9


async def test_at_most_one_of_the_written_turns_goes_back(
    client: Client[Any], sandbox: Sandbox
) -> None:
    sent_back = []
    for dialogue in TURNS:
        conversation: dict[str, Any] = {}
        for step in dialogue["turns"]:
            turn = {**step["turn"], "chosen": [{"ref": "", **c} for c in step["turn"]["chosen"]]}
            sandbox.clear()
            sandbox.answer(FACILITATOR, turn, turn)
            result = await consult(client, dialogue["messages"][step["after"]], **conversation)
            conversation = {"conversation_id": result["conversation_id"]}
            sent_back += [dialogue["name"]] * (len(sandbox.requests) - 1)

            assert (result["refined_prompt"] or "") == turn["prompt"]
            put = {question["text"] for question in result["questions"]}
            assert put >= {question["text"] for question in turn["questions"]}

    assert len(sent_back) <= 1, sent_back


async def test_a_model_that_knows_only_its_instructions_is_seldom_sent_back(
    client: Client[Any], sandbox: Sandbox
) -> None:
    """Of 57 turns five may go back, a tenth; three deserve it: a wish set aside as a story, a
    whole poem quoted for one stretch, a clause of nineteen words for two."""
    sent_back = []
    for dialogue in dialogues.read("strangers"):
        conversation: dict[str, Any] = {}
        for step in dialogue["turns"]:
            sandbox.clear()
            sandbox.answer(FACILITATOR, step["answer"], step["answer"])
            result = await consult(client, step["message"], **conversation)
            conversation = {"conversation_id": result["conversation_id"]}
            sent_back += [dialogue["name"]] * (len(sandbox.requests) - 1)

            assert result["refined_prompt"] in {None, step["answer"]["prompt"]}

    assert len(sent_back) <= 5, sent_back


@pytest.mark.parametrize(
    ("kind", "fewest", "most"), [("sloppy", 0, 7), ("lazy", 10, 10), ("overeager", 10, 10)]
)
async def test_bad_answers_go_back_and_honest_ones_seldom(
    client: Client[Any], sandbox: Sandbox, kind: str, fewest: int, most: int
) -> None:
    sent_back = 0
    for case in dialogues.sloppy(kind):
        results = await play(client, sandbox, case, case.turn, case.turn)
        sent_back += len(sandbox.requests) > 1
        if results[-1]["refined_prompt"] is not None:
            assert results[-1]["refined_prompt"] == case.turn["prompt"]

    assert fewest <= sent_back <= most


def ready_turns() -> Iterator[tuple[str, Json, Transcript]]:
    """Every written answer with a prompt, and what had been said and decided before it."""
    for case in NATURAL:
        yield case.name, case.turn, Transcript(case.messages, _put(case.questions, 1), left=3)
    for dialogue in TURNS:
        questions: list[PutQuestion] = []
        earlier: list[Json] = []
        for step in dialogue["turns"]:
            count = int(step["after"][1:])
            messages = dict(list(dialogue["messages"].items())[:count])
            transcript = Transcript(
                messages,
                tuple(questions),
                brief=tuple(BriefEntry(**e) for e in (earlier[-1]["brief"] if earlier else [])),
                choices=tuple(Choice(**c) for turn in earlier for c in turn["chosen"]),
                set_aside=tuple(SetAside(**e) for turn in earlier for e in turn["set_aside"]),
                left=2,
            )
            if step["turn"]["prompt"]:
                yield dialogue["name"], step["turn"], transcript
            questions += _put(step["turn"]["questions"], count, len(questions))
            earlier.append(step["turn"])


def _put(questions: list[Json], after: int, known: int = 0) -> tuple[PutQuestion, ...]:
    return tuple(
        PutQuestion(f"q{number}", QuestionDraft(**question), after)
        for number, question in enumerate(questions, start=known + 1)
    )


READY = list(ready_turns())


def held(turn: Json, transcript: Transcript) -> Review:
    return review(parse_turn(json.dumps(turn)), transcript)


def test_a_wish_that_is_dropped_is_shown_or_sent_back() -> None:
    met, all_ = 0, 0
    for _, turn, transcript in READY:
        for index, source in enumerate(turn["sources"]):
            others = [one for place, one in enumerate(turn["sources"]) if place != index]
            kept = " ".join(q["quote"] for one in others for q in one["said"])
            lost = [
                q["quote"] for q in source["said"] if q["ref"][0] == "m" and q["quote"] not in kept
            ]
            if not lost:
                continue
            prompt = turn["prompt"].replace(source["prompt"], "", 1)
            result = held({**turn, "prompt": prompt, "sources": others}, transcript)
            shown = " ".join(left.text for left in result.leftovers)
            words = [
                word
                for quote in lost
                for word in quote.split()
                if len(word) > 3 or not word.isascii()
            ]
            all_ += 1
            met += result.must_go_back or any(word.strip(",.") in shown for word in words)

    assert all_ > 100
    assert met >= 0.95 * all_


def test_quotes_that_change_places_are_shown_as_sharing_nothing_or_sent_back() -> None:
    met, all_ = 0, 0
    for _, turn, transcript in READY:
        for one, other in combinations(range(len(turn["sources"])), 2):
            sources = [dict(source) for source in turn["sources"]]
            sources[one]["said"], sources[other]["said"] = (
                sources[other]["said"],
                sources[one]["said"],
            )
            result = held({**turn, "sources": sources}, transcript)
            all_ += 1
            met += result.must_go_back or any(
                s.source == "assumed" and s.said for s in result.spans
            )

    assert all_ > 400
    assert met >= 0.65 * all_


REFUSALS = ("not", "no", "nobody", "nix", "nichts", "keine", "kein", "sin", "nada", "ningún")


def test_a_quote_cut_out_of_a_refusal_goes_back() -> None:
    cut = 0
    for name, turn, transcript in READY:
        for index, source in enumerate(turn["sources"]):
            for place, quote in enumerate(source["said"]):
                first, _, rest = quote["quote"].partition(" ")
                if first.casefold() not in REFUSALS or not rest:
                    continue
                said = [dict(one) for one in source["said"]]
                said[place]["quote"] = rest
                sources = [dict(one) for one in turn["sources"]]
                sources[index] = {**source, "said": said}
                cut += 1
                assert held({**turn, "sources": sources}, transcript).must_go_back, (name, rest)

    assert cut >= 9


def test_a_quote_that_nobody_said_goes_back() -> None:
    every = [q["quote"] for _, turn, _ in READY for s in turn["sources"] for q in s["said"]]
    tried = 0
    for name, turn, transcript in READY:
        spoken = " ".join(transcript.messages.values())
        foreign = [quote for quote in every if quote not in spoken]
        for index, source in enumerate(turn["sources"]):
            for quote in random.Random(index).sample(foreign, 2):
                said = [{"ref": "m1", "quote": quote}, *source["said"][1:]]
                sources = [dict(one) for one in turn["sources"]]
                sources[index] = {**source, "said": said}
                tried += 1
                assert held({**turn, "sources": sources}, transcript).must_go_back, (name, quote)

    assert tried > 200
