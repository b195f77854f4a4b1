"""The command `prompts save`: a good prompt of a conversation becomes a template."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from consultation.template_draft import correct, draft_text
from errors import Problem
from prompts.library_template import parse_library_template
from server import create_server
from settings import load_settings
from storage.tables import Brief, Conversation
from tests.calls import consult
from tests.conftest import Run

SAVE = ("prompts", "save")
IDEA = 'a lighthouse in the fog as a linocut poster, "JAZZ" as text'


def talk(*messages: str, **last: Any) -> dict[str, Any]:
    """A dialogue on the server with these folders; its last result."""

    async def hold() -> dict[str, Any]:
        async with Client(create_server(load_settings())) as client:
            result: dict[str, Any] = {}
            for message in messages:
                known = {"conversation_id": result["conversation_id"]} if result else {}
                extra = last if message == messages[-1] else {}
                result = await consult(client, message, **known, **extra)
            return result

    return asyncio.run(hold())


@pytest.fixture
def ready(run: Run) -> dict[str, Any]:  # noqa: ARG001  # sets the folders
    return talk(IDEA, "screen print", "warm navy and coral; calm", finish=True)


def library(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data").glob("prompts/library/*/*.yaml"))


def test_what_was_decided_becomes_parameters_with_the_questions_asked(
    run: Run, ready: dict[str, Any], tmp_path: Path
) -> None:
    shown = json.loads(run(*SAVE, ready["conversation_id"], "--json"))

    parameters = shown["parameters"]
    assert parameters["text"]["default"] == "JAZZ"
    assert "“{{text}}”" in shown["template"]
    assert parameters["palette"]["default"] == "warm navy and coral"
    assert parameters["palette"]["question"] == "Which colours should lead?"
    assert shown["renders"] == ready["refined_prompt"]
    assert not shown["written"]
    assert library(tmp_path) == []


def test_a_saved_template_gives_the_very_prompt_and_takes_other_values(
    run: Run, ready: dict[str, Any], tmp_path: Path
) -> None:
    told = run(*SAVE, ready["conversation_id"], "--name", "Jazz poster", "--yes")

    assert "consult --template jazz_poster" in told
    assert library(tmp_path) == ["jazz_poster.yaml"]
    again = talk("go", template="jazz_poster", finish=True)
    assert again["refined_prompt"] == ready["refined_prompt"]
    other = talk(
        "BLUES",
        template="jazz_poster",
        finish=True,
        answers=[{"question_id": "text", "answer": "BLUES"}],
    )
    assert other["refined_prompt"] == ready["refined_prompt"].replace("JAZZ", "BLUES")


def test_a_template_of_a_german_dialogue_asks_in_german(run: Run) -> None:
    ready = talk(
        "Plakat für den Hof mit einem Dachs",
        "Linolschnitt",
        'mit dem Titel "Kürbis satt"',
        finish=True,
    )

    shown = json.loads(
        run(*SAVE, ready["conversation_id"], "--name", "hofplakat", "--yes", "--json")
    )

    assert shown["parameters"]["text"]["question"] == "Text?"
    assert shown["parameters"]["style"]["question"] == "Welchen Stil soll es haben?"
    asked = talk("go", template="hofplakat")["questions"]
    assert not any(one["why"] for one in asked)


def test_lettering_that_stands_elsewhere_too_is_the_text_in_quotation_marks(run: Run) -> None:
    ready = talk('Plakat für ein Hoffest, mit dem Titel "Hoffest"', finish=True)

    shown = json.loads(run(*SAVE, ready["conversation_id"], "--json"))

    assert ", mit dem Titel „{{text}}“" in shown["template"]


def test_options_correct_what_was_guessed(run: Run, ready: dict[str, Any]) -> None:
    cid = ready["conversation_id"]

    shown = json.loads(
        run(*SAVE, cid, "--json", "--set", "building=lighthouse|windmill", "--set", "palette=")
    )

    building = shown["parameters"]["building"]
    assert building["options"] == ["lighthouse", "windmill"]
    assert "palette" not in shown["parameters"]
    assert "warm navy and coral" in shown["template"]
    assert shown["renders"] == ready["refined_prompt"]


def test_what_cannot_be_saved_is_said_and_nothing_is_written(
    run: Run, ready: dict[str, Any], tmp_path: Path
) -> None:
    for arguments, says in [
        (["--set", "animal=a unicorn|a cat"], "does not stand in the prompt to the letter"),
        (["--set", "animal=lighthouse"], "needs another choice to offer"),
        (["--set", "animal"], "takes NAME=PASSAGE"),
        (["--set", "My Word=JAZZ|BLUES"], "names no parameter"),
        (["--set", "q1=JAZZ|BLUES"], "names no parameter"),
        (["--name", "product_hero"], "There is a template product_hero already"),
        (["--name", "../evil"], "--name takes 3-40"),
        (["--name", "X"], "--name takes 3-40"),
        (["--name", "Con"], "no names on Windows"),
        (["--name", "lpt1"], "no names on Windows"),
    ]:
        with pytest.raises(Problem, match=says):
            run(*SAVE, ready["conversation_id"], "--yes", *arguments)

    assert library(tmp_path) == []
    assert not list(tmp_path.rglob("*evil*"))


def test_a_template_is_never_overwritten(run: Run, ready: dict[str, Any], tmp_path: Path) -> None:
    run(*SAVE, ready["conversation_id"], "--name", "jazz_poster", "--yes")
    (path,) = (tmp_path / "data").glob("prompts/library/*/*.yaml")
    before = path.read_bytes()

    with pytest.raises(Problem, match="Choose another --name"):
        run(*SAVE, ready["conversation_id"], "--name", "jazz_poster", "--set", "palette=", "--yes")

    assert path.read_bytes() == before


def test_without_a_refined_prompt_there_is_nothing_to_save(run: Run) -> None:
    asked = talk("a lighthouse")

    with pytest.raises(Problem, match="no refined prompt yet"):
        run(*SAVE, asked["conversation_id"], "--yes")
    with pytest.raises(Problem, match="There is no conversation"):
        run(*SAVE, "conv_nothing")


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox {{ 7 * 7 }} beside {% if x %} a den {# here #} at night",
        "a fox: #1 of 3 - 'red', \"blue\"\nin two lines\n\nand a third",
        "狐と雪、静かな夜 a fox 🦊",
        "a fox " + "and another hill " * 60,
        "- a fox & *stars*: yes",
    ],
)
def test_any_prompt_survives_the_way_into_a_file(prompt: str) -> None:
    conversation = Conversation(id="conv_1", title="Fox", image_type="general")
    conversation.briefs = [Brief(entries=[], suggested={}, phrases=[])]
    prompt = prompt.strip()
    chosen = correct([], ["animal=a fox|an owl"] if "a fox" in prompt else [], prompt)

    source = draft_text(conversation, prompt, chosen, describe="")

    assert parse_library_template("saved_fox", "art", source).render({}) == prompt
