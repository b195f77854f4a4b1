"""Processes that begin with everything imported: forks of one that imported it.

To import the server takes two seconds of processor time and the first call two more. A fork is as
much a process of its own: it has its pipes and its memory, and can be killed. Where the start
itself is what a test is about, `tests.rpc` starts Python anew.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.forkserver import ensure_running
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

from tests import rpc

PATIENCE = 90
"""Seconds within which whatever is waited for has to happen, also on a busy machine."""


def context() -> BaseContext:
    """Processes that begin with everything imported, where the system can fork."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["tests.fork_start"])
    ensure_running()
    return forking


class Fork:
    """A fork that runs what `python` runs with these words, as `subprocess.Popen` has it."""

    def __init__(
        self, words: Sequence[str], environment: Mapping[str, str] | None, errors: Path
    ) -> None:
        errors.touch()
        stdin, writing = os.pipe()
        reading, stdout = os.pipe()
        ends = Connection(stdin, writable=False), Connection(stdout, readable=False)
        given = dict(os.environ if environment is None else environment)
        process: Any = context()
        self._process: BaseProcess = process.Process(
            target=_become, args=(list(words), given, errors, *ends), daemon=True
        )
        self._process.start()
        for end in ends:
            end.close()
        self.stdin = os.fdopen(writing, "w", encoding="utf-8")
        self.stdout = os.fdopen(reading, encoding="utf-8")

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid
        os.kill(self._process.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("a fork", timeout or 0)
        return self._process.exitcode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.stdin, self.stdout):
            with suppress(BrokenPipeError):  # what was not flushed; the process is gone
                pipe.close()
        self.wait()


class Server(rpc.Server):
    """A server in a fork; `command` begins with Python."""

    def _start(self, command: Sequence[str], environment: Mapping[str, str] | None) -> Any:
        if sys.platform == "win32" or command[0] != sys.executable:
            return super()._start(command, environment)
        return Fork(command[1:], environment, self._errors)


def wait_for(condition: Callable[[], object]) -> None:
    """Look again and again, often enough to see states that last tenths of a second."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "what was waited for never came"
        time.sleep(0.02)


def _become(
    words: list[str],
    environment: dict[str, str],
    errors: Path,
    stdin: Connection,
    stdout: Connection,
) -> None:
    """Be a Python that was started with these words, this environment and these pipes."""
    with errors.open("wb") as stderr:
        for number, end in enumerate[Any]((stdin, stdout, stderr)):
            os.dup2(end.fileno(), number)
    stdin.close()
    stdout.close()
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    os.environ.clear()
    os.environ.update(environment)
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = list(words)
        runpy.run_path(words[0], run_name="__main__")
