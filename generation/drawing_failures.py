"""A call for pictures that does not bring them all: what is said of it, and what draws them."""

from collections.abc import Sequence

from errors import DAILY_BUDGET, Problem
from generation.image_request import OrderError
from generation.jobs import JobOutcome
from generation.options import Options
from storage.tables import WITHOUT_PICTURE, Conversation, Job

RELEASED = (
    "OpenAI does not know {response_id}, the earlier request for this; it may have been charged. "
    "Where it is known again within 30 days, its picture joins this conversation."
)

DRAW_ANEW = "The same call again only tells this; redraw=true draws it anew, for money."
"""After a drawing that ended without a picture: the record answers for it from now on."""

DRAW_LOST = "With redraw=true the same call draws what failed anew, for money, and nothing else."

REST_TAKEN_BACK = (
    "{count} of {wanted} pictures were begun before this call was stopped, the others never sent; "
    "redraw=true draws all {wanted} anew where the daily budget allows it."
)
LOST_DRAWN = (
    "{count} of {wanted} pictures were there; those that failed were asked for anew. redraw=true "
    "once more draws all {wanted} anew."
)
REST_DRAWN = (
    "{count} of {wanted} pictures were begun before this call was stopped; the others, never sent, "
    "were asked for now."
)


def over_budget(
    options: Options, count: int, estimate: float, *, due: float, budget: float, origin: str
) -> OrderError:
    """The refusal of so many pictures that would pass the day's budget; all in USD.

    `estimate` is what they should cost together, `due` what the day has cost and will.
    """
    about = "This picture" if count == 1 else f"These {count} pictures"
    draft = estimate - count * (options.estimated_usd() - options.draft_usd)
    fits = options.quality != "low" and due + draft <= budget
    each = " for each" if count > 1 else ""
    low = f"Quality low fits, at about ${draft / count:.3f}{each}; or draw"
    offer = low if fits else "Draw"
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


def ended_in_vain(outcomes: list[JobOutcome], conversation: Conversation) -> list[Job]:
    """The jobs that ended without a picture, as they stand in the record."""
    ids = {one.job.id for one in outcomes if one.problem}
    return [job for job in conversation.jobs if job.id in ids and job.state in WITHOUT_PICTURE]


def failure_of(outcomes: list[JobOutcome], conversation: Conversation) -> Problem:
    """One error for a call whose pictures all failed; of what has ended, what draws it anew."""
    problem = _problem_of(outcomes).within(conversation.id)
    has_ended = len(ended_in_vain(outcomes, conversation)) == len(outcomes)
    if has_ended and DRAW_ANEW not in problem.next_step:  # all who waited have the same error
        problem.add_step(DRAW_ANEW)
    return problem


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
