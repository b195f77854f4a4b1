"""The MCP clients we know: where each keeps its configuration, and our entry in it.

An entry starts this very installation by absolute paths: programs with a window do not see the
PATH of a shell, least of all on macOS, where a bare `uv` is found in a terminal and not by them.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

from cli.json_edit import JsonError, put, read

ROOT = Path(__file__).parent.parent
NAME = "image-consultant"
"""The name of our distribution, its script, and our entry in every configuration."""

DESKTOP_FILE = "claude_desktop_config.json"
STORE = "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming"
"""Where Windows puts what a packaged Claude Desktop believes to be in AppData\\Roaming.

The usual installer is such a package since February 2026, and the app reads nothing else
(anthropics/claude-code#26073, read 2026-11-21)."""

KEY_INPUT = {
    "type": "promptString",
    "id": "openai-api-key",
    "description": "OpenAI API key; empty where `image-consultant configure` was run",
    "password": True,
}
"""How VS Code asks for the key, which it then keeps itself."""
KEY_REFERENCE = f"${{input:{KEY_INPUT['id']}}}"

REPLACED = {"url", "headers", "env"}
"""What an earlier entry does not hand on: the first two belong to servers without a command, and
`env` is merged name by name."""

P = TypeVar("P", bound=PurePath)
Entry = dict[str, Any]


class Client(NamedTuple):
    """A client by its title, the key that its servers are under, and whether it reads comments."""

    title: str
    servers: str = "mcpServers"
    comments: bool = False


CLIENTS = {
    "claude-desktop": Client("Claude Desktop"),
    "claude-code": Client("Claude Code"),
    "vscode": Client("VS Code", "servers", comments=True),
    "cursor": Client("Cursor"),
}
"""Each client under its name on the command line."""


class Configuration(NamedTuple):
    """A configuration file that is there.

    `client` is a key of `CLIENTS`; `entry` is ours in it, None without one; `fault` says in half a
    sentence what is wrong with the file.
    """

    client: str
    path: Path
    entry: Entry | None = None
    fault: str | None = None


def configurations(home: Path, environ: Mapping[str, str], system: str) -> Iterator[Configuration]:
    """Each client's configuration that is on this system; `system` is a `sys.platform`."""
    for name, client in CLIENTS.items():
        for path in places(name, home, environ, system):
            try:
                entry = servers_of(client, text_of(path)).get(NAME)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                fault = f"it cannot be read: {error.strerror}"
                yield Configuration(name, path, fault=fault)
            except JsonError as error:
                yield Configuration(name, path, fault=str(error))
            else:
                if entry is None or isinstance(entry, dict):
                    yield Configuration(name, path, entry)
                else:
                    yield Configuration(name, path, fault=f'"{NAME}" is no object in it')


def places(client: str, home: P, environ: Mapping[str, str], system: str) -> list[P]:
    """Where a client's configuration may lie; the last place suits every installation.

    Nothing is looked at, so a path of any system can be asked for on any other.
    """

    def folder(variable: str, usual: P) -> P:
        return type(usual)(environ.get(variable) or usual)

    if client == "claude-code":
        return [folder("CLAUDE_CONFIG_DIR", home) / ".claude.json"]
    if client == "cursor":
        return [home / ".cursor" / "mcp.json"]
    if system == "darwin":
        folders = [home / "Library" / "Application Support"]
    elif system == "win32":
        local = folder("LOCALAPPDATA", home / "AppData" / "Local")
        folders = [local / STORE, folder("APPDATA", home / "AppData" / "Roaming")]
    else:
        folders = [folder("XDG_CONFIG_HOME", home / ".config")]
    if client == "vscode":
        return [folders[-1] / "Code" / "User" / "mcp.json"]
    return [place / "Claude" / DESKTOP_FILE for place in folders]


def place(client: str, home: Path, environ: Mapping[str, str], system: str) -> Path:
    """The file that a client reads here, or will read once it is there."""
    possible = places(client, home, environ, system)
    return next((path for path in possible if path.parent.is_dir()), possible[-1])


def text_of(path: Path) -> str:
    """The text of a file with its line ends, without a byte order mark.

    Raises `OSError`, and `JsonError` where it is no text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonError("it is no text in UTF-8") from None


def servers_of(client: Client, text: str) -> dict[str, Any]:
    """The servers in the text of a client's configuration. Raises `JsonError`."""
    servers = read(text, comments=client.comments).get(client.servers, {})
    if not isinstance(servers, dict):
        raise JsonError(f'"{client.servers}" is no object in it')
    return servers


def entry_for(client: str, command: Sequence[str], *, sandbox: bool) -> Entry:
    """Our entry for a client: the program and its arguments, never a key."""
    arguments = [*command[1:], *(["serve", "--sandbox"] if sandbox else [])]
    entry: Entry = {"command": command[0], "args": arguments}
    if client in {"claude-code", "vscode"}:
        entry = {"type": "stdio", **entry}
    if client == "vscode" and not sandbox:
        entry["env"] = {"OPENAI_API_KEY": KEY_REFERENCE}
    return entry


def merge(client: str, text: str, entry: Entry) -> str:
    """The text of a configuration with our entry in it; the very same text where it is there.

    What a person added to an earlier entry of ours stays, its `env` above all. Raises
    `JsonError` for a text that cannot be changed.
    """
    kind = CLIENTS[client]
    earlier = servers_of(kind, text).get(NAME)
    entry_after = _over(earlier, entry) if isinstance(earlier, dict) else entry
    if kind.servers not in read(text, comments=kind.comments):
        text = put(text, [kind.servers], {NAME: entry_after})
    elif entry_after != earlier:
        text = put(text, [kind.servers, NAME], entry_after)
    return _with_key_input(text) if client == "vscode" and "env" in entry else text


def add_command(entry: Entry, system: str) -> str:
    """The line for a terminal that adds our entry to Claude Code; `system` is a `sys.platform`."""
    start = [entry["command"], *entry["args"]]
    words = ["claude", "mcp", "add", "--scope", "user", NAME, "--", *start]
    return subprocess.list2cmdline(words) if system == "win32" else shlex.join(words)


def _over(earlier: Entry, entry: Entry) -> Entry:
    """Our entry over an earlier one, in which a key that a person typed wins over VS Code's."""
    rest = {name: value for name, value in earlier.items() if name not in REPLACED}
    own = earlier.get("env")
    own = {k: v for k, v in own.items() if v != KEY_REFERENCE} if isinstance(own, dict) else {}
    env = {**entry.get("env", {}), **own}
    return {**rest, **entry, **({"env": env} if env else {})}


def _with_key_input(text: str) -> str:
    inputs = read(text, comments=True).get("inputs")
    if inputs is None:
        return put(text, ["inputs"], [KEY_INPUT])
    if not isinstance(inputs, list):
        raise JsonError('"inputs" is no array in it')
    if any(isinstance(one, dict) and one.get("id") == KEY_INPUT["id"] for one in inputs):
        return text
    return put(text, ["inputs", len(inputs)], KEY_INPUT)


def own_command() -> list[str]:
    """The program and its arguments that serve over stdio.

    In a clone that is uv, which brings the environment up to date after a pull; in uv's
    cache, which may be emptied, uvx; else the installed script, or this Python.
    """
    uv = find_uv()
    if uv and (ROOT / "pyproject.toml").is_file():
        return [uv, "run", "--directory", str(ROOT), NAME]
    if uv and Path(sys.prefix).parent.name.startswith("archive-v"):
        return [uv, "tool", "run", "--from", _origin(), NAME]
    script = shutil.which(NAME, path=sysconfig.get_path("scripts"))
    return [script] if script else [sys.executable, str(ROOT / "__main__.py")]


def find_uv() -> str | None:
    """The absolute path of uv: the one that runs this, one on PATH, or one beside this Python."""
    scripts = sysconfig.get_path("scripts")
    running = shutil.which(os.environ.get("UV", ""))
    path = running or shutil.which("uv") or shutil.which("uv", path=scripts)
    return str(Path(path).absolute()) if path else None


def _origin() -> str:
    """What was installed: the address of a file or folder, or the version in a registry."""
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        return NAME
    address = json.loads(installed.read_text("direct_url.json") or "{}").get("url")
    return f"{NAME} @ {address}" if address else f"{NAME}=={installed.version}"
