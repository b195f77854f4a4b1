"""Drawings under way: they outlive the call that began them, and other calls join them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from errors import Problem
from gateway.error_mapper import duration
from gateway.image_response import OnStep, Step
from generation.drawing_rows import Purchase
from storage.records import Records
from storage.tables import Job


@dataclass(frozen=True)
class JobProgress:
    """How far the drawings of a call are: the newest step of each, the seconds so far, and the
    USD that all of them together should cost, `play_money` in the sandbox."""

    steps: list[str]
    elapsed: float
    estimated_usd: float = 0.0
    play_money: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every picture is saved."""
        return set(self.steps) == {"saved"}


ReportProgress = Callable[[JobProgress], Awaitable[None]]
"""Called at each step of a call's drawings, and every few seconds in between."""

TellProgress = Callable[[str], ReportProgress]
"""What is called at the steps of a drawing whose conversation is in this language."""

Work = Callable[[OnStep], Coroutine[Any, Any, Purchase]]
"""A drawing from its request to the picture on disk; it calls back at each step."""

TICK_SECONDS = 5.0
"""Between reports without news: many clients begin their time-out anew at each."""

NOT_SENT = ""
"""The step before the first."""

RECORDED = {"requested": NOT_SENT, "sending": "sending", "submitted": "submitted", "kept": "saved"}
"""The step that a job has reached, by its state in the journal; one without a picture has none."""

WAITS = "The request is sent again in about {wait}; {money}."


@dataclass
class _Run:
    task: asyncio.Task[Purchase]
    job: Job
    start: float
    step: str = NOT_SENT
    attempts: int = 0
    pause: str = ""
    charged: bool = False
    partial: bytes | None = None
    partials: int = 0
    watchers: set[asyncio.Event] = field(default_factory=set)


@dataclass(frozen=True)
class JobOutcome:
    """What is known of a job: its picture, why there is none, or else how far it is.

    `step` is the newest, `partial` the newest of the `partials` unfinished pictures so far,
    `attempts` those so far; `pause` says why the request is not with OpenAI.
    """

    job: Job
    purchase: Purchase | None = None
    problem: Problem | None = None
    step: str = NOT_SENT
    partial: bytes | None = field(default=None, repr=False)
    partials: int = 0
    attempts: int = 0
    pause: str = ""


class Jobs:
    """The drawings that one server process works on, or waits for while another does."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._runs: dict[str, _Run] = {}

    def start(self, job: Job, work: Work) -> None:
        """Run a drawing of its own accord, unless it runs: no caller that goes away stops it."""
        if job.id in self._runs:
            return

        async def on_step(step: Step) -> None:
            run = self._runs.get(job.id)
            if run is None:  # taken back
                return
            run.step, run.partial = step.name, step.partial or run.partial
            run.attempts += step.name == "sending"
            run.charged = run.charged or step.charged
            run.partials += step.partial is not None
            money = "an attempt was charged" if run.charged else "nothing was charged so far"
            run.pause = f"{step.reason} {WAITS.format(wait=duration(step.seconds), money=money)}"
            for watcher in run.watchers:
                watcher.set()

        task = asyncio.create_task(work(on_step))
        self._runs[job.id] = _Run(task, job, time.monotonic())
        task.add_done_callback(lambda done: self._forget(job.id, done))

    async def wait(
        self, jobs: list[Job], report: ReportProgress, *, seconds: float
    ) -> tuple[list[JobOutcome], float]:
        """What became of jobs that were started here once all end, or after so many seconds.

        With the seconds that the oldest has taken. A caller that goes away while a request
        has not been sent takes it back; later it can no longer be.
        """
        runs = [self._runs[job.id] for job in jobs]
        news = asyncio.Event()
        for run in runs:
            run.watchers.add(news)
        try:
            await self._watch(runs, news, report, time.monotonic() + seconds)
        except asyncio.CancelledError:
            for job, run in zip(jobs, runs, strict=True):
                if run.step in {NOT_SENT, "waiting"} and run.watchers == {news}:
                    run.task.cancel()
                    self._runs.pop(job.id, None)
            raise
        finally:
            for run in runs:
                run.watchers.discard(news)
        elapsed = time.monotonic() - min(run.start for run in runs)
        return [_outcome(job, run) for job, run in zip(jobs, runs, strict=True)], elapsed

    def look(self, job: Job) -> JobOutcome:
        """How far a drawing is, at once; of another process's only what the journal says."""
        run = self._runs.get(job.id)
        if run is None:
            return JobOutcome(job, step=RECORDED.get(job.state, NOT_SENT))
        return _progress_of(job, run)

    def wind_down(self) -> list[asyncio.Task[Purchase]]:
        """The drawings of this process that are to end before it does; what waits to be sent
        again is taken back."""
        for run in self._runs.values():
            if run.step == "waiting" and not run.task.cancelling():
                run.task.cancel()
        return [run.task for key, run in self._runs.items() if self._records.jobs.is_mine(key)]

    async def _watch(
        self, runs: list[_Run], news: asyncio.Event, report: ReportProgress, until: float
    ) -> None:
        start = min(run.start for run in runs)
        while pending := {run.task for run in runs if not run.task.done()}:
            left = until - time.monotonic()
            if left <= 0:
                return
            await report(_progress(runs, start))
            next_step = asyncio.ensure_future(news.wait())
            try:
                await asyncio.wait(
                    {*pending, next_step},
                    timeout=min(left, TICK_SECONDS),
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                next_step.cancel()
            news.clear()
        await report(_progress(runs, start))

    def _forget(self, job_id: str, task: asyncio.Task[Purchase]) -> None:
        run = self._runs.get(job_id)
        if run is not None and run.task is task:  # one that was taken back may run anew
            del self._runs[job_id]
        if not task.cancelled():
            task.exception()  # read, or asyncio warns: whoever waited has it, or the record


def _progress(runs: list[_Run], start: float) -> JobProgress:
    cost = sum(run.job.estimated_usd for run in runs)
    play_money = all(run.job.origin == "sandbox" for run in runs)
    return JobProgress([run.step for run in runs], time.monotonic() - start, cost, play_money)


def _outcome(job: Job, run: _Run) -> JobOutcome:
    if not run.task.done() or run.task.cancelled():
        return _progress_of(job, run)
    error = run.task.exception()
    if isinstance(error, Problem):
        return JobOutcome(job, problem=error)
    return JobOutcome(job, purchase=run.task.result())  # raises what is a bug


def _progress_of(job: Job, run: _Run) -> JobOutcome:
    return JobOutcome(
        job,
        step=run.step,
        partial=run.partial,
        partials=run.partials,
        attempts=run.attempts,
        pause=run.pause if run.step == "waiting" else "",
    )
