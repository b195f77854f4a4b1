"""The sandbox as a running server: on a thread of this process, or in the foreground."""

import asyncio
import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from sandbox.app import create_app
from sandbox.errors import Json
from sandbox.state import Call, State

HOST = "127.0.0.1"
DEFAULT_PORT = 8765
_PATIENCE = 20


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, state: State) -> None:
        # Some faults drop connections on purpose: uvicorn must not report them as errors.
        config = uvicorn.Config(
            create_app(state),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self.answers = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
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

    Use it as a context manager, or call `start` and `stop`. `port=0` takes any free port.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._state = State()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Bind the port, serve, and return once requests are answered.

        Raises:
            OSError: the port is taken.
        """
        listener = _listen(self._port)
        self._port = listener.getsockname()[1]
        self._server = _Server(self._state)
        work = self._server.serve(sockets=[listener])
        self._thread = threading.Thread(
            target=asyncio.run, args=(work,), name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.answers.wait(_PATIENCE):
            raise RuntimeError("The sandbox did not start. Try another port.")
        return self

    def stop(self) -> None:
        """Stop serving and wait until the thread has ended."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_PATIENCE)
            self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
    def requests(self) -> list[Call]:
        """What was asked so far, oldest first."""
        return list(self._state.calls)

    def fail(self, fault: str, times: int = 1, kind: str | None = None) -> None:
        """Let the next `times` requests of this kind ("image", "text") to /v1/responses fail.

        Raises:
            ValueError: there is no fault of that name.
        """
        self._state.faults.add(fault, times, kind)

    def answer(self, schema_name: str, *answers: Json | str) -> None:
        """Answer the next requests for this structured output (`text.format.name`) so, in order.

        A dict is sent as JSON text, a str as it is. A request that fails uses none up. When none
        is left, the sandbox plays the model itself.
        """
        self._state.answers.add(schema_name, answers)

    def count(self, kind: str) -> int:
        """Return how many requests of a kind came; of "image" only those that made a picture."""
        calls = [call for call in self._state.calls if call.kind == kind]
        return sum(call.paid for call in calls) if kind == "image" else len(calls)

    def clear(self) -> None:
        """Forget calls, faults and answers; responses and files stay."""
        self._state.calls.clear()
        self._state.faults.clear()
        self._state.answers.clear()


def serve(port: int = DEFAULT_PORT) -> None:
    """Serve in the foreground until Ctrl-C.

    Raises:
        OSError: the port is taken.
    """
    listener = _listen(port)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(State()).run(sockets=[listener])
