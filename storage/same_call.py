"""Which jobs a call for pictures has already, which of them it lacks, and which leave it."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.stamps import before
from storage.tables import UNDER_WAY, Job


async def jobs_of_same_call(
    session: AsyncSession, jobs: Sequence[Job], again: timedelta
) -> list[Job]:
    """The jobs that a call has already: under way, or the newest and just ended.

    One that may have been paid for counts like one that was kept: a call that had read the
    conversation before another process lost it would buy it again.
    """
    job = jobs[0]
    same = select(Job).where(Job.conversation_id == job.conversation_id)
    running = [*await session.scalars(same.where(Job.state.in_(UNDER_WAY)))]
    other = next((one for one in running if one.request_key == job.request_key), None)
    if other is None:
        batches = [list(await session.scalars(batch_of(one))) for one in running]
        other = next((batch[0] for batch in batches if _draws_the_same(batch, jobs)), None)
    if other is None and again:
        newest = await session.scalar(
            same.order_by(Job.created_at.desc(), Job.place.desc(), Job.id.desc()).limit(1)
        )
        if newest is not None and newest.request_key == job.request_key:
            other = newest
    batch = list(await session.scalars(batch_of(other))) if other else []
    if any(one.state in UNDER_WAY for one in batch):
        return batch
    paid = [one for one in batch if one.state in {"kept", "unknown"}]
    return batch if any(one.finished_at > before(again) for one in paid) else []


async def jobs_beside(session: AsyncSession, lost: Sequence[Job]) -> list[Job]:
    """What stands of the call that brought these nothing, those among them that came late."""
    batch = await session.scalars(batch_of(lost[0])) if lost else ()
    ids = {job.id for job in lost}
    return [job for job in batch if job.id not in ids or job.state == "kept"]


async def leave_call(session: AsyncSession, lost: Sequence[Job]) -> None:
    """Take jobs that are drawn anew out of their call; what comes of them late stands alone."""
    ids = [job.id for job in lost]
    gone = update(Job).where(Job.id.in_(ids), Job.state != "kept")
    await session.execute(gone.values(request_key=Job.id, batch=Job.id))


def lacking(jobs: list[Job], same: Sequence[Job]) -> list[Job]:
    """Those of a call that its earlier jobs lack; none where the two do not draw alike."""
    if same[0].request_key != jobs[0].request_key or not is_alike(jobs, same):
        return []
    return [job for job in jobs if job.place not in {one.place for one in same}]


def is_alike(jobs: Sequence[Job], same: Sequence[Job]) -> bool:
    """Whether jobs draw at their places what others draw there, and more or less besides."""
    places = {job.place: _drawing(job) for job in jobs}
    return all(places.get(one.place) == _drawing(one) for one in same)


def _drawing(job: Job) -> tuple[object, ...]:
    """What a job draws, and from what."""
    return job.prompt, job.parent_image_id, job.variation, job.options, job.inputs


def _draws_the_same(batch: Sequence[Job], jobs: Sequence[Job]) -> bool:
    """Whether a call under way, unless it was released, draws what another is to draw."""
    is_alike = [*map(_drawing, batch)] == [*map(_drawing, jobs)]
    return is_alike and all(one.request_key != one.id for one in batch)


async def is_drawn_anew(session: AsyncSession, job: Job) -> bool:
    """Whether the call of a job that was given up has a new one under way in its place."""
    other = aliased(Job)
    same = select(other.id).where(
        other.id != job.id,
        other.conversation_id == job.conversation_id,
        other.request_key == job.request_key,
        other.place == job.place,
        other.state.in_(UNDER_WAY),
    )
    return await session.scalar(same) is not None


def batch_of(job: Job) -> Select[Job]:
    """The query for all jobs of a job's call, in their places."""
    return select(Job).where(Job.batch == job.batch).order_by(Job.place, Job.id)
