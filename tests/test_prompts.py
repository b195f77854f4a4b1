"""Prompt files: own ones before shipped ones, read anew, strict; what is said to models is theirs.

That what ships is sound is a test of `prompts lint --shipped`; whatever can be wrong with a
file is in `test_broken_templates`.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fastmcp import Client

from prompts.prompt_files import SHIPPED
from prompts.source import PromptError
from prompts.store import FALLBACK_TYPE, PromptStore
from prompts.template import Template, parse_template
from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import LOW, consult, draw

STORE = PromptStore()
NAMES = STORE.template_names()
IMAGE_TYPES = sorted((SHIPPED / "image_types").glob("*.yaml"))
TYPES = STORE.image_types()
FACILITATOR = "consultation/facilitator"

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


def template(text: str, header: str = HEADER) -> Template:
    return parse_template("own/greeting.md.j2", header + text)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


async def test_the_facilitator_is_told_of_every_type_at_first_and_of_its_own_later(
    client: Client[Any], sandbox: Sandbox
) -> None:
    first = await consult(client, "a logo for a bakery", mode="explorer")
    await consult(client, "no idea yet", conversation_id=first["conversation_id"])

    begun, later = (call.body for call in sandbox.requests[:2])
    known = yaml.safe_load((SHIPPED / "image_types/logo.yaml").read_text(encoding="utf-8"))
    assert all(file.stem in begun["input"][-1]["content"] for file in IMAGE_TYPES)
    assert known["dimensions"]["avoid"]["asks"] in later["input"][-1]["content"]
    assert len(begun["instructions"] + begun["input"][-1]["content"]) < 9_000
    assert len(later["instructions"] + later["input"][-1]["content"]) < 6_000


def test_dashes_within_header_and_text_are_what_they_say() -> None:
    header = "---\npurpose: Greet --- warmly.\nsamples: {}\n---\n"

    assert template("Hello --- you.\n---\nBye.", header).render() == "Hello --- you.\n---\nBye."


@pytest.mark.parametrize(("ends", "encoding"), [("\r\n", "utf-8"), ("\n", "utf-8-sig")])
def test_a_file_as_editors_on_windows_write_it_is_read(
    tmp_path: Path, ends: str, encoding: str
) -> None:
    path = write(tmp_path, "own/greeting.md.j2", "")
    path.write_bytes((HEADER + "Hello {{ first_name }}!\n").replace("\n", ends).encode(encoding))

    assert PromptStore(tmp_path).template("own/greeting").render(first_name="Ada") == "Hello Ada!"


def test_an_unknown_template_is_told_with_those_there_are() -> None:
    with pytest.raises(PromptError) as caught:
        STORE.template("consultation/nothing")

    assert all(name in str(caught.value) for name in ("consultation/nothing", *NAMES))


def test_an_own_folder_wins_file_by_file_and_is_read_anew(tmp_path: Path) -> None:
    store = PromptStore(tmp_path / "prompts")  # not there yet
    assert (store.template_names(), store.image_types()) == (NAMES, TYPES)

    write(tmp_path / "prompts", f"{FACILITATOR}.md.j2", "---\npurpose: Mine.\n---\nMy sources.")
    write(tmp_path / "prompts", "own/greeting.md.j2", HEADER)

    assert store.template(FACILITATOR).render() == "My sources."
    assert store.template("generation/draw") == STORE.template("generation/draw")
    assert store.template_names() == sorted([*NAMES, "own/greeting"])

    write(tmp_path / "prompts", f"{FACILITATOR}.md.j2", "---\npurpose: Mine.\n---\nYour sources.")
    assert store.template(FACILITATOR).render() == "Your sources."


def test_an_own_image_type_adds_one_and_replaces_its_namesake(tmp_path: Path) -> None:
    write(tmp_path, "image_types/stamp.yaml", f"name: other\n{STAMP}")
    write(tmp_path, "image_types/logo.yaml", STAMP)

    types = PromptStore(tmp_path).image_types()

    assert set(types) == {*TYPES, "stamp"}
    assert types["stamp"].name == "stamp"  # the file's, whatever it says
    assert types["logo"].recognise == "A stamp."
    assert types["poster"] == TYPES["poster"]


def test_every_shipped_file_is_read_by_someone() -> None:
    files = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.*")}
    known = {f"{name}.md.j2" for name in NAMES} | {f"image_types/{name}.yaml" for name in TYPES}
    odd = {file for file in files - known if not file.endswith((".py", ".pyc"))}

    assert FALLBACK_TYPE in TYPES
    assert {file for file in odd if not file.startswith("library/")} == {
        "variations.yaml", "refusing.yaml", "looks.yaml",
        *(f"wording/{language}.yaml" for language in "ar de en es fr it ja ko pt ru".split()),  # noqa: SIM905
    }  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("{{ mood }} sources", "line 4: 'mood' is undefined, the header has no such input"),
        ("{{ 'a' + 1 }} sources", "line 4: can only concatenate str"),
    ],
    ids=["where it is read", "where it is rendered"],
)
async def test_a_broken_own_template_is_told_and_the_shipped_one_used_until_it_is_mended(
    client: Client[Any], settings: Settings, sandbox: Sandbox, broken: str, told: str
) -> None:
    header = "---\npurpose: Ask.\n---\n"
    write(settings.templates_dir, f"{FACILITATOR}.md.j2", header + broken)

    asked = await consult(client, "a lighthouse")

    (note,) = [one for one in asked["notes"] if FACILITATOR in one]
    assert note.startswith(f"Your own {FACILITATOR}.md.j2, {told}")
    assert note.endswith("The shipped one is used meanwhile.")
    assert sandbox.requests[-1].body["instructions"].startswith("You are an art director")

    write(settings.templates_dir, f"{FACILITATOR}.md.j2", header + "Ask, and name sources.")
    asked = await consult(client, "a lighthouse")

    assert not [one for one in asked["notes"] if FACILITATOR in one]
    assert sandbox.requests[-1].body["instructions"] == "Ask, and name sources."


async def test_own_ways_to_vary_are_drawn_and_broken_files_are_told_with_the_pictures(
    client: Client[Any], settings: Settings, sandbox: Sandbox
) -> None:
    ways = (SHIPPED / "variations.yaml").read_text(encoding="utf-8")
    write(settings.templates_dir, "variations.yaml", ways.replace("reds, oranges", "browns, reds"))
    write(settings.templates_dir, "generation/draw.md.j2", "{{ pictures")

    drawn = await draw(client, prompt="a fox", variations=2, variation_strategy="color", **LOW)

    told = [request.body["instructions"] for request in sandbox.requests if request.body]
    assert [text for text in told if "browns, reds" in text]
    assert [note for note in drawn["notes"] if note.startswith("Your own generation/draw.md.j2,")]


async def test_what_was_said_is_named_in_request_and_record(
    client: Client[Any], settings: Settings, sandbox: Sandbox
) -> None:
    shipped = STORE.template(FACILITATOR)
    asked = await consult(client, "a lighthouse")
    write(settings.templates_dir, "image_types/stamp.yaml", STAMP)
    again = await consult(client, "a stamp")

    first, second = [request.body["metadata"]["templates"].split() for request in sandbox.requests]
    assert first[0] == second[0] == f"{shipped.name}@{shipped.fingerprint}"
    assert first[1] != second[1]  # the image types have a part in the words
    for conversation, named in ((asked, first), (again, second)):
        record = await client.read_resource(f"conversation://{conversation['conversation_id']}")
        assert all(name in str(record) for name in named)


def test_an_own_wording_that_lost_its_braces_gives_way_to_the_shipped_one(tmp_path: Path) -> None:
    shipped = (SHIPPED / "wording/de.yaml").read_text(encoding="utf-8")
    write(tmp_path, "wording/de.yaml", shipped.replace("etwa {usd} $", "etwa viel", 1))
    store = PromptStore(tmp_path)

    assert "wording/de.yaml, line" in store.faults()[0]
    assert "must hold {usd} and no other ones" in store.faults()[0]
    assert store.wording("de") == STORE.wording("de")
