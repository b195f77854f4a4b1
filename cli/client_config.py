"""The command `client-config`: what makes a client start this server, printed or written."""

import errno
import logging
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from cli import terminal as show
from cli.clients import (
    CLIENTS,
    Entry,
    JsonError,
    add_command,
    entry_for,
    merge,
    own_command,
    place,
    text_of,
)
from errors import Problem
from gateway.api_key import ENVIRONMENT, find_key, way_to_give
from keyring_store import KeyringFault
from settings import load_settings
from storage.shared_folder import OWNER_ALONE, write_file

logger = logging.getLogger(__name__)

NEXT_STEPS = {
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
    toolsets: str = "",
    write: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Print what makes a client start this server, and the file that it belongs into.

    Args:
        client: The client to tell.
        sandbox: Have the server use the built-in stand-in for OpenAI: no key, no cost.
        toolsets: Tools to offer besides those of `core`, such as quick,keep, or all.
        write: Put it into the file, of which a copy is kept beside it; the other settings stay.
        as_json: Print it as JSON: client, path, entry, text, command, next, changed, copy.
    """
    chosen = load_settings(toolsets=toolsets).toolsets if toolsets else []
    entry = entry_for(client, own_command(), sandbox=sandbox, toolsets=chosen)
    path = place(client, Path.home(), os.environ, sys.platform)
    text = merge(client, "", entry)
    command = add_command(entry, sys.platform) if client == "claude-code" else ""
    steps = [_key_advice(sandbox=sandbox), NEXT_STEPS[client]]
    changed, copy = _write(client, path, entry) if write else (False, None)
    if as_json:
        show.data({
            "client": client, "path": str(path), "entry": entry, "text": text,
            "command": command or None, "next": steps, "changed": changed,
            "copy": copy and str(copy),
        })  # fmt: skip
        return
    if write and not changed:
        show.line(f"{path} says so already; nothing was changed.")
        return
    if not write:
        _show_text(client, path, text, command)
    else:
        show.line(f"{path} now has the entry.")
    if copy:
        show.line(f"As it was before, it is kept as {copy}.")
    for sentence in steps:
        show.line(sentence)


def _show_text(client: str, path: Path, text: str, command: str) -> None:
    title, servers, comments = CLIENTS[client]
    if command:
        show.line(f"Run this once, and {title} knows the server in every folder:")
        sys.stdout.write(f"\n{command}\n\n")
        show.line("Or put this into the `.mcp.json` of one project, or into your own file,")
    else:
        show.line(f"{title} on this system reads its servers from")
    show.line(str(path))
    sys.stdout.write(f"\n{text}\n")
    where = ", where that has no comments," if comments else ""
    show.line(
        f'Where that file has "{servers}" already, only the entry goes into it. The same command '
        f"with --write does it{where} and keeps a copy of the file."
    )


def _write(client: str, path: Path, entry: Entry) -> tuple[bool, Path | None]:
    """Put our entry into the file; whether that changed it, and the path of a copy of it."""
    try:
        target = Path(os.path.realpath(path))  # a link stays a link, and the file behind it changes
        before = target.read_bytes() if os.path.lexists(target) else None
        text = "" if before is None else text_of(target)
        after = merge(client, text, entry)
        if after == text:
            return False, None
        # Half of a pair that an emoji is written in JSON with is no letter of UTF-8.
        copy = _replace(target, before, after.encode(errors="backslashreplace"))
    except JsonError as fault:
        raise Problem(
            f"{path} was left as it is: {fault}. Put the text in by hand that `image-consultant "
            f"client-config {client}` prints, or change that first."
        ) from fault
    except OSError as error:
        raise Problem(
            f"{path} cannot be changed: {error.strerror}. It was left as it is."
        ) from error
    logger.info("%s now has the entry.", path)
    return True, copy


def _replace(path: Path, before: bytes | None, after: bytes) -> Path | None:
    """Replace a file in one step, and keep what it held; the path of that copy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if before is None:
        write_file(path, [after], mode=OWNER_ALONE)  # a person may put a key into it later
        return None
    mode = path.stat().st_mode & 0o777
    if not mode & 0o222:  # replacing it would pass over what its owner wants
        raise PermissionError(errno.EACCES, "it is read-only")
    copy = path.with_name(f"{path.name}.{datetime.now().astimezone():%Y%m%d-%H%M%S}.bak")
    write_file(copy, [before], mode=mode)
    write_file(path, [after], mode=mode)
    return copy


def _key_advice(*, sandbox: bool) -> str:
    """Where the key goes, best not into that file."""
    if sandbox:
        return "No key is needed: the sandbox paints placeholders."
    settings = load_settings()
    with suppress(KeyringFault):
        key = find_key(settings)
        if key and key.source != ENVIRONMENT:  # which the client does not hand on
            return f"The server finds your OpenAI key in {key.source}."
    way = way_to_give(settings)
    return (
        f"Give your OpenAI key once, and every client has it. {way} One in the file of the client "
        "wins over it."
    )
