"""Prompt files: what ships is sound, what is wrong is told, what is foreign stays out."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastmcp import Client

from gateway.capabilities import faults_of_options
from gateway.models import is_shut_down, load_models
from prompts.prompt_files import SHIPPED
from prompts.source import PromptError
from prompts.store import FALLBACK_TYPE, PromptStore
from prompts.template import Template, parse_template
from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import consult, draw
from tests.conftest import ROOT, Connect

LIBRARY = PromptStore()
NAMES = LIBRARY.template_names()
TYPES = LIBRARY.image_types()
SAMPLES = [(name, sample) for name in NAMES for sample in LIBRARY.template(name).header.samples]
FACILITATOR = "consultation/facilitator"
TODAY = date(2026, 11, 21)

HEADER = """\
---
purpose: Greet someone.
inputs:
  first_name:
    type: string
    description: Whom.
samples:
  one:
    first_name: Ada
---
"""

STAMP = "recognise: A stamp.\nchecklist: [Sharp.]\ndimensions: {subject: {weight: 100, asks: b}}\n"
SKIP = {"dialogue_mode": "skip", "quality": "low"}

ESCAPES = {
    "classes": "{{ ''.__class__.__mro__ }}",
    "subclasses": "{{ [].__class__.__base__.__subclasses__() }}",
    "globals": "{{ first_name.__init__.__globals__ }}",
    "by filter": "{{ first_name | attr('__class__') }}",
    "by format": "{{ '{0.__class__}'.format(first_name) }}",
    "by item": "{{ first_name['__class__'] }}",
    "the environment": "{{ self.__init__.__globals__ }}",
    "cycler": "{{ cycler.__init__.__globals__.os.environ }}",
    "include": "{% include '/etc/passwd' %}",
    "include ignoring what is missing": "{% include '/etc/passwd' ignore missing %}",
    "import": "{% import 'os' as os %}{{ os.environ }}",
    "from import": "{% from 'os' import environ %}{{ environ }}",
    "extends": "{% extends '/etc/passwd' %}",
    "python": "{{ __import__('os').environ }}",
}


def template(text: str, header: str = HEADER) -> Template:
    return parse_template("own/greeting.md.j2", header + text)


def complaint(text: str, header: str = HEADER) -> str:
    """What is said of a template that cannot be loaded or rendered."""
    with pytest.raises(PromptError) as caught:
        template(text, header).render(first_name="Ada")
    return str(caught.value)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_uses_exactly_what_it_declares(name: str) -> None:
    shipped = LIBRARY.template(name)

    assert shipped.variables == set(shipped.header.inputs)
    assert shipped.header.purpose.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_template_has_samples_that_cover_its_inputs(name: str) -> None:
    header = LIBRARY.template(name).header

    assert header.samples
    for sample in header.samples.values():
        assert set(sample) == set(header.inputs)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_a_sample_renders(name: str, sample: str) -> None:
    shipped = LIBRARY.template(name)

    text = shipped.render(**shipped.header.samples[sample])

    assert text
    assert "{{" not in text
    assert "{%" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("mode", ["quick", "guided", "explorer"])
def test_the_facilitator_is_told_of_every_image_type_in_every_mode(mode: str) -> None:
    text = LIBRARY.template(FACILITATOR).render(mode=mode, image_types=list(TYPES.values()))

    assert [name for name, told in TYPES.items() if told.recognise not in text] == []
    assert [name for name in TYPES if name not in text] == []


def test_a_misspelt_variable_is_told_with_file_and_what_was_meant() -> None:
    said = complaint("Hello {{ frist_name }}!")

    assert said.startswith("own/greeting.md.j2, line 11: 'frist_name' is undefined")
    assert said.endswith("did you mean 'first_name'?")


def test_a_misspelt_attribute_is_an_error_and_no_gap() -> None:
    assert "own/greeting.md.j2" in complaint("Hello {{ first_name.lenght }}!")


def test_a_variable_that_is_not_given_is_an_error() -> None:
    with pytest.raises(PromptError, match="'first_name' is undefined"):
        template("Hello {{ first_name }}!").render()


@pytest.mark.parametrize(
    ("before", "wrong"),
    [("", "{% if first_name %}"), ("Hello.\n\n", "{{ first_name"), ("a\nb\nc\n", "{% endfor %}")],
)
def test_a_syntax_error_is_told_with_its_line_in_the_file(before: str, wrong: str) -> None:
    line = (HEADER + before).count("\n") + 1

    assert complaint(before + wrong).startswith(f"own/greeting.md.j2, line {line}: ")


def test_a_bad_header_is_told_with_its_line_in_the_file() -> None:
    said = complaint("Hello.", "---\npurpose: Greet.\ninputs: [unclosed\nsamples: {}\n---\n")

    assert said.startswith("own/greeting.md.j2, line 4: no YAML")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "must start with a YAML header"),
        ("\n---\npurpose: Greet.\n---\n", "must start with a YAML header"),
        ("---\npurpose: Greet.\n", "must start with a YAML header"),
        ("---\n---\n", "begin it with purpose"),
        ("---\ninputs: {}\n---\n", "purpose"),
        ("---\npurpose: Greet.\ncolour: blue\n---\n", "colour"),
        ("---\npurpose: Greet.\ninputs: {a: {type: text, description: b}}\n---\n", "inputs.a.type"),
        ("---\n- a list\n---\n", "begin it with purpose"),
        ("---\npurpose: a\x01\n---\n", "no YAML"),
        ("---\npurpose: 2026-99-99\n---\n", "no YAML"),
    ],
)
def test_a_header_that_is_missing_or_wrong_is_told_with_the_file(header: str, told: str) -> None:
    said = complaint("Hello.", header)

    assert said.startswith("own/greeting.md.j2")
    assert told in said
    assert "\n" not in said


def test_a_header_may_hold_what_yaml_allows() -> None:
    header = "---\npurpose: Greet --- warmly.\nsamples: {}\n---\n"

    assert template("Hello --- you.", header).render() == "Hello --- you."


def test_a_rule_of_dashes_in_the_text_is_text() -> None:
    assert template("Above\n---\nbelow").render() == "Above\n---\nbelow"


def test_a_file_with_the_line_ends_of_windows_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "own/greeting.md.j2", "")
    path.write_bytes((HEADER + "Hello {{ first_name }}!\n").replace("\n", "\r\n").encode())

    assert PromptStore(tmp_path).template("own/greeting").render(first_name="Ada") == "Hello Ada!"


def test_a_file_that_an_editor_began_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "own/greeting.md.j2", "")
    path.write_text(HEADER + "Hello {{ first_name }}!", encoding="utf-8-sig")

    assert PromptStore(tmp_path).template("own/greeting").render(first_name="Ada") == "Hello Ada!"


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_a_template_cannot_leave_its_sandbox(escape: str) -> None:
    assert complaint(escape).startswith("own/greeting.md.j2")


def test_a_template_cannot_change_what_it_is_given() -> None:
    given: list[int] = []

    with pytest.raises(PromptError):
        template("{{ first_name.append(1) }}").render(first_name=given)

    assert given == []


def test_words_that_look_like_a_template_are_not_rendered() -> None:
    words = "{{ 7 * 7 }} {% include 'x' %}"

    assert template("{{ first_name }}").render(first_name=words) == words


@pytest.mark.parametrize("wrong", ["{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ 'a' | nothing }}"])
def test_whatever_goes_wrong_in_a_template_is_told_with_the_file(wrong: str) -> None:
    assert complaint(wrong).startswith("own/greeting.md.j2")


def test_the_fingerprint_is_of_the_wording_alone() -> None:
    one = template("Hello.").fingerprint

    assert one == template("Hello.", "---\npurpose: Something else.\n---\n").fingerprint
    assert one != template("Hello!").fingerprint


def test_an_unknown_template_is_told_with_those_there_are() -> None:
    with pytest.raises(PromptError) as caught:
        LIBRARY.template("consultation/nothing")

    assert "consultation/nothing" in str(caught.value)
    assert all(name in str(caught.value) for name in NAMES)


def test_an_own_folder_wins_file_by_file(tmp_path: Path) -> None:
    write(tmp_path, f"{FACILITATOR}.md.j2", "---\npurpose: Mine.\n---\nMine.")
    write(tmp_path, "own/greeting.md.j2", HEADER)
    library = PromptStore(tmp_path)

    assert library.template(FACILITATOR).render() == "Mine."
    assert library.template("generation/draw") == LIBRARY.template("generation/draw")
    assert library.template_names() == sorted([*NAMES, "own/greeting"])


def test_an_own_folder_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    library = PromptStore(tmp_path / "nowhere")

    assert library.template_names() == NAMES
    assert library.image_types() == TYPES


def test_an_edited_file_is_read_anew(tmp_path: Path) -> None:
    library = PromptStore(tmp_path)
    write(tmp_path, "own/greeting.md.j2", HEADER + "Hello.")
    before = library.template("own/greeting").render()
    write(tmp_path, "own/greeting.md.j2", HEADER + "Welcome.")

    assert (before, library.template("own/greeting").render()) == ("Hello.", "Welcome.")


def test_an_own_image_type_adds_one_and_replaces_its_namesake(tmp_path: Path) -> None:
    own = {"recognise": "Mine.", "dimensions": {"subject": {"weight": 1, "asks": "What?"}}}
    mine = yaml.safe_dump({**own, "checklist": ["It is there."]})
    write(tmp_path, "image_types/stamp.yaml", mine)
    write(tmp_path, "image_types/logo.yaml", mine)

    types = PromptStore(tmp_path).image_types()

    assert set(types) == {*TYPES, "stamp"}
    assert types["stamp"].name == "stamp"
    assert types["logo"].recognise == "Mine."
    assert types["poster"] == TYPES["poster"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("recognise: [", "line 2: no YAML"),
        ("", "recognise"),
        ("- a list", "mapping"),
        ("just words", "mapping"),
        ("recognise: a\nchecklist: []\ndimensions: {}", "dimensions"),
        ("recognise: a\nchecklist: []\ndimensions: {a: {weight: 0, asks: b}}", "line 3: dimens"),
        ("recognise: a\nchecklist: []\ncolour: blue\ndimensions: {a: {weight: 1, asks: b}}", "col"),
        ("recognise: a\x01", "no YAML"),
        ("recognise: 2026-99-99", "no YAML"),
    ],
)
def test_an_image_type_that_is_wrong_is_told_with_its_name(
    tmp_path: Path, text: str, told: str
) -> None:
    write(tmp_path, "image_types/stamp.yaml", text + "\n")

    library = PromptStore(tmp_path)

    (said,) = library.faults()
    assert said.startswith("Your own image_types/stamp.yaml, line ")
    assert told in said
    assert said.endswith("It is left out meanwhile.")
    assert library.image_types() == TYPES


def test_the_name_of_an_image_type_is_that_of_its_file_whatever_the_file_says(
    tmp_path: Path,
) -> None:
    text = "name: other\nrecognise: a\nchecklist: []\ndimensions: {a: {weight: 1, asks: b}}"
    write(tmp_path, "image_types/stamp.yaml", text)

    assert PromptStore(tmp_path).image_types()["stamp"].name == "stamp"


@pytest.mark.parametrize("name", TYPES)
def test_a_shipped_image_type_says_what_decides_it(name: str) -> None:
    image_type = TYPES[name]

    assert all(dimension.asks for dimension in image_type.dimensions.values())
    assert "subject" in image_type.dimensions
    assert image_type.recognise
    assert image_type.checklist
    assert all(image_type.checklist)


@pytest.mark.parametrize("name", TYPES)
def test_the_suggested_settings_of_a_shipped_type_can_be_drawn(name: str) -> None:
    suggested = TYPES[name].suggested
    model = Settings.model_fields["image_model"].default
    assert not is_shut_down(load_models().image[model], TODAY)

    faults = faults_of_options(
        model,
        size=suggested.size,
        quality=suggested.quality,
        background=suggested.background,
        output_format=suggested.output_format,
        compression=None,
    )

    assert list(faults) == []
    assert suggested.why


def test_the_type_that_fits_anything_has_every_dimension_that_the_sandbox_asks_about() -> None:
    told = yaml.safe_load((ROOT / "sandbox/facilitator.yaml").read_text(encoding="utf-8"))

    assert set(told["order"]) - {"format"} <= set(TYPES[FALLBACK_TYPE].dimensions)


def test_every_shipped_file_is_a_template_a_type_or_code() -> None:
    lying = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*") if path.is_file()}
    known = {f"{name}.md.j2" for name in NAMES} | {f"image_types/{name}.yaml" for name in TYPES}

    odd = {name for name in lying - known if not name.endswith((".py", ".pyc"))}
    curated = {name for name in odd if name.startswith("library/")}
    assert odd - curated == {"changes.yaml", "variations.yaml", "wording.yaml"}


async def test_an_own_template_is_what_the_model_is_told(
    connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    shipped = (SHIPPED / f"{FACILITATOR}.md.j2").read_text(encoding="utf-8")
    write(tmp_path, f"{FACILITATOR}.md.j2", shipped + "\nBe brief, says the owner.\n")

    async with connect(prompts_dir=tmp_path) as client:
        await consult(client, "a lighthouse")

    assert sandbox.requests[-1].body["instructions"].endswith("Be brief, says the owner.")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("{{ mood }}", "line 8: 'mood' is undefined, the header has no such input; did you mean"),
        ("{{ mode + 1 }}", "line 8: can only concatenate str"),
    ],
    ids=["where it is read", "where it is rendered"],
)
async def test_a_broken_own_template_is_told_and_the_shipped_one_used_until_it_is_mended(
    client: Client[Any], settings: Settings, sandbox: Sandbox, broken: str, told: str
) -> None:
    header = "---\npurpose: Ask.\ninputs:\n  mode:\n    type: string\n    description: How.\n---\n"
    write(settings.templates_dir, f"{FACILITATOR}.md.j2", header + broken)

    asked = await consult(client, "a lighthouse")

    (note,) = [one for one in asked["notes"] if FACILITATOR in one]
    assert note.startswith(f"Your own {FACILITATOR}.md.j2, {told}")
    assert note.endswith("The shipped one is used meanwhile.")
    assert sandbox.requests[-1].body["instructions"].startswith("You are an art director")

    write(settings.templates_dir, f"{FACILITATOR}.md.j2", header + "Ask in mode {{ mode }}.")
    asked = await consult(client, "a lighthouse")

    assert not [one for one in asked["notes"] if FACILITATOR in one]
    assert sandbox.requests[-1].body["instructions"] == "Ask in mode guided."


async def test_own_ways_to_vary_are_drawn_and_broken_files_are_told_with_the_pictures(
    client: Client[Any], settings: Settings, sandbox: Sandbox
) -> None:
    ways = (SHIPPED / "variations.yaml").read_text(encoding="utf-8")
    write(settings.templates_dir, "variations.yaml", ways.replace("reds, oranges", "browns, reds"))
    write(settings.templates_dir, "generation/draw.md.j2", "{{ pictures")

    drawn = await draw(client, prompt="a fox", variations=2, variation_strategy="color", **SKIP)

    told = [request.body["instructions"] for request in sandbox.requests if request.body]
    assert [text for text in told if "browns, reds" in text]
    assert [note for note in drawn["notes"] if note.startswith("Your own generation/draw.md.j2,")]


async def test_what_was_said_is_named_in_request_and_record(
    client: Client[Any], settings: Settings, sandbox: Sandbox
) -> None:
    shipped = LIBRARY.template(FACILITATOR)
    asked = await consult(client, "a lighthouse")
    write(settings.templates_dir, "image_types/stamp.yaml", STAMP)
    again = await consult(client, "a stamp")

    first, second = [request.body["metadata"]["templates"].split() for request in sandbox.requests]
    assert first[0] == second[0] == f"{shipped.name}@{shipped.fingerprint}"
    assert first[1] != second[1]  # the image types have a part in the words
    for conversation, named in ((asked, first), (again, second)):
        record = await client.read_resource(f"conversation://{conversation['conversation_id']}")
        assert all(name in str(record) for name in named)
