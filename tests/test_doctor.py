"""Doctor finds what is wrong, one planted fault at a time, and names the way out."""

import json
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from cli.doctor import account, command
from cli.doctor.command import doctor
from errors import Check
from sandbox.loopback import Sandbox
from settings import load_settings
from storage.database import Database
from storage.database_file import FILE_NAME
from tests.conftest import KEY, ROOT
from tests.test_configure import fail_listing, parts_of
from tests.test_storage import conversation

WINDOWS = sys.platform == "win32"
ROOT_USER = not WINDOWS and os.geteuid() == 0


class Place(NamedTuple):
    """Where faults are planted."""

    home: Path
    data: Path
    sandbox: Sandbox
    put: Callable[[str, str], None]

    def write(self, name: str, text: str) -> Path:
        """A file in the data folder."""
        path = self.data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Place:
    """A person whose server is in order, with the sandbox for OpenAI."""
    (tmp_path / "home").mkdir()
    (tmp_path / "data").mkdir(mode=0o700)
    for name in ("XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": sandbox.base_url,
        "IMAGE_CONSULTANT_DATA_DIR": str(tmp_path / "data"),
        "IMAGE_CONSULTANT_IMAGES_DIR": str(tmp_path / "images"),
        "IMAGE_CONSULTANT_FACILITATOR_MODEL": "gpt-6-luna",
    }.items():
        monkeypatch.setenv(name, value)

    def put(name: str, value: str) -> None:
        monkeypatch.setenv(name if name.startswith("OPENAI") else f"IMAGE_CONSULTANT_{name}", value)

    return Place(tmp_path / "home", tmp_path / "data", sandbox, put)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes seconds whatever is wrong."""
    monkeypatch.delitem(command.TRIALS, "start")
    monkeypatch.delitem(command.TRIALS, "round trip")


def page(capsys: pytest.CaptureFixture[str], code: int | None = None) -> list[Check]:
    """What `doctor --json` prints, and that nothing of the key is in it."""
    ended = doctor(as_json=True)
    shown = capsys.readouterr()
    found = [Check(**check) for check in json.loads(shown.out)]
    assert not any(part in shown.out + shown.err for part in parts_of(KEY))
    assert ended == int(any(check.state == "problem" for check in found))
    assert code in {None, ended}
    return found


def records_in(folder: Path) -> sqlite3.Connection:
    """The records of a folder with one conversation in them, as a file to be changed."""

    async def make() -> None:
        database = Database(folder)
        async with database.write() as session:
            session.add(conversation())
        await database.close()

    anyio.run(make)
    return sqlite3.connect(folder / FILE_NAME)


class Pages(BaseHTTPRequestHandler):
    """What answers in place of OpenAI: a list of models that holds no image model."""

    def do_GET(self) -> None:
        names = ("gpt-6-luna", "gpt-4o")
        models = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in names]
        body = json.dumps({"object": "list", "data": models})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def a_list_without_image_models(place: Place) -> None:
    server = HTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    place.put("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")


def an_images_folder_below_a_file(place: Place) -> None:
    place.put("IMAGES_DIR", str(place.write("file", "") / "images"))


def an_images_folder_to_read_only(place: Place) -> None:
    (place.home / "images").mkdir(mode=0o500)
    place.put("IMAGES_DIR", str(place.home / "images"))


def a_data_folder_that_is_a_file(place: Place) -> None:
    place.put("DATA_DIR", str(place.write("file", "")))


def damaged_records(place: Place) -> None:
    records_in(place.data).close()
    (place.data / FILE_NAME).write_bytes(b"SQLite format 3\0" + b"\xff" * 8176)


def records_of_a_newer_version(place: Place) -> None:
    with closing(records_in(place.data)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")


def records_that_others_can_read(place: Place) -> None:
    records_in(place.data).close()
    (place.data / FILE_NAME).chmod(0o644)


def records_that_were_set_aside(place: Place) -> None:
    records_in(place.data).close()
    place.write(f"{FILE_NAME}.damaged-20261101-120000", "x").chmod(0o600)


def a_picture_that_is_gone(place: Place) -> None:
    from tests.calls import picture

    picture(draw_once(place)).unlink()


def a_refusal_for_want_of_verification(place: Place) -> None:
    place.sandbox.fail("unverified", kind="image")
    draw_once(place)


def draw_once(place: Place) -> dict[str, Any]:
    """What a server with these settings draws."""
    from fastmcp import Client

    from server import create_server
    from tests.calls import DRAW, data_of

    async def draw() -> dict[str, Any]:
        async with Client(create_server(load_settings())) as client:
            arguments = {"prompt": "a fox", "dialogue_mode": "skip"}
            return data_of(await client.call_tool(DRAW, arguments, raise_on_error=False))

    assert place.data.is_dir()
    return anyio.run(draw)


def a_template_with_a_slip(place: Place) -> None:
    shipped = (ROOT / "prompts/generation/draw.md.j2").read_text(encoding="utf-8")
    place.write("prompts/generation/draw.md.j2", shipped + "{% if %}")


def a_template_that_nothing_reads(place: Place) -> None:
    place.write("prompts/generation/drawing.md.j2", "")


def a_key_file_that_others_can_read(place: Place) -> None:
    place.write(".env", f"OPENAI_API_KEY={KEY}").chmod(0o644)


def a_client_with_a_broken_file(place: Place) -> None:
    (place.home / ".claude.json").write_text('{"mcpServers": {')


def a_client_with(place: Place, command: str, *arguments: str) -> None:
    entry = {"command": command, "args": arguments}
    file = {"mcpServers": {"image-consultant": entry}}
    (place.home / ".claude.json").write_text(json.dumps(file))


def a_client_with_a_command_that_is_gone(place: Place) -> None:
    a_client_with(place, str(place.home / "bin" / "uv"), "run", "image-consultant")


def a_client_whose_command_ends_at_once(place: Place) -> None:
    a_client_with(place, sys.executable, "-c", f"import sys; sys.exit('No module named {KEY}')")


def a_client_without_the_key(place: Place) -> None:
    a_client_with(place, sys.executable, "-c", "")


Row = tuple[Callable[[Place], None] | dict[str, str] | str, str, str, str]
# A fault is a setting, a refusal of the list of models, or what a function does to the place.
PLANTED: list[Row] = [
    ({"OPENAI_API_KEY": ""}, "key", "problem", "Run `image-consultant configure`"),
    ("key_echo", "openai", "problem", "refused the API key. Give another with `image-consultant"),
    ("unverified", "openai", "problem", "Verify the organization in the settings"),
    ("insufficient_quota", "openai", "problem", "Add credit or raise the limit"),
    (
        {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
        "openai",
        "problem",
        "could not be reached. Check the network, a proxy",
    ),
    (a_list_without_image_models, "model access", "problem", "Verify the organization"),
    ({"IMAGE_MODEL": "dall-e-3"}, "models", "problem", "to gpt-image-2.6-sunburst"),
    ({"IMAGE_MODEL": "gpt-image-9"}, "model access", "problem", "IMAGE_CONSULTANT_IMAGE_MODEL"),
    (
        {"FACILITATOR_MODEL": "gpt-4o"},
        "models",
        "",
        "IMAGE_CONSULTANT_FACILITATOR_MODEL to gpt-6-luna",
    ),
    (an_images_folder_below_a_file, "images folder", "problem", "IMAGE_CONSULTANT_IMAGES_DIR"),
    (an_images_folder_to_read_only, "images folder", "problem", "Make it writable"),
    (a_data_folder_that_is_a_file, "data folder", "problem", "IMAGE_CONSULTANT_DATA_DIR"),
    (damaged_records, "records", "problem", "set aside at the next call"),
    (records_of_a_newer_version, "records version", "problem", "Update."),
    (records_that_others_can_read, "records privacy", "warning", "chmod go="),
    (records_that_were_set_aside, "records set aside", "warning", ".recover, or delete it"),
    (a_picture_that_is_gone, "picture files", "warning", "Put them back"),
    (a_refusal_for_want_of_verification, "verification", "problem", "verify the organization"),
    (a_template_with_a_slip, "templates", "problem", "draw.md.j2, line"),
    (a_template_that_nothing_reads, "templates", "warning", "Name it after the file"),
    (
        {"PROMPTS_DIR": "/no such folder"},
        "templates",
        "problem",
        "unset IMAGE_CONSULTANT_PROMPTS_DIR",
    ),
    (
        {"INPUT_DIRS": "/no such folder"},
        "input folders",
        "warning",
        "Create it, or take it out of IMAGE_CONSULTANT",
    ),
    ({"INPUT_DIRS": "~"}, "input folders", "warning", "Name single folders"),
    ({"TOOLSETS": "core, colour"}, "settings", "problem", "there are core, quick"),
    (
        {"IMAGE_MODEL": "gpt-image-2", "QUALITY": "max"},
        "settings",
        "problem",
        "to one of low, medium, high.",
    ),
    ({"WAIT_SECONDS": "120"}, "settings", "warning", "Set IMAGE_CONSULTANT_WAIT_SECONDS to 45"),
    ({"DAILY_BUDGET_USD": "0"}, "budget", "warning", "Raise IMAGE_CONSULTANT_DAILY_BUDGET_USD"),
    (a_key_file_that_others_can_read, ".env", "warning", "chmod go="),
    (a_client_with_a_broken_file, "clients", "problem", "mend it"),
    (
        a_client_with_a_command_that_is_gone,
        "clients",
        "problem",
        "client-config claude-code --write",
    ),
    (a_client_whose_command_ends_at_once, "clients", "problem", "No module named [redacted]"),
    (a_client_without_the_key, "clients", "warning", "Run `image-consultant configure`"),
    ({"IMAGE_MODEL": KEY}, "models", "warning", "names [redacted], which"),
]
OF_UNIX = [an_images_folder_to_read_only, records_that_others_can_read,
           a_key_file_that_others_can_read]  # fmt: skip


def fault_of(row: Row) -> str:
    """The name of a fault among the tests."""
    plant = row[0]
    if isinstance(plant, str | dict):
        return str(plant)
    return plant.__name__


@pytest.mark.usefixtures("quick")
def test_nothing_is_found_where_everything_is_in_order(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(place.home.parent.rglob("*"))

    found = page(capsys, code=0)

    assert [check for check in found if check.state != "ok"] == []
    assert ("openai", "ok", "OpenAI takes the key.") in found
    assert sorted(place.home.parent.rglob("*")) == before


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("planted", PLANTED, ids=fault_of)
def test_a_planted_fault_is_found_with_its_way_out(
    place: Place, planted: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, name, state, way = planted
    if plant in OF_UNIX and (WINDOWS or (ROOT_USER and plant is an_images_folder_to_read_only)):
        pytest.skip("this user or system knows no such modes")
    if isinstance(plant, str):
        fail_listing(place.sandbox, plant)
    elif isinstance(plant, dict):
        for variable, value in plant.items():
            place.put(variable, value)
    else:
        plant(place)

    found = [check for check in page(capsys) if check.state != "ok"]

    assert any(
        check.name == name and state in {"", check.state} and way in check.sentence
        for check in found
    ), found


def test_a_whole_job_is_played_and_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(command.TRIALS, "start")
    before = sorted(place.home.parent.rglob("*"))

    (played,) = [check for check in page(capsys) if check.name == "round trip"]

    assert played.sentence.startswith("Asked, drew and saved on the sandbox in ")
    assert sorted(place.home.parent.rglob("*")) == before
    assert {call.path for call in place.sandbox.requests} == {"/v1/models"}


@pytest.mark.usefixtures("quick", "place")
def test_a_check_that_fails_is_a_line_and_no_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: 1 / 0)
    monkeypatch.setattr(account, "list_models", lambda _: 1 / 0)

    found = {check.name: check for check in page(capsys, code=1)}

    assert "could not be looked at (ZeroDivisionError" in found["images folder"].sentence
    assert "could not be looked at (ZeroDivisionError" in found["openai"].sentence
    assert "budget" in found


@pytest.mark.usefixtures("quick")
def test_the_page_fits_a_terminal_of_80_columns(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    place.put("INPUT_DIRS", "/no such folder")

    assert doctor() == 0

    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.rstrip().endswith("Problems: 0, warnings: 1.")
