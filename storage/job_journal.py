"""The journal of paid requests: written before one is sent, so that nothing is bought twice."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, Update, func, select, update

from storage.database import Database
from storage.full_text import index
from storage.spending import sum_of_today
from storage.stamps import before, now
from storage.tables import Conversation, Image, Job, Spending

BEAT_SECONDS = 5.0
"""How often a process says that it works on a job: seldom enough to cost no disk."""
ALIVE = timedelta(seconds=20)
"""A job whose heartbeat is older was left by a process that died: four beats may be late."""
COUNTED = timedelta(days=1)
"""How long a job under way counts for the day's budget; it has long ended or failed by then."""

UNDER_WAY = ("requested", "submitted")
"""States of a job that may still bring a picture, or cost money."""


@dataclass(frozen=True)
class Claim:
    """Who gets to pay: these jobs are new, or they are others' that run already.

    `over` is what the day would have cost with them, where the budget does not allow it;
    then nothing was written.
    """

    jobs: list[Job]
    new: bool
    over: float | None = None


class JobJournal:
    """The jobs of one data folder, which many processes work on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, jobs: list[Job], *, origin: str, budget: float | None) -> Claim:
        """Write the jobs of a call down, unless the same request is under way: then those.

        One write transaction, so that of many processes only one gets to pay, and the
        day's budget (USD) counts what runs elsewhere.
        """
        first = jobs[0]
        same = (
            select(Job)
            .where(Job.conversation_id == first.conversation_id)
            .where(Job.request_key == first.request_key)
            .where(Job.state.in_(UNDER_WAY), Job.beat_at > before(ALIVE))
            .limit(1)
        )
        async with self._database.write() as session:
            if other := await session.scalar(same):
                siblings = await session.scalars(_batch(other))
                return Claim(list(siblings), new=False)
            if budget is not None:
                running = await session.scalar(_sum_of_running()) or 0.0
                today = await session.scalar(sum_of_today(origin)) or 0.0
                over = running + today + sum(job.estimated_usd for job in jobs)
                if over > budget:
                    return Claim([], new=False, over=over)
            session.add_all(jobs)
        return Claim(jobs, new=True)

    async def job(self, job_id: str) -> Job:
        """A job as it stands."""
        async with self._database.read() as session:
            return await session.get_one(Job, job_id)

    async def batch(self, job: Job) -> list[Job]:
        """All jobs of the call that a job belongs to, as they stand."""
        return await self._all(_batch(job))

    async def abandoned(self) -> list[Job]:
        """Jobs that nobody works on any more, though their picture may be there."""
        return await self._all(
            select(Job).where(Job.state.in_(UNDER_WAY), Job.beat_at <= before(ALIVE))
        )

    async def adopt(self, job: Job) -> bool:
        """Take over a job that nobody works on any more; false if someone else was quicker."""
        unchanged = (Job.id == job.id, Job.beat_at == job.beat_at)
        async with self._database.write() as session:
            result = await session.execute(update(Job).where(*unchanged).values(beat_at=now()))
        return bool(getattr(result, "rowcount", 0))

    async def beat(self, job_id: str) -> None:
        """Note that a process still works on a job."""
        async with self._database.write() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(beat_at=now()))

    async def advance(self, job: Job, state: str, **changes: str) -> None:
        """Move a job on to its next state."""
        async with self._database.write() as session:
            await session.execute(_change(job, state=state, **changes))

    async def record_picture(self, job: Job, image: Image, costs: list[Spending]) -> None:
        """Write a picture, its price and the end of its job, all or none."""
        async with self._database.write() as session:
            await session.execute(_change(job, state="kept"))
            session.add_all([image, *costs])
            row = await session.get_one(Conversation, job.conversation_id)
            row.changed_at = now()
            await index(session, row.id)

    async def _all(self, rows: Select[Job]) -> list[Job]:
        async with self._database.read() as session:
            return list(await session.scalars(rows))


def is_alive(job: Job) -> bool:
    """Whether some process works on a job."""
    return job.beat_at > before(ALIVE)


def _batch(job: Job) -> Select[Job]:
    return select(Job).where(Job.batch == job.batch).order_by(Job.created_at, Job.id)


def _sum_of_running() -> Select[float]:
    """What jobs that are under way should cost, those of a process that died included."""
    return select(func.sum(Job.estimated_usd)).where(
        Job.state.in_(UNDER_WAY), Job.created_at > before(COUNTED)
    )


def _change(job: Job, **values: str) -> Update:
    """The update of a job that touches nothing but these columns: others may beat meanwhile."""
    for name, value in values.items():
        setattr(job, name, value)
    return update(Job).where(Job.id == job.id).values(changed_at=now(), **values)
