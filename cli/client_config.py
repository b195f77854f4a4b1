"""The command `client-config`: what a client must be told, printed or put into its file."""

import codecs
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from cli import launch
from cli import terminal as show
from cli.client_entry import add_command, entry, merged, whole
from cli.clients import CLIENTS, place, text_of
from cli.json_edit import JsonError
from errors import Problem
from settings import load_settings

FOR_ONE = 0o600
AFTERWARDS = {
    "claude-desktop": "Then quit Claude Desktop and start it again.",
    "claude-code": "Then start a new session; /mcp shows the server.",
    "vscode": "Then start the server from the list that `MCP: List Servers` shows.",
    "cursor": "Then start Cursor again; its settings list the server under MCP.",
}


def client_config(
    client: Literal["claude-desktop", "claude-code", "vscode", "cursor"] = "claude-desktop",
    /,
    *,
    sandbox: bool = False,
    write: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Print what makes a client start this server, and the file that it belongs into.

    Args:
        client: The client to tell.
        sandbox: Have the server use the built-in stand-in for OpenAI: no key, no cost.
        write: Put it into the file. Everything else in it stays, and a copy is kept beside it.
        as_json: Print it as JSON: client, path, entry, text, command, next, changed, copy.
    """
    ours = entry(client, launch.command(), sandbox=sandbox)
    path = place(client, Path.home(), os.environ, sys.platform)
    told = {
        "client": client,
        "path": str(path),
        "entry": ours,
        "text": whole(client, ours),
        "command": add_command(ours, sys.platform) if client == "claude-code" else None,
        "next": [_key(client, sandbox=sandbox), AFTERWARDS[client]],
        "changed": False,
        "copy": None,
    }
    if write:
        told |= _write(client, path, ours)
    if as_json:
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    elif write:
        _tell_written(told)
    else:
        _tell(told)


def _write(client: str, path: Path, ours: dict[str, Any]) -> dict[str, Any]:
    """Put our entry into the file; what was done, for `--json`."""
    try:
        target = path.resolve()  # a link stays a link
        if target.is_symlink():  # from Python 3.13 on links in a circle raise nothing
            raise RuntimeError
        before = target.read_bytes() if target.exists() else None
        text = "" if before is None else text_of(target)
        changed = merged(client, text, ours)
        if changed == text:
            return {}
        mark = codecs.BOM_UTF8 if before and before.startswith(codecs.BOM_UTF8) else b""
        copy = _replace(target, before, mark + changed.encode())
    except JsonError as fault:
        raise Problem(
            f"{path} was left as it is: {fault}. Correct that first, or put the text in by hand "
            f"that `image-consultant client-config {client}` prints."
        ) from fault
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        why = getattr(error, "strerror", None) or "its links lead in a circle"
        raise Problem(f"{path} cannot be changed: {why}. It was left as it is.") from error
    return {"changed": True, "copy": copy and str(copy)}


def _replace(path: Path, before: bytes | None, after: bytes) -> Path | None:
    """Replace a file in one step, and keep what it held; the path of that copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode, copy = FOR_ONE, None
    if before is not None:
        mode = path.stat().st_mode & 0o777
        copy = path.with_name(f"{path.name}.{datetime.now().astimezone():%Y%m%d-%H%M%S}.bak")
        _put_down(copy, before, mode)
    _put_down(path, after, mode)
    return copy


def _put_down(path: Path, data: bytes, mode: int) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_ONE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _tell(told: dict[str, Any]) -> None:
    title, servers, _ = CLIENTS[told["client"]]
    if told["command"]:
        show.line(f"Run this once, and {title} knows the server in every folder:")
        sys.stdout.write(f"\n{told['command']}\n\n")
        show.line("Or put this into the `.mcp.json` of one project, or into your own file,")
    else:
        show.line(f"{title} on this system reads its servers from")
    show.line(told["path"])
    sys.stdout.write(f"\n{told['text']}\n")
    show.line(
        f'Where that file has "{servers}" already, only the entry goes into it. The same command '
        "with --write does it, leaves the rest as it is and keeps a copy."
    )
    for sentence in told["next"]:
        show.line(sentence)


def _tell_written(told: dict[str, Any]) -> None:
    if not told["changed"]:
        show.line(f"{told['path']} says so already; nothing was changed.")
        return
    show.line(f"{told['path']} now has the entry.")
    if told["copy"]:
        show.line(f"As it was before, it is kept as {told['copy']}.")
    for sentence in told["next"]:
        show.line(sentence)


def _key(client: str, *, sandbox: bool) -> str:
    """Where the key goes, which is never that file."""
    if sandbox:
        return "No key is needed: the sandbox paints placeholders."
    if client == "vscode":
        return "VS Code asks for the OpenAI key when it first starts the server."
    return (
        "The OpenAI key has no place in that file: run `image-consultant configure`, which puts it "
        "into this system's keyring, or write OPENAI_API_KEY=... into "
        f"{load_settings().data_dir / '.env'}."
    )
