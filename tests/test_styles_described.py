"""A style is made of pictures: asked about where they disagree, without subjects and names."""

import base64
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from styles.style_store import StyleStore
from tests.calls import data_of, draw, refusal, text_of
from tests.conftest import Connect, Run
from tests.looks import encoded, paint

EXTRACT = "openai_extract_style"
FORM = "style_description"
pytestmark = pytest.mark.anyio


def painted(folder: Path, *takes: tuple[str, int]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for look, take in takes:
        (folder / f"{look}-{take}.png").write_bytes(encoded(paint(look, take, 256)))
    return [f"{look}-{take}.png" for look, take in takes]


@pytest.fixture
def warm(tmp_path: Path) -> list[str]:
    return painted(tmp_path / "images", ("flat", 0), ("flat", 1))


@pytest.fixture
async def explorer(connect: Connect) -> Any:
    async with connect(toolsets=["explore"]) as client:
        yield client


async def extract(client: Client[Any], **arguments: Any) -> Any:
    return data_of(await client.call_tool(EXTRACT, arguments))


def description(**aspects: str) -> dict[str, Any]:
    said = [{"aspect": name, "words": words} for name, words in aspects.items()]
    empty: dict[str, Any] = {"subjects": [], "names": [], "note": "a look", "avoid": []}
    return {**empty, "aspects": said}


async def test_a_cold_one_among_warm_pictures_is_asked_about_and_left_out(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str], tmp_path: Path
) -> None:
    images = tmp_path / "images"
    cold = [str(images / name) for name in painted(images, ("night", 0))]
    asked = await extract(explorer, images=[*warm, *cold], name="sunny")

    assert asked["status"] == "asking"
    assert asked["question"].startswith(
        "night-0.png differs from the others in palette: it is cooler"
    )
    assert "(temperature -" in asked["question"]
    assert asked["options"] == ["leave out night-0.png", "take everything but palette"]
    without, rest = asked["answers"]
    assert (without["images"], rest["images"]) == (warm, [*warm, *cold])
    assert "palette" in without["aspects"]
    assert "palette" not in rest["aspects"]
    only = await extract(explorer, images=[*warm, *cold], aspects=["palette"])
    assert only["options"] == ["leave out night-0.png"]  # nothing else would be left
    assert not sandbox.requests  # and nothing was charged

    kept = await extract(explorer, images=without["images"], name="sunny")

    assert kept["status"] == "saved"
    assert kept["uri"] == "style://sunny"
    assert "style=sunny" in kept["next_step"]
    assert kept["cost_usd"] > 0
    style = StyleStore(tmp_path / "data" / "styles").style("sunny")
    assert style.colours[0] in {"#f4d35e", "#f4d35f"}  # through JPEG
    assert [one.id for one in style.sources] == warm
    lying = {path.name for path in (tmp_path / "data" / "styles").glob("*.jpg")}
    assert lying == {*style.samples} == {"sunny-1.jpg", "sunny-2.jpg"}


async def test_the_model_sees_the_pictures_and_their_numbers_and_only_wanted_aspects(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str]
) -> None:
    result = await extract(explorer, images=warm, aspects=["palette", "line"])

    body = sandbox.requests[-1].body
    (message,) = body["input"]
    assert json.loads(message["content"][0]["text"])["measured"].keys() == {"palette", "line"}
    pictures = [one["image_url"] for one in message["content"][1:]]
    assert [base64.b64decode(url.partition(",")[2])[:2] for url in pictures] == [b"\xff\xd8"] * 2
    assert "light" not in body["instructions"].partition("Describe")[2].partition("`note`")[0]
    assert [one["aspect"] for one in result["aspects"]] == ["palette", "line"]
    assert result["status"] == "described"  # without a name nothing is kept


async def test_a_picture_that_was_given_twice_is_sent_and_counted_once(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str], tmp_path: Path
) -> None:
    copy = tmp_path / "images" / "copy.png"
    copy.write_bytes((tmp_path / "images" / warm[0]).read_bytes())

    called = await explorer.call_tool(EXTRACT, {"images": [warm[0], copy.name]})

    (message,) = sandbox.requests[-1].body["input"]
    assert [part["type"] for part in message["content"]] == ["input_text", "input_image"]
    assert "The same picture was given more than once" in text_of(called)


async def test_subjects_and_names_go_back_once_then_stay_out_and_are_told(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str], tmp_path: Path
) -> None:
    spoilt = description(
        palette="warm yellow, as in the fields of Van Gogh",
        light="even light, hokusai-like clouds",
        texture="smooth, like the fur of foxes",
        medium="Studio Ghibli",
    )
    spoilt |= {"names": ["hokusai"], "subjects": ["fox"], "avoid": ["Disney gloss", "grain"]}
    texture = {"aspect": "texture", "words": "smooth and soft"}
    better = spoilt | {"aspects": [*spoilt["aspects"][:2], texture, spoilt["aspects"][3]]}
    sandbox.answer(FORM, spoilt, better)

    called = await explorer.call_tool(EXTRACT, {"images": warm, "name": "spoilt"})

    first, second = [call.body["input"] for call in sandbox.requests]
    assert len(first) == 1
    broken = json.loads(second[-1]["content"])["broken"]
    for name in ("Van Gogh", "hokusai", "fox", "Studio Ghibli", "Disney"):
        assert name in " ".join(broken)
    text = (tmp_path / "data" / "styles" / "spoilt.yaml").read_text("utf-8")
    for name in ("Gogh", "okusai", "fox", "Ghibli", "Disney"):
        assert name not in text
    style = StyleStore(tmp_path / "data" / "styles").style("spoilt")
    words = {"palette": "warm yellow", "light": "even light", "texture": "smooth and soft"}
    assert style.words == words
    assert style.avoid == ["grain"]
    left = {one["aspect"]: one["because"] for one in data_of(called)["left_out"]}
    assert left["medium"] == "Studio Ghibli"
    assert 'Not taken: "as in the fields of Van Gogh" (palette)' in text_of(called)


async def test_a_name_that_is_taken_is_refused_before_anything_is_paid(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str]
) -> None:
    assert "linocut!" not in await refusal(explorer, EXTRACT, images=warm, name="linocut!")
    assert "no names on Windows" in await refusal(explorer, EXTRACT, images=warm, name="aux")
    await extract(explorer, images=warm, name="mine")
    before = len(sandbox.requests)

    words = await refusal(explorer, EXTRACT, images=warm, name="mine")

    assert "stays as it is" in words
    assert "Nothing was charged" in words
    assert len(sandbox.requests) == before


def test_the_command_takes_files_from_where_one_stands_and_offers_a_command_for_each_answer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images" / "holiday"
    images = painted(folder, ("flat", 0), ("flat", 1), ("night", 0))
    monkeypatch.chdir(folder)

    asked = run("styles", "extract", *images, "--name", "sunny")
    (first, rest) = re.findall(r"  image-consultant (styles extract .+)", asked)
    said = run(*shlex.split(first.replace("sunny", "Sunny")))

    assert first == "styles extract flat-0.png flat-1.png --name sunny"
    assert rest.startswith("styles extract flat-0.png flat-1.png night-0.png --aspect light ")
    assert "Style sunny, kept as style://sunny." in said
    assert 'generate "..." --style sunny' in said
    assert "palette" in StyleStore(tmp_path / "data" / "styles").style("sunny").words


async def test_colours_that_were_measured_stay_behind_where_the_words_of_the_palette_are_others(
    explorer: Client[Any], sandbox: Sandbox, warm: list[str], tmp_path: Path
) -> None:
    await extract(explorer, images=warm, name="mine")
    file = tmp_path / "data" / "styles" / "mine.yaml"
    text = file.read_text("utf-8")
    assert "origin: sandbox" in text  # no word of a real model
    words = StyleStore(file.parent).style("mine").words["palette"]

    sent = []
    for palette in (words, "icy blue and violet"):
        file.write_text(text.replace(words, palette), encoding="utf-8")
        await draw(explorer, prompt="a hen", style="mine", dialogue_mode="skip")
        sent.append(sandbox.requests[-1].body["input"][0]["content"][1]["text"])

    assert f"palette: {words}" in sent[0]
    assert "colours: #f4d35" in sent[0]
    assert "palette: icy blue and violet" in sent[1]
    assert "#" not in sent[1]
