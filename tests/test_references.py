"""Reference pictures: shown to the facilitator, and nothing else is ever read."""

import base64
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import CONSULT, consult, draw, refusal
from tests.conftest import Connect


@pytest.fixture
def folder(settings: Settings) -> Path:
    """The folder that pictures may come from: the images folder itself."""
    settings.images_dir.mkdir()
    return settings.images_dir


def save(path: Path, size: tuple[int, int] = (40, 30), **options: Any) -> Path:
    Image.new("RGB", size, "teal").save(path, **options)
    return path


def shown(sandbox: Sandbox) -> list[Image.Image]:
    """The pictures of the newest request."""
    parts = [
        part
        for item in sandbox.requests[-1].body["input"]
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


async def test_an_allowed_folder_of_the_settings_is_read(
    connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    save(other / "a.png")

    async with connect(input_dirs=[other]) as client:
        await consult(client, "a boat", reference_images=[str(other / "a.png")])

    assert len(shown(sandbox)) == 1


def outside(folder: Path) -> str:
    return str(save(folder.parent / "secret.png"))


def link_outside(folder: Path) -> str:
    (folder / "link.png").symlink_to(save(folder.parent / "secret.png"))
    return "link.png"


def linked_folder(folder: Path) -> str:
    (folder / "sub").symlink_to(folder.parent)
    save(folder.parent / "secret.png")
    return "sub/secret.png"


def endless_link(folder: Path) -> str:
    (folder / "loop.png").symlink_to(folder / "loop.png")
    return "loop.png"


def pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe.png")
    return "pipe.png"


def unix_socket(folder: Path) -> str:
    here = Path.cwd()
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("s.png")
    finally:
        os.chdir(here)
    return "s.png"


def device_link(folder: Path) -> str:
    (folder / "zero.png").symlink_to("/dev/zero")
    return "zero.png"


def lying_text(folder: Path) -> str:
    (folder / "text.png").write_text("root:x:0:0")
    return "text.png"


def truncated(folder: Path) -> str:
    whole = save(folder / "whole.png", (400, 400)).read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    return "half.png"


def bomb(folder: Path) -> str:
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    return "bomb.png"


def heic(folder: Path) -> str:
    (folder / "photo.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    return "photo.HEIC"


def scripted_svg(folder: Path) -> str:
    (folder / "a.svg").write_text("<svg><script>alert(1)</script></svg>")
    return "a.svg"


def huge_file(folder: Path) -> str:
    with (folder / "huge.png").open("wb") as file:
        file.truncate(60 * 2**20)
    return "huge.png"


def just(text: str) -> Callable[[Path], str]:
    def given(_folder: Path) -> str:
        return text

    given.__name__ = f"given {text[:30]!r}"
    return given


HOSTILE: list[tuple[Callable[[Path], str], str]] = [
    (outside, "not in a folder"),
    (link_outside, "not in a folder"),
    (linked_folder, "not in a folder"),
    (endless_link, "loop.png"),
    (pipe, "no regular file"),
    (unix_socket, "s.png"),
    (device_link, "not in a folder"),
    (lying_text, "no picture that can be read"),
    (truncated, "no picture that can be read"),
    (bomb, "pixels"),
    (heic, "is a HEIC file"),
    (scripted_svg, "is a SVG file"),
    (huge_file, "60 MB"),
    (just("."), "irectory"),
    (just("nothing.png"), "There is no file"),
    (just("../secret.png"), "not in a folder"),
    (just("a/../../secret.png"), "not in a folder"),
    (just("/etc/passwd"), "not in a folder"),
    (just("~/.ssh/id_rsa"), "not in a folder"),
    (just("/dev/stdin"), "not in a folder"),
    (just("/proc/self/environ"), "not in a folder"),
    (just("file:///etc/passwd"), "There is no file"),
    (just("https://example.com/a.png"), "There is no file"),
    (just("C:\\Users\\me\\a.png"), "There is no file"),
    (just("\\\\server\\share\\a.png"), "There is no file"),
    (just("a\0b.png"), "NUL"),
    (just(""), "empty"),
    (just("x" * 5000), "no usable path"),
    (just("/mnt/user-data/uploads/a.png"), "the assistant's own workspace"),
    (just("/mnt/data/a.png"), "the assistant's own workspace"),
    (just("sandbox:/mnt/data/a.png"), "the assistant's own workspace"),
    (just("img_0000000000000000"), "There is no picture"),
]


@pytest.mark.skipif(os.name != "posix", reason="pipes, sockets and links as POSIX has them")
@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case[0].__name__)
async def test_what_is_no_picture_of_an_allowed_folder_is_refused_before_a_call(
    client: Client[Any],
    sandbox: Sandbox,
    folder: Path,
    case: tuple[Callable[[Path], str], str],
) -> None:
    make, says = case

    error = await refusal(client, CONSULT, message="a boat", reference_images=[make(folder)])

    assert says in error
    assert "root:x" not in error
    assert sandbox.requests == []


async def test_too_many_pictures_are_refused(client: Client[Any], folder: Path) -> None:
    save(folder / "a.png")

    error = await refusal(client, CONSULT, message="a boat", reference_images=["a.png"] * 5)

    assert "at most 4 pictures" in error
