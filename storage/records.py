"""Write down what was said, asked, answered, drawn and paid, as it happens."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Update, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from errors import StorageError
from storage.database import Database
from storage.tables import (
    Answer,
    Base,
    Brief,
    Conversation,
    Image,
    Job,
    Memory,
    Question,
    Spending,
    Turn,
    Upload,
)

SHOWN_ID_LENGTH = 60
BEAT_SECONDS = 5.0
ALIVE_SECONDS = 20.0
"""A job whose heartbeat is older was left by a process that died."""


UNDER_WAY = ("requested", "submitted")
"""States of a job that may still bring a picture, or cost money."""

UPLOAD_DAYS = 29
"""OpenAI keeps what is uploaded for 30; one that is about to expire is not used again."""


@dataclass(frozen=True)
class Claim:
    """Who gets to pay: these jobs are new, or they are others' that run already.

    `over` is what the day would have cost with them, where the budget does not allow it;
    then nothing was written.
    """

    jobs: list[Job]
    new: bool
    over: float | None = None


FORGOTTEN = "likings forgotten at"
PAST = 60
"""How many of the newest conversations likings are learnt from."""


@dataclass(frozen=True)
class EarlierBrief:
    """What was decided in an earlier conversation, the best rating of its pictures, and
    what was disliked in them, a line each."""

    entries: list[Any]
    rating: int | None
    disliked: str = ""


class NumberTaken(StorageError):  # noqa: N818  # reads as what it is
    """Another process wrote a row of this number first."""


class UnknownId(StorageError):  # noqa: N818  # reads as what it is
    """No record has this id."""


class Records:
    """The conversations of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, mode: str, template: str = "") -> str:
        """Start a conversation, along a template if it names one; its id."""
        conversation = Conversation(
            id=new_id("conv"), mode=mode, template=template, created_at=now(), changed_at=now()
        )
        await self.add(conversation)
        return conversation.id

    async def load(self, conversation_id: str) -> Conversation:
        """A conversation in full. Raises `UnknownId`."""
        parts = [
            selectinload(getattr(Conversation, name))
            for name in ("turns", "questions", "answers", "briefs", "jobs", "images")
        ]
        async with self._database.read() as session:
            found = await session.get(Conversation, conversation_id, options=parts)
        if found is None:
            raise UnknownId(
                f"There is no conversation {shown(conversation_id)}. Leave conversation_id out to "
                "begin a new one."
            )
        return found

    async def image(self, image_id: str) -> Image:
        """A picture's record. Raises `UnknownId`."""
        async with self._database.read() as session:
            found = await session.get(Image, image_id)
        if found is None:
            raise UnknownId(
                f"There is no picture {shown(image_id)}. Use an image_id from an earlier result."
            )
        return found

    async def add(self, *rows: Base) -> None:
        """Write new rows, all or none; what was said can be found at once."""
        if not rows:
            return
        async with self._database.write() as session:
            session.add_all(rows)
            for row in rows:
                if isinstance(row, Turn):
                    await index(session, row.conversation_id)

    async def open_turn(self, turn: Turn) -> None:
        """Write a new turn down behind those that are there, whichever process wrote them."""
        numbers = select(func.max(Turn.number)).where(Turn.conversation_id == turn.conversation_id)
        async with self._database.write() as session:
            turn.number = (await session.scalar(numbers) or 0) + 1
            session.add(turn)
            await index(session, turn.conversation_id)

    async def update_turn(self, turn: Turn) -> None:
        """Write down what a repeated call brought to a turn that nobody has answered yet."""
        async with self._database.write() as session:
            await session.merge(turn)
            await index(session, turn.conversation_id)

    async def close_turn(
        self,
        turn: Turn,
        *,
        conversation: dict[str, Any],
        rows: list[Question | Answer | Brief],
    ) -> None:
        """Write what the facilitator made of a turn, and what it says of the conversation.

        Raises `NumberTaken` where another process put a question of one of these numbers.
        """
        async with self._database.write() as session:
            numbers = [row.number for row in rows if isinstance(row, Question)]
            there = select(Question.id).where(
                Question.conversation_id == turn.conversation_id, Question.number.in_(numbers)
            )
            if numbers and await session.scalar(there):
                raise NumberTaken("Another client put questions in this conversation meanwhile.")
            await session.merge(turn)
            session.add_all(rows)
            row = await session.get_one(Conversation, turn.conversation_id)
            for name, value in conversation.items():
                setattr(row, name, value)
            row.changed_at = now()
            await index(session, row.id)

    async def job(self, job_id: str) -> Job:
        """A job as it stands."""
        async with self._database.read() as session:
            return await session.get_one(Job, job_id)

    async def batch(self, job: Job) -> list[Job]:
        """All jobs of the call that a job belongs to, as they stand."""
        siblings = select(Job).where(Job.batch == job.batch).order_by(Job.created_at, Job.id)
        async with self._database.read() as session:
            return list(await session.scalars(siblings))

    async def abandoned_jobs(self) -> list[Job]:
        """Jobs that nobody works on any more, though their picture may be there."""
        abandoned = select(Job).where(Job.state.in_(UNDER_WAY), Job.beat_at <= _alive_since())
        async with self._database.read() as session:
            return list(await session.scalars(abandoned))

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
            .where(Job.state.in_(UNDER_WAY), Job.beat_at > _alive_since())
            .limit(1)
        )
        async with self._database.write() as session:
            if other := await session.scalar(same):
                siblings = select(Job).where(Job.batch == other.batch)
                found = await session.scalars(siblings.order_by(Job.created_at, Job.id))
                return Claim(list(found), new=False)
            if budget is not None:
                running = await session.scalar(_sum_of_running()) or 0.0
                spent = await session.scalar(_sum_of_today(origin)) or 0.0
                over = running + spent + sum(job.estimated_usd for job in jobs)
                if over > budget:
                    return Claim([], new=False, over=over)
            session.add_all(jobs)
        return Claim(jobs, new=True)

    async def adopt(self, job: Job) -> bool:
        """Take over a job that nobody works on any more; false if someone else was quicker."""
        take = update(Job).where(Job.id == job.id, Job.beat_at == job.beat_at).values(beat_at=now())
        async with self._database.write() as session:
            result = await session.execute(take)
        return bool(getattr(result, "rowcount", 0))

    async def beat(self, job_id: str) -> None:
        """Note that a process still works on a job."""
        async with self._database.write() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(beat_at=now()))

    async def advance(self, job: Job, state: str, **changes: str) -> None:
        """Move a job on to its next state."""
        async with self._database.write() as session:
            await session.execute(_changed(job, state=state, **changes))

    async def record_picture(self, job: Job, image: Image, costs: list[Spending]) -> None:
        """Write a picture, its price and the end of its job, all or none."""
        async with self._database.write() as session:
            await session.execute(_changed(job, state="kept"))
            session.add_all([image, *costs])
            row = await session.get_one(Conversation, job.conversation_id)
            row.changed_at = now()
            await index(session, row.id)

    async def earlier_briefs(self, *, without: str | None = None) -> list[EarlierBrief]:
        """What was decided in the newest conversations since likings were last forgotten."""
        async with self._database.read() as session:
            forgotten = await session.get(Memory, FORGOTTEN)
            newest = (
                select(Conversation.id)
                .where(Conversation.changed_at > (forgotten.value if forgotten else ""))
                .where(Conversation.id != (without or ""))
                .order_by(Conversation.changed_at.desc())
                .limit(PAST)
            )
            last = select(func.max(Brief.id)).group_by(Brief.conversation_id)
            briefs = (
                select(
                    Brief.entries,
                    func.max(Image.rating),
                    func.aggregate_strings(Image.disliked, "\n"),
                )
                .outerjoin(Image, Image.conversation_id == Brief.conversation_id)
                .where(Brief.conversation_id.in_(newest))
                .where(Brief.id.in_(last.where(Brief.conversation_id.in_(newest))))
                .group_by(Brief.id)
            )
            rows = (await session.execute(briefs)).all()
        return [EarlierBrief(entries, rating, text or "") for entries, rating, text in rows]

    async def forget(self) -> None:
        """Learn likings only from what comes after this moment."""
        async with self._database.write() as session:
            await session.merge(Memory(name=FORGOTTEN, value=now()))

    async def ids(self) -> list[str]:
        """Every conversation's id, the oldest first."""
        rows = select(Conversation.id).order_by(Conversation.created_at, Conversation.id)
        async with self._database.read() as session:
            return list(await session.scalars(rows))

    async def note_findings(self, image: Image, found: dict[str, Any]) -> None:
        """Write down what a look at a picture found."""
        async with self._database.write() as session:
            await session.execute(
                update(Image).where(Image.id == image.id).values(verification=found)
            )
        image.verification = found

    async def upload_id(self, sha256: str, origin: str) -> str | None:
        """The file id under which OpenAI still holds these bytes."""
        since = datetime.now(UTC) - timedelta(days=UPLOAD_DAYS)
        async with self._database.read() as session:
            found = await session.get(Upload, (sha256, origin))
        fresh = found and found.created_at > since.isoformat(timespec="microseconds")
        return found.file_id if found and fresh else None

    async def note_upload(self, sha256: str, origin: str, file_id: str) -> None:
        """Remember under which file id OpenAI holds these bytes."""
        row = Upload(sha256=sha256, origin=origin, file_id=file_id, created_at=now())
        async with self._database.write() as session:
            await session.merge(row)

    async def spending_today(self, origin: str) -> float:
        """USD spent since midnight, local time, with `openai` or in the `sandbox`."""
        async with self._database.read() as session:
            return float((await session.scalar(_sum_of_today(origin))) or 0.0)

    async def spending_on(self, conversation_id: str) -> float:
        """USD spent on a conversation so far."""
        total = select(func.sum(Spending.usd)).where(Spending.conversation_id == conversation_id)
        async with self._database.read() as session:
            return float((await session.scalar(total)) or 0.0)


INDEX = text(
    """
    INSERT INTO texts (conversation_id, title, words, answers, prompts)
    SELECT c.id, c.title,
        (SELECT coalesce(group_concat(words, char(10)), '')
            FROM turns WHERE conversation_id = c.id),
        (SELECT coalesce(group_concat(text, char(10)), '')
            FROM answers WHERE conversation_id = c.id),
        (SELECT coalesce(group_concat(prompt, char(10)), '')
            FROM images WHERE conversation_id = c.id) || char(10) ||
        (SELECT coalesce(group_concat(json_extract(phrase.value, '$.text'), ''), '')
            FROM briefs, json_each(briefs.phrases) AS phrase WHERE briefs.id =
                (SELECT max(id) FROM briefs WHERE conversation_id = c.id))
    FROM conversations c WHERE c.id = :id
    ON CONFLICT (conversation_id) DO UPDATE SET title = excluded.title, words = excluded.words,
        answers = excluded.answers, prompts = excluded.prompts
    """
)


async def index(session: AsyncSession, conversation_id: str) -> None:
    """Bring the words of a conversation up to date for full-text search."""
    await session.flush()
    await session.execute(INDEX, {"id": conversation_id})


def _sum_of_today(origin: str) -> Select[float]:
    return select(func.sum(Spending.usd)).where(Spending.day == today(), Spending.origin == origin)


def _sum_of_running() -> Select[float]:
    """What jobs that are under way should cost, those of a process that died included."""
    since = datetime.now(UTC) - timedelta(days=1)
    return select(func.sum(Job.estimated_usd)).where(
        Job.state.in_(UNDER_WAY), Job.created_at > since.isoformat(timespec="microseconds")
    )


def _changed(job: Job, **values: str) -> Update:
    """The update of a job that touches nothing but these columns: others may beat meanwhile."""
    for name, value in values.items():
        setattr(job, name, value)
    return update(Job).where(Job.id == job.id).values(changed_at=now(), **values)


def booking(
    conversation_id: str | None,
    purpose: str,
    *,
    model: str,
    usd: float,
    estimated: bool,
    usage: dict[str, Any],
    sandbox: bool,
) -> Spending:
    """The row for what one call cost."""
    return Spending(
        conversation_id=conversation_id,
        day=today(),
        origin="sandbox" if sandbox else "openai",
        purpose=purpose,
        model=model,
        usd=usd,
        estimated=estimated,
        usage=usage,
    )


def is_alive(job: Job) -> bool:
    """Whether some process works on a job."""
    return job.beat_at > _alive_since()


def _alive_since() -> str:
    return (datetime.now(UTC) - timedelta(seconds=ALIVE_SECONDS)).isoformat(timespec="microseconds")


def new_id(kind: str) -> str:
    """A new id such as conv_4f1c0a9b77d2e65a."""
    return f"{kind}_{secrets.token_hex(8)}"


def now() -> str:
    """This moment as ISO 8601 in UTC; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def today() -> str:
    """The person's date, since a day's spending is counted in local time."""
    return datetime.now().astimezone().date().isoformat()


def shown(value: str) -> str:
    """An id that came from outside, made safe to repeat in a sentence."""
    printable = "".join(letter for letter in value if letter.isprintable())
    return f"'{printable[:SHOWN_ID_LENGTH]}'"
