"""The conversations of a data folder, written down as they go: words, questions, briefs, prices."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from errors import StorageError
from storage.database import Database
from storage.file_ids import FileIds
from storage.full_text import index
from storage.holds import Hold, Holds
from storage.job_claim import add_turn
from storage.job_journal import JobJournal
from storage.preference_history import PreferenceHistory
from storage.spending import Ledger
from storage.stamps import (
    UnknownId,
    before,
    is_alive,
    new_id,
    now,
    printable,
    title_of,
    unknown_conversation,
    unknown_image,
)
from storage.tables import Answer, Brief, Conversation, Image, Job, Question, Turn, written

SAME_CALL = timedelta(days=1)
"""So long after it opened a conversation, the same call goes on with it instead of paying anew."""

JUST_SAID = timedelta(minutes=10)
"""So long a call may run of which a client knows nothing yet but its words."""

PARTS = ("turns", "questions", "answers", "briefs", "jobs", "images", "spending")
"""What is read with a conversation."""

LONGEST_FIRST_TITLE = 60
"""Letters of the first words that name a conversation until a model does: a line of a list."""


@dataclass(frozen=True)
class OpenedCall:
    """The conversation of a call; `hold` where it is new, and this process the one to ask.

    A new one is whole, of an earlier one only the row is read.
    """

    conversation: Conversation
    hold: Hold | None

    @property
    def is_new(self) -> bool:
        """Whether this very call opened it."""
        return self.hold is not None


class NumberTaken(StorageError):  # noqa: N818  # reads as what it is
    """Another process wrote a row of this number first."""


class Records:
    """The conversations of one data folder, with what else is recorded of them."""

    def __init__(self, database: Database) -> None:
        self.jobs = JobJournal(database)
        self.ledger = Ledger(database)
        self.holds = Holds(database)
        self.preference_history = PreferenceHistory(database)
        self.file_ids = FileIds(database)
        self._database = database

    async def begin(self, mode: str, template: str = "") -> str:
        """Start a conversation, along a template if it names one; its id."""
        key = new_id("conv")
        async with self._database.write() as session:
            session.add(
                Conversation(
                    id=key, mode=mode, template=template, created_at=now(), changed_at=now()
                )
            )
        return key

    async def open_conversation(self, request_key: str, mode: str, *, redraw: bool) -> OpenedCall:
        """The conversation of an image call that names none: the same call's, or a new one.

        The same call's is the newest of its key that is younger than a day. One write
        transaction, so that of equal calls in many processes one opens it. `redraw`
        opens another unless the same call lacks a picture: one under way, or that failed.
        A new one is held at once, as by `Holds.take`; end that with `Holds.keep`.
        """
        async with self._database.write(durable=False) as session:
            earlier = await _same_call(session, request_key, redraw=redraw)
            if earlier is not None:
                return OpenedCall(earlier, None)
            row = Conversation(
                id=new_id("conv"),
                mode=mode,
                request_key=request_key,
                order=None,
                current_image_id=None,
                beat_at=now(),
                runs=1,
                created_at=now(),
                changed_at=now(),
                **{part: [] for part in PARTS},
            )
            session.add(row)
        return OpenedCall(row, Hold(Conversation, row.id, 1))

    async def is_same_call(self, request_key: str, *, redraw: bool) -> bool:
        """Whether `open_conversation` has one already."""
        async with self._database.read() as session:
            return await _same_call(session, request_key, redraw=redraw) is not None

    async def keep_order(self, conversation_id: str, order: dict[str, Any]) -> None:
        """Write down what came with a call that is answered with questions, for its drawing."""
        await self._change(conversation_id, order=order)

    async def make_current(self, conversation_id: str, image_id: str) -> None:
        """Choose the picture that changes start from."""
        await self._change(conversation_id, current_image_id=image_id, chosen_at=now())

    async def load(self, conversation_id: str) -> Conversation:
        """A conversation in full. Raises `UnknownId`."""
        parts = [selectinload(getattr(Conversation, name)) for name in PARTS]
        async with self._database.read() as session:
            conversation = await session.get(Conversation, conversation_id, options=parts)
        if conversation is None:
            raise unknown_conversation(conversation_id)
        return conversation

    async def stamp(self, conversation_id: str) -> str:
        """What differs once a conversation goes on, or is rated, marked or named anew; "" where
        there is none of this id. A rating alone does not change when it last went on."""
        one = Conversation
        rated = select(func.max(Image.rated_at)).where(Image.conversation_id == one.id)
        columns = (one.changed_at, rated.scalar_subquery(), one.bookmarked, one.title)
        async with self._database.read() as session:
            rows = await session.execute(select(*columns).where(one.id == conversation_id))
        row = rows.one_or_none()
        return " ".join(map(str, row)) if row else ""

    async def just_said_in(self, words: str) -> str | None:
        """The id of the newest conversation in which these very words were said just now."""
        rows = (
            select(Turn.conversation_id)
            .where(Turn.words == words, Turn.created_at > before(JUST_SAID))
            .order_by(Turn.id.desc())
            .limit(1)
        )
        async with self._database.read() as session:
            return await session.scalar(rows)

    async def image(self, image_id: str, conversation_id: str | None = None) -> Image:
        """A picture's record, of a conversation where one is named. Raises `UnknownId`."""
        async with self._database.read() as session:
            image = await session.get(Image, image_id)
        if image is None:
            raise unknown_image(image_id)
        if conversation_id not in (None, image.conversation_id):
            raise UnknownId(
                f"Picture {image.id} is of conversation {image.conversation_id}, not of "
                f"{printable(conversation_id)}.",
                "Pass the two that belong together, or leave conversation_id out.",
            )
        return image

    async def open_turn(self, turn: Turn) -> None:
        """Write down a turn that nobody has answered yet, new or known.

        Its words name a conversation without a title: nobody may ever answer.
        """
        untitled = (Conversation.id == turn.conversation_id, Conversation.title == "")
        async with self._database.write() as session:
            await _put_turn(session, turn)
            title = title_of(turn.words, LONGEST_FIRST_TITLE)
            await session.execute(update(Conversation).where(*untitled).values(title=title))
            await index(session, turn.conversation_id)

    async def drop_turn(self, turn: Turn) -> None:
        """Take a turn back that was opened and says nothing."""
        async with self._database.write() as session:
            await session.execute(delete(Turn).where(Turn.id == turn.id))

    async def close_turn(
        self,
        turn: Turn,
        *,
        conversation: dict[str, Any],
        rows: list[Question | Answer | Brief],
        durable: bool = True,
    ) -> None:
        """Write what became of a turn, new or known, and what it says of the conversation.

        Not `durable` by itself where the claim of a drawing follows at once. Raises `NumberTaken`
        where another process put a question of one of these numbers.
        """
        async with self._database.write(durable=durable) as session:
            numbers = [row.number for row in rows if isinstance(row, Question)]
            there = select(Question.id).where(
                Question.conversation_id == turn.conversation_id, Question.number.in_(numbers)
            )
            if numbers and await session.scalar(there):
                raise NumberTaken("Another client put questions in this conversation meanwhile.")
            await _put_turn(session, turn)
            for part in rows:
                part.turn_number = turn.number
            session.add_all(rows)
            row = await session.get_one(Conversation, turn.conversation_id)
            for name, value in conversation.items():
                setattr(row, name, value)
            row.changed_at = now()
            await index(session, row.id)

    async def note_findings(self, image: Image, findings: dict[str, Any]) -> None:
        """Write down what the verification of a picture found."""
        async with self._database.write() as session:
            await session.execute(
                update(Image).where(Image.id == image.id).values(verification=findings)
            )
        image.verification = findings

    async def _change(self, conversation_id: str, **values: Any) -> None:
        change = update(Conversation).where(Conversation.id == conversation_id)
        async with self._database.write() as session:
            await session.execute(change.values(changed_at=now(), **values))


async def _put_turn(session: AsyncSession, turn: Turn) -> None:
    if turn.number is None:
        await add_turn(session, turn)
    else:
        await session.merge(turn)


async def _same_call(
    session: AsyncSession, request_key: str, *, redraw: bool
) -> Conversation | None:
    """The newest conversation that an image call of this key opened, where that is not long ago;
    with `redraw` only where a turn, or one of its pictures, is lacking."""
    rows = (
        select(Conversation)
        .where(Conversation.request_key == request_key)
        .where(Conversation.created_at > before(SAME_CALL))
        .order_by(written("conversations").desc())
        .limit(1)
    )
    earlier: Conversation | None = await session.scalar(rows)
    if earlier is None or not redraw or is_alive(earlier.beat_at):
        return earlier
    lacking = select(Job.id).where(
        Job.conversation_id == earlier.id, Job.request_key == request_key, Job.state != "kept"
    )
    return earlier if await session.scalar(lacking.limit(1)) else None
