"""The journal of paid requests: written before one is sent, so that nothing is bought twice.

A process owns a job from the moment that it claims or adopts it. Each of these counts the job's
`runs`, and every change asks for the count that its process knows: one that slept while another
took over changes nothing any more, and is told so by `TakenOver`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import Select, and_, delete, inspect, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from errors import Problem, StorageError
from storage.database import Database
from storage.full_text import index
from storage.job_claim import Claim, ClaimTerms, batch_of, claim_jobs, is_drawn_anew
from storage.spending import is_of
from storage.stamps import beating, before, is_alive, is_dead, now
from storage.tables import UNDER_WAY, Conversation, Image, Job, Spending, written

TRIED = timedelta(minutes=1)
"""So long a job that could not be fetched is left alone by calls that are about others."""


NO_ERROR = dict.fromkeys(("error", "error_kind", "error_charged", "error_next_step"), "")
"""Of a job that nothing is to be told of."""


class TakenOver(Problem):
    """Another process works on the job now, or has ended it: what it pays is not known here.

    No `StorageError`: the record can be written, and who goes on without one must hear of it.
    """

    kind = "storage"
    charged = "unknown"


class Withdrawn(StorageError):  # noqa: N818  # reads as what it is
    """A job was taken back before it was sent, so nothing is left of it."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Request {job_id} was taken back before it was sent.", charged="no")


class JobJournal:
    """The jobs of one data folder, which many processes work on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine: set[str] = set()

    async def claim(self, jobs: list[Job], terms: ClaimTerms) -> Claim:
        """Write the jobs of a call down, unless the same call has jobs already: then those.

        One write transaction, so that of many processes only one gets to pay. The jobs that are
        written belong to this process.
        """
        async with self._database.write() as session:
            claim = await claim_jobs(session, jobs, terms)
        if claim.new:
            self._mine.update(job.id for job in jobs if job in claim.jobs)
        return claim

    async def job(self, job_id: str) -> Job:
        """A job as it stands. Raises `Withdrawn`."""
        async with self._database.read() as session:
            row = await session.get(Job, job_id)
        if row is None:
            raise Withdrawn(job_id)
        return row

    async def batch(self, job: Job) -> list[Job]:
        """All jobs of the call that a job belongs to, as they stand."""
        return await self._all(batch_of(job))

    async def picture(self, job: Job) -> Image | None:
        """The picture that a job brought, if it did."""
        async with self._database.read() as session:
            return await session.scalar(select(Image).where(Image.job_id == job.id))

    async def abandoned(self, origin: str) -> list[Job]:
        """Jobs that nobody works on any more, though their picture may be with this `origin`.

        Without those that could not be fetched just now: a call that asks for one tries it at
        once. One that its process let go of at its end is free from then on.
        """
        is_free = or_(Job.changed_at <= before(TRIED), and_(Job.beat_at == "", Job.error == ""))
        return await self._all(
            select(Job).where(
                Job.state.in_(UNDER_WAY), is_dead(Job.beat_at), is_free, is_of(origin)
            )
        )

    async def adopt(self, job: Job) -> bool:
        """Take over a job that nobody works on; false if it has ended, or someone was quicker.

        `job` is brought up to date: its state says what may be done with it. One that was never
        sent is withdrawn, one that may have been must not be again, one with a response id is
        fetched. Raises `Withdrawn`.
        """
        async with self._database.write() as session:
            row = await session.get(Job, job.id)
            if row is None:
                raise Withdrawn(job.id)
            is_ours = row.state in UNDER_WAY and not is_alive(row.beat_at)
            if is_ours:
                row.runs, row.beat_at = row.runs + 1, now()
        for name in ("state", "runs", "beat_at", "response_id", *NO_ERROR):
            setattr(job, name, getattr(row, name))
        return is_ours

    @asynccontextmanager
    async def work(self, job: Job) -> AsyncIterator[None]:
        """Let other processes see that this one works on its job, for as long as the block runs."""

        async def beat() -> None:
            async with self._database.write(durable=False) as session:
                ours = update(Job).where(Job.id == job.id, Job.runs == job.runs)
                await session.execute(ours.values(beat_at=now()))

        self._mine.add(job.id)
        try:
            async with beating(beat):
                yield
        finally:
            self._mine.discard(job.id)

    def is_mine(self, job_id: str) -> bool:
        """Whether this process works on a job, and does not only wait for another that does."""
        return job_id in self._mine

    async def send(self, job: Job) -> None:
        """Note that the request of a job is about to leave: from now on it may be paid for.

        Raises `TakenOver`; then it must not leave.
        """
        await self._move(job, "sending", response_id="")

    async def pause(self, job: Job) -> None:
        """Note that OpenAI sent the request of a job back, and that it waits here again.

        Raises `TakenOver`.
        """
        await self._move(job, "requested", response_id="")

    async def submit(self, job: Job, response_id: str) -> None:
        """Note that OpenAI has a job, by the id to fetch it with: that is never thrown away.

        Who sent the request takes the job back even where another process gave it up
        meanwhile, since only the sender knows the id. Raises `TakenOver` where the job is
        worked on under an id already, or gone.
        """
        changes = {"response_id": response_id, "finished_at": "", "beat_at": now(), **NO_ERROR}
        async with self._database.write() as session:
            row = await session.get(Job, job.id)
            if row is None or (row.runs != job.runs and row.response_id):
                raise TakenOver(f"Another process works on {job.id}.")
            if row.runs != job.runs:
                if await is_drawn_anew(session, row):
                    row.request_key = row.id  # as `release` does
                job.runs = row.runs = row.runs + 1
                row.state = "sending"
                await session.flush()
            applied = await _advance(session, job, "submitted", **changes)
        _apply(job, applied)

    async def book(self, job: Job, costs: Sequence[Spending]) -> None:
        """Write down what requests of a job cost, those rows of it that are not there yet.

        Raises `TakenOver`; then nothing is booked, since whoever took it over books.
        """
        await self._move(job, job.state, costs)

    async def end(
        self,
        job: Job,
        state: str,
        problem: Problem | None = None,
        costs: Sequence[Spending] = (),
    ) -> None:
        """Write down that this process is done with a job that brought no picture, and its price.

        `submitted` leaves it for the next call to fetch. Raises `TakenOver`; then nothing
        is booked, since whoever took it over books.
        """
        changes = {"beat_at": "", "response_id": job.response_id, **_account_of(problem)}
        await self._move(job, state, costs, **changes)

    async def withdraw(self, job: Job, problem: Problem, costs: Sequence[Spending] = ()) -> None:
        """Remove a job of this process that is not with OpenAI, as if it had not been asked for.

        One that has cost something all the same stays, as failed with this problem; of `costs`
        those are written that could not be before. Raises `TakenOver`.
        """
        cost = select(Spending.id).where(Spending.job_id == job.id).limit(1)
        unsent = delete(Job).where(
            Job.id == job.id, Job.runs == job.runs, Job.state.in_(["requested", "sending"])
        )
        async with self._database.write() as session:
            if costs or await session.scalar(cost) is not None:
                await _advance(session, job, "failed", beat_at="", **_account_of(problem))
                _add_new(session, costs)
            elif not getattr(await session.execute(unsent), "rowcount", 0):
                raise TakenOver(f"Another process works on {job.id}.")

    async def release(self, jobs: Sequence[Job]) -> list[str]:
        """Let the call of jobs that OpenAI does not know be drawn anew beside them.

        They stay `submitted`, so that their pictures are fetched should it know them again; the
        response ids of those that do.
        """
        ids = [job.id for job in jobs]
        released = update(Job).where(
            Job.id.in_(ids), Job.state == "submitted", is_dead(Job.beat_at)
        )
        async with self._database.write() as session:
            changed = released.values(request_key=Job.id).returning(Job.response_id)
            return list(await session.scalars(changed))

    async def record_picture(self, job: Job, image: Image, costs: list[Spending]) -> None:
        """Write a picture, its price and the end of its job, all or none. Raises `TakenOver`."""
        changes = {"beat_at": "", "response_id": job.response_id, **NO_ERROR}
        async with self._database.write() as session:
            applied = await _advance(session, job, "kept", **changes)
            session.add(image)
            _add_new(session, costs)
            row = await session.get_one(Conversation, job.conversation_id)
            row.changed_at = now()
            if not row.chosen_at:  # else the person chose another one meanwhile
                row.current_image_id = await _picture_of_newer_call(session, job)
            await index(session, row.id)
        _apply(job, applied)

    async def _move(
        self, job: Job, state: str, costs: Sequence[Spending] = (), **changes: str
    ) -> None:
        """Write the state of a job with these columns and costs. Raises `TakenOver`."""
        async with self._database.write() as session:
            applied = await _advance(session, job, state, **changes)
            _add_new(session, costs)
        _apply(job, applied)

    async def _all(self, rows: Select[Job]) -> list[Job]:
        async with self._database.read() as session:
            return list(await session.scalars(rows))


async def _picture_of_newer_call(session: AsyncSession, job: Job) -> str | None:
    """The picture of the newest call after that of a job; changes go on from it, though this
    job's came later."""
    this = aliased(Job, name="this")
    place = select(written("this")).where(this.id == job.id).scalar_subquery()
    newer = (
        select(Image.id)
        .join(Job, Image.job_id == Job.id)
        .where(Job.conversation_id == job.conversation_id, Job.batch != job.batch)
        .where(written("jobs") > place)
        .order_by(written("jobs").desc())
    )
    return await session.scalar(newer.limit(1))


async def _advance(session: AsyncSession, job: Job, state: str, **changes: str) -> dict[str, str]:
    """Change these columns of a job and no others, where it is still this process's."""
    values = {"state": state, "changed_at": now(), **changes}
    if state not in UNDER_WAY:
        values["finished_at"] = values["changed_at"]
    ours = update(Job).where(Job.id == job.id, Job.runs == job.runs, Job.state.in_(UNDER_WAY))
    if not getattr(await session.execute(ours.values(**values)), "rowcount", 0):
        raise TakenOver(f"Another process works on {job.id}.")
    return values


def _account_of(problem: Problem | None) -> dict[str, str]:
    """The columns that say what was told of a job."""
    if problem is None:
        return NO_ERROR
    return {
        "error": problem.event,
        "error_kind": problem.kind,
        "error_charged": problem.charged or "unknown",
        "error_next_step": problem.advice,
    }


def _add_new(session: AsyncSession, costs: Sequence[Spending]) -> None:
    for cost in costs:
        if inspect(cost).transient:
            cost.id = None  # type: ignore[assignment]  # a write that failed may have numbered it
            session.add(cost)


def _apply(job: Job, values: dict[str, str]) -> None:
    """Bring what this process knows of a job in line with what was committed."""
    for name, value in values.items():
        setattr(job, name, value)
