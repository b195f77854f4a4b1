"""Drawings under way: they outlive the call that began them, and other calls join them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from errors import Problem, StorageError
from gateway import Stage, Step
from generation.purchase_result import Made
from storage.records import BEAT_SECONDS, UNDER_WAY, Records, is_alive
from storage.tables import Job


@dataclass(frozen=True)
class Seen:
    """How far the drawings of a call are: the newest step of each, and the seconds so far."""

    steps: list[str]
    elapsed: float

    @property
    def ended(self) -> bool:
        """Whether every picture is saved."""
        return set(self.steps) == {"saved"}


Progress = Callable[[Seen], Awaitable[None]]
"""Told of each step of a call's drawings, and every few seconds in between."""

Work = Callable[[Stage], Coroutine[Any, Any, Made]]
"""A drawing from its request to the kept picture; it tells of its steps."""

TICK_SECONDS = 5.0
LOOK_SECONDS = 0.5
LAST_SECONDS = 120.0
"""How long a server that is to end waits for what it has paid for."""

NOT_SENT = ""


@dataclass
class _Running:
    task: asyncio.Task[Made]
    started: float
    step: str = ""
    partial: bytes | None = None
    watchers: set[asyncio.Event] = field(default_factory=set)


@dataclass(frozen=True)
class Waited:
    """What a call knows of a job when its waiting is over: one of the three, or nothing yet."""

    job: Job
    made: Made | None = None
    problem: Problem | None = None
    partial: bytes | None = None


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

        async def tell(step: Step) -> None:
            running = self._running.get(job.id)
            if running is None:  # taken back
                return
            running.step, running.partial = step.name, step.partial or running.partial
            for watcher in running.watchers:
                watcher.set()

        task = asyncio.create_task(self._with_heartbeat(job, work(tell)))
        self._running[job.id] = _Running(task, time.monotonic())
        task.add_done_callback(lambda _: self._forget(job.id))

    async def wait(self, jobs: list[Job], progress: Progress) -> tuple[list[Waited], float]:
        """What became of jobs that run here once all end or the waiting time is over.

        With the seconds that the oldest has taken. A caller that goes away while a request
        has not been sent takes it back; later it can no longer be.
        """
        runs = [self._running[job.id] for job in jobs]
        news = asyncio.Event()
        for run in runs:
            run.watchers.add(news)
        try:
            await self._watch(runs, news, progress)
        except asyncio.CancelledError:
            for job, run in zip(jobs, runs, strict=True):
                if run.step == NOT_SENT and run.watchers == {news}:
                    run.task.cancel()
                    self._running.pop(job.id, None)
            raise
        finally:
            for run in runs:
                run.watchers.discard(news)
        elapsed = time.monotonic() - min(run.started for run in runs)
        return [_outcome(job, run) for job, run in zip(jobs, runs, strict=True)], elapsed

    async def follow(self, jobs: list[Job]) -> list[Job]:
        """The records of jobs of another process, once they end or the waiting time is over."""
        until = time.monotonic() + self._wait_seconds
        while True:
            jobs = [await self._records.job(job.id) for job in jobs]
            waiting = [job for job in jobs if job.state in UNDER_WAY and is_alive(job)]
            if not waiting or time.monotonic() >= until:
                return jobs
            await asyncio.sleep(LOOK_SECONDS)

    async def finish(self) -> None:
        """Wait for what is under way, though not for ever: it can be collected later."""
        tasks = [running.task for running in self._running.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_SECONDS)

    async def _watch(self, runs: list[_Running], news: asyncio.Event, progress: Progress) -> None:
        until = time.monotonic() + self._wait_seconds
        began = min(run.started for run in runs)
        while pending := {run.task for run in runs if not run.task.done()}:
            left = until - time.monotonic()
            if left <= 0:
                return
            await progress(Seen([run.step for run in runs], time.monotonic() - began))
            waiting = asyncio.ensure_future(news.wait())
            try:
                await asyncio.wait(
                    {*pending, waiting},
                    timeout=min(left, TICK_SECONDS),
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                waiting.cancel()
            news.clear()
        await progress(Seen([run.step for run in runs], time.monotonic() - began))

    async def _with_heartbeat(self, job: Job, work: Coroutine[Any, Any, Made]) -> Made:
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
        running = self._running.pop(job_id, None)
        if running is not None and not running.task.cancelled():
            running.task.exception()  # told to whoever waited, or else in the record


def _outcome(job: Job, run: _Running) -> Waited:
    if not run.task.done() or run.task.cancelled():
        return Waited(job, partial=run.partial)
    error = run.task.exception()
    if isinstance(error, Problem):
        return Waited(job, problem=error)
    return Waited(job, made=run.task.result())  # raises what is a bug
