"""Words of results and of the view in each language, and what options of questions look like."""

import re
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from fastmcp import Client

import call_drawing
import workflow
from call_drawing import IS_CURRENT
from cli import terminal
from cli.consult import SENT
from cli.html_page import PURPOSES
from consultation import (
    consultant,
    earlier_work,
    facilitator,
    style_dialogue,
    template_dialogue,
    template_values,
)
from consultation.consultation_result import Consultation
from consultation.conversation_list import listing
from consultation.turn import OpenQuestion
from errors import ProblemKind
from gateway import capabilities, image_client, models
from gateway.capabilities import SHAPES
from generation import (
    job_end,
    options,
    orders,
    picture_facts,
    result_builder,
    variations,
    verification,
)
from generation.jobs import JobProgress
from generation.verification import VERDICTS
from prompts.store import PromptStore
from sandbox import structured_answers
from storage.list_pages import Filter
from storage.search import SearchPage
from studio.assembler import MODULES
from styles import comparison, style_offer
from styles.comparison import Closeness
from styles.strength import STEPS
from styles.style_file import Style
from styles.style_store import StyleStore
from tests.calls import DRAW, consult, data_of, draw, text_of
from tests.conftest import ROOT
from tools.progress import STAGES, progress_words
from tools.view_words import option_looks, view_words

PACKAGES = ("cli", "consultation", "generation", "prompts", "tools")

NOTES = {
    consultant.CONTROL_NOTE, earlier_work.OFFER, facilitator.POOR_NOTE,
    template_dialogue.NO_PLACE_NOTE, template_dialogue.UNREAD_NOTE, template_values.NOBODY_SAID,
    job_end.DRAW_LOST, job_end.LOST_DRAWN, job_end.RELEASED,
    options.CLEAR_NOTE, capabilities.SIZE_NOTE, orders.BESIDE, orders.OF_SEVERAL, orders.SAMPLES,
    orders.UNSTYLED,
    picture_facts.BYTES_ARE, picture_facts.NONE_CLEAR, picture_facts.PIXELS_ARE,
    picture_facts.SOME_CLEAR, picture_facts.UNREADABLE,
    verification.NO_FINDING, verification.NO_OBSERVATION, structured_answers.PLACEHOLDER,
    result_builder.FILE_GONE, result_builder.NOT_DRAWN, result_builder.ONE_PICTURE,
    variations.BY_CHANCE, variations.BY_WORDS, variations.DECIDED, image_client.FETCH_NOTE,
    models.REPLACED, workflow.CHANGE_WAITS, call_drawing.SHOWN_AGAIN, style_offer.OFFER,
    style_dialogue.ALONG, style_dialogue.CHOSEN, style_dialogue.WENT_IN, style_dialogue.GAVE_WAY,
    style_dialogue.NO_PLACE, template_dialogue.OFFER, template_dialogue.STYLED,
    terminal.CLOSE_NEAR_FAR, comparison.FROM_STYLE,
    *get_args(Closeness),
}  # fmt: skip
"""Of results, said in the languages whose words are whole; others have their frames."""

VALUES = {"low", "medium", "high", "xhigh", "max", "auto", "opaque", "transparent"}
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


def texts_of_library() -> set[str]:
    """What shipped templates and styles say of themselves."""
    templates = PromptStore().library_templates().values()
    styles = [one for _, one in StyleStore(Path("none")).styles() if isinstance(one, Style)]
    return {
        *(text for one in templates for text in (one.category, one.title, one.description)),
        *(text for one in styles for text in (one.note, *one.tags)),
    }


@pytest.mark.parametrize("language", ["de", "fr", "es", "ja"])
def test_every_word_of_the_view_is_there_in_each_language(language: str) -> None:
    words = view_words(PromptStore(), f"{language}-XX", "en")
    stages = {text for _, text in STAGES.values()}
    notes = {listing(SearchPage(loosened=True), Filter()).notes[0]}

    assert words is not None
    assert words.language == language
    said = said_by(studio=False) | stages | notes | set(SHAPES) | VALUES
    assert set(words.view) - set(PromptStore().wording(language).translations) <= said
    assert said <= set(words.view)
    studio = view_words(PromptStore(), language, "", for_studio=True)
    assert studio is not None
    said = said_by(studio=True) | texts_of_library() | {step.degree for step in STEPS}
    assert set(studio.view) - set(words.view) == said - set(words.view)
    assert all(studio.view.values())


LANGUAGES = sorted(path.stem for path in (ROOT / "prompts/wording").glob("*.yaml"))


def texts_of_results() -> set[str]:
    """What results, progress and the exported page look up by its English words."""
    paths = [path for room in PACKAGES for path in (ROOT / room).rglob("*.py")]
    code = "".join(path.read_text("utf-8") for path in (*paths, ROOT / "cli/html_page.html.j2"))
    looked_up = re.findall(r"""\b(?:t|translate)\(\s*["']([^"']+)["']""", code)
    ways = PromptStore().ways().model_dump()
    return {
        *looked_up, *(text for _, text in STAGES.values()), *VERDICTS.values(), *PURPOSES.values(),
        *(way["name"] for kind in ways.values() for way in kind),
        variations.SAMPLE, result_builder.UNPRICED, result_builder.SHOWN_AGAIN,
        result_builder.LOOKED_AT, result_builder.GOES_ON, IS_CURRENT, SENT,
    }  # fmt: skip


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_text_of_results_is_there_in_each_language_and_no_other(language: str) -> None:
    store = PromptStore()
    wording = store.wording(language)
    items = {item for kind in store.image_types().values() for item in kind.checklist}
    wanted = texts_of_results() - NOTES | (items | NOTES if wording.view else set())
    assert set(wording.translations) == wanted


def test_every_note_is_known_again_with_what_was_filled_into_it() -> None:
    wording = PromptStore().wording("de")

    for english in NOTES:
        filled = re.sub(r"{(\w+)}", r"<\1>", english)
        assert wording.note(filled) == re.sub(r"{(\w+)}", r"<\1>", wording.translations[english])
    lines = "light: low sun; colours: #88aacc; avoid: neon"
    told = style_dialogue.WENT_IN.format(name="harbour", strength=60, lines=lines)
    lines = "Licht: low sun; Farbwerte: #88aacc; zu vermeiden: neon"
    assert wording.note(told) == f"Vom Stil harbour kam in der Stärke 60 in den Prompt: {lines}."
    third = orders.OF_SEVERAL.format(
        count=4, number=4, image_id="img_3", variation="color: warm colours"
    )
    assert "(Farben: warme Farben)" in wording.note(third)
    assert wording.note("Your own logo.yaml is wrong.") == "Your own logo.yaml is wrong."


def test_progress_is_told_in_the_language_of_the_conversation() -> None:
    state = JobProgress(["saved", "planning"], 12.4, 0.094)

    told = progress_words(state, PromptStore().wording("de"))

    assert told == "Bilder: 2, etwa 0,09 $: das Bild wird geplant, 12 s"


async def test_a_result_is_in_the_language_of_the_conversation(client: Client[Any]) -> None:
    asked = await consult(client, "Ein Leuchtturm im Sturm, als Aquarell, hochformat", finish=True)
    called = await client.call_tool(
        DRAW, {"conversation_id": asked["conversation_id"], "variations": 2, "quality": "low"}
    )

    text = text_of(called)
    assert "1. Farben: warme Farben\nGespeichert als /" in text
    assert "Worauf zu achten ist:\n- Motiv: " in text
    assert "- Format: hoch\n" in text
    assert "Aus der Sandbox, die für OpenAI einspringt" in text
    first = data_of(called)["images"][0]
    assert first["variation"] == "Farben: warme Farben"
    await anyio.Path(first["path"]).unlink()
    again = {"conversation_id": asked["conversation_id"], "from_image": first["image_id"]}
    text = text_of(await client.call_tool(DRAW, again))
    assert "- Farben: warme Farben" in text
    gone = f"Die Datei von {first['image_id']} ist nicht mehr unter {first['path']}: Sie wurde"
    assert gone in text
    assert "\n\nFarben: warme Farben\nGespeichert als /" in f"\n\n{text}", "nothing was changed"
    change = {"prompt": "mit Möwen", "style": "soft_gouache", "verify": True, "from_image": "2"}
    text = text_of(await client.call_tool(DRAW, {**again, **change, "size": "wide"}))
    assert "Neben dem Prompt ging vom Stil soft_gouache in der Stärke 60 mit: Farben: " in text
    assert text.count("Ein Platzhalter der Sandbox: Kein Modell hat ihn angesehen.") == 1


async def test_pictures_without_a_dialogue_are_described_in_the_language_of_the_page(
    client: Client[Any],
) -> None:
    drawn = await draw(client, prompt="a hen", dialogue_mode="skip", variations=2, quality="low")
    read = {"what": "state", "id": drawn["conversation_id"], "cursor": "fr"}

    images = data_of(await client.call_tool("view_read", read))["images"]

    french = {"couleurs\u202f: couleurs chaudes", "composition\u202f: gros plan"}
    assert {one["variation"] for one in images} == french


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja"])
def test_every_kind_of_error_is_said_to_people_without_words_for_programs(language: str) -> None:
    trouble = PromptStore().wording(language).trouble
    words = " ".join(word for one in trouble.values() for word in one)

    assert set(trouble) == {*get_args(ProblemKind), "credit", "unread"}
    assert not re.search(r"[_=`]|conv_|redraw|dialogue", words)


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
