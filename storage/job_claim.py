"""Who gets to pay for a call: which jobs it has already, which it lacks, and which leave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage.full_text import index
from storage.spending import due_today
from storage.stamps import before, now
from storage.tables import UNDER_WAY, Conversation, Job, Turn, written

JUST_NOW = timedelta(minutes=2)
"""So long after its end the same call again is a client that asks twice, not a new wish."""


@dataclass(frozen=True)
class ClaimTerms:
    """On which terms a call gets jobs.

    Those that the same call brought up to `again` ago count, none where it is zero and the call
    is to draw anew; `lost` are those of an earlier call that ended without a picture and are
    drawn anew, beside the others of that call. The day's `budget` (USD) is that of `origin`, and
    counts what runs elsewhere. `message` are words of the person that brought the jobs and that
    no dialogue has recorded.
    """

    origin: str
    budget: float | None = None
    again: timedelta = JUST_NOW
    message: str = ""
    lost: Sequence[Job] = ()


@dataclass(frozen=True)
class Claim:
    """Who gets to pay: these jobs are new, or they are those that the same call has already.

    Jobs that are not new are under way, in whichever process, or have just brought pictures.
    Where some of a call were taken back unsent, or lost, those alone are new, beside the others.
    `over` is what the day would have cost with the jobs, where the budget does not allow it;
    then nothing was written.
    """

    jobs: list[Job]
    new: bool
    over: float | None = None


async def claim_jobs(session: AsyncSession, jobs: list[Job], terms: ClaimTerms) -> Claim:
    """Write the jobs of a call down, unless the same call has jobs already: then those.

    Those of its `request_key` in the conversation that are under way, whether or not their
    process is alive, or that draw the very same for a call in other words; or those that just
    brought pictures, or may have been paid for, and are the newest. What was taken back of them
    unsent is written anew, where the budget allows it, and so is what was lost.
    """
    for place, job in enumerate(jobs):
        job.origin = terms.origin
        job.state, job.place, job.runs, job.beat_at = "requested", place, 1, now()
    same = await _jobs_of_same_call(session, jobs, terms.again)
    beside = [] if same else await _jobs_beside(session, terms.lost)
    lost = () if same or not _is_alike(jobs, beside) else terms.lost
    same = same or (beside if lost else [])
    new = _lacking(jobs, same) if same else jobs
    if not new:
        return Claim(same, new=False)
    if terms.budget is not None:
        over = await due_today(session, terms.origin) + sum(job.estimated_usd for job in new)
        if over > terms.budget:
            return Claim(same, new=False, over=None if same and not lost else over)
    await _leave_call(session, lost)
    if terms.message and not same:
        number = await _note_message(session, jobs[0], terms.message)
        for job in new:
            job.turn_number = number
    # What was chosen before is what this call starts from.
    of_these = update(Conversation).where(Conversation.id == jobs[0].conversation_id)
    await session.execute(of_these.values(chosen_at=""))
    for job in new if same else []:
        job.batch = same[0].batch
    session.add_all(new)
    return Claim(sorted([*same, *new], key=lambda job: job.place), new=True)


async def _jobs_of_same_call(
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
        newest = await session.scalar(same.order_by(written("jobs").desc()).limit(1))
        if newest is not None and newest.request_key == job.request_key:
            other = newest
    batch = list(await session.scalars(batch_of(other))) if other else []
    if any(one.state in UNDER_WAY for one in batch):
        return batch
    paid = [one for one in batch if one.state in {"kept", "unknown"}]
    return batch if any(one.finished_at > before(again) for one in paid) else []


async def _jobs_beside(session: AsyncSession, lost: Sequence[Job]) -> list[Job]:
    """What stands of the call that brought these nothing, those among them that came late."""
    batch = await session.scalars(batch_of(lost[0])) if lost else ()
    ids = {job.id for job in lost}
    return [job for job in batch if job.id not in ids or job.state == "kept"]


async def _leave_call(session: AsyncSession, lost: Sequence[Job]) -> None:
    """Take jobs that are drawn anew out of their call; what comes of them late stands alone."""
    ids = [job.id for job in lost]
    gone = update(Job).where(Job.id.in_(ids), Job.state != "kept")
    await session.execute(gone.values(request_key=Job.id, batch=Job.id))


def _lacking(jobs: list[Job], same: Sequence[Job]) -> list[Job]:
    """Those of a call that its earlier jobs lack; none where the two do not draw alike."""
    if same[0].request_key != jobs[0].request_key or not _is_alike(jobs, same):
        return []
    return [job for job in jobs if job.place not in {one.place for one in same}]


def _is_alike(jobs: Sequence[Job], same: Sequence[Job]) -> bool:
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


async def add_turn(session: AsyncSession, turn: Turn) -> None:
    """Number a turn behind those of its conversation, whichever process wrote them, and add it."""
    numbers = select(func.max(Turn.number)).where(Turn.conversation_id == turn.conversation_id)
    turn.number = (await session.scalar(numbers) or 0) + 1
    session.add(turn)


async def _note_message(session: AsyncSession, job: Job, words: str) -> int:
    """Write down words that a job draws, and their number; those of a job that was taken back
    stand there already."""
    owner = job.conversation_id
    turns = select(Turn).where(Turn.conversation_id == owner).order_by(Turn.number.desc())
    newest = await session.scalar(turns.limit(1))
    if newest is not None and newest.reply == {} and newest.words == words:
        drawn = select(Job.id).where(Job.conversation_id == owner, Job.turn_number >= newest.number)
        if await session.scalar(drawn.limit(1)) is None:
            return newest.number
    turn = Turn(conversation_id=owner, words=words, reply={}, created_at=job.created_at)
    await add_turn(session, turn)
    await index(session, owner)
    return turn.number
