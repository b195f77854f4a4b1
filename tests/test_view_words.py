"""The view's words in each language, and what the options of questions look like."""

import re
from pathlib import Path

import pytest

from consultation.consultation_result import Consultation, OpenQuestion
from gateway.capabilities import SHAPES
from prompts.store import PromptStore
from studio.assembler import MODULES
from tools.progress import STAGES
from tools.view_words import option_looks, view_words

VALUES = {"low", "medium", "high", "auto", "opaque", "transparent"}
"""Of what an image model is told, what people would not leave in English."""

OWN_TYPE = """
recognise: A flag for a ship.
dimensions:
  palette:
    asks: Which colours
    options: [harbour blue, cool]
    looks: {"#123456 #ffffff": [harbour blue]}
checklist: [It is a flag.]
"""


def said_by(*, studio: bool) -> set[str]:
    """Every English text that the view's modules look up, or the studio's own."""
    ours = (
        path
        for path in MODULES.rglob("*.js")
        if path.relative_to(MODULES).parts[0].startswith("studio") is studio
    )
    code = "".join(path.read_text("utf-8") for path in ours)
    return {*re.findall(r'\bt\("([^"]+)"', code)}


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja"])
def test_every_word_of_the_view_is_there_in_each_language(language: str) -> None:
    words = view_words(PromptStore(), f"{language}-XX", "en")
    stages = {text for _, text in STAGES.values()}

    assert words is not None
    assert words.language == language
    said = said_by(studio=False) | stages | set(SHAPES) | VALUES
    assert set(words.view) - set(PromptStore().wording(language).translations) <= said
    assert said <= set(words.view)
    studio = view_words(PromptStore(), language, "", for_studio=True)
    assert studio is not None
    assert set(studio.view) - set(words.view) == said_by(studio=True) - set(words.view)
    assert all(studio.view.values())


def test_words_that_the_view_has_are_not_sent_again() -> None:
    store = PromptStore()

    assert view_words(store, "de", "de") is None
    # Of a language without words of the view not even those of its frames are taken: one tongue.
    italian = view_words(store, "it", "")
    assert italian is not None
    assert (italian.language, italian.source.said) == ("en", "you said")
    assert view_words(store, "it", "en") is None


@pytest.mark.parametrize(
    ("dimension", "option", "look"),
    [
        ("palette", "gedämpfte Herbstfarben", "#8d8a83 #a79f93 #6f7a80"),
        ("palette", "全体に暖色", "#e07b39 #c9421e #f0c35e"),
        ("palette", "blanco y negro con un toque", "#1a1a1a #8a8a8a #f2f2f2"),
        ("palette", "brand colours, I will name them", ""),
        ("format", "a worldwide thing", ""),
        ("format", "wide", "M2 7h20v10H2z"),
        ("mood", "warm", ""),
    ],
)
def test_an_option_looks_like_what_it_names(dimension: str, option: str, look: str) -> None:
    assert looks_of("photo", dimension, option) == look


def test_a_type_of_ones_own_says_what_its_options_look_like(tmp_path: Path) -> None:
    (tmp_path / "image_types").mkdir()
    (tmp_path / "image_types" / "flag.yaml").write_text(OWN_TYPE)

    assert looks_of("flag", "palette", "harbour blue", tmp_path) == "#123456 #ffffff"
    assert looks_of("flag", "palette", "cool", tmp_path) == "#2b6cb0 #3aa6a6 #8fb4ec"


def looks_of(image_type: str, dimension: str, option: str, own: Path | None = None) -> str:
    """What the view is told of the first option of a question."""
    store = PromptStore(own)
    question = OpenQuestion(
        id="q1", dimension=dimension, text="?", why="", options=[option], default=option
    )
    dialogue = Consultation(conversation_id="conv", status="asking", questions=[question])
    return option_looks(store, image_type, dialogue).get("q1", [""])[0]
