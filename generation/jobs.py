"""Drawings under way: they outlive the call that began them, and other calls join them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from errors import Problem
from gateway.api_errors import duration
from gateway.image_response import OnStep, Step
from generation.job_end import NOT_SENT, JobOutcome
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

Work = Callable[[OnStep], Coroutine[Any, Any, JobOutcome]]
"""A drawing from its request to the picture on disk; it calls back at each step."""

TICK_SECONDS = 5.0
"""Between reports without news: many clients begin their time-out anew at each."""

RECORDED = {"requested": NOT_SENT, "sending": "sending", "submitted": "submitted", "kept": "saved"}
"""The step that a job has reached, by its state in the journal; one without a picture has none."""

WAITS = "The request is sent again in about {wait}; {money}."


@dataclass
class _Run:
    """A drawing in this process; `outcome` is how far it is."""

    task: asyncio.Task[JobOutcome]
    start: float
    outcome: JobOutcome
    charged: bool = False
    watchers: set[asyncio.Event] = field(default_factory=set)

    def note(self, step: Step) -> None:
        """Note a step, and tell whoever waits."""
        self.charged = self.charged or step.charged
        money = "an attempt was charged" if self.charged else "nothing was charged so far"
        pause = f"{step.reason} {WAITS.format(wait=duration(step.seconds), money=money)}"
        before = self.outcome
        self.outcome = replace(
            before,
            step=step.name,
            partial=step.partial or before.partial,
            partials=before.partials + (step.partial is not None),
            attempts=before.attempts + (step.name == "sending"),
            pause=pause if step.name == "waiting" else "",
        )
        for watcher in self.watchers:
            watcher.set()

    def result(self) -> JobOutcome:
        """What became of it so far. Raises what is a bug."""
        if not self.task.done() or self.task.cancelled():
            return self.outcome
        error = self.task.exception()
        if isinstance(error, Problem):
            return JobOutcome(self.outcome.job, problem=error)
        return self.task.result()


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
            if run := self._runs.get(job.id):  # else it was taken back
                run.note(step)

        task = asyncio.create_task(work(on_step))
        self._runs[job.id] = _Run(task, time.monotonic(), JobOutcome(job))
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
                if run.outcome.step in {NOT_SENT, "waiting"} and run.watchers == {news}:
                    run.task.cancel()
                    self._runs.pop(job.id, None)
            raise
        finally:
            for run in runs:
                run.watchers.discard(news)
        elapsed = time.monotonic() - min(run.start for run in runs)
        return [run.result() for run in runs], elapsed

    def look(self, job: Job) -> JobOutcome:
        """How far a drawing is, at once; of another process's only what the journal says."""
        if run := self._runs.get(job.id):
            return run.outcome
        return JobOutcome(job, step=RECORDED.get(job.state, NOT_SENT))

    def wind_down(self) -> list[asyncio.Task[JobOutcome]]:
        """The drawings of this process that are to end before it does; what waits to be sent
        again is taken back."""
        for run in self._runs.values():
            if run.outcome.step == "waiting" and not run.task.cancelling():
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

    def _forget(self, job_id: str, task: asyncio.Task[JobOutcome]) -> None:
        run = self._runs.get(job_id)
        if run is not None and run.task is task:  # one that was taken back may run anew
            del self._runs[job_id]
        if not task.cancelled():
            task.exception()  # read, or asyncio warns: whoever waited has it, or the record


def _progress(runs: list[_Run], start: float) -> JobProgress:
    known = [run.outcome for run in runs]
    cost = sum(one.job.estimated_usd for one in known)
    play_money = all(one.job.origin == "sandbox" for one in known)
    return JobProgress([one.step for one in known], time.monotonic() - start, cost, play_money)
