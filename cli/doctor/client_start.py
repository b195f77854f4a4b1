"""Whether the clients on this system whose configuration names this server can start it."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from cli.clients import configurations
from cli.doctor.trial import SLOW_SECONDS, START_SECONDS, last_words, list_tools
from errors import Check
from gateway.api_key import ENTRY, ENVIRONMENT, KEYRING, find
from settings import PREFIX, Settings

Entry = dict[str, Any]

NAME = "clients"
NONE = (
    "None was found with a configuration of its own. `image-consultant client-config` prints the "
    "text for each."
)


async def start(settings: Settings) -> list[Check]:
    """Start what each client would start, all at the same time."""
    entries = list(configurations(Path.home(), os.environ, sys.platform))
    found: list[list[Check]] = [[] for _ in entries]

    async def one(number: int) -> None:
        client, path, entry, fault = entries[number]
        if fault:
            sentence = f"{client}: {path}: {fault}. The client reads none of it: mend it."
            found[number] = [Check(NAME, "problem", sentence)]
        elif entry is None:
            sentence = f"{client}: {path} does not name this server; a bundle needs no name there."
            way = f"`image-consultant client-config {client} --write` puts it in."
            found[number] = [Check(NAME, "ok", f"{sentence} {way}")]
        else:
            found[number] = [
                await _started(client, path, entry),
                *_keyless(client, entry, settings),
            ]

    async with anyio.create_task_group() as group:
        for number in range(len(entries)):
            group.start_soon(one, number)
    return [check for some in found for check in some] or [Check(NAME, "ok", NONE)]


async def _started(client: str, path: Path, entry: Entry) -> Check:
    """How the start of one entry ends."""
    from fastmcp.client.transports import StdioTransport

    mend = f"`image-consultant client-config {client} --write` mends it."
    arguments = [str(part) for part in entry.get("args") or []]
    if "url" in entry or any("${" in part for part in arguments):
        return Check(NAME, "ok", f"{client}: its entry cannot be tried from here.")
    command = str(entry.get("command") or "nothing")
    environment = {name: str(value) for name, value in (entry.get("env") or {}).items()}
    if shutil.which(command, path=environment.get("PATH")) is None:
        sentence = f"{client}: {path} starts {command}, which is not there."
        return Check(NAME, "problem", f"{sentence} {mend}")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        transport = StdioTransport(
            command, arguments, env=environment, keep_alive=False, log_file=log
        )
        try:
            tools, seconds = await list_tools(transport)
        except Exception as error:  # whatever ends the child is the finding
            said = last_words(log, error).rstrip(".")
            sentence = f"{client}: what {path} starts does not work: {said}."
            if said.startswith("A setting"):  # which says itself what to do
                mend = "It stands in that file, in the environment, or in the `.env`."
            return Check(NAME, "problem", f"{sentence} {mend}")
    return _judged(client, command, tools, seconds)


def _judged(client: str, command: str, tools: int, seconds: float) -> Check:
    told = f"{client}: {tools} tools after {seconds:.1f} s."
    if seconds > SLOW_SECONDS:
        way = f"Clients give up after {START_SECONDS} s: start it once more, or look at the load."
        return Check(NAME, "warning", f"{told} {way}")
    if not Path(command).is_absolute():
        way = f"{command} was found in this terminal; a desktop client may not find it."
        mend = f"`image-consultant client-config {client} --write` writes its whole path."
        return Check(NAME, "warning", f"{told} {way} {mend}")
    return Check(NAME, "ok", told)


def _keyless(client: str, entry: Entry, settings: Settings) -> list[Check]:
    """Whether a key of this terminal's environment is missing where the client starts it."""
    aside = {ENTRY, f"{PREFIX}SANDBOX", f"{PREFIX}DATA_DIR"}
    if aside & (entry.get("env") or {}).keys() or "--sandbox" in (entry.get("args") or []):
        return []
    if settings.sandbox or settings.openai_api_key is None:
        return []
    if (found := find(settings)) is None or found.source != ENVIRONMENT:
        return []
    sentence = f"{client}: it is not handed {ENTRY} of this terminal's environment."
    way = f"`image-consultant configure` puts it into {KEYRING}, where every client finds it."
    return [Check(NAME, "warning", f"{sentence} {way}")]
