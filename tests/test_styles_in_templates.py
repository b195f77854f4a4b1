"""A template may name a style: its choices are those that there are, and it goes along."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.types import PromptReference

from prompts.library_template import LibraryTemplate, parse_library_template
from prompts.source import PromptError
from sandbox.loopback import Sandbox
from tests.calls import consult, draw
from tests.conftest import Connect
from tests.test_styles_kept import SOUND

SERIES = "series_picture"


HEADER = """\
description: A picture that says nothing but its subject, to try things.
image_type: illustration
parameters:
  subject: {type: string, question: "What is it?", options: [a hen, a fox]}
  look: {type: style, question: "In which style?", optional: true}
template: "Just {{ subject }}."
example: {values: {subject: a hen, look: linocut}, renders: Just a hen.}
"""


@pytest.fixture
async def client(connect: Connect, tmp_path: Path) -> AsyncIterator[Client[Any]]:
    """A client that has a style of its own beside the shipped ones, and a broken one."""
    folder = tmp_path / "data" / "styles"
    folder.mkdir(parents=True)
    (folder / "harbour.yaml").write_text(SOUND, "utf-8")
    (folder / "spoilt.yaml").write_text("note: {", "utf-8")
    async with connect(toolsets=["explore"]) as connected:
        yield connected


async def begun(client: Client[Any], template: str, **values: str) -> dict[str, Any]:
    answers = [{"question_id": name, "answer": value} for name, value in values.items()]
    return await consult(client, "", template=template, mode="skip", answers=answers)


def texts_of_the_drawing(sandbox: Sandbox) -> list[str]:
    content = sandbox.requests[-1].body["input"][0]["content"]
    return [part["text"] for part in content if "text" in part]


async def test_a_template_goes_along_with_the_style_that_it_names_at_its_strength(
    client: Client[Any], sandbox: Sandbox
) -> None:
    ready = await begun(client, SERIES, subject="a boat", style="Harbour")

    assert "harbour" not in ready["refined_prompt"]  # a style's name is no part of a prompt
    assert any("The style harbour goes along" in note for note in ready["notes"])
    await draw(client, conversation_id=ready["conversation_id"], quality="low")

    prompt, style = texts_of_the_drawing(sandbox)
    assert prompt == ready["refined_prompt"]
    assert "palette: pale blue and rust" in style
    assert "all of it" in style  # as the table says of 80


async def test_a_style_that_is_left_out_later_goes_along_no_more(
    client: Client[Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    own = tmp_path / "data" / "prompts" / "library" / "art"
    own.mkdir(parents=True)
    (own / "plain.yaml").write_text(HEADER, "utf-8")
    ready = await begun(client, "plain", subject="a hen", look="linocut")
    without = [{"question_id": "look", "answer": "leave it out"}]
    await consult(client, "", conversation_id=ready["conversation_id"], answers=without)

    await draw(client, conversation_id=ready["conversation_id"], quality="low")

    assert texts_of_the_drawing(sandbox) == ["Just a hen."]


async def test_a_style_that_is_asked_for_has_those_that_there_are_as_options(
    client: Client[Any],
) -> None:
    asked = await consult(client, "a boat", template=SERIES)

    (question,) = [one for one in asked["questions"] if one["dimension"] == "style"]
    assert question["options"] == ["soft_gouache", "linocut", "blue_hour", "harbour"]
    reference = PromptReference(name=SERIES)
    completion = await client.complete(reference, {"name": "style", "value": "har"})
    assert completion.values == ["harbour"]


def parsed(old: str, new: str) -> LibraryTemplate:
    return parse_library_template("plain", "art", HEADER.replace(old, new, 1))


def test_a_style_is_no_words_of_the_text_and_there_is_one() -> None:
    assert parsed("", "").parameters["look"].fit("Soft Gouache") == "soft_gouache"

    printed = ('"Just {{ subject }}."', '"Just {{ subject }} in {{ look }}."')
    with pytest.raises(PromptError, match="look is a style, which goes along beside the text"):
        parsed(*printed)
    with pytest.raises(PromptError, match="only a style has one"):
        parsed("options: [a hen, a fox]", "strength: 40, options: [a hen, a fox]")
    with pytest.raises(PromptError, match="look is a style already"):
        parsed("template:", '  other: {type: style, question: "Which?", optional: true}\ntemplate:')
