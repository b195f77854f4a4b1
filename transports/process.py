"""The process that serves: its pipe to the client, out of reach of what else prints, and its end.

Apart from `stdio`, which imports FastMCP: a library that prints while it is imported would
otherwise do so into the first reply.
"""

import asyncio
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import anyio

from errors import Problem

LAST_SECONDS = 8.0
"""From SIGTERM to the end, whatever is still under way: supervisors kill after ten."""

BY_SIGNAL = 128
"""What shells and supervisors add to a signal's number in the exit code of what it ended."""

ESCAPE = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.")
"""An escape in JSON: two halves of a sign, one alone (the group), any other."""


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


def _whole(line: str) -> str:
    """A line of JSON with U+FFFD for each half of a sign: JavaScript sends what it cut amid an
    emoji, the parser refuses the line, and its client would wait for an answer without an id."""
    if "\\ud" not in line.lower():
        return line
    return ESCAPE.sub(lambda sign: r"\ufffd" if sign[1] else sign[0], line)


class _Lines(anyio.AsyncFile[str]):
    """Lines read by a daemon thread: one that waits for input must not block Ctrl-C."""

    async def __aiter__(self) -> AsyncIterator[str]:
        lines: asyncio.Queue[str] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def pump() -> None:
            with suppress(RuntimeError):  # the event loop has ended before the input
                with suppress(OSError):
                    for line in self.wrapped:
                        loop.call_soon_threadsafe(lines.put_nowait, _whole(line))
                loop.call_soon_threadsafe(lines.put_nowait, "")

        threading.Thread(target=pump, name="stdin", daemon=True).start()
        while line := await lines.get():
            yield line


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGTERM pass through the lifespan like Ctrl-C, and exit with the signal's code.

    Also where SIGINT is ignored, as a shell has it for what runs in its background.
    """
    numbers = [signal.SIGINT]

    def end(number: int, _frame: object) -> None:
        numbers.append(signal.Signals(number))
        start_deadline(number)
        signal.raise_signal(signal.SIGINT)

    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(BY_SIGNAL + numbers[-1])


def start_deadline(number: int) -> None:
    """End the process in time even where a thread does not: what was paid for is on record."""
    if number == signal.SIGTERM:
        timer = threading.Timer(LAST_SECONDS, os._exit, (BY_SIGNAL + number,))
        timer.daemon = True
        timer.start()
