"""Paths of every system, told on any: where clients keep their files, and what goes into them."""

import json
import os
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest
from platformdirs.windows import Windows

from cli.clients import add_command, entry_for, merge, place, places
from settings import load_settings

WINDOWS, UNC = PureWindowsPath(r"C:\Users\Zoë Müller"), PureWindowsPath(r"\\server\homes\zoë")
MAC, LINUX = PurePosixPath("/Users/Zoë Müller"), PurePosixPath("/home/zoë")
PACKAGED = r"Packages\Claude_pzs8sxrjxfjjc\LocalCache\Roaming\Claude\claude_desktop_config.json"


@pytest.mark.parametrize(
    ("client", "home", "environ", "system", "expected"),
    [
        (
            "claude-desktop",
            WINDOWS,
            {},
            "win32",
            [
                rf"C:\Users\Zoë Müller\AppData\Local\{PACKAGED}",
                r"C:\Users\Zoë Müller\AppData\Roaming\Claude\claude_desktop_config.json",
            ],
        ),
        (
            "claude-desktop",
            UNC,
            {"APPDATA": r"D:\Roaming", "LOCALAPPDATA": r"\\server\local\zoë"},
            "win32",
            [
                rf"\\server\local\zoë\{PACKAGED}",
                r"D:\Roaming\Claude\claude_desktop_config.json",
            ],
        ),
        ("vscode", WINDOWS, {"APPDATA": r"D:\R"}, "win32", [r"D:\R\Code\User\mcp.json"]),
        ("cursor", UNC, {}, "win32", [r"\\server\homes\zoë\.cursor\mcp.json"]),
        ("claude-code", WINDOWS, {}, "win32", [r"C:\Users\Zoë Müller\.claude.json"]),
        (
            "claude-code",
            WINDOWS,
            {"CLAUDE_CONFIG_DIR": r"E:\claude"},
            "win32",
            [r"E:\claude\.claude.json"],
        ),
        (
            "claude-desktop",
            MAC,
            {"XDG_CONFIG_HOME": "/elsewhere"},
            "darwin",
            ["/Users/Zoë Müller/Library/Application Support/Claude/claude_desktop_config.json"],
        ),
        (
            "vscode",
            MAC,
            {},
            "darwin",
            ["/Users/Zoë Müller/Library/Application Support/Code/User/mcp.json"],
        ),
        (
            "claude-desktop",
            LINUX,
            {},
            "linux",
            ["/home/zoë/.config/Claude/claude_desktop_config.json"],
        ),
        (
            "vscode",
            LINUX,
            {"XDG_CONFIG_HOME": "/data/my config"},
            "linux",
            ["/data/my config/Code/User/mcp.json"],
        ),
        ("cursor", LINUX, {"XDG_CONFIG_HOME": ""}, "linux", ["/home/zoë/.cursor/mcp.json"]),
    ],
)
def test_each_client_has_its_file_on_each_system(
    client: str, home: PurePath, environ: dict[str, str], system: str, expected: list[str]
) -> None:
    assert [str(path) for path in places(client, home, environ, system)] == expected


def test_a_packaged_claude_desktop_is_written_to_only_where_it_is_installed(tmp_path: Path) -> None:
    home, system = tmp_path / "Zoë Müller", "win32"
    packaged, plain = places("claude-desktop", home, {}, system)

    assert place("claude-desktop", home, {}, system) == plain
    packaged.parent.mkdir(parents=True)
    plain.parent.mkdir(parents=True)
    assert place("claude-desktop", home, {}, system) == packaged


@pytest.mark.parametrize(
    ("system", "program", "folder", "line"),
    [
        (
            "win32",
            r"C:\Users\Zoë Müller\.local\bin\uv.exe",
            "\\\\server\\share\\image consultant",
            r"claude mcp add --scope user image-consultant -- "
            r'"C:\Users\Zoë Müller\.local\bin\uv.exe" run'
            r' --directory "\\server\share\image consultant" image-consultant',
        ),
        (
            "darwin",
            "/Users/zoë/.local/bin/uv",
            "/Volumes/Zoë's disk/clone",
            "claude mcp add --scope user image-consultant -- '/Users/zoë/.local/bin/uv'"
            " run --directory '/Volumes/Zoë'\"'\"'s disk/clone' image-consultant",
        ),
    ],
)
def test_any_path_survives_the_file_and_the_shell(
    system: str, program: str, folder: str, line: str
) -> None:
    command = [program, "run", "--directory", folder, "image-consultant"]
    ours = entry_for("claude-code", command, sandbox=False)

    assert json.loads(merge("claude-code", "", ours))["mcpServers"]["image-consultant"] == ours
    assert [ours["command"], *ours["args"]] == command
    assert add_command(ours, system) == line


def test_pictures_go_where_the_downloads_are_on_linux(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "config" / "user-dirs.dirs"
    settings.parent.mkdir()
    settings.write_text('XDG_DOWNLOAD_DIR="$HOME/Übertragen/mit Leerzeichen"\n', encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings.parent))

    expected = tmp_path / "home" / "Übertragen" / "mit Leerzeichen" / "images"
    assert load_settings().images_dir == expected


@pytest.mark.skipif(os.name == "nt", reason="asks the Windows half of platformdirs elsewhere")
def test_pictures_go_where_the_downloads_are_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIN_PD_OVERRIDE_DOWNLOADS", r"D:\Zoë\Downloads")
    monkeypatch.setattr("settings.user_downloads_path", lambda: Windows().user_downloads_path)

    here = load_settings().images_dir.relative_to(Path.cwd())  # no drive is absolute on POSIX
    assert PureWindowsPath(here) == PureWindowsPath(r"D:\Zoë\Downloads\images")
