"""The facilitator that the sandbox plays, as a person meets it who has no key."""

from typing import Any

import pytest
import yaml
from fastmcp import Client

from prompts.prompt_files import SHIPPED
from sandbox.loopback import Sandbox
from tests.calls import CONSULT, consult, data_of, draw, text_of

FOX = 'A fox in a birch forest, not a photo, with the words "Late Summer" on top'
SENT_BACK = [
    "invented_quote", "cut_refusal", "turned_round", "stretch_not_in_prompt", "lost_words",
    "dumped_as_talk", "long_quote", "changed_lettering", "changed_decision", "too_many_questions",
    "asks_decided", "options_alike", "wrong_option",
]  # fmt: skip
"""Ways in which a model misbehaves on demand, each of which the server has to notice."""
WITH_A_QUESTION = {"changed_decision", "asks_decided", "wrong_option"}
"""Those that take a question that was put before."""


def asked(result: dict[str, Any]) -> list[str]:
    return [question["dimension"] for question in result["questions"]]


def values(result: dict[str, Any]) -> dict[str, str]:
    known = {entry["dimension"]: entry["value"] for entry in result["brief"] if entry["value"]}
    return {name: value for name, value in known.items() if name not in asked(result)}


async def test_a_type_is_recognised_and_asked_about_in_the_persons_language(
    client: Client[Any],
) -> None:
    logo = await consult(client, "I need a logo for my bakery")
    fox = await consult(client, "ein Fuchs im Schnee")

    known = yaml.safe_load((SHIPPED / "image_types" / "logo.yaml").read_text("utf-8"))
    assert asked(logo) == [name for name in known["dimensions"] if name in asked(logo)] != []
    assert "subject" not in asked(logo)
    (style,) = [one for one in fox["questions"] if one["dimension"] == "style"]
    assert style["options"] == ["Fotografie", "Aquarell"]


@pytest.mark.parametrize(
    ("words", "style", "waiting"),
    [
        ("2", "watercolor", ["use"]),
        ("like an old tin sign", "like an old tin sign", ["use"]),
        ("2 1", "watercolor", []),
        ("the watercolor", "the watercolor", ["use"]),
        ("the secnd one", "watercolor", ["use"]),
        ("watercolur", "watercolor", ["use"]),
        ("fox shoud wear a hat", None, ["style", "use"]),
        ("decide the rest", None, []),
    ],
)
async def test_an_answer_answers_one_question_and_the_rest_stays_open(
    client: Client[Any], words: str, style: str, waiting: list[str]
) -> None:
    begun = await consult(client, "a fox in the snow")
    result = await consult(client, words, conversation_id=begun["conversation_id"])

    assert values(result).get("style") == style
    assert [name for name in ("style", "use") if name in asked(result)] == waiting


async def test_an_answer_and_a_question_back_in_one_sentence_both_count(
    client: Client[Any],
) -> None:
    begun = await consult(client, "ein Fuchs im Schnee")
    back = "Nimm Aquarell, aber was heißt Komposition?"
    result = await consult(client, back, conversation_id=begun["conversation_id"])

    assert values(result)["style"] == "Aquarell"
    assert asked(result) == ["use"]


async def test_a_short_answer_leaves_the_language_as_it_is_and_sets_the_format(
    client: Client[Any],
) -> None:
    begun = await consult(client, "Plakat für den Kürbismarkt, ein Dachs mit einem Kürbis")
    place = {"conversation_id": begun["conversation_id"]}
    short = await consult(client, "Druck, A2 hochformat", **place)
    other = await consult(client, "please go on in English, with the rest in blue", **place)
    ended = await consult(client, "", finish=True, **place)

    assert [short["language"], other["language"]] == ["de", "en"]
    assert short["reply"].startswith("Verstanden: Druck")
    assert ended["suggested"]["size"] == "1088x1536"


async def test_a_question_beside_answers_is_answered_and_not_drawn(client: Client[Any]) -> None:
    begun = await consult(client, "a fox in the snow")
    place = {"conversation_id": begun["conversation_id"]}
    answers = [{"question_id": one["id"], "answer": "2"} for one in begun["questions"]]
    result = await consult(client, "what is a medium?", answers=answers, **place)
    ended = await consult(client, "what is gouache?", finish=True, **place)

    assert "any of the choices" in result["reply"]
    assert not {"medium", "gouache"} & {*ended["refined_prompt"].replace(".", "").split()}


@pytest.mark.parametrize("title", ["a title", "the second one, but darker"])
async def test_a_title_is_asked_for_letter_by_letter(client: Client[Any], title: str) -> None:
    result = await consult(client, "a poster of a fox")
    place = {"conversation_id": result["conversation_id"]}
    for words in (title, "Kürbis satt"):
        (letters,) = [one["id"] for one in result["questions"] if one["dimension"] == "text"]
        answer = [{"question_id": letters, "answer": words}]
        result = await consult(client, "", answers=answer, **place)
    ended = await consult(client, "", finish=True, **place)

    assert ended["lettering"] == ["Kürbis satt"]
    assert ("darker" in ended["refined_prompt"]) == ("darker" in title)


@pytest.mark.parametrize(
    ("idea", "ours"),
    [("a fox in the snow", "Written by us"), ("ein Fuchs im Schnee", "Von uns geschrieben")],
)
async def test_what_was_assumed_is_not_shown_once_more_as_the_sentence_that_says_it(
    client: Client[Any], idea: str, ours: str
) -> None:
    called = await client.call_tool(CONSULT, {"message": idea, "finish": True})

    assert data_of(called)["assumptions"] != []
    assert ours not in text_of(called)


async def test_no_letters_are_asked_for_that_stand_in_the_same_words(client: Client[Any]) -> None:
    begun = await consult(client, "a logo for my bakery")
    words = 'the second one, but darker. And it should say "Fresh daily" on top'
    result = await consult(client, words, conversation_id=begun["conversation_id"])

    assert "letter by letter" not in result["reply"]
    assert values(result)["text"] == "“Fresh daily” on top"


@pytest.mark.parametrize(
    ("idea", "words", "about"),
    [
        ("a poster of a fox", "no title", "text"),
        ("a poster of a fox", "no people", "avoid"),
        ("a poster of a fox", "“Fox Fair”", "text"),
        ("ein Fuchs im Schnee", "lebhaft", "mood"),
        ("ein Fuchs im Schnee", "blau", "palette"),
    ],
)
async def test_an_answer_that_is_of_something_else_leaves_what_was_asked_for_to_be_asked(
    client: Client[Any], idea: str, words: str, about: str
) -> None:
    begun = await consult(client, idea)
    (style,) = [one["id"] for one in begun["questions"] if one["dimension"] == "style"]
    answers = [{"question_id": style, "answer": words}]
    place = {"conversation_id": begun["conversation_id"]}
    result = await consult(client, "", answers=answers, **place)

    assert values(result) == {"subject": idea, about: words}
    assert "style" in asked(result)
    while result["questions"]:
        answers = [{"question_id": result["questions"][0]["id"], "answer": "as in a dream"}]
        result = await consult(client, "", answers=answers, **place)
    assert result["status"] == "ready"


async def test_numbers_that_cannot_both_hold_are_asked_about_and_pick_nothing_at_the_end(
    client: Client[Any],
) -> None:
    begun = await consult(client, "ein Dachs")
    place = {"conversation_id": begun["conversation_id"]}
    both = [{"question_id": begun["questions"][0]["id"], "answer": "1, 2"}]
    result = await consult(client, "", answers=both, **place)
    words = [{"question_id": both[0]["question_id"], "answer": "Linolschnitt mit „Kürbis satt“"}]
    ready = await consult(client, "", answers=words, finish=True, **place)
    after = await consult(client, "1 und 2", **place)

    assert asked(result) == asked(begun)
    assert ready["lettering"] == ["Kürbis satt"]
    assert ready["assumptions"] == []
    assert after["refined_prompt"] == ready["refined_prompt"]


async def test_later_words_win_and_what_is_named_is_not_asked(client: Client[Any]) -> None:
    begun = await consult(client, "a fox")
    place = {"conversation_id": begun["conversation_id"]}
    await consult(client, "for print, like a watercolor", **place)
    result = await consult(client, "an old photograph instead", finish=True, **place)

    assert "old photograph" in result["refined_prompt"]
    assert "watercolor" not in result["refined_prompt"]
    replaced = [one for one in result["not_used"] if "watercolor" in one["quote"]]
    assert [one["why"] for one in replaced] == ["replaced"]
    assert "style" not in asked(await consult(client, "a hen, photographed"))
    hen = await consult(client, "a watercolor of a hen", finish=True)
    hen = await consult(client, "an old photograph", conversation_id=hen["conversation_id"])
    assert values(hen)["style"] == "an old photograph"


@pytest.mark.parametrize(
    ("idea", "open_"),
    [
        ("eine Bleistiftzeichnung von einem Fuchs", {"Farben", "Aufbau"}),
        ("a fox, sketched with charcoal", {"color", "composition"}),
        ("ein Fuchs im Schnee, schwarz-weiss", {"Aufbau", "Stil"}),
        ("a black-and-white fox in the snow", {"composition", "style"}),
    ],
)
async def test_no_variation_is_against_a_look_that_the_idea_names(
    client: Client[Any], idea: str, open_: set[str]
) -> None:
    ready = await consult(client, idea, finish=True)
    drawn = await draw(client, conversation_id=ready["conversation_id"], variations=4)

    assert {image["variation"].partition(":")[0] for image in drawn["images"]} == open_


async def test_a_model_that_misbehaves_is_noticed_and_its_second_answer_stands(
    client: Client[Any], sandbox: Sandbox
) -> None:
    for fault in SENT_BACK:
        words, here = f"{FOX}. {fault}", {}  # each its own, else the same call joins the last one
        if fault in WITH_A_QUESTION:
            here = {"conversation_id": (await consult(client, words))["conversation_id"]}
            words = "2"
        sandbox.clear()
        sandbox.fail(fault)
        result = await consult(client, words, finish=True, **here)

        assert len(sandbox.requests) == 2, fault
        assert result["status"] == "ready", fault
        assert "Not a photo" in result["refined_prompt"], fault
        assert result["lettering"] == ["Late Summer"], fault
        assert "dragon" not in result["refined_prompt"], fault
