"""Where pictures may be read from, and what a person is told who names another place."""

import os
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from fastmcp import Client, FastMCP
from PIL import Image

from cli.serve import serve
from settings import Settings, load_settings
from storage.input_files import InputFiles
from storage.input_pictures import InputError
from tests.calls import DRAW, refusal
from transports.http import Address

CHAT = "pasted or attached in the chat reaches only the assistant"
UPLOADS = [
    "image.png",
    "Bild 1.jpeg",
    "attachment:image.png",
    "blob:https://claude.ai/0a1b",
    "/mnt/user-data/uploads/cat.jpg",
    "sandbox:/mnt/data/cat.jpg",
]
"""What assistants name where a person pasted or attached a picture."""


def save(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), "teal").save(path)
    return path


@pytest.fixture
def home() -> Path:
    return Path.home()


@pytest.fixture
def files(tmp_path: Path) -> InputFiles:
    """Of a person who set nothing but where pictures go."""
    settings = Settings(images_dir=tmp_path / "images")
    return InputFiles([settings.images_dir], tmp_path / "copies", settings.input_folders)


def refused(files: InputFiles, source: str) -> str:
    with pytest.raises(InputError) as error:
        files.read(source)
    return str(error.value)


@pytest.mark.parametrize("name", ["Pictures", "Downloads", "Desktop"])
def test_the_folders_where_people_keep_pictures_may_be_read(
    files: InputFiles, home: Path, name: str
) -> None:
    path = save(home / name / "holiday" / "my cat.png")

    assert files.read(str(path)) == path.read_bytes()
    assert files.read(f"~/{name}/holiday/my cat.png") == path.read_bytes()
    assert files.read(f"file://{quote(str(path))}") == path.read_bytes()
    assert files.read(f'"{path}"') == path.read_bytes()
    assert files.read(f"FILE://localhost{path}") == path.read_bytes()


def test_the_home_and_its_other_folders_may_not(files: InputFiles, home: Path) -> None:
    for path in (home / "secret.png", home / "Documents" / "scan.png"):
        error = refused(files, str(save(path)))

        assert "not in a folder that pictures may come from" in error
        assert "IMAGE_CONSULTANT_INPUT_DIRS" in error


@pytest.mark.skipif(os.name != "posix", reason="the file that names a system's own folders")
def test_a_system_without_a_desktop_does_not_open_the_home(home: Path) -> None:
    (home / ".config").mkdir(parents=True, mode=0o700)
    (home / ".config" / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/"\n')

    assert home not in Settings().input_folders


def test_folders_that_were_named_take_the_place_of_these(
    monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_INPUT_DIRS", str(tmp_path / "scans"))
    scan = save(tmp_path / "scans" / "a.png")
    settings = load_settings(images_dir=tmp_path / "images")
    bases = [settings.images_dir, *settings.input_dirs]
    files = InputFiles(bases, tmp_path / "copies", settings.input_folders)

    assert files.read("a.png") == scan.read_bytes()
    assert "not in a folder" in refused(files, str(save(home / "Desktop" / "b.png")))


@pytest.mark.parametrize("source", UPLOADS)
def test_a_picture_of_the_chat_is_told_how_to_get_here(
    files: InputFiles, home: Path, tmp_path: Path, source: str
) -> None:
    save(home / "Downloads" / "image.png")  # another picture, which nobody meant

    error = refused(files, source)

    assert CHAT in error
    assert (f" in {tmp_path / 'images'}." in error) is (source in UPLOADS[:2])
    assert "Put the picture into one of these folders and give its whole path there" in error
    assert str(home / "Downloads") in error
    assert str(home / "Desktop") not in error  # there is none


def test_a_path_that_is_not_there_is_no_matter_of_the_chat(files: InputFiles, home: Path) -> None:
    error = refused(files, str(home / "Desktop" / "a.png"))

    assert CHAT not in error
    assert error.endswith("Correct its path.")  # it names such a folder already


def test_a_name_is_found_as_people_see_it(files: InputFiles, home: Path) -> None:
    path = save(home / "Desktop" / "Bildschirmfoto für 9.41.00\u202fAM.png")
    typed = str(home / "Desktop" / "Bildschirmfoto fu\u0308r 9.41.00 AM.png")

    assert files.read(typed) == path.read_bytes()


@pytest.mark.parametrize("source", ["//[a.png", "file://[/a.png", "file:", "file:a.png", "[//]"])
def test_an_address_that_is_none_is_refused_as_any_other(files: InputFiles, source: str) -> None:
    assert "There is no file" in refused(files, source)


def test_a_disk_that_lies_where_hosts_keep_uploads_may_be_named(tmp_path: Path) -> None:
    files = InputFiles([Path("/mnt/data/scans")], tmp_path / "copies")

    assert CHAT not in refused(files, "/mnt/data/scans/a.png")


@pytest.fixture
def over_http(monkeypatch: pytest.MonkeyPatch) -> list[FastMCP]:
    """The servers that the command `serve` would offer to others, instead of doing it."""
    servers: list[FastMCP] = []

    def keep(server: FastMCP, _address: Address, listener: socket.socket, _: Settings) -> None:
        listener.close()
        servers.append(server)

    monkeypatch.setattr("transports.http.run_http", keep)
    monkeypatch.setattr("cli.logs.configure", lambda _settings: None)
    return servers


async def test_over_http_only_the_images_folder_may_be_read(
    over_http: list[FastMCP], monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))
    path = save(home / "Desktop" / "a.png")
    serve(transport="http", port=0, sandbox=True)

    async with Client(over_http[0]) as client:
        error = await refusal(
            client, DRAW, prompt="a boat", dialogue_mode="skip", input_images=[str(path)]
        )

    assert "not in a folder that pictures may come from" in error
    assert str(home) not in error.replace(str(path), "")
