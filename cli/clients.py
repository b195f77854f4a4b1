"""The MCP clients we know: where each keeps its configuration, and our entry in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, NamedTuple, TypeVar

from cli.json_edit import JsonError, read

NAME = "image-consultant"
"""The name of our entry in every configuration."""

DESKTOP_FILE = "claude_desktop_config.json"
STORE = "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming"
"""Where Windows puts what a packaged Claude Desktop believes to be in AppData\\Roaming.

The usual installer is such a package since February 2026, and the app reads nothing else
(anthropics/claude-code#26073, read 2026-11-21)."""

P = TypeVar("P", bound=PurePath)


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


class Configured(NamedTuple):
    """A configuration file that is there.

    `client` is a key of `CLIENTS`; `entry` is ours in it, None without one; `fault` says in half a
    sentence what is wrong with the file.
    """

    client: str
    path: Path
    entry: dict[str, Any] | None
    fault: str | None


def configured(home: Path, environ: Mapping[str, str], system: str) -> Iterator[Configured]:
    """Look at each configuration file that is on this system; `system` is a `sys.platform`."""
    for name, client in CLIENTS.items():
        for path in places(name, home, environ, system):
            try:
                servers = servers_of(client, text_of(path))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                yield Configured(name, path, None, f"it cannot be read: {error.strerror}")
            except JsonError as fault:
                yield Configured(name, path, None, str(fault))
            else:
                yield _entry(name, path, servers)


def places(client: str, home: P, environ: Mapping[str, str], system: str) -> list[P]:
    """Where a client's configuration may lie; the last place suits every installation.

    Nothing is looked at, so a path of any system can be asked for on any other.
    """
    folder = _application_data(home, environ, system)
    if client == "claude-code":
        return [_from(environ, "CLAUDE_CONFIG_DIR", home) / ".claude.json"]
    if client == "cursor":
        return [home / ".cursor" / "mcp.json"]
    if client == "vscode":
        return [folder / "Code" / "User" / "mcp.json"]
    folders = [folder]
    if system == "win32":
        folders.insert(0, _from(environ, "LOCALAPPDATA", home / "AppData" / "Local") / STORE)
    return [folder / "Claude" / DESKTOP_FILE for folder in folders]


def place(client: str, home: Path, environ: Mapping[str, str], system: str) -> Path:
    """The file that a client reads here, or will read once it is there."""
    found = places(client, home, environ, system)
    return next((path for path in found if path.parent.is_dir()), found[-1])


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


def _entry(name: str, path: Path, servers: Mapping[str, Any]) -> Configured:
    entry = servers.get(NAME)
    if entry is None or isinstance(entry, dict):
        return Configured(name, path, entry, None)
    return Configured(name, path, None, f'"{NAME}" is no object in it')


def _application_data(home: P, environ: Mapping[str, str], system: str) -> P:
    """Where programs keep a person's settings."""
    if system == "darwin":
        return home / "Library" / "Application Support"
    if system == "win32":
        return _from(environ, "APPDATA", home / "AppData" / "Roaming")
    return _from(environ, "XDG_CONFIG_HOME", home / ".config")


def _from(environ: Mapping[str, str], variable: str, usual: P) -> P:
    return type(usual)(environ.get(variable) or usual)
