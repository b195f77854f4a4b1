"""A server that hostile input goes to: its environment, and what it writes of bugs."""

import re
from pathlib import Path

from tests.folders import environment_in
from tests.rpc import Server

Find = tuple[str, bytes]
"""What went wrong, and the input."""

PATIENCE = 5.0
"""Seconds in which a server says that it lives, whatever came before."""
TOKEN = "0123456789abcdef-token"
BUG = re.compile(r"traceback=|level=(?:ERROR|CRITICAL)|^Traceback")
HARMLESS = "_terminate_graceful_close"
"""SQLAlchemy closing the connection of a call that was cancelled; asyncio tells of its task."""


def environment(folder: Path) -> dict[str, str]:
    """A server's, with every tool."""
    return environment_in(folder, "", HTTP_TOKEN=TOKEN, TOOLSETS="all")


class Errors:
    """What a server writes to stderr, from where it was read last."""

    def __init__(self, server: Server) -> None:
        self._server, self._read = server, 0

    def bug(self) -> str | None:
        """The first new line that tells of a bug."""
        new = self._server.errors()[self._read :]
        self._read += len(new)
        for line in new.splitlines():
            if BUG.search(line) and HARMLESS not in line:
                return f"{line[:300]} ... {line[-900:]}"
        return None
