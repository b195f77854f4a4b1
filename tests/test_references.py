"""Reference pictures: shown to the facilitator, and nothing else is ever read."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import CONSULT, consult, draw, refusal


@pytest.fixture
def folder(settings: Settings) -> Path:
    """The folder that pictures may come from: the images folder itself."""
    settings.images_dir.mkdir()
    return settings.images_dir


def save(path: Path, size: tuple[int, int] = (40, 30), **options: Any) -> Path:
    Image.new("RGB", size, "teal").save(path, **options)
    return path


def shown(sandbox: Sandbox) -> list[Image.Image]:
    """The pictures of the newest request that is no vector of words."""
    (*_, newest) = [r.body["input"] for r in sandbox.requests if "instructions" in r.body]
    parts = [
        part
        for item in newest
        if item["role"] == "user"
        for part in item["content"]
        if part["type"] == "input_image"
    ]
    return [
        Image.open(io.BytesIO(base64.b64decode(part["image_url"].split(",")[1]))) for part in parts
    ]


async def test_a_picture_is_shown_small_and_upright(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    save(folder / "wide.jpg", (4000, 2000), exif=exif)

    await consult(client, "a boat in these colours", reference_images=["wide.jpg"])

    (picture,) = shown(sandbox)
    assert picture.size == (512, 1024)
    assert not picture.getexif()


async def test_a_picture_is_shown_again_in_later_turns_even_when_its_file_is_gone(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    path = save(folder / "a.png")
    asked = await consult(client, "a boat like this", reference_images=[str(path)])
    path.unlink()

    await consult(client, "for a website", conversation_id=asked["conversation_id"])

    assert len(shown(sandbox)) == 1


async def test_a_drawn_picture_can_be_referred_to_by_its_id(
    client: Client[Any], sandbox: Sandbox
) -> None:
    drawn = await draw(client, prompt="a fox", dialogue_mode="skip")

    await consult(
        client, "a hen in the same style", reference_images=[drawn["images"][0]["image_id"]]
    )

    assert len(shown(sandbox)) == 1


async def test_what_is_taken_from_a_picture_points_to_it(client: Client[Any], folder: Path) -> None:
    save(folder / "a.png")

    result = await consult(client, "a boat like this one", reference_images=["a.png"], finish=True)

    seen = [entry for entry in result["brief"] if entry["source"] == "reference"]
    assert seen
    assert {entry["ref"] for entry in seen} == {"r1"}


async def test_what_to_take_of_a_picture_is_asked_by_aspect_and_goes_along_with_the_drawing(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    save(folder / "a.png")
    asked = await consult(client, "ein Boot so wie dieses", reference_images=["a.png"])

    (question,) = [one for one in asked["questions"] if one["dimension"] == "reference"]
    assert {"seine Farben", "der Aufbau"} <= {*question["options"]}

    colours = {"question_id": question["id"], "answer": "nur die Farben"}
    place = {"conversation_id": asked["conversation_id"]}
    ready = await consult(client, "", answers=[colours], finish=True, **place)
    drawn = await draw(client, quality="low", **place)

    assert ready["not_used"] == []
    assert not any(one.startswith("reference") for one in drawn["checklist"])
    instructions = sandbox.requests[-1].body["instructions"]
    assert "Picture 1 is there for its palette alone" in instructions


async def test_what_words_say_a_picture_is_for_is_not_asked_again(
    client: Client[Any], folder: Path
) -> None:
    save(folder / "a.png")

    asked = await consult(client, "a boat in these colours", reference_images=["a.png"])

    assert "reference" not in {one["dimension"] for one in asked["questions"]}


async def test_too_many_pictures_are_refused(client: Client[Any], folder: Path) -> None:
    save(folder / "a.png")

    error = await refusal(client, CONSULT, message="a boat", reference_images=["a.png"] * 5)

    assert "at most 4 pictures" in error
