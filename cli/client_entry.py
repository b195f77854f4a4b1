"""The text that makes a client start this server, alone or in a configuration that is there."""

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from cli.clients import CLIENTS, NAME, servers_of
from cli.json_edit import JsonError, put, read

KEY_INPUT = {
    "type": "promptString",
    "id": "openai-api-key",
    "description": "OpenAI API key; empty where `image-consultant configure` was run",
    "password": True,
}
"""How VS Code asks for the key, which it then keeps itself."""

ASKED_FOR = f"${{input:{KEY_INPUT['id']}}}"

NOT_KEPT = {"url", "headers", "env"}
"""What an earlier entry does not hand on as it is: only one without a command has the first two."""


def entry(client: str, command: Sequence[str], *, sandbox: bool) -> dict[str, Any]:
    """Our entry for a client: the program, its arguments, never a key."""
    made: dict[str, Any] = {"command": command[0], "args": [*command[1:]]}
    if client in {"claude-code", "vscode"}:
        made = {"type": "stdio", **made}
    if sandbox:
        made["args"] += ["serve", "--sandbox"]
    elif client == "vscode":
        made["env"] = {"OPENAI_API_KEY": ASKED_FOR}
    return made


def merged(client: str, text: str, ours: Mapping[str, Any]) -> str:
    """The text of a configuration with our entry in it; the very same text where it is there.

    What a person added to an earlier entry of ours stays, its `env` above all. Raises
    `JsonError` for a text that cannot be changed.
    """
    key = CLIENTS[client].servers
    earlier = servers_of(CLIENTS[client], text).get(NAME)
    wanted = _over(earlier, ours) if isinstance(earlier, dict) else dict(ours)
    if wanted != earlier:
        text = put(text, [key, NAME], wanted)
    return _with_input(text) if client == "vscode" and "env" in ours else text


def whole(client: str, ours: Mapping[str, Any]) -> str:
    """The text of a configuration that holds our entry alone."""
    return merged(client, "", ours)


def add_command(ours: Mapping[str, Any], system: str) -> str:
    """The line for a terminal that adds our entry to Claude Code; `system` is a `sys.platform`."""
    words = ["claude", "mcp", "add", "--scope", "user", NAME, "--", ours["command"], *ours["args"]]
    return subprocess.list2cmdline(words) if system == "win32" else shlex.join(words)


def _over(earlier: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Our entry over an earlier one."""
    kept = {name: value for name, value in earlier.items() if name not in NOT_KEPT}
    there = earlier.get("env")
    own = {} if not isinstance(there, dict) else {k: v for k, v in there.items() if v != ASKED_FOR}
    env = {**ours.get("env", {}), **own}
    return {**kept, **ours, **({"env": env} if env else {})}


def _with_input(text: str) -> str:
    inputs = read(text, comments=True).get("inputs", [])
    if not isinstance(inputs, list):
        raise JsonError('"inputs" is no array in it')
    if any(isinstance(one, dict) and one.get("id") == KEY_INPUT["id"] for one in inputs):
        return text
    return put(text, ["inputs", len(inputs)], KEY_INPUT)
