"""The tables: one conversation is one piece of work, from idea to last picture.

Times are ISO 8601 in UTC, ids are opaque text, prices USD. Lists and small objects
that are only ever read whole are JSON.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Metadata of all tables."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012  # read by SQLAlchemy


def _owner() -> Mapped[str]:
    return mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)


UNDER_WAY = ("requested", "sending", "submitted")
"""States of a job that may still bring a picture, or cost money."""

WITHOUT_PICTURE = ("failed", "unknown")
"""States of a job that has ended and brought none."""

UNDECIDED = frozenset({"open", "assumed"})
"""Sources of an entry that the person did not decide."""

FORMAT = "format"
"""The dimension that decides the size of a picture, and is not seen in it."""
REFERENCE = "reference"
"""The dimension of what is taken of reference pictures, which a person may be asked."""


def media_type(form: str) -> str:
    """What the bytes of a picture of a format are called on the way to a client."""
    return f"image/{'svg+xml' if form == 'svg' else form}"


def written(table: str) -> ColumnElement[int]:
    """The order in which rows of a table were written: a clock that is set back makes the newest
    look old. SQLite counts them by itself; another database needs a column of this name."""
    return literal_column(f"{table}.rowid", Integer)


class Conversation(Base):
    """One piece of work.

    `request_key` is of the image call that opened it, empty where the consultation did.
    `order` is what came with a call that was answered with questions, used when it is drawn.
    `current_image_id` is the picture that changes start from, None for the newest; `chosen_at`
    says when a person chose it, empty once a later call for pictures began. While a process asks
    the facilitator it renews `beat_at`; `runs` counts those that took this over.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    mode: Mapped[str]
    image_type: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    style: Mapped[str] = mapped_column(default="")
    template: Mapped[str] = mapped_column(default="")
    bookmarked: Mapped[bool] = mapped_column(default=False)
    request_key: Mapped[str] = mapped_column(default="", index=True)
    order: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    current_image_id: Mapped[str | None]
    chosen_at: Mapped[str] = mapped_column(default="")
    beat_at: Mapped[str] = mapped_column(default="")
    runs: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[str]
    changed_at: Mapped[str] = mapped_column(index=True)

    turns: Mapped[list["Turn"]] = relationship(order_by="Turn.number")
    questions: Mapped[list["Question"]] = relationship(order_by="Question.number")
    answers: Mapped[list["Answer"]] = relationship(order_by="Answer.id")
    briefs: Mapped[list["Brief"]] = relationship(order_by="Brief.id")
    jobs: Mapped[list["Job"]] = relationship(order_by=lambda: written("jobs"))
    images: Mapped[list["Image"]] = relationship(order_by=lambda: written("images"))
    spending: Mapped[list["Spending"]] = relationship(order_by="Spending.id", viewonly=True)

    @property
    def current_image(self) -> "Image | None":
        """The picture that changes start from."""
        chosen = (one for one in self.images if one.id == self.current_image_id)
        return next(chosen, self.newest_image)

    @property
    def newest_image(self) -> "Image | None":
        """The last picture of the newest call for some, whichever of them was drawn last."""
        return self.sheets[-1][-1] if self.images else None

    @property
    def sheets(self) -> list[list["Image"]]:
        """The pictures of each call that brought some, in the order of their numbers; the call
        that brought the newest last."""
        jobs = {job.id: job for job in self.jobs}
        calls: dict[str, list[Image]] = {}
        for image in self.images:
            job = jobs.get(image.job_id)  # a record that was brought in may lack it
            batch = job.batch if job else image.id
            calls[batch] = [*calls.pop(batch, []), image]
        return [
            sorted(call, key=lambda image: jobs[image.job_id].place) if len(call) > 1 else call
            for call in calls.values()
        ]

    @property
    def numbers(self) -> dict[str, tuple[int, int]]:
        """Of pictures that a call drew several of the number there, and of how many."""
        return {
            image.id: (number, len(sheet))
            for sheet in self.sheets
            for number, image in enumerate(sheet, start=1)
            if len(sheet) > 1
        }

    @property
    def style_uses(self) -> list[Any]:
        """The styles that count, as `StyleUse` has them: those of the newest turn that says some,
        or that none counts any more."""
        chosen = (
            turn.style_uses
            for turn in reversed(self.turns)
            if len(turn.pictures) < len(turn.references)
        )
        return next(chosen, [])

    @property
    def entries(self) -> list[Any]:
        """What is known of each dimension: those of the newest brief."""
        return self.briefs[-1].entries if self.briefs else []

    def job_of(self, image: "Image") -> "Job":
        """The job that brought a picture."""
        return next(job for job in self.jobs if job.id == image.job_id)

    def jobs_beside(self, job: "Job") -> list["Job"]:
        """All jobs of the call that a job belongs to, in their places."""
        same = [one for one in self.jobs if one.batch == job.batch]
        return sorted(same, key=lambda one: one.place)

    def newest_jobs_of(self, request_key: str) -> list["Job"]:
        """The jobs of the newest call of a key, in their places."""
        same = [job for job in self.jobs if job.request_key == request_key]
        return self.jobs_beside(same[-1]) if same else []

    def images_of(self, jobs: Iterable["Job"]) -> list["Image"]:
        """The pictures that jobs brought, in the order of the jobs, not in which they ended."""
        by_job = {image.job_id: image for image in self.images}
        return [by_job[job.id] for job in jobs if job.id in by_job]

    @property
    def jobs_without_picture(self) -> list["Job"]:
        """Those that brought none, and those under way."""
        return [job for job in self.jobs if job.state != "kept"]

    @property
    def cost_usd(self) -> float:
        """USD paid for it so far, as well as that is known."""
        return sum(one.usd or 0.0 for one in self.spending)

    def cost_of(self, image: "Image") -> float | None:
        """USD paid for a picture; None where a price is not known, or not told apart."""
        rows = [one for one in self.spending if one.job_id == image.job_id]
        costs = [one.usd for one in rows if one.usd is not None]
        return sum(costs) if costs and len(costs) == len(rows) else None


class Turn(Base):
    """What the person said, and what the facilitator made of it.

    `reply` is the facilitator's turn as it was sent to the model again, None while nobody has
    led it, and empty where the words change a picture, which nobody leads. `templates` maps each
    template used to its fingerprint. `notes` were told to the person; `repairs` say what the code
    mended in the facilitator's answers. `references` are the pictures that came with the words, and
    the styles, each under `style`.
    """

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    number: Mapped[int]
    words: Mapped[str]
    answers_given: Mapped[list[Any]] = mapped_column(default=list)
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    model: Mapped[str] = mapped_column(default="")
    response_id: Mapped[str] = mapped_column(default="")
    templates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    notes: Mapped[list[Any]] = mapped_column(default=list)
    repairs: Mapped[list[Any]] = mapped_column(default=list)
    references: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[str]

    @property
    def is_of_dialogue(self) -> bool:
        """Whether a facilitator leads it, or will; the others change a picture."""
        return self.reply != {}

    @property
    def pictures(self) -> list[Any]:
        """The pictures among its references."""
        return [row for row in self.references if "style" not in row]

    @property
    def style_uses(self) -> list[Any]:
        """The styles among its references; a row without one says that none counts any more."""
        return [row["style"] for row in self.references if row.get("style")]

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has led it yet."""
        return self.reply is None


class Question(Base):
    """A question that was put to the person."""

    __tablename__ = "questions"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    turn_number: Mapped[int]
    number: Mapped[int]
    dimension: Mapped[str]
    text: Mapped[str]
    why: Mapped[str]
    options: Mapped[list[Any]]
    default: Mapped[str]

    @property
    def label(self) -> str:
        """The question's id within its conversation: q1, q2, ..."""
        return f"q{self.number}"


class Answer(Base):
    """The person's answer to a question, in the person's words."""

    __tablename__ = "answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    turn_number: Mapped[int]
    question: Mapped[str]
    text: Mapped[str]


class Brief(Base):
    """What is decided after a turn; the newest one counts.

    `phrases` are empty until the prompt is ready; joined they are the refined prompt.
    """

    __tablename__ = "briefs"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    turn_number: Mapped[int]
    entries: Mapped[list[Any]]
    completeness: Mapped[int]
    phrases: Mapped[list[Any]]
    suggested: Mapped[dict[str, Any]]


class Job(Base):
    """A paid request for a picture, written down before it is sent.

    States: requested (never sent), sending (may have reached OpenAI), submitted (OpenAI has
    it, under `response_id`), kept, failed, unknown (whether it was billed cannot be known; no
    job with a response id is). `request_key` is the same for the same call; `beat_at` is renewed
    while a process works on it, and `runs` counts the processes that took it: one that slept
    while another took over has an older count, and changes nothing any more. The jobs of one
    call share their `batch`, where each has its `place`; one that was drawn anew has left it, and
    its own id as its key. `turn_number` is the newest turn that it knows of. `variation` says what
    this one varies on purpose, `inputs` which pictures it starts from, and its styles, each under
    `style`; `estimated_usd` what it should cost with `openai` or in the `sandbox`, as `origin` says
    where it is known. `error` is what happened to one that brought nothing; beside it stand its
    kind, whether it was charged, and what helps.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "ix_jobs_under_way",
            "conversation_id",
            "request_key",
            "place",
            unique=True,
            sqlite_where=text(f"state IN {UNDER_WAY}"),
            postgresql_where=text(f"state IN {UNDER_WAY}"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    state: Mapped[str] = mapped_column(index=True)
    prompt: Mapped[str]
    options: Mapped[dict[str, Any]]
    templates: Mapped[dict[str, Any]] = mapped_column(default=dict)
    parent_image_id: Mapped[str | None]
    batch: Mapped[str]
    variation: Mapped[str] = mapped_column(default="")
    inputs: Mapped[list[Any]] = mapped_column(default=list)
    estimated_usd: Mapped[float] = mapped_column(default=0.0)
    response_id: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    error_kind: Mapped[str] = mapped_column(default="")
    error_charged: Mapped[str] = mapped_column(default="")
    error_next_step: Mapped[str] = mapped_column(default="")
    request_key: Mapped[str] = mapped_column(default="")
    place: Mapped[int] = mapped_column(default=0)
    turn_number: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[str] = mapped_column(default="")
    created_at: Mapped[str]
    changed_at: Mapped[str]
    finished_at: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="")

    @property
    def style_uses(self) -> list[Any]:
        """The styles that it is drawn in, as `StyleUse` has them."""
        return [row["style"] for row in self.inputs if row.get("style")]


class Image(Base):
    """A picture on disk; sizes in pixels and bytes, all read from its bytes.

    `verification` is what an independent look at it found, None while there was none.
    While a process has it looked at it renews `beat_at`; `runs` counts those that took this over.
    `rating` is the person's, 1 to 5, None while there is none; `liked` and `disliked` say in
    their words what worked and what did not.
    """

    __tablename__ = "images"
    __table_args__ = (
        Index(
            "ix_images_rating",
            "rating",
            "conversation_id",
            sqlite_where=text("rating IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = _owner()
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    parent_image_id: Mapped[str | None]
    path: Mapped[str]
    format: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    has_alpha: Mapped[bool]
    sha256: Mapped[str]
    prompt: Mapped[str]
    revised_prompt: Mapped[str]
    variation: Mapped[str] = mapped_column(default="")
    verification: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    beat_at: Mapped[str] = mapped_column(default="")
    runs: Mapped[int] = mapped_column(default=0)
    rating: Mapped[int | None]
    liked: Mapped[str] = mapped_column(default="")
    disliked: Mapped[str] = mapped_column(default="")
    rated_at: Mapped[str] = mapped_column(default="")
    model: Mapped[str]
    quality: Mapped[str] = mapped_column(default="")
    response_id: Mapped[str]
    created_at: Mapped[str] = mapped_column(index=True)


class Text(Base):
    """All words of a conversation, in one row for full-text search.

    The table `texts_index` (SQLite's FTS5) follows it by triggers.
    """

    __tablename__ = "texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), unique=True
    )
    title: Mapped[str]
    words: Mapped[str]
    answers: Mapped[str]
    prompts: Mapped[str]


class Meaning(Base):
    """What a conversation is about as a vector of 32-bit floats, for search by meaning.

    Where its words change in `texts`, a trigger says that the vector is `current` no more.
    """

    __tablename__ = "meanings"
    __table_args__ = (
        Index("ix_meanings_current", "model", "conversation_id", sqlite_where=text("current")),
    )

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str]
    current: Mapped[bool]
    vector: Mapped[bytes]


class Memory(Base):
    """A single value that outlasts conversations, by its name."""

    __tablename__ = "memories"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Upload(Base):
    """A picture that OpenAI holds under a file id, with `openai` or in the `sandbox`."""

    __tablename__ = "uploads"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    file_id: Mapped[str]
    created_at: Mapped[str]


class Spending(Base):
    """What one call cost; stays when its conversation is deleted, since the day's sum counts.

    `origin` keeps the sandbox's play money apart from real money; `job_id` is that of the
    picture that it was paid for, None for a dialogue.
    """

    __tablename__ = "spending"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("conversations.id", ondelete="SET NULL"), index=True
    )
    job_id: Mapped[str | None]
    day: Mapped[str] = mapped_column(index=True)
    origin: Mapped[str]
    purpose: Mapped[str]
    model: Mapped[str]
    usd: Mapped[float | None]
    estimated: Mapped[bool]
    usage: Mapped[dict[str, Any]]


class Reuse(Base):
    """How often on one day earlier work was `shown` again free, `offered` as similar or `taken`,
    and the USD that this saved."""

    __tablename__ = "reuses"

    kind: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    usd: Mapped[float]
