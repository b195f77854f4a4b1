"""The commands as a person or a client types them."""

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from cli import main
from cli.doctor.command import diagnose
from errors import Check
from tests import rpc
from tests.conftest import ROOT
from tests.forks import Fork

KEY = "sk-proj-recognisable-0123456789abcdef"

# What only a picture or a command needs; together they would double the start.
LATE = {
    "PIL", "alembic", "cyclopts", "griffe", "jinja2", "keyring", "openai", "sqlalchemy", "tenacity",
}  # fmt: skip
STARTED = f"""\
import sys
from cli import main
main()
sys.stderr.write("late: " + " ".join({LATE!r} & sys.modules.keys()))
"""

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a person who has configured nothing."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "IMAGE_CONSULTANT_SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))
    return tmp_path


class Ending(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ending]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run what a person types; how it ended, and what it printed."""

    def command(*words: str) -> Ending:
        monkeypatch.setattr(sys, "argv", ["image-consultant", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Ending(code, *capfd.readouterr())

    return command


def findings(amount: int = 5) -> Mapping[str, Check]:
    """The first findings of doctor: those before the models and the start."""
    return {check.name: check for check in islice(diagnose(sandbox=False), amount)}


def test_the_help_names_every_command(run: Run) -> None:
    shown = run("--help")

    assert shown.code == 0
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- commands -->")[2]
    commands = re.findall(r"^\| `([a-z-]+)` \|", readme.partition("<!-- end -->")[0], re.MULTILINE)
    assert len(commands) > 10
    for command in commands:
        assert re.search(rf"│ {command} ", shown.out)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("studio", "Where one runs already"),
        ("doctor", "Changes nothing, costs nothing, shows no key."),
        ("records", "make them plain again"),
    ],
)
def test_the_help_of_a_command_says_all_that_is_to_know_of_it(
    run: Run, command: str, says: str
) -> None:
    shown = run(*command.split(), "--help")

    assert says in " ".join(shown.out.split())


def test_the_version_is_that_of_the_project_also_where_python_starts_it() -> None:
    command = [sys.executable, str(ROOT / "__main__.py"), "--version"]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)

    assert re.fullmatch(r"\d+\.\d+\.\d+\n", shown.stdout)


def test_a_wrong_option_is_named_on_stderr_alone(run: Run) -> None:
    refused = run("serve", "--colour")
    unknown = run("conversation", "list")

    assert (refused.code, refused.out, unknown.code) == (2, "", 2)
    assert "--colour" in refused.err
    assert "no command 'conversation'. Did you mean `conversations`?" in unknown.err


def test_a_reader_that_goes_away_ends_a_command_quietly_with_the_code_of_a_closed_pipe(
    home: Path,
) -> None:
    with Fork([str(ROOT / "__main__.py"), "client-config"], None, home / "errors") as process:
        process.stdout.close()
        code = process.wait(60)

    assert (code, (home / "errors").read_text()) == (141, "")


def test_a_refusal_is_one_line_on_stderr_in_the_words_of_the_command_line(run: Run) -> None:
    refused = run("generate", "a fox", "--conversation", "conv_0", "--sandbox")
    misused = run("conversations", "prune")

    assert (refused.code, refused.out, misused.code) == (1, "", 2)
    assert len(refused.err.splitlines()) == 1
    assert "conversations list" in refused.err
    assert "openai_" not in refused.err


def test_ctrl_c_before_anything_was_sent_says_that_nothing_was_begun(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("server.create_server", press)
    stopped = run("generate", "a fox", "--sandbox")

    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err == "Stopped. Nothing was begun or charged.\n"


def test_ctrl_c_once_the_picture_is_on_disk_does_not_say_that_nothing_was_begun(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.terminal.picture", press)
    stopped = run("generate", "a fox", "--sandbox")

    assert [*home.rglob("openai_image_*.png")]
    assert stopped.code == 130
    assert "Nothing was begun" not in stopped.err


def test_ctrl_c_while_an_error_is_told_leaves_it_the_error_that_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.terminal.failure", press)
    failed = run("generate", "a fox", "--conversation", "conv_0", "--sandbox")

    assert (failed.code, failed.err) == (1, "")


def test_a_number_that_no_picture_has_names_the_newest_whole_and_where_the_rest_is(
    run: Run,
) -> None:
    drawn = run("generate", "a fox", "--variations", "4", "--verify", "--sandbox").out
    images = set(re.findall(r"img_\w{16}", drawn))
    (conversation,) = set(re.findall(r"conv_\w{16}", drawn))
    wish = ("generate", "blue", "--conversation", conversation, "--sandbox")
    refused = run(*wish, "--from-image", "7")

    assert drawn.count("no model looked at it") == 1
    assert len(refused.err.splitlines()) == 1
    assert set(re.findall(r"img_\w{16}", refused.err)) == images
    assert f"conversations show {conversation}" in refused.err


def test_what_the_log_says_stays_out_of_the_terminal(run: Run, home: Path) -> None:
    refused = run("generate", "a fox", "--size", "1000x1000", "--sandbox")

    assert refused.err.startswith("size: 1000x1000")
    assert len(refused.err.splitlines()) == 1
    log = (home / "data" / "command-line.log").read_text(encoding="utf-8")
    assert "ended without a result" in log


def test_a_start_imports_only_what_a_list_of_tools_needs() -> None:
    with rpc.Server([sys.executable, "-c", STARTED]) as server:
        server.open("initialize")
        server.ask("tools/list")

        assert server.end().errors.splitlines()[-1] == "late: "


def test_a_port_that_is_taken_is_one_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        refused = run("serve", "--transport", "http", "--port", port)

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"Port {port} ")
    assert len(refused.err.splitlines()) == 1


def test_doctor_finds_nothing_wrong_on_the_sandbox(run: Run) -> None:
    examined = run("doctor", "--json", "--sandbox")
    found = {check["name"]: check for check in json.loads(examined.out)}

    assert examined.code == 0, examined.out
    assert {"python", "packages", "key", "images folder", "data folder"} <= found.keys()
    assert re.match(r"\d+ tools listed over stdio after \d", found["start"]["sentence"])


def test_doctor_says_where_the_key_comes_from_and_nothing_of_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "data" / ".env"
    file.parent.mkdir()
    file.write_text(f"OPENAI_API_KEY={KEY}-in-the-file\n", encoding="utf-8")
    from_file = findings()["key"]
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    from_environment = findings()["key"]

    assert from_file == ("key", "ok", f"OPENAI_API_KEY comes from {file}.")
    assert from_environment == ("key", "ok", "OPENAI_API_KEY comes from the environment.")


@pytest.mark.parametrize(
    ("free", "state"), [(5_000_000_000, "ok"), (500_000_000, "warning"), (5_000_000, "problem")]
)
def test_doctor_weighs_the_free_space(
    monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    class Usage:
        def __init__(self, _: Path) -> None:
            self.free = free

    monkeypatch.setattr(shutil, "disk_usage", Usage)

    assert findings()["data folder"].state == state
