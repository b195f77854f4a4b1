"""How a server ends on a signal: in order, in time, and with the exit code that says so."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LAST_SECONDS = 8.0
"""From SIGTERM to the end, whatever is still under way: supervisors kill after ten."""

BY_SIGNAL = 128
"""What shells and supervisors add to a signal's number in the exit code of what it ended."""


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
