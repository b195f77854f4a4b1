"""A drawing without its picture: how its job stands then, what is told of it, and what draws it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from errors import DAILY_BUDGET, Charged, Problem, ProblemKind
from gateway.api_errors import GatewayError
from gateway.image_response import GeneratedImage
from generation.image_request import OrderError
from generation.options import Options
from storage.stamps import before
from storage.tables import WITHOUT_PICTURE, Conversation, Job

if TYPE_CHECKING:
    from generation.jobs import JobOutcome

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

DRAW_LOST = "With redraw=true the same call draws what failed anew, for money, and nothing else."

LOST_DRAWN = (
    "{count} of {wanted} pictures were there; those that failed were asked for anew. redraw=true "
    "once more draws all {wanted} anew."
)


def over_budget(
    options: Options, count: int, estimate: float, *, due: float, budget: float, origin: str
) -> OrderError:
    """The refusal of so many pictures that would pass the day's budget; all in USD.

    `estimate` is what they should cost together, `due` what the day has cost and will.
    """
    about = "This picture" if count == 1 else f"These {count} pictures"
    offer = "Draw" if options.quality == "low" else "Ask for quality low, or draw"
    play = " of the sandbox's play money" if origin == "sandbox" else ""
    return OrderError(
        f"{about} (about ${estimate:.3f}) would pass the daily budget of ${budget:.2f}; "
        f"${due:.3f}{play} are spent today or being drawn for.",
        f"{offer} it tomorrow, or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD.",
        kind="budget",
        code=DAILY_BUDGET,
    )


def without_picture(jobs: Sequence[Job]) -> list[Job]:
    """Those that ended without a picture, or that OpenAI does not know."""
    return [job for job in jobs if job.state in WITHOUT_PICTURE or job.request_key == job.id]


def ended_in_vain(outcomes: list["JobOutcome"], conversation: Conversation) -> list[Job]:
    """The jobs that ended without a picture, as they stand in the record."""
    ids = {one.job.id for one in outcomes if one.problem}
    return [job for job in conversation.jobs if job.id in ids and job.state in WITHOUT_PICTURE]


def failure_of(outcomes: list["JobOutcome"], conversation: Conversation) -> Problem:
    """One error for a call whose pictures all failed; of what has ended, what draws it anew."""
    problem = _problem_of(outcomes).within(conversation.id)
    has_ended = len(ended_in_vain(outcomes, conversation)) == len(outcomes)
    return problem.with_step(DRAW_ANEW) if has_ended else problem


def _problem_of(outcomes: list["JobOutcome"]) -> Problem:
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
    """How a job stands after an error; `requested` where nothing of it is with OpenAI.

    One with a response id has ended only where OpenAI says so of that very response, or keeps it
    no longer.
    """
    if job.state == "requested":
        return "requested"
    if not isinstance(problem, GatewayError):
        return "submitted" if job.response_id else "failed"
    if not job.response_id:
        return problem.job_state if problem.job_state in {"requested", "unknown"} else "failed"
    if problem.case == "lost":
        return "submitted" if job.created_at > before(KEPT) else "failed"
    return "failed" if problem.is_final else "submitted"
