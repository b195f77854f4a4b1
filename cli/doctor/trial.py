"""Start the server as it is configured, and play a whole job on the sandbox beside it."""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import anyio

from cli.launch import server_process
from errors import Check, redact
from settings import Settings

START_SECONDS = 60
"""After so long Claude Desktop gives a server up (claude-code#84136)."""
SLOW_SECONDS = 20
IDEA = "a red fox in the snow, photograph, wide"


async def start(settings: Settings) -> list[Check]:
    """Start this server as a client does and list its tools."""
    options = ["--sandbox"] if settings.sandbox else []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        try:
            tools, seconds = await list_tools(server_process(*options, log=log))
        except Exception as error:  # whatever ends the child is the finding
            said = f"The server did not list its tools: {last_words(log, error)}"
            return [Check("start", "problem", said)]
    sentence = f"{tools} tools listed over stdio after {seconds:.1f} s."
    if seconds > SLOW_SECONDS:
        way = f"Clients give up after {START_SECONDS} s: start it once more, or look at the load."
        return [Check("start", "warning", f"{sentence} {way}")]
    return [Check("start", "ok", sentence)]


async def list_tools(transport: Any) -> tuple[int, float]:  # any transport of FastMCP
    """How many tools a server lists, and after how many seconds. Raises what went wrong."""
    from fastmcp import Client

    began = time.perf_counter()
    with anyio.fail_after(START_SECONDS):
        async with Client(transport) as client:
            return len(await client.list_tools()), time.perf_counter() - began


def last_words(log: TextIO, error: Exception) -> str:
    """The last line that a child logged, else the error of talking to it."""
    log.seek(0)
    lines = [line for line in log.read().splitlines() if line.strip()]
    if isinstance(error, TimeoutError):
        lines = [f"no answer within {START_SECONDS} s"]
    return redact((lines or [str(error) or type(error).__name__])[-1])


async def round_trip(settings: Settings) -> list[Check]:
    """Ask, draw and save on the sandbox, with the person's own templates; nothing stays."""
    from fastmcp import Client
    from fastmcp.exceptions import ToolError

    from server import create_server

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, _listening() as bugs:
        try:
            with anyio.fail_after(START_SECONDS):
                async with Client(create_server(_apart(settings, Path(folder)))) as client:
                    await _play(client)
        except (ToolError, TimeoutError) as error:
            said = " ".join([str(error) or f"no picture within {START_SECONDS} s.", *bugs[:1]])
            return [Check("round trip", "problem", f"On the sandbox: {said}")]
    seconds = time.perf_counter() - began
    return [Check("round trip", "ok", f"Asked, drew and saved on the sandbox in {seconds:.1f} s.")]


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What goes wrong unexpectedly meanwhile; the server hides it from clients, and logs it."""
    bugs: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            bugs.append(
                redact(f"({type(error).__name__}: {error})" if error else record.getMessage())
            )

    logs, listener = (logging.getLogger(), logging.getLogger("fastmcp")), Listener(logging.ERROR)
    for log in logs:
        log.addHandler(listener)
    try:
        yield bugs
    finally:
        for log in logs:
            log.removeHandler(listener)


def _apart(settings: Settings, folder: Path) -> Settings:
    """Default settings on the sandbox, with a folder of their own and the person's templates."""
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
    }
    own = {
        "sandbox": True,
        "prompts_dir": settings.templates_dir,
        "data_dir": folder / "data",
        "images_dir": folder / "images",
    }
    return Settings.model_construct(**(defaults | own))


async def _play(client: Any) -> None:  # Client of FastMCP, which loads late
    from fastmcp.exceptions import ToolError

    asked = await client.call_tool("openai_image_consultation", {"message": IDEA, "finish": True})
    conversation = asked.structured_content["conversation_id"]
    drawn = await client.call_tool("openai_conversational_image", {"conversation_id": conversation})
    pictures = [Path(image["path"]) for image in drawn.structured_content.get("images", [])]
    if not any(path.is_file() and path.stat().st_size for path in pictures):
        raise ToolError("no picture was saved.")
