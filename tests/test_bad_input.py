"""Bad input and bad surroundings: a clear sentence each, and nothing is lost or paid."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import (
    CONSULT,
    DRAW,
    SKIP,
    consult,
    conversation_of,
    data_of,
    draw,
    picture,
    refusal,
    text_of,
)
from tests.conftest import Connect
from tests.forks import wait_for
from tests.stand_in import StandIn

FILLER = "filler"
LIST = "openai_list_conversations"

BAD: list[tuple[str, dict[str, Any], str]] = [
    (CONSULT, {"message": " \n\t "}, "message is empty"),
    (CONSULT, {"message": "\x07\x00\u200b"}, "no sign that can be read"),
    (CONSULT, {"message": "", "answers": [{"question_id": "q1", "answer": " "}]}, "is empty"),
    (CONSULT, {"message": "x", "conversation_id": "conv_none"}, "no conversation 'conv_none'"),
    (CONSULT, {"message": "x", "conversation_id": "../../x"}, "no conversation '../../x'"),
    (CONSULT, {"message": "x", "conversation_id": "a\0b"}, "no conversation 'ab'"),
    (CONSULT, {"message": "x", "answers": [{"question_id": "q9", "answer": "a"}]}, "'q9'"),
    (CONSULT, {"message": "x", "answers": [{"id": "q1"}]}, "answers.0.question_id is required"),
    (CONSULT, {"message": "x", "template": "prodct_hero"}, "Did you mean product_hero?"),
    (CONSULT, {"message": "x", "reference_images": ["a.png"]}, "There is no file 'a.png'"),
    (DRAW, {}, "prompt is empty"),
    (DRAW, {"conversation_id": "../../x"}, "no conversation '../../x'"),
    (DRAW, {"prompt": "x", **SKIP, "from_image": "img_none"}, "There is no picture 'img_none'"),
    (DRAW, {"prompt": "x", **SKIP, "size": "512x512"}, "The nearest is 816x816"),
    (DRAW, {"prompt": "x", **SKIP, "size": "1000x1000"}, "multiples of 16"),
    (DRAW, {"prompt": "x", **SKIP, "size": "large"}, "'large' is no size"),
    (DRAW, {"prompt": "x", **SKIP, "size": "99999x1"}, "at most 3840"),
    (DRAW, {"prompt": "x", **SKIP, "compression": 50}, "only jpeg and webp"),
    (
        DRAW,
        {"prompt": "x", **SKIP, "background": "transparent", "output_format": "jpeg"},
        "jpeg cannot be transparent",
    ),
    (
        DRAW,
        {"prompt": "x", **SKIP, "background": "transparent", "image_model": "gpt-image-2"},
        "gpt-image-2 draws no transparent background",
    ),
    (
        DRAW,
        {"prompt": "x", **SKIP, "quality": "max", "image_model": "gpt-image-2"},
        "gpt-image-2 draws in low, medium, high",
    ),
    (
        DRAW,
        {"prompt": "x", **SKIP, "output_format": "svg", "image_model": "gpt-image-2.5-flare"},
        "gpt-image-2.5-flare makes png, jpeg, webp",
    ),
    (DRAW, {"prompt": "x", **SKIP, "image_model": "gpt-image-9"}, "'gpt-image-9' is not known"),
    (DRAW, {"prompt": "x", **SKIP, "image_model": "gpt-image-1"}, "shut down on 2026-10-23"),
    (DRAW, {"prompt": "x", **SKIP, "quality": "best"}, "quality must be"),
    (DRAW, {"prompt": "x", "input_images": ["nowhere.png"]}, "There is no file 'nowhere.png'"),
    (DRAW, {"prompt": "x", "mask": "/etc/passwd", "input_images": ["img_none"]}, "img_none"),
    (DRAW, {"prompt": "x", "colour": "red"}, "colour"),
    (LIST, {"cursor": "zzz"}, "cursor"),
    (LIST, {"since": "yesterday"}, "since"),
    ("openai_search_conversations", {"query": "fox", "cursor": "zzz"}, "cursor"),
    ("openai_generate_image", {"prompt": "a fox", "prompts": ["a hen"]}, "Pass one of the two"),
    ("openai_generate_image", {"prompt": "a fox", "n": 99}, "n must be at most 10"),
    ("openai_generate_variations", {"from_image": "img_none"}, "img_none"),
    ("openai_rate_image", {"image_id": "img_none", "rating": "5"}, "img_none"),
    ("openai_rate_image", {}, "image_id"),
    ("openai_delete_conversation", {"conversation_id": "conv_none", "confirm": True}, "conv_none"),
    ("view_read", {"what": "state", "id": "conv_none"}, "conv_none"),
    ("view_read", {"what": "picture", "id": "img_none"}, "img_none"),
    ("view_keep", {"what": "title", "id": "conv_none", "value": " "}, "title"),
    ("view_keep", {"what": "mask", "value": "no base64"}, "base64"),
    ("openai_no_such_tool", {}, "openai_no_such_tool"),
]


async def test_bad_arguments_end_in_a_sentence_cost_nothing_and_leave_no_conversation(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(toolsets=["all"]) as client:
        for tool, arguments, says in BAD:
            called = await client.call_tool(tool, arguments, raise_on_error=False)
            error = text_of(called)

            assert called.is_error, arguments
            assert says in error, (arguments, error)
            data = data_of(called)["error"]
            assert (data["kind"], data["charged"]) == ("input", "no"), arguments
            assert error.count("Nothing was charged.") == 1, error
            assert data["next_step"]
            assert "pydantic" not in error
            assert "Traceback" not in error
        listed = data_of(await client.call_tool(LIST, {}))

    assert listed["total"] == 0
    assert sandbox.requests == []


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to: closed by its mode, for root by its mount."""
    folder = tmp_path / "closed"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        return
    with _mounted(folder, "ro"):
        yield folder


@pytest.fixture(params=["closed", "a file"])
def unusable_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder that nothing can be written to: for its parent's mode, or for being a file."""
    if request.param == "closed":
        return Path(request.getfixturevalue("closed_folder")) / "within"
    file = tmp_path / "file"
    file.write_text("not a folder")
    return file


@pytest.mark.parametrize("setting", ["images_dir", "data_dir"])
async def test_a_folder_that_cannot_be_used_is_refused_by_its_setting_before_anything_is_paid(
    connect: Connect, sandbox: Sandbox, unusable_folder: Path, setting: str
) -> None:
    async with connect(**{setting: unusable_folder}) as client:
        error = await refusal(client, DRAW, prompt="a fox", **SKIP)

    assert f"IMAGE_CONSULTANT_{setting.upper()}" in error
    assert sandbox.requests == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own with a megabyte of room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with _mounted(disk, "size=1m"):
        yield disk


async def test_a_full_images_disk_is_refused_before_anything_is_paid(
    connect: Connect, sandbox: Sandbox, small_disk: Path
) -> None:
    async with connect(images_dir=small_disk / "images") as client:
        error = await refusal(client, DRAW, prompt="a fox", **SKIP)

    assert "nearly full" in error
    assert "Nothing was charged" in error
    assert sandbox.count("image") == 0


async def test_a_full_data_disk_is_told_before_anything_is_paid(
    connect: Connect, sandbox: Sandbox, small_disk: Path
) -> None:
    async with connect(data_dir=small_disk / "data") as client:
        await draw(client, prompt="a fox", **SKIP)
        _fill(small_disk)
        paid = sandbox.count("image")
        error = await refusal(client, DRAW, prompt="a hen" * 2000, **SKIP)

    assert "the disk is full" in error
    assert sandbox.count("image") == paid


@pytest.fixture
def full_disk(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A disk that was found to have room, yet is full when the picture comes."""
    monkeypatch.setattr("storage.picture_files.ROOM", 0)
    (small_disk / "images").mkdir()
    _fill(small_disk)
    return small_disk


async def test_a_disk_that_fills_up_while_drawing_loses_no_picture(
    connect: Connect, settings: Settings, full_disk: Path
) -> None:
    async with connect(images_dir=full_disk / "images") as client:
        result = await draw(client, prompt="a fox", **SKIP)

    assert picture(result).is_file()
    assert picture(result).is_relative_to(settings.data_dir)
    assert any("so it was saved here" in note for note in result["notes"])
    assert not list((full_disk / "images").iterdir())


async def test_a_picture_that_no_disk_takes_can_be_collected_later(
    connect: Connect, sandbox: Sandbox, settings: Settings, full_disk: Path
) -> None:
    reserve = settings.data_dir / "pictures"
    reserve.mkdir(parents=True)
    async with connect(images_dir=full_disk / "images") as client:
        with _mounted(reserve, "size=1m"):
            _fill(reserve)
            failure = await client.call_tool(
                DRAW, {"prompt": "a fox", **SKIP}, raise_on_error=False
            )
            error = text_of(failure)
            (full_disk / FILLER).unlink()
            conversation = conversation_of(error)
            result = await draw(client, conversation_id=conversation)

        assert "could be saved neither" in error
        assert "The call was charged" in error
        assert data_of(failure)["error"]["charged"] == "yes"
        assert picture(result).parent == full_disk / "images"
        assert sandbox.count("image") == 1


async def test_records_removed_while_a_server_runs_are_missed_and_what_was_paid_is_told(
    connect: Connect, settings: Settings
) -> None:
    with StandIn() as openai:
        openai.behaviour.drawing = 1
        async with connect(openai_base_url=openai.base_url) as client:
            drawing = asyncio.create_task(refusal(client, DRAW, prompt="a fox", **SKIP))
            await asyncio.to_thread(wait_for, lambda: openai.payments)
            shutil.rmtree(settings.data_dir)
            paid = await drawing
            error = await refusal(client, CONSULT, message="a hen")

    [saved] = settings.images_dir.iterdir()
    assert str(saved) in paid
    assert "no longer there" in error
    assert "open it again" in error
    assert (len(openai.payments), openai.turns) == (1, 0)


async def test_a_damaged_database_is_set_aside_whole_and_the_call_goes_on_with_word_of_it(
    connect: Connect, settings: Settings
) -> None:
    settings.data_dir.mkdir()
    damaged = settings.data_dir / "conversations.db"
    damaged.write_bytes(b"this was a database once" * 500)
    before = damaged.read_bytes()

    async with connect() as client:
        first = await consult(client, "a fox")
        second = await consult(client, "a hen")

    [aside] = settings.data_dir.glob("conversations.db.damaged-*")
    assert aside.read_bytes() == before
    assert str(aside) in " ".join(first["notes"])
    assert str(aside) not in " ".join(second["notes"])


@contextmanager
def _mounted(folder: Path, options: str) -> Iterator[None]:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this account may not mount a disk for the test")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(disk: Path) -> None:
    """Leave two pages of a disk."""
    room = os.statvfs(disk)
    (disk / FILLER).write_bytes(b"\0" * (room.f_bavail * room.f_frsize - 8192))
