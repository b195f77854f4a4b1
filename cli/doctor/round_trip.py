"""Whether a whole job runs, from an idea to a picture on disk, played on the sandbox."""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio

from errors import Check, redact
from settings import Settings

NAME = "round trip"
PATIENCE_SECONDS = 60
"""A placeholder takes a second; this long only where something waits for ever."""
IDEA = "a red fox in the snow, photograph, wide"


async def check_round_trip(settings: Settings) -> list[Check]:
    """Ask, draw and save on the sandbox, with the person's own templates; nothing stays."""
    from fastmcp import Client
    from fastmcp.exceptions import ToolError

    from server import create_server

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, _listening() as bugs:
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                async with Client(create_server(_apart(settings, Path(folder)))) as client:
                    await _play(client)
        except (ToolError, TimeoutError) as error:
            reason = str(error) or f"no picture within {PATIENCE_SECONDS} s."
            return [Check(NAME, "problem", " ".join(["On the sandbox:", reason, *bugs[:1]]))]
    seconds = time.perf_counter() - began
    return [Check(NAME, "ok", f"Asked, drew and saved on the sandbox in {seconds:.1f} s.")]


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What goes wrong unexpectedly meanwhile; the server hides it from clients, and logs it."""
    bugs: list[str] = []

    class BugListener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            text = f"({type(error).__name__}: {error})" if error else record.getMessage()
            bugs.append(redact(text))

    listener = BugListener(logging.ERROR)
    logs = (logging.getLogger(), logging.getLogger("fastmcp"))  # which hands nothing on to the root
    for log in logs:
        log.addHandler(listener)
    try:
        yield bugs
    finally:
        for log in logs:
            log.removeHandler(listener)


def _apart(settings: Settings, folder: Path) -> Settings:
    """Default settings on the sandbox, with a folder of their own and the person's templates.

    Built without reading the environment, which may hold a key.
    """
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

    ready = await client.call_tool("openai_image_consultation", {"message": IDEA, "finish": True})
    conversation = ready.structured_content["conversation_id"]
    done = await client.call_tool("openai_conversational_image", {"conversation_id": conversation})
    pictures = [Path(image["path"]) for image in done.structured_content.get("images", [])]
    if not any(path.is_file() and path.stat().st_size for path in pictures):
        raise ToolError("no picture was saved.")
