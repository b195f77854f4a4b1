"""The library of templates: every shipped one is sound, and a faulty one is named with its fix."""

import re
from pathlib import Path

import pytest

from cli.prompts.lint import undrawable
from gateway.capabilities import faults_of_options
from prompts.library_template import LibraryTemplate
from prompts.lint_rules import lint
from prompts.parameter import LEFT_OUT
from prompts.prompt_files import PromptFile
from prompts.source import PromptError
from prompts.store import PromptStore
from prompts.template_names import suggest
from settings import Settings

CATEGORIES = ["art", "marketing", "presentation", "reference", "technical"]
SHIPPED_STORE = PromptStore()
NAMES = SHIPPED_STORE.library_names()
TEMPLATES = SHIPPED_STORE.library_templates()

SOUND = """\
description: A sign that says one word in one colour.
image_type: icon
parameters:
  word:
    type: string
    question: Which word?
    options: [Open, Closed]
  tone:
    type: color
    question: Which colour?
    default: warm red
  lights:
    type: number
    question: How many lamps?
    min: 1
    max: 4
    default: 2
  frame:
    type: choice
    question: Which frame?
    options: [oak, brass]
    optional: true
template: >-
  A sign with "{{ word }}" in {{ tone }}, lit by {{ lights }} lamps.{% if frame %} Frame:
  {{ frame }}.{% endif %}
example:
  values: {word: Open}
  renders: A sign with "Open" in warm red, lit by 2 lamps.
"""


def own(folder: Path, source: str, name: str = "door_sign") -> LibraryTemplate:
    """A template of the person's own, as it is read from a file. Raises `PromptError`."""
    file = f"library/art/{name}.yaml"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    template: LibraryTemplate = PromptStore(folder).parse(PromptFile(file, "library"), source)
    return template


def test_each_category_holds_several_templates() -> None:
    categories = [template.category for template in TEMPLATES.values()]

    assert list(TEMPLATES) == NAMES
    assert len(categories) >= 24
    assert sorted(set(categories)) == CATEGORIES
    assert all(categories.count(category) >= 4 for category in CATEGORIES)


def test_a_shipped_template_asks_well_and_says_what_people_call_it_in_five_languages() -> None:
    for template in TEMPLATES.values():
        settings = template.suggested.model_dump(exclude={"why"})
        assert not list(faults_of_options(Settings().image_model, compression=None, **settings))
        assert template.suggested.why
        assert list(template.called) == ["en", "de", "fr", "es", "ja"]
        assert any(parameter.required for parameter in template.parameters.values())
        for name, parameter in template.parameters.items():
            assert parameter.question.rstrip().endswith(("?", "."))
            assert 2 <= len(parameter.choices) <= 5
            assert parameter.fit(parameter.fallback) is not None
            for option in parameter.choices:
                text = template.render({**template.example.values, name: option})
                assert not re.search(r"\{|\}|  |\bNone\b| [.,;]", text)


def test_words_to_be_shown_stand_in_quotes() -> None:
    for template in TEMPLATES.values():
        for name, parameter in template.parameters.items():
            if "letter by letter" in parameter.question:
                assert f'"{{{{ {name} }}}}"' in template.template, (template.name, name)


def test_values_are_never_read_as_a_template() -> None:
    hostile = "{{ 7 * 7 }} {% for x in range(9) %}x{% endfor %} {# gone #}"

    text = TEMPLATES["social_square"].render({"text": hostile, "subject": "a dog"})

    assert "{{ 7 * 7 }} {% for x in range(9) %}x{% endfor %} {# gone #}" in text


def test_pieces_tell_whose_words_they_are(tmp_path: Path) -> None:
    template = own(tmp_path, SOUND)
    values = {"word": "Open", "lights": "3", "frame": "OAK"}

    spans = template.spans(values)

    assert "".join(text for text, _ in spans) == template.render(values)
    assert [(text, origin) for text, origin in spans if origin != "template"] == [
        ("Open", "word"),
        ("warm red", "tone"),
        ("3", "lights"),
        ("oak", "frame"),
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "still needs word"),
        ({"word": "Open", "lights": "9"}, "a whole number from 1 to 4"),
        ({"word": "Open", "lights": "two"}, "a whole number from 1 to 4"),
        ({"word": "Open", "frame": "steel"}, "one of oak, brass, leave it out"),
        ({"word": "Open", "tone": "#12"}, "a colour by its name"),
        ({"word": "x" * 700}, "at most 600 characters"),
        ({"word": "Open", "hue": "red"}, "there are word, tone, lights, frame"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    tmp_path: Path, values: dict[str, str], told: str
) -> None:
    with pytest.raises(PromptError, match=re.escape(told)):
        own(tmp_path, SOUND).render(values)


def test_an_optional_value_may_be_left_out_in_words(tmp_path: Path) -> None:
    template = own(tmp_path, SOUND)

    assert template.render({"word": "Open", "frame": LEFT_OUT}) == template.render({"word": "Open"})


@pytest.mark.parametrize(
    ("change", "line", "told"),
    [
        (("{{ word }}", "{{ wrd }}"), 23, "write word"),
        (("{{ lights }} lamps", "lamps"), 12, "the text does not use it"),
        (("{{ word }}", "{{ word | upper }}"), 23, "print the parameter alone"),
        (("default: 2", "default: 7"), 17, "7 does not fit"),
        (("    max: 4\n", ""), 13, "a number needs min and max"),
        (("[oak, brass]", "[oak, oak]"), 21, "different ones"),
        (("optional: true", "optional: true\n    default: oak"), 22, "keep one of the two"),
        (("warm red\n", "#aabbcc\n"), 11, "in quotes"),
        (("2 lamps.\n", "3 lamps.\n"), 28, 'A sign with "Open" in warm red, lit by 2 lamps.'),
        (("  frame:\n", "  besides:\n"), 18, "rename it"),
        (("image_type: icon", "image_type: icon\nsize: 3"), 3, "there is no such key"),
        (("image_type", "called: {en: a sign}\nimage_type"), 2, "list"),
    ],
)
def test_a_fault_is_told_with_line_and_fix(
    tmp_path: Path, change: tuple[str, str], line: int, told: str
) -> None:
    with pytest.raises(PromptError) as raised:
        own(tmp_path, SOUND.replace(*change))

    assert told in str(raised.value)
    assert str(raised.value).startswith(f"library/art/door_sign.yaml, line {line}")


def test_an_image_type_must_exist(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="there is no 'sign'; write one of character"):
        own(tmp_path, SOUND.replace("icon", "sign"))


def test_a_name_can_stand_only_once_in_a_folder(tmp_path: Path) -> None:
    own(tmp_path, SOUND)
    (tmp_path / "library" / "technical").mkdir()
    (tmp_path / "library" / "technical" / "door_sign.yaml").write_text(SOUND, encoding="utf-8")

    told = [str(fault) for one in lint(tmp_path, undrawable) if one.own for fault in one.faults]

    (fault,) = told
    assert "library/art/door_sign.yaml has the same name; rename one of the two" in fault
    assert PromptStore(tmp_path).library_template("door_sign").category == "art"


def test_a_template_goes_by_its_name_with_or_without_its_folder() -> None:
    hero = "marketing/product_hero"
    for name in ("product_hero", hero, f"library/{hero}", f"library/{hero}.yaml"):
        assert SHIPPED_STORE.library_template(name) == TEMPLATES["product_hero"]
    for name in ("product_her", "art/product_hero", "../product_hero", ""):
        with pytest.raises(PromptError, match=r"There is no template .* product_hero"):
            SHIPPED_STORE.library_template(name)


FITTING = {
    "I need a product hero shot of our kettle": "product_hero",
    "Watercolor landscape of Provence, please": "watercolor_landscape",
    "could you make an exploded view of my bike's rear hub?": "exploded_view",
    "we want a few character sheets for a shy dragon": "character_sheet",
    "poster printed as a linocut with a carved heron": "linocut_poster",
    "title slide for thursday, something with mountains": "title_slide",
    "ICON SETS for a bank app, 12 of them": "icon_set",
    "Ich hätte gern eine Explosionszeichnung von meiner alten Kaffeemühle": "exploded_view",
    "bitte ein Storyboard für einen kurzen Werbefilm": "storyboard",
    "Brauche Produktfotos von einer Teekanne auf Holz": "product_hero",
    "eine Titelfolie für unser Quartalstreffen": "title_slide",
    "so ein Aquarell einer Landschaft an der Ostsee": "watercolor_landscape",
    "ein Icon-Set mit zwölf Symbolen fürs Krankenhaus": "icon_set",
    "je voudrais une planche botanique d'une pivoine": "botanical_plate",
    "un paysage à l'aquarelle, la Bretagne en hiver": "watercolor_landscape",
    "une vue éclatée d'un vélo pour mon atelier": "exploded_view",
    "il me faut un jeu d'icones pour une appli météo": "icon_set",
    "une fiche de personnage pour une sorcière": "character_sheet",
    "quiero una acuarela de un paisaje de los Andes": "watercolor_landscape",
    "una lamina botanica de un girasol": "botanical_plate",
    "necesito fotos de producto para mi tienda de velas": "product_hero",
    "un diagrama de arquitectura de nuestra tienda en línea": "architecture_diagram",
    "エンジンの分解図を描いてください": "exploded_view",
    "猫が主人公の絵本の見開きがほしい": "picture_book_spread",
    "天気アプリのアイコンセットを作りたいです": "icon_set",
}
"""Ideas as people put them, and the template that is meant for such a picture."""

NOT_FITTING = [
    "a red fox in the snow",
    "an icon for a set designer's website",
    "my two kids on a beach, they love the product of your camera lol",
    "a hero with a cape, he saves cats",
    "a portrait of my team's mascot, a goose",
    "a title for the slide trombone club's poster",
    "ein Logo für eine Bäckerei",
    "meine Oma im Garten, die Folie über den Tomaten soll man sehen",
    "ein Fuchs auf einer Explosion aus Farben",
    "un chat qui dort sur un livre",
    "une affiche pour la fête du village, pas trop chargée",
    "un retrato de mi abuela con su perro",
    "un faro en la tormenta",
    "夕焼けの海と灯台",
    "",
]


def test_an_idea_that_names_what_a_template_makes_is_offered_it() -> None:
    offered = {idea: suggest(idea, TEMPLATES.values()) for idea in FITTING}

    assert {idea: one.name if one else None for idea, one in offered.items()} == FITTING


def test_an_idea_of_something_else_is_offered_none() -> None:
    assert [idea for idea in NOT_FITTING if suggest(idea, TEMPLATES.values())] == []


def test_lint_names_a_template_that_takes_anothers_name(tmp_path: Path) -> None:
    own(tmp_path, SOUND.replace("image_type", "called: {fr: [Vue Eclatée]}\nimage_type"))

    told = [str(fault) for one in lint(tmp_path, undrawable) if one.own for fault in one.faults]

    assert len(told) == 1
    assert "line 2" in told[0]
    assert "exploded_view has the name Vue Eclatée, too" in told[0]
