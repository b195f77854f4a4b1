"""What the studio's page reads: every picture, drawings under way, templates, money, the setup."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from styles.strength import ASPECTS
from tests.calls import LOW, SKIP, consult, data_of, draw, refusal
from tests.folders import rows
from tests.test_styles_applied import HARBOUR
from tools.studio import add_studio

OWN = """
description: A flag for a ship that nobody has sailed yet, drawn flat.
image_type: illustration
parameters:
  colour:
    type: color
    question: Which colour?
template: A flat flag in {{ colour }}, seen from the front.
example:
  values: {colour: deep blue}
  renders: A flat flag in deep blue, seen from the front.
"""


def open_page(settings: Settings) -> Client[Any]:
    """A client of a server with the studio's tool."""
    server = create_server(settings)
    add_studio(server)
    return Client(server)


@pytest.fixture
async def page(settings: Settings) -> AsyncIterator[Client[Any]]:
    async with open_page(settings) as connected:
        yield connected


async def read(page: Client[Any], what: str, **arguments: Any) -> dict[str, Any]:
    return data_of(await page.call_tool("studio_read", {"what": what, **arguments}))


async def test_the_gallery_has_every_picture_newest_first_and_finds_them(
    page: Client[Any],
) -> None:
    fox = await draw(page, prompt="a fox", **SKIP)
    hare = await draw(page, prompt="a hare", **SKIP)
    hat = await draw(page, prompt="a hat", conversation_id=fox["conversation_id"])
    (first,), (second,), (third,) = (
        [image["image_id"] for image in one["images"]] for one in (fox, hare, hat)
    )
    await page.call_tool("view_keep", {"what": "rating", "id": second, "value": '{"rating": 5}'})

    async def found(**arguments: Any) -> list[str]:
        listed = await read(page, "pictures", **arguments)
        assert listed["total"] == len(listed["pictures"])
        return [one["id"] for one in listed["pictures"]]

    assert await found() == [third, second, first]
    assert await found(query="fox") == [third, first]
    assert await found(values={"rating": "4"}) == [second]
    assert await found(values={"until": "2020-01-01"}) == []
    assert await found(query="fox", values={"bookmarked": "true"}) == []
    several = await draw(page, prompt="a hen", variations=2, **LOW)
    listed = await read(page, "pictures", query="hen")
    # Beside each other, whichever was done first.
    assert {one["variation"] for one in listed["pictures"]} == {
        image["variation"] for image in several["images"]
    }
    said = await refusal(page, "studio_read", what="pictures", values={"rating": "many"})
    assert "rating" in said


async def test_the_gallery_finds_by_meaning_what_holds_none_of_the_words_and_says_how(
    page: Client[Any], settings: Settings
) -> None:
    fox = await draw(page, prompt="a fox", **SKIP)
    hare = await draw(page, prompt="a hare", **SKIP)
    asked = {"what": "pictures", "query": "vulpes", "values": {"meaning": "true"}}
    near = data_of(await page.call_tool("studio_read", asked))
    none = await read(page, "pictures", query="vulpes")
    async with open_page(settings.model_copy(update={"embeddings": False})) as other:
        words = data_of(await other.call_tool("studio_read", {**asked, "query": "hare"}))

    ids = {one["images"][0]["image_id"] for one in (fox, hare)}
    assert {one["id"] for one in near["pictures"]} == ids
    assert "by the sandbox in place of text-embedding-3-small" in near["note"]
    assert none["pictures"] == []
    assert [one["title"] for one in words["pictures"]] == ["a hare"]
    assert "IMAGE_CONSULTANT_EMBEDDINGS is off" in words["note"]


async def test_the_gallery_is_filtered_by_words_of_the_style(
    page: Client[Any], settings: Settings
) -> None:
    fox = await draw(page, prompt="a fox", **SKIP)
    await draw(page, prompt="a hare", **SKIP)
    change = "UPDATE conversations SET style = 'Loose watercolour' WHERE id = ?"
    rows(settings, change, fox["conversation_id"])
    listed = await read(page, "pictures", values={"style": "WATERCOLOUR"})

    assert listed["styles"] == ["Loose watercolour"]
    assert [one["conversation_id"] for one in listed["pictures"]] == [fox["conversation_id"]]
    assert (await read(page, "pictures", values={"style": "oil"}))["total"] == 0


async def test_how_drawings_ended_is_counted_by_what_kept_them_from_a_picture(
    page: Client[Any], sandbox: Sandbox
) -> None:
    await consult(page, "a fox", mode="quick")  # from then on it is known who answers
    await draw(page, prompt="a fox", **SKIP)
    sandbox.fail("moderation_http", kind="image")
    await refusal(page, "openai_conversational_image", prompt="a hare", **SKIP)
    drawings = (await read(page, "costs"))["drawings"]

    assert (drawings["done"], drawings["failed"], drawings["unknown"]) == (1, {"moderation": 1}, 0)
    assert 0 < drawings["seconds"][0] < 60


async def test_drawings_under_way_are_known_to_every_page(
    settings: Settings, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=3", kind="image", times=2)
    async with open_page(settings.model_copy(update={"wait_seconds": 1})) as page:
        wanted = [draw(page, prompt=f"a {one}", **SKIP) for one in ("fox", "hare")]
        begun = await asyncio.gather(*wanted)
        pulse = await read(page, "pulse", query="de")

    assert {one["status"] for one in begun} == {"working"}
    assert {one["conversation_id"] for one in pulse["drawings"]} == {
        one["conversation_id"] for one in begun
    }
    assert pulse["key"] == ""
    assert pulse["words"]["language"] == "de"


async def test_a_page_is_told_whatever_another_changed_in_what_it_shows(
    page: Client[Any],
) -> None:
    fox = await draw(page, prompt="a fox", **SKIP)
    shown, image_id = fox["conversation_id"], fox["images"][0]["image_id"]
    stamps = [(await read(page, "pulse", id=shown))["stamp"]]
    for what, thing, value in (
        ("rating", image_id, '{"rating": 3}'),
        ("bookmark", shown, "true"),
        ("title", shown, "Reynard"),
    ):
        await page.call_tool("view_keep", {"what": what, "id": thing, "value": value})
        stamps.append((await read(page, "pulse", id=shown))["stamp"])
    await draw(page, prompt="a hat", conversation_id=shown)
    stamps.append((await read(page, "pulse", id=shown))["stamp"])

    before = await read(page, "pulse", id=shown)
    hare = await draw(page, prompt="a hare", **SKIP)
    after = await read(page, "pulse", id=shown, values={"since": before["moment"]})

    assert len(set(stamps)) == len(stamps)
    assert before["stamp"] == stamps[-1]
    assert (before["pictures"], after["drawings"]) == ([], [])
    assert after["pictures"][-1]["id"] == hare["images"][0]["image_id"]
    assert (await read(page, "pulse", id="conv_none"))["stamp"] == ""


async def test_a_template_is_a_form_whose_prompt_is_seen_while_it_is_filled(
    page: Client[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "prompts" / "library" / "art"
    folder.mkdir(parents=True)
    (folder / "ship_flag.yaml").write_text(OWN)
    library = data_of(await page.call_tool("view_read", {"what": "templates"}))
    empty = await read(page, "template", id="flat_lay")
    wrong = await read(page, "template", id="flat_lay", values={"light": "moonlight"})
    filled = await read(page, "template", id="ship_flag", values={"colour": "cream"})
    series = await read(page, "template", id="series_picture")

    assert [one["name"] for one in library["templates"] if one["own"]] == ["ship_flag"]
    assert (empty["missing"], empty["fault"]) == (["subject"], "")
    assert "camera parallel to the ground: [subject]" in "".join(
        piece["text"] for piece in empty["prompt"]
    )
    assert "light as one of" in wrong["fault"]
    (styles,) = [field["choices"] for field in series["fields"] if field["name"] == "style"]
    assert styles == ["soft_gouache", "linocut", "blue_hour"]
    assert filled["prompt"][1] == {"text": "cream", "origin": "colour"}


async def test_what_goes_along_of_a_style_is_seen_before_it_is_paid_for(
    page: Client[Any], tmp_path: Path, sandbox: Sandbox
) -> None:
    folder = tmp_path / "data" / "styles"
    folder.mkdir(parents=True)
    (folder / "harbour.yaml").write_text(HARBOUR)
    for number in (1, 2, 3):
        (folder / f"harbour-{number}.jpg").write_bytes(b"a picture")

    async def preview(strength: int, *names: str, aspects: tuple[str, ...] = ASPECTS) -> Any:
        styles = [{"name": name, "weight": 50} for name in names]
        wish = {"style": styles, "strength": strength, "aspects": aspects}
        return await read(page, "style", query=json.dumps(wish))

    leading, every = ["palette", "light"], ["palette", "light", "line", "medium"]
    for strength, aspects, colours, samples in (
        (30, leading, 0, 0), (60, every, 2, 0), (80, every, 2, 1), (90, every, 2, 3)
    ):  # fmt: skip
        seen = await preview(strength, "harbour")
        (use,) = seen["styles"]
        assert [*use["aspects"]] == aspects
        assert (len(use["colours"]), len(seen["samples"])) == (colours, samples)
    only = await preview(60, "harbour", aspects=("line",))
    mixed = await preview(60, "harbour", "linocut")

    assert only["styles"][0]["aspects"] == {"line": "thin pencil outlines"}
    assert {one["name"] for one in mixed["styles"]} == {"harbour", "linocut"}
    assert mixed["either"] == ["watercolour on rough paper", "linocut print"]
    assert not sandbox.requests


async def test_costs_are_told_by_day_and_by_conversation(page: Client[Any]) -> None:
    drawn = [await draw(page, prompt=f"a {one}", **SKIP) for one in ("fox", "hare")]
    costs = await read(page, "costs")
    spent = sum(one["cost_usd"] for one in drawn)

    assert [day["usd"] for day in costs["days"]] == [pytest.approx(spent, abs=1e-5)]
    assert {one["conversation_id"] for one in costs["conversations"]} == {
        one["conversation_id"] for one in drawn
    }


async def test_settings_are_told_with_their_source_and_without_secrets(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_WAIT_SECONDS", "7")
    async with open_page(settings.model_copy(update={"wait_seconds": 7.0})) as page:
        about = await read(page, "about")
    told = {one["name"]: (one["value"], one["source"]) for one in about["settings"]}

    assert told["IMAGE_CONSULTANT_WAIT_SECONDS"] == ("7", "environment")
    assert told["IMAGE_CONSULTANT_QUALITY"][1] == "default"
    assert told["OPENAI_API_KEY"][0] == "[set]"
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() not in str(about)
    assert {one["name"] for one in about["checks"]} >= {"images folder", "records"}


@pytest.mark.parametrize("language", ["de-DE", "fr", "es-MX", "ja"])
async def test_how_the_server_is_set_up_is_said_in_the_language_of_the_page(
    page: Client[Any], settings: Settings, language: str
) -> None:
    drawn = await draw(page, prompt="a fox", **SKIP)
    stray = settings.templates_dir / "stray.yaml"
    for is_in_order in (True, False):
        if not is_in_order:
            await anyio.Path(drawn["images"][0]["path"]).unlink()
            stray.parent.mkdir(parents=True)
            stray.write_text("of: nothing")
        ours, theirs = [
            [one[part] for one in (*about["checks"], *about["status"]["models"])
             for part in ("name", "told") if part in one]
            for about in [await read(page, "about", query=tag) for tag in ("en", language)]
        ]  # fmt: skip
        assert [one for one, other in zip(ours, theirs, strict=True) if one == other] == []
        assert ", 0.0 MB" not in str(ours)  # a picture is there, with bytes
