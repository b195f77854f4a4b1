"""The pipe to the MCP client, out of reach of whatever else reads or prints here.

Apart from `stdio`, which imports FastMCP: a library that prints while it is imported would
otherwise do so into the first reply.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

import anyio

from errors import Problem


class Pipe(NamedTuple):
    """The lines that a client sends, and the file that its replies go to."""

    requests: anyio.AsyncFile[str]
    replies: anyio.AsyncFile[str]


def claim_pipe() -> Pipe:
    """Keep stdin and stdout for JSON-RPC for as long as the process lives.

    From here on print() reaches stderr, also where its text is flushed only at
    exit, and input() finds nothing. Raises `Problem` where either is closed.
    """
    try:
        requests = os.fdopen(os.dup(0), encoding="utf-8", errors="replace")
        replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    except OSError:
        raise Problem(
            "Stdin or stdout is closed. An MCP client that starts the server holds both open."
        ) from None
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return Pipe(_Lines(requests), anyio.wrap_file(replies))


class _Lines(anyio.AsyncFile[str]):
    """Lines read by a daemon thread: one that waits for input must not block Ctrl-C."""

    async def __aiter__(self) -> AsyncIterator[str]:
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def read() -> None:
            with suppress(RuntimeError):  # the event loop has ended before the input
                with suppress(OSError):
                    for line in self.wrapped:
                        loop.call_soon_threadsafe(lines.put_nowait, line)
                loop.call_soon_threadsafe(lines.put_nowait, "")

        threading.Thread(target=read, name="stdin", daemon=True).start()
        while line := await lines.get():
            yield line
