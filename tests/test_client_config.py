"""The command `client-config`: what it prints, and what it does to files that others own."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

import keyring_store
from cli import command_line
from cli.clients import CLIENTS, NAME, configurations, place
from cli.doctor.trials import check_clients
from errors import Problem
from settings import load_settings
from tests.conftest import KEY
from tests.ring import Ring

Fields = dict[str, Any]
Run = Callable[..., str]

OTHERS = """{
\t"theme": "dark",   "numbers": [1,2, 3e2],
\t"mcpServers": {
\t\t"files": {"command": "C:\\\\tools\\\\files.exe", "args": ["ü", "\\u00fc"]}
\t}
}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: ARG001  # sets the home
    def command(*arguments: str) -> str:
        command_line()(["client-config", *arguments], result_action="return_value")
        return capsys.readouterr().out

    return command


def file_of(client: str, home: Path, content: str | bytes | None = None) -> Path:
    """The file of a client, with this in it."""
    path = place(client, home, os.environ, sys.platform)
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("client", CLIENTS)
def test_the_printed_text_holds_an_absolute_program_and_no_key(
    client: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    advice = json.loads(run(client, "--json"))
    printed = run(client)

    ours = json.loads(advice["text"])[CLIENTS[client].servers][NAME]
    assert ours == advice["entry"]
    assert Path(ours["command"]).is_absolute()
    assert Path(ours["command"]).is_file()
    assert advice["text"] in printed
    assert advice["path"] in printed
    assert advice["path"] == str(file_of(client, home))
    assert KEY not in printed + json.dumps(advice)
    assert not list(home.iterdir())


@pytest.mark.parametrize("client", CLIENTS)
def test_writing_makes_the_file_for_its_owner_alone_and_once(
    client: str, run: Run, home: Path
) -> None:
    advice = json.loads(run(client, "--write", "--json"))
    path = file_of(client, home)

    assert (advice["changed"], advice["copy"]) == (True, None)
    assert path.read_text() == advice["text"]
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "nothing was changed" in run(client, "--write")
    assert list(path.parent.iterdir()) == [path]


def test_writing_changes_no_other_setting_and_keeps_a_copy(
    run: Run, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cli")
    path = file_of("claude-desktop", home, b"\xef\xbb\xbf" + OTHERS.encode())
    path.chmod(0o640)
    advice = json.loads(run("claude-desktop", "--write", "--json"))

    document = json.loads(path.read_text("utf-8"))
    assert document["mcpServers"].pop(NAME) == advice["entry"]
    assert document == json.loads(OTHERS)
    assert "\n\t\t" in path.read_text("utf-8")
    assert Path(advice["copy"]).read_text("utf-8-sig") == OTHERS
    assert Path(advice["copy"]).parent == path.parent
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(Path(advice["copy"]).stat().st_mode)
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "nothing was changed" in run("claude-desktop", "--write")
    (logged,) = caplog.messages
    assert str(path) in logged


@pytest.mark.parametrize(
    ("earlier", "rest"),
    [
        ({"command": "old", "args": [], "env": {"OPENAI_API_KEY": KEY}, "disabled": True},
         {"env": {"OPENAI_API_KEY": KEY}, "disabled": True}),
        ({"url": "http://127.0.0.1:8000/mcp", "headers": {}}, {}),
    ],
)  # fmt: skip
def test_of_an_earlier_entry_what_a_person_added_stays_and_is_not_shown(
    run: Run, home: Path, earlier: Fields, rest: Fields
) -> None:
    path = file_of("cursor", home, json.dumps({"mcpServers": {NAME: earlier}}))
    printed = run("cursor", "--write", "--json", "--sandbox")

    entry = json.loads(path.read_text())["mcpServers"][NAME]
    assert entry == json.loads(printed)["entry"] | rest
    assert KEY not in printed


@pytest.mark.parametrize("client", CLIENTS)
def test_toolsets_are_a_setting_of_the_entry_beside_those_of_a_person(
    client: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = {CLIENTS[client].servers: {NAME: {"env": {"OPENAI_API_KEY": KEY}}}}
    path = file_of(client, home, json.dumps(earlier))
    with pytest.raises(Problem, match="unknown toolset all_of_it; there are core, quick"):
        run(client, "--write", "--toolsets", "all_of_it")
    advice = json.loads(run(client, "--write", "--json", "--toolsets", "quick, keep"))
    run(client, "--write", "--sandbox")

    environment = json.loads(path.read_text())[CLIENTS[client].servers][NAME]["env"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.toolsets == ["quick", "keep"]
    assert settings.openai_api_key is not None
    setting = " image-consultant --env=IMAGE_CONSULTANT_TOOLSETS=quick,keep -- "
    assert (setting in (advice["command"] or "")) == (client == "claude-code")


@pytest.mark.parametrize(
    ("name", "told"), [("a", "does not name this server"), (NAME, "which is not there")]
)
def test_comments_of_vscode_are_read_and_a_file_with_them_is_left(
    run: Run, home: Path, name: str, told: str
) -> None:
    entry = f'"{name}": {{"command": "http://b"}}, /* c */'
    commented = f'{{\n  // mine\n  "servers": {{\n    {entry}\n  }},\n}}\n'
    path = file_of("vscode", home, commented)

    (check,) = anyio.run(check_clients, load_settings())
    with pytest.raises(Problem, match=r"commas that would be lost\. Put the text in by hand"):
        run("vscode", "--write")

    assert told in check.sentence
    assert "By hand" in check.sentence
    assert "`image-consultant client-config vscode`" in check.sentence
    assert path.read_text() == commented


def test_a_link_stays_a_link(run: Run, home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "mcp.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    path = file_of("cursor", home)
    path.parent.mkdir()
    path.symlink_to(kept)
    run("cursor", "--write")

    assert path.is_symlink()
    assert NAME in json.loads(kept.read_text())["mcpServers"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('{\n  "mcpServers": {\n  }\n  "theme": 1\n}', "expecting ',' delimiter in line 4"),
        ('{\n  // for VS Code alone\n  "mcpServers": {}\n}', "in line 2"),
        ("[]", "holds no object"),
        ('{"mcpServers": []}', '"mcpServers" is no object'),
        ('{"mcpServers": {"a": {}}, "mcpServers": {}}', '"mcpServers" stands twice'),
        ("{}".encode("utf-16"), "no text in UTF-8"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_and_the_fault_named(
    content: str | bytes, fault: str, run: Run, home: Path
) -> None:
    path = file_of("claude-desktop", home, content)
    before = path.read_bytes()
    with pytest.raises(Problem) as refused:
        run("claude-desktop", "--write")

    (found,) = configurations(home, os.environ, sys.platform)
    assert fault in str(refused.value)
    assert fault in str(found.fault)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("fault", ["a file where the folder should be", "links in a circle"])
def test_a_place_that_cannot_be_written_is_one_sentence(run: Run, home: Path, fault: str) -> None:
    path = file_of("cursor", home)
    if fault == "links in a circle":
        path.parent.mkdir()
        path.symlink_to(path)
    else:
        path.parent.write_text(fault)

    with pytest.raises(Problem, match=r"mcp\.json cannot be changed: .*left as it is"):
        run("cursor", "--write")


def test_a_file_that_its_owner_made_read_only_is_left(run: Run, home: Path) -> None:
    path = file_of("cursor", home, "{}")
    path.chmod(0o444)

    with pytest.raises(Problem, match=r"cannot be changed: it is read-only.*left as it is"):
        run("cursor", "--write")

    assert path.read_text() == "{}"
    assert list(path.parent.iterdir()) == [path]


def test_every_configuration_on_the_system_is_found(run: Run, home: Path) -> None:
    for client in CLIENTS:
        run(client, "--write")
    file_of("cursor", home, "{}")
    file_of("claude-code", home, '{"mcpServers": {"image-consultant": "text"}}')

    found = {one.client: one for one in configurations(home, os.environ, sys.platform)}
    assert list(found) == list(CLIENTS)
    assert found["cursor"][2:4] == (None, None)
    assert found["claude-code"][2:4] == (None, '"image-consultant" is no object in it')
    assert found["vscode"].entry == json.loads(run("vscode", "--json"))["entry"]
    assert found["claude-desktop"].path == file_of("claude-desktop", home)


def test_the_key_goes_where_this_machine_takes_it(run: Run, ring: Ring, home: Path) -> None:
    assert "Run `image-consultant configure` in a terminal." in " ".join(run().split())

    ring.set_password(keyring_store.SERVICE, "OPENAI_API_KEY", KEY)
    assert "finds your OpenAI key in this system's keyring." in " ".join(run().split())

    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    said = " ".join(run().split())
    assert "keeps no keyring, or none that Python finds. Put a line OPENAI_API_KEY=... into" in said
    assert str(home / ".openai-images-mcp" / ".env") in said
    assert "configure" not in said
    assert "For one terminal" not in said
