"""What only a trial shows: a start, what clients start in our name, a whole job on the sandbox."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

import anyio

from cli.clients import ROOT, Configuration, Entry, configurations
from errors import Check, Severity, redact
from gateway.api_key import ENTRY, ENVIRONMENT, find_key, way_to_give
from settings import PREFIX, Settings

START_SECONDS = 60
"""After so long Claude Desktop gives a server up (claude-code#84136)."""
SLOW_SECONDS = 20
"""A third of that: a busy morning makes the rest."""
SLOW = f"Clients give up after {START_SECONDS} s: start it once more, or look at the load."

CLIENTS = "clients"
ROUND_TRIP = "round trip"
IDEA = "a red fox in the snow, photograph, wide"
NO_CLIENT = (
    "None was found with a configuration of its own. `image-consultant client-config` prints the "
    "text for each."
)


async def check_start(settings: Settings) -> list[Check]:
    """Start this server as a client does and list its tools."""
    options = ["--sandbox"] if settings.sandbox else []
    arguments = [str(ROOT / "__main__.py"), "serve", *options]
    state, words = await _start(sys.executable, arguments, dict(os.environ))
    lead = "The server did not list its tools: " if state == "problem" else ""
    return [Check("start", state, f"{lead}{words}")]


async def check_clients(settings: Settings) -> list[Check]:
    """Start what each client would start, all at the same time."""
    files = configurations(Path.home(), os.environ, sys.platform)
    checks = await asyncio.gather(*(_check_client(one, settings) for one in files))
    return [check for some in checks for check in some] or [Check(CLIENTS, "ok", NO_CLIENT)]


async def _check_client(configuration: Configuration, settings: Settings) -> list[Check]:
    client, path, entry, fault, has_comments = configuration
    if fault:
        sentence = f"{client}: {path}: {fault}. The client does not read all of it: mend it."
        return [Check(CLIENTS, "problem", sentence)]
    mend = f"`image-consultant client-config {client} --write`"
    if has_comments:
        text = f"the text of `image-consultant client-config {client}`"
        mend = f"By hand, so that comments and commas of the file stay, {text}"
    if entry is None:
        sentence = f"{client}: {path} does not name this server; a bundle needs no name there."
        return [Check(CLIENTS, "ok", f"{sentence} {mend} puts it in.")]
    return [await _check_entry(client, path, entry, mend), *_check_key(client, entry, settings)]


async def _check_entry(client: str, path: Path, entry: Entry, mend: str) -> Check:
    """How the start of one entry ends; `mend` is what puts a sound one in its place."""
    arguments = [str(part) for part in entry.get("args") or []]
    if "url" in entry or any("${" in part for part in arguments):
        return Check(CLIENTS, "ok", f"{client}: its entry cannot be tried from here.")
    command = str(entry.get("command") or "nothing")
    env = {name: str(value) for name, value in (entry.get("env") or {}).items()}
    if shutil.which(command, path=env.get("PATH")) is None:
        sentence = f"{client}: {path} starts {command}, which is not there."
        return Check(CLIENTS, "problem", f"{sentence} {mend} mends it.")
    state, words = await _start(command, arguments, env)
    if state == "problem":
        reason = words.rstrip(".")
        sentence = f"{client}: what {path} starts does not work: {reason}."
        way = f"{mend} mends it."
        if reason.startswith("A setting"):  # which says itself what to do
            way = "It stands in that file, in the environment, or in the `.env`."
        return Check(CLIENTS, "problem", f"{sentence} {way}")
    if state == "ok" and not Path(command).is_absolute():
        way = f"{command} was found in this terminal; a desktop client may not find it."
        return Check(CLIENTS, "warning", f"{client}: {way} {mend} writes its whole path.")
    return Check(CLIENTS, state, f"{client}: {words}")


def _check_key(client: str, entry: Entry, settings: Settings) -> list[Check]:
    """Whether a key of this terminal's environment is missing where the client starts it."""
    elsewhere = {ENTRY, f"{PREFIX}SANDBOX", f"{PREFIX}DATA_DIR"}
    if elsewhere & (entry.get("env") or {}).keys() or "--sandbox" in (entry.get("args") or []):
        return []
    if settings.sandbox or settings.openai_api_key is None:
        return []
    if (key := find_key(settings)) is None or key.source != ENVIRONMENT:
        return []
    sentence = f"{client}: it is not handed {ENTRY} of this terminal's environment."
    return [Check(CLIENTS, "warning", f"{sentence} {way_to_give(settings)}")]


async def _start(command: str, arguments: list[str], env: dict[str, str]) -> tuple[Severity, str]:
    """Start a server and list its tools; how that went, for a problem the reason alone."""
    from fastmcp import Client
    from fastmcp.client.transports import StdioTransport

    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        transport = StdioTransport(command, arguments, env=env, keep_alive=False, log_file=log)
        try:
            with anyio.fail_after(START_SECONDS):
                async with Client(transport) as client:
                    count = len(await client.list_tools())
        except TimeoutError:
            return "problem", f"no answer within {START_SECONDS} s"
        except Exception as error:  # whatever ends the child is the finding
            return "problem", _last_words(log) or redact(str(error) or type(error).__name__)
    seconds = time.perf_counter() - began
    sentence = f"{count} tools listed over stdio after {seconds:.1f} s, its views' among them."
    return ("warning", f"{sentence} {SLOW}") if seconds > SLOW_SECONDS else ("ok", sentence)


def _last_words(log: TextIO) -> str:
    """The last line that a child logged."""
    log.seek(0)
    lines = [line for line in log.read().splitlines() if line.strip()]
    return redact(lines[-1]) if lines else ""


async def check_round_trip(settings: Settings) -> list[Check]:
    """Ask, draw and save on the sandbox, with the person's own templates; nothing stays."""
    from fastmcp import Client
    from fastmcp.exceptions import ToolError

    from server import create_server

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Made of defaults alone: the environment may hold a key.
        apart = Settings.model_construct(
            sandbox=True, data_dir=folder, images_dir=folder, prompts_dir=settings.templates_dir
        )
        try:
            async with Client(create_server(apart)) as client:
                ready = await client.call_tool(
                    "openai_image_consultation", {"message": IDEA, "finish": True}
                )
                conversation = (ready.structured_content or {})["conversation_id"]
                drawn = await client.call_tool(
                    "openai_conversational_image", {"conversation_id": conversation}
                )
        except ToolError as error:
            return [Check(ROUND_TRIP, "problem", f"On the sandbox: {error}")]
    if not (drawn.structured_content or {})["images"]:
        return [Check(ROUND_TRIP, "problem", "On the sandbox: no picture was saved in time.")]
    seconds = time.perf_counter() - began
    return [Check(ROUND_TRIP, "ok", f"Asked, drew and saved on the sandbox in {seconds:.1f} s.")]
