"""Doctor finds what is wrong, one planted fault at a time, and names the way out."""

import json
import os
import re
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

from cli import COMMANDS
from cli.doctor import account, history, report
from cli.doctor.command import doctor
from cli.doctor.report import Check
from sandbox.loopback import Sandbox
from settings import Settings, load_settings, variable_of
from storage.database import Database
from storage.database_file import FILE_NAME
from storage.picture_files import PictureFiles
from storage.records import Records
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
    leave_out(monkeypatch, "round trip", "start")


def leave_out(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    rest = {name: trial for name, trial in report.TRIALS.items() if name not in names}
    monkeypatch.setattr(report, "TRIALS", rest)


def page(capsys: pytest.CaptureFixture[str], code: int | None = None) -> list[Check]:
    """What `doctor --json` prints, and that nothing of the key is in it."""
    ended = doctor(as_json=True)
    shown = capsys.readouterr()
    found = [Check(**check) for check in json.loads(shown.out)]
    assert not any(part in shown.out + shown.err for part in parts_of(KEY))
    assert ended == int(any(check.state == "problem" for check in found))
    assert code in {None, ended}
    return found


def made(folder: Path) -> sqlite3.Connection:
    """The records of a folder with one conversation in them, as a file to be changed."""

    async def make() -> None:
        database = Database(folder)
        await Records(database).add(conversation())
        await database.close()

    anyio.run(make)
    return sqlite3.connect(folder / FILE_NAME)


class Pages(BaseHTTPRequestHandler):
    """What answers in place of OpenAI: a list of models that holds no image model, or a page."""

    lists = True

    def do_GET(self) -> None:
        names = ("gpt-6-luna", "gpt-4o")
        models = [{"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in names]
        body = json.dumps({"object": "list", "data": models}) if self.lists else "<html></html>"
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if self.lists else "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class NoPages(Pages):
    lists = False


def serving(place: Place, pages: type[Pages]) -> None:
    server = HTTPServer(("127.0.0.1", 0), pages)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    place.put("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")


def no_key(place: Place) -> None:
    place.put("OPENAI_API_KEY", "")


def a_wrong_key(place: Place) -> None:
    fail_listing(place.sandbox, "key_echo")


def an_unverified_organization(place: Place) -> None:
    fail_listing(place.sandbox, "unverified")


def no_credit(place: Place) -> None:
    fail_listing(place.sandbox, "insufficient_quota")


def no_network(place: Place) -> None:
    place.put("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")


def a_wrong_address(place: Place) -> None:
    serving(place, NoPages)


def no_image_model(place: Place) -> None:
    serving(place, Pages)


def an_image_model_that_is_gone(place: Place) -> None:
    place.put("IMAGE_MODEL", "dall-e-3")


def an_image_model_that_nobody_knows(place: Place) -> None:
    place.put("IMAGE_MODEL", "gpt-image-9")


def a_model_with_a_last_day(place: Place) -> None:
    place.put("FACILITATOR_MODEL", "gpt-4o")


def an_images_folder_below_a_file(place: Place) -> None:
    place.put("IMAGES_DIR", str(place.write("file", "") / "images"))


def an_images_folder_to_read_only(place: Place) -> None:
    (place.home / "images").mkdir(mode=0o500)
    place.put("IMAGES_DIR", str(place.home / "images"))


def a_data_folder_that_is_a_file(place: Place) -> None:
    place.put("DATA_DIR", str(place.write("file", "")))


def damaged_records(place: Place) -> None:
    made(place.data).close()
    (place.data / FILE_NAME).write_bytes(b"SQLite format 3\0" + b"\xff" * 8176)


def records_of_a_newer_version(place: Place) -> None:
    with closing(made(place.data)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")


def records_that_others_can_read(place: Place) -> None:
    made(place.data).close()
    (place.data / FILE_NAME).chmod(0o644)


def records_that_were_set_aside(place: Place) -> None:
    made(place.data).close()
    place.write(f"{FILE_NAME}.damaged-20261101-120000", "x").chmod(0o600)


def a_picture_that_is_gone(place: Place) -> None:
    from tests.calls import picture

    picture(drawn(place)).unlink()


def a_refusal_for_want_of_verification(place: Place) -> None:
    place.sandbox.fail("unverified", kind="image")
    drawn(place)


def drawn(place: Place) -> dict[str, Any]:
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


def a_template_with_a_variable_of_its_own(place: Place) -> None:
    shipped = (ROOT / "prompts/generation/draw.md.j2").read_text(encoding="utf-8")
    place.write("prompts/generation/draw.md.j2", shipped + "{{ favourite_colour }}")


def a_template_that_nothing_reads(place: Place) -> None:
    place.write("prompts/generation/drawing.md.j2", "")


def an_image_type_that_is_no_yaml(place: Place) -> None:
    place.write("prompts/image_types/poster.yaml", "recognise: [")


def no_templates_folder(place: Place) -> None:
    place.put("PROMPTS_DIR", str(place.home / "templates"))


def no_input_folder(place: Place) -> None:
    place.put("INPUT_DIRS", str(place.home / "photos"))


def the_whole_home_as_input_folder(place: Place) -> None:
    place.put("INPUT_DIRS", "~")


def an_unknown_toolset(place: Place) -> None:
    place.put("TOOLSETS", "core, colour")


def a_value_that_cannot_be(place: Place) -> None:
    place.put("QUALITY", "best")


def a_quality_that_the_model_has_not(place: Place) -> None:
    place.put("IMAGE_MODEL", "gpt-image-2")
    place.put("QUALITY", "max")


def a_wait_that_no_client_waits(place: Place) -> None:
    place.put("WAIT_SECONDS", "120")


def a_budget_of_nothing(place: Place) -> None:
    place.put("DAILY_BUDGET_USD", "0")


def a_key_file_that_others_can_read(place: Place) -> None:
    place.write(".env", f"OPENAI_API_KEY={KEY}").chmod(0o644)


def a_key_file_that_is_no_text(place: Place) -> None:
    (place.data / ".env").write_bytes(b"OPENAI_API_KEY=\xff")


def a_key_in_the_wrong_variable(place: Place) -> None:
    place.put("IMAGE_MODEL", KEY)


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
    a_client_with(place, sys.executable, str(ROOT / "__main__.py"), "serve")


Row = tuple[Callable[[Place], None], str, str, str]
PLANTED: list[Row] = [
    (no_key, "key", "problem", "Run `image-consultant configure`"),
    (a_wrong_key, "openai", "problem", "refused the API key. Give another with `image-consultant"),
    (an_unverified_organization, "openai", "problem", "Verify the organization in the settings"),
    (no_credit, "openai", "problem", "Add credit or raise the limit"),
    (no_network, "openai", "problem", "could not be reached. Check the network, a proxy"),
    (a_wrong_address, "openai", "problem", "lists no models: correct or unset it"),
    (no_image_model, "model access", "problem", "Verify the organization"),
    (an_image_model_that_is_gone, "models", "problem", "to gpt-image-2.6-sunburst"),
    (an_image_model_that_nobody_knows, "model access", "problem", "IMAGE_CONSULTANT_IMAGE_MODEL"),
    (a_model_with_a_last_day, "models", "", "IMAGE_CONSULTANT_FACILITATOR_MODEL to gpt-6-luna"),
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
    (a_template_with_a_variable_of_its_own, "templates", "problem", "favourite_colour"),
    (a_template_that_nothing_reads, "templates", "warning", "Name it after the file"),
    (an_image_type_that_is_no_yaml, "templates", "problem", "poster"),
    (no_templates_folder, "templates", "problem", "unset IMAGE_CONSULTANT_PROMPTS_DIR"),
    (no_input_folder, "input folders", "warning", "Create it, or take it out of IMAGE_CONSULTANT"),
    (the_whole_home_as_input_folder, "input folders", "warning", "Name single folders"),
    (an_unknown_toolset, "settings", "problem", "there are core, quick"),
    (a_value_that_cannot_be, "settings", "problem", "IMAGE_CONSULTANT_QUALITY: Input should be"),
    (a_quality_that_the_model_has_not, "settings", "problem", "to one of low, medium, high."),
    (a_wait_that_no_client_waits, "settings", "warning", "Set IMAGE_CONSULTANT_WAIT_SECONDS to 45"),
    (a_budget_of_nothing, "budget", "warning", "Raise IMAGE_CONSULTANT_DAILY_BUDGET_USD"),
    (a_key_file_that_others_can_read, ".env", "warning", "chmod go="),
    (a_key_file_that_is_no_text, "settings", "problem", "Make it a text file in UTF-8"),
    (a_client_with_a_broken_file, "clients", "problem", "mend it"),
    (
        a_client_with_a_command_that_is_gone,
        "clients",
        "problem",
        "client-config claude-code --write",
    ),
    (a_client_whose_command_ends_at_once, "clients", "problem", "No module named [redacted]"),
    (a_client_without_the_key, "clients", "warning", "`image-consultant configure` puts it into"),
    (a_key_in_the_wrong_variable, "models", "warning", "names [redacted], which"),
]
OF_UNIX = {an_images_folder_to_read_only, records_that_others_can_read,
           a_key_file_that_others_can_read}  # fmt: skip


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
@pytest.mark.parametrize("planted", PLANTED, ids=lambda row: row[0].__name__)
def test_a_planted_fault_is_found_with_its_way_out(
    place: Place, planted: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, name, state, way = planted
    if plant in OF_UNIX and (WINDOWS or (ROOT_USER and plant is an_images_folder_to_read_only)):
        pytest.skip("this user or system knows no such modes")
    plant(place)

    found = [check for check in page(capsys) if check.state != "ok"]

    assert any(
        check.name == name and state in {"", check.state} and way in check.sentence
        for check in found
    ), found


def test_a_whole_job_is_played_and_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_out(monkeypatch, "start")
    before = sorted(place.home.parent.rglob("*"))

    (played,) = [check for check in page(capsys) if check.name == "round trip"]

    assert played.sentence.startswith("Asked, drew and saved on the sandbox in ")
    assert sorted(place.home.parent.rglob("*")) == before
    assert {call.path for call in place.sandbox.requests} == {"/v1/models"}


@pytest.mark.usefixtures("place")
def test_a_whole_job_that_meets_a_bug_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_out(monkeypatch, "start")
    monkeypatch.setattr(PictureFiles, "save", lambda *_, **__: 1 / 0)

    (played,) = [check for check in page(capsys, code=1) if check.name == "round trip"]

    assert played.state == "problem"
    assert "(ZeroDivisionError: division by zero)" in played.sentence


@pytest.mark.usefixtures("quick", "place")
def test_a_check_that_fails_is_a_line_and_no_stack(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: 1 / 0)
    monkeypatch.setattr(account, "listed", lambda _: 1 / 0)

    found = {check.name: check for check in page(capsys, code=1)}

    assert "could not be looked at (ZeroDivisionError" in found["images folder"].sentence
    assert "could not be tried (ZeroDivisionError" in found["openai"].sentence
    assert "budget" in found


@pytest.mark.usefixtures("quick")
def test_the_page_fits_a_terminal_of_80_columns(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    no_input_folder(place)

    assert doctor() == 0

    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.rstrip().endswith("1 warning.")
    assert history.NAME in shown


def test_the_guide_names_commands_settings_lines_and_words_that_there_are() -> None:
    guide = " ".join((ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8").split())
    code = " ".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for folder in ("cli", "consultation", "gateway", "storage", ".")
        for path in sorted((ROOT / folder).glob("**/*.py" if folder != "." else "*.py"))
    )
    commands = set(re.findall(r"image-consultant ([a-z-]+)", guide)) - {"wherever"}
    variables = set(re.findall(r"IMAGE_CONSULTANT_[A-Z_]+", guide))
    lines = {
        name.removesuffix(" ...")
        for named in re.findall(r"[Ll]ines? ((?:`[^`]+`(?:, | and )?)+)", guide)
        for name in re.findall(r"`([^`]+)`", named)
    }
    words = [
        piece.strip()
        for said in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", guide)
        for piece in said.split("...")
        if piece.strip()
    ]

    assert commands <= COMMANDS.keys()
    assert variables <= {variable_of(name) for name in Settings.model_fields}
    assert [name for name in sorted(lines) if not re.search(f'"{name}[ "]', code)] == []
    assert [piece for piece in words if piece not in code] == []
    assert min(len(commands), len(variables), len(lines), len(words)) >= 3
