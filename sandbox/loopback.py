"""The sandbox as a running server, so that a client only needs another base URL."""

import asyncio
import contextlib
import json
import socket
import threading
from typing import Self

import uvicorn

from sandbox.http_app import create_app
from sandbox.memory import ApiCall, SandboxMemory
from sandbox.openai_errors import Json

HOST = "127.0.0.1"
START_SECONDS = 20
"""How long a start may take: a second, but ten on a machine whose cores all run tests."""

KEEP_ALIVE_SECONDS = 60
"""Longer than the pauses within a test, so that a client never meets a connection just closed."""


class LoopbackServer(uvicorn.Server):
    """A server that says when it answers, since a port that is bound may not be served yet."""

    def __init__(self, memory: SandboxMemory) -> None:
        # Some faults drop connections on purpose: uvicorn must not report them as errors.
        config = uvicorn.Config(
            create_app(memory),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.answers.set()


def _listen(port: int) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) only where the protocol is named; else answers take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


class Sandbox:
    """A stand-in for OpenAI on a loopback port, served by a thread of this process.

    Use it as a context manager, or call `start` and `stop`. It takes any free port.
    """

    def __init__(self) -> None:
        self._port = 0
        self._memory = SandboxMemory()
        self._server: LoopbackServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Serve; back once requests are answered."""
        listener = _listen(0)
        self._port = listener.getsockname()[1]
        self._server = LoopbackServer(self._memory)
        work = self._server.serve(sockets=[listener])
        self._thread = threading.Thread(
            target=asyncio.run, args=(work,), name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.answers.wait(START_SECONDS):
            raise RuntimeError("The sandbox did not start.")
        return self

    def stop(self) -> None:
        """Stop serving and wait until the thread has ended."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(START_SECONDS)
            self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    @property
    def url(self) -> str:
        """Where the sandbox listens, without a path."""
        return f"http://{HOST}:{self._port}"

    @property
    def base_url(self) -> str:
        """What to give an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def requests(self) -> list[ApiCall]:
        """The requests so far, oldest first."""
        return list(self._memory.calls)

    def fail(self, fault: str, times: int = 1, kind: str | None = None) -> None:
        """Let the next `times` requests of this kind ("image", "text") to /v1/responses fail.

        Raises `ValueError` if there is no fault of that name.
        """
        self._memory.faults.add(fault, times, kind)

    def answer(self, schema_name: str, *answers: Json | str) -> None:
        """Answer the next requests for this structured output (`text.format.name`) so, in order.

        A dict is sent as JSON text, a str as it is. A request that fails uses none up. When none
        is left, the sandbox plays the model itself.
        """
        self._memory.answers[schema_name].extend(
            one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in answers
        )

    def count(self, kind: str) -> int:
        """How many requests of a kind came; of "image" only those that made a picture."""
        calls = [call for call in self._memory.calls if call.kind == kind]
        return sum(call.has_picture for call in calls) if kind == "image" else len(calls)

    def lose_files(self) -> None:
        """Know no uploaded file any more, as OpenAI does once they are deleted there."""
        self._memory.files.clear()

    def clear(self) -> None:
        """Forget calls, faults and answers; responses and files stay."""
        self._memory.calls.clear()
        self._memory.faults.clear()
        self._memory.answers.clear()


def serve(port: int) -> None:
    """Serve in the foreground until Ctrl-C. Raises `OSError` if the port is in use."""
    listener = _listen(port)
    with contextlib.suppress(KeyboardInterrupt):
        LoopbackServer(SandboxMemory()).run(sockets=[listener])
