"""What a person says in a dialogue, what a model makes of it, and what the person gets.

The answers are written as a model would write them; what is expected is what the person
would want, told from their words.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastmcp import Client

from consultation.consultation_result import (
    Accounted,
    Assumption,
    Consultation,
    NotUsed,
    OpenQuestion,
)
from consultation.consultation_text import as_text
from consultation.provenance import Span
from consultation.turn import Quote
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from tests.calls import CONSULT, consult, text_of
from tests.turns import FACILITATOR, Json, aside, entry, question, source, turn

PROMPTS = Path(__file__).parents[1] / "prompts"


@dataclass
class Scenario:
    """Messages with the model's answer to each; of the last one: what has to come out."""

    messages: list[str]
    turns: list[Json]
    lettering: list[str] = field(default_factory=list)
    not_used: dict[str, str] = field(default_factory=dict)
    refs: dict[str, list[str]] = field(default_factory=dict)
    calls: int = 1


async def play(client: Client[Any], sandbox: Sandbox, scenario: Scenario) -> list[Json]:
    """The result of each message; the last one takes `calls` answers, every other one."""
    results: list[Json] = []
    begun: Json = {}
    sandbox.answer(FACILITATOR, *scenario.turns, *[scenario.turns[-1]] * (scenario.calls - 1))
    for message in scenario.messages:
        results.append(await consult(client, message, **begun))
        begun = {"conversation_id": results[-1]["conversation_id"]}
    calls = len(scenario.messages) + scenario.calls - 1
    assert len(sandbox.requests) == calls, sandbox.requests[-1].body["input"][-1]["content"]
    return results


CHATTY = Scenario(
    [
        "Hi there! Hope you're having a lovely day :) So my grandma turns 80 in March and I'd "
        "love a picture of her blue bicycle leaning on a garden wall, with hollyhocks. Thanks!!"
    ],
    [
        turn(
            prompt="A blue bicycle leans on a sunlit garden wall, tall hollyhocks beside it.",
            brief=[
                entry(
                    "subject", "a blue bicycle leaning on a garden wall, with hollyhocks",
                    ("m1", "her blue bicycle leaning on a garden wall, with hollyhocks"),
                ),
                entry("use", "for a birthday", ("m1", "my grandma turns 80 in March")),
            ],
            sources=[
                source("A blue bicycle leans on a sunlit garden wall",
                    ("m1", "I'd love a picture of her blue bicycle leaning on a garden wall")),
                source("tall hollyhocks", ("m1", "with hollyhocks")),
            ],
            set_aside=[
                aside("m1", "Hi there! Hope you're having a lovely day", "talk"),
                aside("m1", "So my grandma turns 80 in March", "not_visible"),
                aside("m1", "Thanks!!", "talk"),
            ],
        )
    ],
    not_used={
        "So my grandma turns 80 in March": "not_visible", "Thanks!!": "talk",
        "Hi there! Hope you're having a lovely day": "talk",
    },
    refs={"tall hollyhocks": ["with hollyhocks"]},
)  # fmt: skip

FAIR = turn(
    image_type="poster",
    prompt='A poster of a fox in a wood, with exactly the words "Autumn Fair" and no other text.',
    brief=[
        entry("subject", "a fox", ("m1", "A poster of a fox")),
        entry("text", "Autumn Fair", ("m1", 'with the words "Autumn Fair"')),
    ],
    sources=[
        source("A poster of a fox", ("m1", "A poster of a fox")),
        source('the words "Autumn Fair"', ("m1", 'with the words "Autumn Fair"')),
    ],
    lettering=["Autumn Fair"],
)

NO_WORDS = Scenario(
    ['A poster of a fox, with the words "Autumn Fair"', "no words after all"],
    [
        FAIR,
        turn(
            image_type="poster",
            prompt="A poster of a fox in a wood, with no words in it.",
            brief=[
                entry("subject", "a fox", ("m1", "A poster of a fox")),
                entry("text", "no words", ("m2", "no words after all")),
            ],
            sources=[
                source("A poster of a fox", ("m1", "A poster of a fox")),
                source("no words", ("m2", "no words after all")),
            ],
            set_aside=[aside("m1", 'with the words "Autumn Fair"', "withdrawn")],
        ),
    ],
    not_used={'with the words "Autumn Fair"': "withdrawn"},
    refs={"no words": ["no words after all"]},
)

SWIMMERS = Scenario(
    ["a quiet mountain lake at dawn, no people", "with a few swimmers after all"],
    [
        turn(
            prompt="A quiet mountain lake at dawn. There are no people.",
            brief=[
                entry("subject", "a quiet mountain lake", ("m1", "a quiet mountain lake at dawn")),
                entry("avoid", "no people", ("m1", "no people")),
            ],
            sources=[
                source("A quiet mountain lake at dawn", ("m1", "a quiet mountain lake at dawn")),
                source("There are no people", ("m1", "no people")),
            ],
        ),
        turn(
            prompt="A quiet mountain lake at dawn, a few swimmers far out in the water.",
            brief=[
                entry("subject", "a quiet mountain lake", ("m1", "a quiet mountain lake at dawn")),
                entry("detail", "a few swimmers", ("m2", "with a few swimmers after all")),
            ],
            sources=[
                source("A quiet mountain lake at dawn", ("m1", "a quiet mountain lake at dawn")),
                source("a few swimmers", ("m2", "with a few swimmers after all")),
            ],
            set_aside=[aside("m1", "no people", "replaced")],
        ),
    ],
    not_used={"no people": "replaced"},
    refs={"a few swimmers": ["with a few swimmers after all"]},
)

SECOND_TEXT = Scenario(
    ['A shop sign that says "Fresh Bread", and below it "since 1921"'],
    [
        turn(
            prompt='A painted shop sign. It reads exactly "Fresh Bread", below it "since 1921".',
            sources=[
                source("shop sign", ("m1", "A shop sign")),
                source('"Fresh Bread"', ("m1", 'that says "Fresh Bread"')),
                source('below it "since 1921"', ("m1", 'and below it "since 1921"')),
            ],
            lettering=["Fresh Bread", "since 1921"],
        )
    ],
    lettering=["Fresh Bread", "since 1921"],
)

INCHES = Scenario(
    ["Chalk sign 24\" x 36\" that reads Gus's 12\" Hero, then Rock 'n' Roll Fridays"],
    [
        turn(
            prompt=(
                'A chalk sign, 24" x 36", upright. It reads “Gus\'s 12" Hero” and under that '
                "“Rock 'n' Roll Fridays”, and no other text."
            ),
            sources=[
                source('A chalk sign, 24" x 36"', ("m1", 'Chalk sign 24" x 36"')),
                source("reads “Gus's 12\" Hero”", ("m1", "that reads Gus's 12\" Hero")),
                source("“Rock 'n' Roll Fridays”", ("m1", "then Rock 'n' Roll Fridays")),
            ],
            lettering=["Gus's 12\" Hero", "Rock 'n' Roll Fridays"],
        )
    ],
    lettering=["Gus's 12\" Hero", "Rock 'n' Roll Fridays"],
)

NO_WORRIES = Scenario(
    [
        "a red kite over a sandy beach on a windy afternoon. "
        "no worries about the colours, and no rush"
    ],
    [
        turn(
            prompt="A red kite high over a wide sandy beach on a windy afternoon.",
            sources=[source("A red kite high over a wide sandy beach on a windy afternoon",
                ("m1", "a red kite over a sandy beach on a windy afternoon"))],
            set_aside=[
                aside("m1", "no worries about the colours", "left_to_us"),
                aside("m1", "and no rush", "talk"),
            ],
        )
    ],
    not_used={"no worries about the colours": "left_to_us", "and no rush": "talk"},
)  # fmt: skip

JAPANESE = Scenario(
    ["桜の下で眠る猫の絵。文字はいらない"],
    [
        turn(
            language="ja",
            reply="桜の下で眠る猫ですね。",
            prompt="満開の桜の下で眠る一匹の三毛猫。やわらかな水彩の絵。文字はいらない。",
            sources=[
                source("桜の下で眠る", ("m1", "桜の下で眠る猫の絵")),
                source("文字はいらない", ("m1", "文字はいらない")),
            ],
        )
    ],
    refs={"文字はいらない": ["文字はいらない"]},
)

SPANISH = Scenario(
    ["un cartel con un barco de vela rojo, nada de texto"],
    [
        turn(
            language="es",
            image_type="poster",
            reply="Un cartel con un barco rojo.",
            prompt="Un cartel con un barco de vela rojo sobre un mar en calma, sin texto.",
            sources=[
                source("Un cartel con un barco de vela rojo",
                    ("m1", "un cartel con un barco de vela rojo")),
                source("sin texto", ("m1", "nada de texto")),
            ],
        )
    ],
    refs={"sin texto": ["nada de texto"]},
)  # fmt: skip

TWIST = Scenario(
    ["our steel water bottle, matte black", "1, but wet slate; the second one"],
    [
        turn(
            image_type="product",
            brief=[
                entry("subject", "a steel water bottle", ("m1", "our steel water bottle")),
                entry("detail", "matte black", ("m1", "matte black")),
            ],
            questions=[
                question("surface", "What does it stand on?", "dry dark slate", "pale oak"),
                question("light", "How is it lit?", "soft studio light", "hard side light"),
            ],
        ),
        turn(
            image_type="product",
            brief=[
                entry("subject", "a steel water bottle", ("m1", "our steel water bottle")),
                entry("detail", "matte black", ("m1", "matte black")),
                entry("surface", "wet slate", ("q1", "dry dark slate"), ("m2", "but wet slate")),
                entry("light", "hard side light", ("q2", "hard side light")),
            ],
            chosen=[
                {"question": "q1", "option": 1, "ref": "m2", "quote": "1"},
                {"question": "q2", "option": 2, "ref": "m2", "quote": "the second one"},
            ],
            prompt="A matte black steel water bottle on wet dark slate, in hard side light.",
            sources=[
                source("matte black steel water bottle",
                    ("m1", "our steel water bottle"), ("m1", "matte black")),
                source("wet dark slate", ("q1", "dry dark slate"), ("m2", "but wet slate")),
                source("hard side light", ("q2", "hard side light")),
            ],
        ),
    ],
    refs={"wet dark slate": ["dry dark slate", "but wet slate"],
        "hard side light": ["hard side light"]},
)  # fmt: skip

ONE_STRETCH = Scenario(
    ["a harbour at dusk, seen from above; dusk is what matters"],
    [
        turn(
            prompt="A harbour at dusk from above.",
            brief=[
                entry("subject", "a harbour at dusk", ("m1", "a harbour at dusk")),
                entry("viewpoint", "from above", ("m1", "seen from above")),
            ],
            sources=[
                source("A harbour at dusk", ("m1", "a harbour at dusk")),
                source("A harbour at dusk", ("m1", "dusk is what matters")),
                source("from above", ("m1", "seen from above")),
            ],
        )
    ],
    refs={"A harbour at dusk": ["a harbour at dusk", "dusk is what matters"]},
)

PLACES = Scenario(
    ["uma estampa de um feijão com violão", "Oh a segunda; q2 texto sim, por favor"],
    [
        turn(
            language="pt",
            brief=[entry("subject", "um feijão com violão", ("m1", "um feijão com violão"))],
            questions=[
                question("style", "Qual estilo?", "Serigrafia, oh, retrô", "Desenho plano"),
                question("text", "Há texto?", "Sem texto", 'O nome "Feijão"'),
            ],
        ),
        turn(
            language="pt",
            brief=[
                entry("subject", "um feijão com violão", ("m1", "um feijão com violão")),
                entry("style", "Desenho plano", ("q1", "Desenho plano")),
                entry("text", "Feijão", ("q2", 'O nome "Feijão"')),
            ],
            chosen=[
                {"question": "q1", "option": 2, "ref": "m2", "quote": "Oh a segunda"},
                {"question": "q2", "option": 2, "ref": "m2", "quote": "texto sim"},
            ],
            prompt="Desenho plano de um feijão com violão, com o nome “Feijão” e mais nada.",
            sources=[
                source("Desenho plano", ("q1", "Desenho plano")),
                source("um feijão com violão", ("m1", "um feijão com violão")),
                source("o nome “Feijão”", ("q2", 'O nome "Feijão"')),
            ],
            lettering=["Feijão"],
            set_aside=[aside("m1", "uma estampa de", "talk"), aside("m2", "por favor", "talk")],
        ),
    ],
    lettering=["Feijão"],
    not_used={"uma estampa de": "talk", "por favor": "talk"},
    refs={"o nome “Feijão”": ['O nome "Feijão"']},
)

BRIEFING = Scenario(
    [
        "CLIENT: Solstice Cold Brew (canned coffee)\nSCENE: a can on a beach towel",
        'q1: noon. Headline is "Wake up. Slow down. Repeat!"',
    ],
    [
        turn(
            brief=[entry("subject", "a can on a towel", ("m1", "a can on a beach towel"))],
            questions=[question("light", "When?", "noon, for any client", "dusk in the scene")],
        ),
        turn(
            brief=[
                entry("subject", "a can of Solstice Cold Brew on a towel",
                    ("m1", "CLIENT: Solstice Cold Brew (canned coffee"),
                    ("m1", "a can on a beach towel")),
                entry("light", "noon", ("m2", "noon")),
                entry("text", "Wake up. Slow down. Repeat!", ("m2", "Wake up. Slow down. Repeat")),
            ],
            prompt="A can of Solstice Cold Brew coffee on a beach towel in noon light, with the "
                "words “Wake up. Slow down. Repeat!” and no other text.",
            sources=[
                source("Solstice Cold Brew coffee", ("m1", "Solstice Cold Brew (canned coffee")),
                source("on a beach towel", ("m1", "a can on a beach towel")),
                source("noon light", ("m2", "noon")),
                source("the words “Wake up. Slow down. Repeat!”",
                    ("m2", 'Headline is "Wake up. Slow down. Repeat')),
            ],
            lettering=["Wake up. Slow down. Repeat!"],
        ),
    ],
    lettering=["Wake up. Slow down. Repeat!"],
    not_used={"CLIENT": "unplaced", "SCENE": "unplaced"},
    refs={
        "Solstice Cold Brew coffee": ["Solstice Cold Brew (canned coffee)"],
        "the words “Wake up. Slow down. Repeat!”": ['Headline is "Wake up. Slow down. Repeat!"'],
    },
)  # fmt: skip

SCENARIOS = {
    "options by place, whose words are in others too": PLACES,
    "a briefing with labels and the number of a question": BRIEFING,
    "two sources on one stretch": ONE_STRETCH,
    "a chatty opening": CHATTY,
    "no words after all": NO_WORDS,
    "a few swimmers after all": SWIMMERS,
    "a second quoted text": SECOND_TEXT,
    "inches and apostrophes": INCHES,
    "no worries": NO_WORRIES,
    "文字はいらない": JAPANESE,
    "nada de texto": SPANISH,
    "an option by number with a twist": TWIST,
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_a_person_gets_what_they_said(
    client: Client[Any], sandbox: Sandbox, scenario: Scenario
) -> None:
    result = (await play(client, sandbox, scenario))[-1]

    assert result["status"] == "ready"
    assert result["refined_prompt"] == scenario.turns[-1]["prompt"]
    assert result["lettering"] == scenario.lettering
    assert {one["quote"]: one["why"] for one in result["not_used"]} == scenario.not_used
    quotes = {
        span["text"].strip(" ,."): [one["quote"] for one in span["said"]]
        for span in result["provenance"]
    }
    assert quotes == {**quotes, **scenario.refs}


BOAT = turn(
    reply="A boat it is.",
    brief=[entry("subject", "a boat", ("m1", "a boat"))],
    questions=[
        question("style", "How is it painted?", "gouache", "oil"),
        question("light", "At which time of day?", "at noon", "at dusk"),
    ],
)


async def test_a_question_overlooked_in_an_answer_is_shown_again_with_its_id(
    client: Client[Any], sandbox: Sandbox
) -> None:
    later = turn(
        reply="Gouache, noted.",
        brief=[
            entry("subject", "a boat", ("m1", "a boat")),
            entry("style", "gouache", ("q1", "gouache")),
        ],
        chosen=[{"question": "q1", "option": 1, "ref": "m2", "quote": "gouache please"}],
    )
    first, second = await play(
        client, sandbox, Scenario(["a boat", "gouache please"], [BOAT, later])
    )

    assert [one["id"] for one in first["questions"]] == ["q1", "q2"]
    assert second["status"] == "asking"
    assert second["questions"] == [first["questions"][1]]
    assert second["reply"] == "Gouache, noted."


async def test_a_counter_question_gets_a_reply_and_no_new_question(
    client: Client[Any], sandbox: Sandbox
) -> None:
    later = turn(
        reply="Gouache is opaque watercolour with flat, matte colours.",
        brief=[entry("subject", "a boat", ("m1", "a boat"))],
        set_aside=[aside("m2", "what's gouache?", "talk")],
    )
    begun = await play(client, sandbox, Scenario(["a boat"], [BOAT]))
    sandbox.answer(FACILITATOR, later)
    called = await client.call_tool(
        CONSULT,
        {"message": "what's gouache?", "conversation_id": begun[0]["conversation_id"]},
    )

    assert called.structured_content
    assert called.structured_content["questions"] == begun[0]["questions"]
    assert text_of(called).startswith("Gouache is opaque watercolour with flat, matte colours.")
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_number_that_no_option_has_is_asked_about_again(
    client: Client[Any], by_id: bool
) -> None:
    begun = await consult(client, "ein Boot auf dem See")
    first = begun["questions"][0]
    beyond = "7"
    answers = [{"question_id": first["id"], "answer": beyond}] if by_id else []
    result = await consult(
        client, "" if by_id else beyond, conversation_id=begun["conversation_id"], answers=answers
    )

    assert result["status"] == "asking"
    assert first in result["questions"]
    assert beyond in result["reply"]
    assert "keine der Möglichkeiten" in result["reply"]


async def test_an_answer_may_open_a_question_that_follows_it(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asks = turn(
        brief=[entry("subject", "a birthday card", ("m1", "a birthday card"))],
        questions=[question("text", "Are there words on it?", "no words", "a greeting")],
    )
    follows = turn(
        brief=[
            entry("subject", "a birthday card", ("m1", "a birthday card")),
            entry("text", "a greeting", ("q1", "a greeting")),
        ],
        chosen=[{"question": "q1", "option": 2, "ref": "m2", "quote": "a greeting, yes"}],
        questions=[
            question("text", "Which greeting?", "Happy birthday", "All the best", follows="q1")
        ],
    )
    _, second = await play(
        client, sandbox, Scenario(["a birthday card", "a greeting, yes"], [asks, follows])
    )

    assert [(one["id"], one["text"]) for one in second["questions"]] == [("q2", "Which greeting?")]


TURNED = turn(
    prompt="A colour photo of a heron among reeds.",
    sources=[
        source("a photo", ("m1", "a photo")),
        source("a heron among reeds", ("m1", "a heron in the reeds")),
    ],
)


async def test_a_refusal_turned_round_twice_is_asked_about_in_the_persons_words(
    client: Client[Any], sandbox: Sandbox
) -> None:
    turned = {**TURNED, "prompt": "A photo of a heron among reeds."}
    sandbox.answer(FACILITATOR, turned, turned)

    result = await consult(client, "a heron in the reeds, but not a photo")

    assert len(sandbox.requests) == 2
    assert result["status"] == "asking"
    assert result["refined_prompt"] is None
    (asked,) = result["questions"]
    assert "not a photo" in asked["text"]

    sandbox.answer(FACILITATOR, turned, turned)
    ended = await consult(client, "", conversation_id=result["conversation_id"], finish=True)

    assert ended["status"] == "ready"
    assert ended["refined_prompt"] == turned["prompt"]
    assert "not a photo" in ended["reply"].split("\n")[0]
    assert ended["reply"].index("not a photo") < ended["reply"].index("Understood.")


LANGUAGES = sorted(file.stem for file in (PROMPTS / "wording").glob("*.yaml"))
FRAMES = {
    "ar": ("السبب", "«قارب»", "الأسلوب: 1a"), "de": ("Warum", "„قارب“", "Stil: 1a"),
    "en": ("Why", "“قارب”", "style: 1a"), "es": ("Por qué", "«قارب»", "estilo: 1a"),
    "fr": ("Pourquoi", "«", "style: 1a"), "it": ("Perché", "«قارب»", "stile: 1a"),
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
def test_each_dimension_of_a_shipped_type_has_a_name_in_the_language(language: str) -> None:
    files = (PROMPTS / "image_types").glob("*.yaml")
    dimensions = {name for file in files for name in yaml.safe_load(file.read_text())["dimensions"]}
    wording = yaml.safe_load((PROMPTS / "wording" / f"{language}.yaml").read_text())

    assert language == "en" or set(wording["dimensions"]) == dimensions


async def test_what_no_word_stands_behind_is_listed_as_ours(
    client: Client[Any], sandbox: Sandbox
) -> None:
    answer = turn(
        prompt="A calico cat with a porkpie hat sleeps by a rainy window.",
        brief=[entry("subject", "a cat by a window", ("m1", "a cat by a rainy window"))],
        sources=[source("by a rainy window", ("m1", "a cat by a rainy window"))],
    )
    sandbox.answer(FACILITATOR, answer)

    text = text_of(await client.call_tool(CONSULT, {"message": "a cat by a rainy window"}))

    ours = text.partition("after no word of yours:\n")[2].partition("\n\n")[0]
    assert ours == "- A calico cat with a porkpie hat sleeps"
