"""The MCP clients we know: where each keeps its configuration, and our entry in it.

An entry starts this very installation by absolute paths: programs with a window do not see the
PATH of a shell, least of all on macOS, where a bare `uv` is found in a terminal and not by them.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

from settings import variable_of

ROOT = Path(__file__).parent.parent
NAME = "image-consultant"
"""The name of our distribution, its script, and our entry in every configuration."""

DESKTOP_FILE = "claude_desktop_config.json"
STORE = "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming"
"""Where Windows puts what a packaged Claude Desktop believes to be in AppData\\Roaming.

The usual installer is such a package since February 2026, and the app reads nothing else
(anthropics/claude-code#26073, read 2026-11-21)."""

REPLACED = {"url", "headers"}
"""What an earlier entry does not hand on: they belong to servers without a command."""

# Strings come first, so that what looks like a comment in one is passed over.
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)

P = TypeVar("P", bound=PurePath)
Entry = dict[str, Any]


class JsonError(ValueError):
    """A text is not what its file should hold; half a sentence that names the line."""


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
    sentence what is wrong with the file; one that `has_comments` is not written to.
    """

    client: str
    path: Path
    entry: Entry | None = None
    fault: str | None = None
    has_comments: bool = False


def configurations(home: Path, environ: Mapping[str, str], system: str) -> Iterator[Configuration]:
    """Each client's configuration that is on this system; `system` is a `sys.platform`."""
    for name, client in CLIENTS.items():
        for path in places(name, home, environ, system):
            try:
                text = text_of(path)
                servers = _part(_document(client, text), client.servers)
                entry = _part(servers, NAME) if NAME in servers else None
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                fault = f"it cannot be read: {error.strerror}"
                yield Configuration(name, path, fault=fault)
            except JsonError as error:
                yield Configuration(name, path, fault=str(error))
            else:
                has_comments = client.comments and _without_comments(text) != text
                yield Configuration(name, path, entry, has_comments=has_comments)


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
    """The text of a file without a byte order mark.

    Raises `OSError`, and `JsonError` where it is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise JsonError("it is no text in UTF-8") from None


def entry_for(
    client: str, command: Sequence[str], *, sandbox: bool, toolsets: Sequence[str] = ()
) -> Entry:
    """Our entry for a client: the program, its arguments and toolsets, never a key."""
    arguments = [*command[1:], *(["serve", "--sandbox"] if sandbox else [])]
    entry: Entry = {"command": command[0], "args": arguments}
    if toolsets:
        entry["env"] = {variable_of("toolsets"): ",".join(toolsets)}
    return {"type": "stdio", **entry} if client in {"claude-code", "vscode"} else entry


def merge(client: str, text: str, entry: Entry) -> str:
    """The text of a configuration with our entry in it; the very same text where it is there.

    What a person added to an earlier entry of ours stays, its `env` above all. Raises
    `JsonError` for a text that cannot be changed.
    """
    kind = CLIENTS[client]
    document = _document(kind, text)
    servers = _part(document, kind.servers)
    earlier = servers.get(NAME)
    before = earlier if isinstance(earlier, dict) else {}
    entry_after = {name: before[name] for name in before if name not in REPLACED} | entry
    if "env" in entry:
        entry_after["env"] = _part(before, "env") | entry["env"]
    if entry_after == earlier:
        return text
    if kind.comments and _without_comments(text) != text:
        raise JsonError("it has comments or commas that would be lost")
    document[kind.servers] = {**servers, NAME: entry_after}
    indent = INDENT.search(text)
    return json.dumps(document, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _document(client: Client, text: str) -> dict[str, Any]:
    """The object that a text holds; an empty text holds an empty one. Raises `JsonError`."""
    try:
        plain = _without_comments(text) if client.comments else text
        document = json.loads(plain.strip() or "{}", object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg[0].lower()}{error.msg[1:]} in line {error.lineno}") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    if not isinstance(document, dict):
        raise JsonError("it holds no object, which begins with { and ends with }")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members. Raises `JsonError` for a name that stands twice: of its values
    clients read one, and written anew the file would lose the other."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in members if names.count(name) > 1)
        raise JsonError(f'"{name}" stands twice in one object of it')
    return members


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name, {})
    if not isinstance(part, dict):
        raise JsonError(f'"{name}" is no object in it')
    return part


def _without_comments(text: str) -> str:
    """The text as JSON has it, for a client that allows comments and trailing commas."""
    return TRAILING_COMMA.sub(r"\1", COMMENT.sub(r"\1", text))


def add_command(entry: Entry, system: str) -> str:
    """The line for a terminal that adds our entry to Claude Code; `system` is a `sys.platform`."""
    start = [entry["command"], *entry["args"]]
    # Behind the name: before it, the option takes that for a value (anthropics/claude-code#29221).
    env = [f"--env={name}={value}" for name, value in entry.get("env", {}).items()]
    words = ["claude", "mcp", "add", "--scope", "user", NAME, *env, "--", *start]
    return subprocess.list2cmdline(words) if system == "win32" else shlex.join(words)


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
