"""Drawings under way: they outlive the call that began them, and other calls join them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from generation.result import Generation
from storage.errors import StorageError
from storage.records import BEAT_SECONDS, Records, is_alive
from storage.tables import Job

Progress = Callable[[str], Awaitable[None]]
"""Told of each stage of a drawing by name."""

Drawn = tuple[Generation, bytes | None]
"""A result and its preview, a JPEG."""

Work = Callable[[Progress], Coroutine[Any, Any, Drawn]]
"""A drawing from its request to its result; it tells of its stages."""

LOOK_SECONDS = 0.5
LAST_SECONDS = 120.0
"""How long a server that is to end waits for what it has paid for."""

UNDER_WAY = {"requested", "submitted"}


@dataclass
class _Running:
    task: asyncio.Task[Drawn]
    started: float
    listener: Progress | None = None


class Jobs:
    """The drawings of one server process, and a view of those of others."""

    def __init__(self, records: Records, wait_seconds: float) -> None:
        self._records = records
        self._wait_seconds = wait_seconds
        self._running: dict[str, _Running] = {}

    def runs_here(self, job: Job) -> bool:
        """Whether this process works on a job."""
        return job.id in self._running

    def start(self, job: Job, work: Work) -> None:
        """Run a drawing of its own accord: no caller that goes away stops it."""

        async def tell(stage: str) -> None:
            listener = self._running[job.id].listener
            if listener is not None:
                await listener(stage)

        task = asyncio.create_task(self._with_heartbeat(job, work(tell)))
        self._running[job.id] = _Running(task, time.monotonic())
        task.add_done_callback(lambda _: self._forget(job.id))

    async def wait(self, job: Job, listener: Progress) -> Drawn | float:
        """The drawing, or after the waiting time the seconds it has taken so far."""
        running = self._running[job.id]
        running.listener = listener
        try:
            await asyncio.wait({running.task}, timeout=self._wait_seconds)
        finally:
            running.listener = None
        if running.task.done():
            return running.task.result()
        return time.monotonic() - running.started

    async def follow(self, job: Job) -> Job:
        """The record of a job of another process, once that ends or the waiting time is over."""
        until = time.monotonic() + self._wait_seconds
        while True:
            job = await self._records.job(job.id)
            over = time.monotonic() >= until
            if job.state not in UNDER_WAY or not is_alive(job) or over:
                return job
            await asyncio.sleep(LOOK_SECONDS)

    async def finish(self) -> None:
        """Wait for what is under way, though not for ever: it can be collected later."""
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_SECONDS)

    async def _with_heartbeat(self, job: Job, work: Coroutine[Any, Any, Drawn]) -> Drawn:
        """Let other processes see in the record that somebody works on this."""
        beating = asyncio.create_task(self._beat(job.id))
        try:
            return await work
        finally:
            beating.cancel()

    async def _beat(self, job_id: str) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with suppress(StorageError):  # a full disk must not end a drawing
                await self._records.beat(job_id)

    def _forget(self, job_id: str) -> None:
        running = self._running.pop(job_id)
        if not running.task.cancelled():
            running.task.exception()  # told to whoever waited, or else in the record
