"""What of a dialogue the scenarios of `prompts eval` do not tell: frames, languages, what is ours.

What a person says, what a model makes of it, and what the person gets stands in
`dialogues/scenarios`, which `test_evaluation` plays.
"""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from fastmcp import Client

from consultation.consultation_result import Accounted, Consultation
from consultation.consultation_text import as_text
from consultation.provenance import Span
from consultation.turn import OpenQuestion, Quote
from generation.variations import Thing
from prompts.image_type import Assumption
from prompts.store import PromptStore
from prompts.wording import NotUsed
from sandbox.loopback import Sandbox
from storage.tables import REFERENCE
from styles.strength import ASPECTS
from tests.calls import CONSULT, consult, text_of
from tests.turns import FACILITATOR, entry, source, turn

PROMPTS = Path(__file__).parents[1] / "prompts"


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_number_that_no_option_has_is_asked_about_again(
    client: Client[Any], by_id: bool
) -> None:
    begun = await consult(client, "ein Boot auf dem See")
    first = begun["questions"][0]
    beyond = "99"
    answers = [{"question_id": first["id"], "answer": beyond}] if by_id else []
    result = await consult(
        client, "" if by_id else beyond, conversation_id=begun["conversation_id"], answers=answers
    )

    assert result["status"] == "asking"
    assert first in result["questions"]
    assert beyond in result["reply"]
    assert "keine der Möglichkeiten" in result["reply"]


async def test_a_question_back_is_answered_and_leaves_its_question_open(
    client: Client[Any], sandbox: Sandbox
) -> None:
    begun = await consult(client, "an owl")
    first, second = begun["questions"][:2]
    back = {"m2": "what do you mean by style?", "m3": "and what for?"}
    reply = "How it is made: a photo or a painting. And where it will hang or be read."
    aside = [{"ref": ref, "quote": words, "why": "talk"} for ref, words in back.items()]
    owl = entry("subject", "an owl", ("m1", "an owl"))
    sandbox.answer(FACILITATOR, turn(reply=reply, brief=[owl], set_aside=aside))

    pairs = zip((first, second), back.values(), strict=True)
    answers = [{"question_id": put["id"], "answer": words} for put, words in pairs]
    result = await consult(client, "", conversation_id=begun["conversation_id"], answers=answers)

    assert result["status"] == "asking"
    assert result["reply"] == reply
    assert result["questions"][:2] == [first, second]
    assert len(sandbox.requests) == 2


async def test_with_finish_a_refusal_turned_round_is_warned_of_before_all_else(
    client: Client[Any], sandbox: Sandbox
) -> None:
    turned = turn(prompt="A photo of a heron.", sources=[source("A photo", ("m1", "a photo"))])
    sandbox.answer(FACILITATOR, turned, turned)

    ended = await consult(client, "a heron, but not a photo", finish=True)

    assert ended["status"] == "ready"
    assert ended["refined_prompt"] == turned["prompt"]
    assert "not a photo" in ended["reply"].split("\n")[0]
    assert ended["reply"].index("not a photo") < ended["reply"].index("Understood.")


LANGUAGES = sorted(file.stem for file in (PROMPTS / "wording").glob("*.yaml"))
FRAMES = {
    "ar": ("السبب", "«قارب»", "الأسلوب: 1a"), "de": ("Warum", "„قارب“", "Stil: 1a"),
    "en": ("Why", "“قارب”", "style: 1a"), "es": ("Por qué", "«قارب»", "estilo: 1a"),
    "fr": ("Pourquoi", "«", "style\u202f: 1a"), "it": ("Perché", "«قارب»", "stile: 1a"),
    "ja": ("理由", "「قارب」", "画風: 1a"), "ko": ("이유", "“قارب”", "스타일: 1a"),
    "pt": ("Por quê", "قارب", "estilo: 1a"), "ru": ("Почему", "«قارب»", "стиль: 1a"),
}  # fmt: skip
"""In each language: the word before a reason, words of the person, and what we decided."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_of_a_result_is_in_the_persons_language(language: str) -> None:
    said = [Quote(ref="m1", quote="قارب")]
    result = Consultation(
        conversation_id="conv_1",
        status="ready",
        questions=[OpenQuestion(id="q1", dimension="style", text="?", why="1", options=["1a"])],
        refined_prompt="2b",
        provenance=[Span(text="2b", source="said", said=said)],
        assumptions=[Assumption(dimension="style", value="1a")],
        not_used=[NotUsed(ref="m1", quote="3c", why="replaced")],
        accounted=Accounted(words=2, placed=1),
    )

    text = as_text(result, PromptStore().wording(language))

    assert all(words in text for words in FRAMES[language]), text
    frame = re.findall(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{2,}", text.partition("Conversation")[0])
    assert language in {"en", "de", "fr", "es", "it", "pt"} or not frame


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_dimension_aspect_of_a_style_and_thing_to_vary_has_a_name_in_the_language(
    language: str,
) -> None:
    files = (PROMPTS / "image_types").glob("*.yaml")
    dimensions = {name for file in files for name in yaml.safe_load(file.read_text())["dimensions"]}
    wording = yaml.safe_load((PROMPTS / "wording" / f"{language}.yaml").read_text())

    names = dimensions | {*ASPECTS, "colours", REFERENCE, *get_args(Thing)}
    assert language == "en" or set(wording["dimensions"]) == names


async def test_what_no_word_stands_behind_is_listed_as_ours(
    client: Client[Any], sandbox: Sandbox
) -> None:
    answer = turn(
        prompt="A calico cat with a porkpie hat sleeps by a rainy window. A red lamp burns on the "
        "sill. The palette is muted.",
        brief=[entry("subject", "a cat by a window", ("m1", "a cat by a rainy window"))],
        sources=[
            source("by a rainy window", ("m1", "a cat by a rainy window")),
            source("muted", ("m1", "muted")),
        ],
    )
    sandbox.answer(FACILITATOR, answer)

    text = text_of(await client.call_tool(CONSULT, {"message": "a cat by a rainy window, muted"}))

    ours = text.partition("after no word of yours:\n")[2].partition("\n\n")[0]
    assert ours == "- A calico cat with a porkpie hat sleeps\n- A red lamp burns on the sill"


def test_a_wish_without_a_place_stands_first_and_apart_from_small_talk() -> None:
    lost, hello, thanks = "three white ducks", "good morning to all of you", "will it be bright"
    not_used = [
        NotUsed(ref="m2", quote=lost, why="unplaced"),
        NotUsed(ref="m1", quote=hello, why="talk"),
        NotUsed(ref="m2", quote=thanks, why="talk"),
    ]
    result = Consultation(
        conversation_id="conv_1", status="ready", refined_prompt="A pond.", not_used=not_used
    )

    text = as_text(result, PromptStore().wording("en"))

    block = text.partition("Not in the prompt:\n")[2].partition("\n\n")[0].splitlines()
    assert [lost in line for line in block] == [True, False]
    assert hello in block[1]
    assert thanks in block[1]
