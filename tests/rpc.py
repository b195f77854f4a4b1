"""Raw JSON-RPC with a server process, below any client library that could hide a fault."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.conftest import ROOT

SERVE = [sys.executable, str(ROOT / "__main__.py"), "serve"]
"""What starts our own server over stdio."""
PATIENCE = 60
"""Seconds without an answer after which a server counts as hanging."""
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "rpc", "version": "0"},
}
HANDSHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "rpc", "version": "0"},
}
OPENINGS = {
    "initialize": ["initialize"],
    "discover": ["server/discover"],
    "discover, then initialize": ["server/discover", "initialize"],
    "initialize twice": ["initialize", "initialize"],
}

Message = dict[str, Any]


class Ending(NamedTuple):
    """How a process ended, and what it had still to say."""

    code: int
    replies: list[Message]
    errors: str


class Server:
    """A server process and the pipes to it."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._errors = Path(self._folder.name, "stderr")
        self.process = self._start(command, environment)
        self._last_id = 0

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str] | None
    ) -> "subprocess.Popen[str]":
        with self._errors.open("wb") as errors:
            return subprocess.Popen(
                command,
                env=None if environment is None else dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            )

    def send(self, message: Message | str) -> None:
        """Send one line: a message, or a string as it is."""
        line = message if isinstance(message, str) else json.dumps(message)
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def request(
        self, method: str, parameters: Message | None = None, *, modern: bool = False
    ) -> int:
        """Send a request, in the envelope of 2026-07-28 if modern, and return its id."""
        self._last_id += 1
        envelope = {"_meta": ENVELOPE} if modern else {}
        self.send(
            {
                "jsonrpc": "2.0",
                "id": self._last_id,
                "method": method,
                "params": {**(parameters or {}), **envelope},
            }
        )
        return self._last_id

    def notify(self, method: str, parameters: Message | None = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": parameters or {}})

    def receive(self) -> Message:
        """The next message; a line that is none, or silence, is an error."""
        assert self.process.stdout
        watch = threading.Timer(PATIENCE, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        if not line:
            raise EOFError(f"The server fell silent. Its stderr:\n{self.errors()}")
        return parsed(line)

    def ask(
        self, method: str, parameters: Message | None = None, *, modern: bool = False
    ) -> Message:
        """Send a request and return the message that answers it."""
        expected = self.request(method, parameters, modern=modern)
        while (message := self.receive()).get("id") != expected:
            pass
        return message

    def open(self, opening: str) -> bool:
        """Take the steps of an opening; true if requests are modern from then on."""
        for step in OPENINGS[opening]:
            if step == "initialize":
                self.ask(step, HANDSHAKE)
                self.notify("notifications/initialized")
            else:
                self.ask(step, modern=True)
        return OPENINGS[opening][-1] != "initialize"

    def end(self, signal: int | None = None) -> Ending:
        """Close stdin, or send a signal, and wait for the process to end."""
        assert self.process.stdout
        if signal is None:
            assert self.process.stdin
            self.process.stdin.close()
        else:
            self.process.send_signal(signal)
        code = self.process.wait(PATIENCE)
        return Ending(code, [parsed(line) for line in self.process.stdout], self.errors())

    def errors(self) -> str:
        """What the process has said on stderr so far."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        with self.process:
            pass
        self._folder.cleanup()


def parsed(line: str) -> Message:
    """A line of stdout as the JSON-RPC message that it has to be."""
    message = json.loads(line)
    assert message["jsonrpc"] == "2.0", line
    assert {"method", "result", "error"} & message.keys(), line
    return dict(message)
