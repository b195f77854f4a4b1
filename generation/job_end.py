"""How a job ends: with a picture and its price, or without, and what is told of it then."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import cast

from errors import Charged, Problem, ProblemKind, StorageError
from gateway.api_errors import GatewayError
from gateway.image_response import GeneratedImage
from gateway.prices import Charge, image_cost, text_cost
from generation.picture_facts import PictureFacts
from storage.records import Records
from storage.spending import booking, charge_rows
from storage.stamps import before, new_id, now
from storage.tables import WITHOUT_PICTURE, Conversation, Image, Job, Spending

NOT_SENT = ""
"""The step before the first."""

RELEASED = (
    "OpenAI does not know {response_id}, the earlier request for this; it may have been charged. "
    "Where it is known again within 30 days, its picture joins this conversation."
)

LOST = Problem(
    "An earlier request for this picture was sent, and the server that sent it gives no sign. It "
    "is not repeated on its own; should that server still have its answer, the picture joins this "
    "conversation.",
    "Call again in a minute with only this conversation_id, which costs nothing; look at the usage "
    "page of the OpenAI platform before paying for it again.",
    kind="unknown",
    charged="unknown",
)
TAKEN_BACK = Problem(
    "The request for this picture was taken back before it was sent again.",
    kind="unknown",
    charged="yes",
)
"""Of a job of which an attempt had failed, and was charged: else nothing is left of it."""
ELSEWHERE = (
    "This picture was ordered from OpenAI, and this server asks the sandbox.",
    "Call again with only this conversation_id once the server runs as it did then.",
)

KEPT = timedelta(days=30)
"""So long OpenAI keeps a response. That it does not know a younger one may be due to another key or
address than it was bought with."""

DRAW_ANEW = "The same call again only tells this; redraw=true draws it anew, for money."
"""After a drawing that ended without a picture: the record answers for it from now on."""

DRAW_FREE = "The same call again only tells this; redraw=true draws it anew, free on the sandbox."

DRAW_LOST = "With redraw=true the same call draws what failed anew, for money, and nothing else."

LOST_DRAWN = (
    "{count} of {wanted} pictures were there; those that failed were asked for anew. redraw=true "
    "once more draws all {wanted} anew."
)


@dataclass(frozen=True)
class JobOutcome:
    """What is known of a job: its picture, why there is none, or else how far it is.

    Of a picture `rows` are what this call paid for it, none where it was there already; `looked`
    says whether a model was asked to look at one that was there already.

    Else `step` is the newest, `partial` the newest of the `partials` unfinished pictures so far;
    `pause` says why the request is not with OpenAI.
    """

    job: Job
    image: Image | None = None
    problem: Problem | None = None
    attempts: int = 0
    rows: list[Spending] = field(default_factory=list)
    looked: bool = False
    notes: list[str] = field(default_factory=list)
    preview: bytes | None = field(default=None, repr=False)
    step: str = NOT_SENT
    partial: bytes | None = field(default=None, repr=False)
    partials: int = 0
    pause: str = ""

    @property
    def usd(self) -> float:
        """What this call paid for it, as far as prices are known."""
        return sum(row.usd or 0.0 for row in self.rows)

    @property
    def unpriced(self) -> list[str]:
        """Models that had a part in it and whose price nobody knows."""
        return [row.model for row in self.rows if row.usd is None]

    @property
    def estimated(self) -> bool:
        """Whether any part of its price is an estimate."""
        return any(row.estimated for row in self.rows)


def image_row(job: Job, answer: GeneratedImage, facts: PictureFacts, path: Path) -> Image:
    """A picture that lies on disk."""
    return Image(
        id=new_id("img"),
        conversation_id=job.conversation_id,
        job_id=job.id,
        parent_image_id=job.parent_image_id,
        path=str(path),
        format=facts.format,
        width=facts.width,
        height=facts.height,
        bytes=len(answer.data),
        has_alpha=bool(facts.has_alpha),
        sha256=hashlib.sha256(answer.data).hexdigest(),
        prompt=job.prompt,
        revised_prompt=answer.revised_prompt or "",
        variation=job.variation,
        model=answer.image_model or job.options["image_model"],
        quality=answer.quality or job.options["quality"],
        response_id=answer.response_id,
        created_at=now(),
    )


def spending_rows(job: Job, answer: GeneratedImage) -> list[Spending]:
    """What a drawing cost: the assistant, and the model that drew."""
    model = answer.image_model or job.options["image_model"]
    size = answer.size or job.options["size"]
    quality = answer.quality or job.options["quality"]
    prices = {
        "assistant": (answer.model, text_cost(answer.model, answer.usage)),
        "image": (model, image_cost(model, answer.usage, size=size, quality=quality)),
    }
    return [
        booking(
            job.conversation_id,
            purpose,
            model=name,
            usd=cost.booked,
            estimated=cost.estimated,
            usage=asdict(answer.usage),
            sandbox=answer.sandbox,
            job_id=job.id,
        )
        for purpose, (name, cost) in prices.items()
    ]


@dataclass
class Bill:
    """What the requests of a job cost; of one that failed it is booked as soon as that is known."""

    job: Job
    records: Records
    sandbox: bool
    rows: list[Spending] = field(default_factory=list)

    async def __call__(self, charges: list[Charge]) -> None:
        """Take what an attempt cost that brought nothing. Raises `TakenOver`."""
        owner, job_id = self.job.conversation_id, self.job.id
        self.rows += charge_rows(owner, charges, sandbox=self.sandbox, job_id=job_id)
        try:
            await self.records.jobs.book(self.job, self.rows)
        except StorageError:  # they are written with whatever comes next
            return


def without_picture(jobs: Sequence[Job]) -> list[Job]:
    """Those that ended without a picture, or that OpenAI does not know."""
    return [job for job in jobs if job.state in WITHOUT_PICTURE or job.request_key == job.id]


def ended_in_vain(outcomes: list[JobOutcome], conversation: Conversation) -> list[Job]:
    """The jobs that ended without a picture, as they stand in the record."""
    ids = {one.job.id for one in outcomes if one.problem}
    return [job for job in conversation.jobs if job.id in ids and job.state in WITHOUT_PICTURE]


def failure_of(outcomes: list[JobOutcome], conversation: Conversation) -> Problem:
    """One error for a call whose pictures all failed; of what has ended, what draws it anew."""
    problem = _problem_of(outcomes).within(conversation.id)
    has_ended = len(ended_in_vain(outcomes, conversation)) == len(outcomes)
    if not has_ended:
        return problem
    if {one.job.origin for one in outcomes} != {"sandbox"}:
        return problem.with_step(DRAW_ANEW)
    if problem.charged == "unknown":  # nothing is paid there, and no usage page says more
        problem = Problem(problem.event, kind=problem.kind, charged="no").within(conversation.id)
    return problem.with_step(DRAW_FREE)


def _problem_of(outcomes: list[JobOutcome]) -> Problem:
    problems = {str(one.problem): one.problem for one in outcomes if one.problem}
    if len(problems) == 1:
        (problem,) = problems.values()
        return problem
    each = " ".join(f"{one.job.variation or 'One'}: {one.problem}" for one in outcomes)
    kinds = {problem.kind for problem in problems.values()}
    costs = {problem.charged for problem in problems.values()}
    failure = Problem(
        f"None of the {len(outcomes)} pictures was drawn. {each}",
        kind=kinds.pop() if len(kinds) == 1 else "unknown",
    )
    # Each says for itself what it cost; a program hears the worst of them.
    failure.charged = next((one for one in ("yes", "unknown") if one in costs), "no")
    return failure


def fault_of_ours(job: Job, answer: GeneratedImage | None) -> GatewayError:
    """The error of a bug; the bytes that came by then are in it."""
    charged: Charged | None = "no" if job.state == "requested" else "yes" if answer else None
    error = GatewayError("fault", charged=charged, response_id=job.response_id or None)
    error.content = answer.data if answer else b""
    return error


def recorded_problem(job: Job) -> Problem:
    """The error of a job that ended without a picture, as the record has it."""
    return Problem(
        job.error,
        job.error_next_step,
        kind=cast("ProblemKind", job.error_kind or "unknown"),
        charged=cast("Charged", job.error_charged or "unknown"),
    ).within(job.conversation_id)


def state_after(job: Job, problem: Problem) -> str:
    """How a job stands after an error; `requested` where nothing of it is with OpenAI, so that the
    same call begins anew.

    One with a response id has ended only where OpenAI says so of that very response, or keeps it
    no longer.
    """
    if job.state == "requested":
        return "requested"
    if not isinstance(problem, GatewayError):
        free = "requested" if problem.charged == "no" else "failed"
        return "submitted" if job.response_id else free
    if not job.response_id:
        return problem.job_state if problem.job_state in {"requested", "unknown"} else "failed"
    if problem.case == "lost":
        return "submitted" if job.created_at > before(KEPT) else "failed"
    return "failed" if problem.is_final else "submitted"
