"""What a client is told while a picture is drawn: how far it is, in percent and in words."""

from typing import TYPE_CHECKING

from fastmcp import Context

if TYPE_CHECKING:
    from generation.jobs import JobProgress, ReportProgress

STAGES = {
    "": (2, "getting ready"),
    "waiting": (3, "waiting until OpenAI takes more requests"),
    "sending": (5, "asking OpenAI"),
    "submitted": (10, "OpenAI has the request"),
    "planning": (20, "planning the picture"),
    "drawing": (40, "drawing"),
    "partial": (60, "a first version is there"),
    "drawn": (85, "drawn"),
    "saved": (100, "saved"),
}
"""Each step of a drawing: the percentage it stands for, and its words. Only the order of the
percentages matters; how long a step takes is not known beforehand."""

STRIDE_PERCENT = 0.5
"""Growth of the percentage where nothing new is known: clients wait for as long as it grows."""

HIGHEST_UNDER_WAY = 99.0
"""Percent shown at most while a picture is not saved; 100 says that all of them are."""


def progress_of(ctx: Context) -> "ReportProgress":
    """A function that tells the client of a call how far its drawings are."""
    percent = 0.0

    async def report(state: "JobProgress") -> None:
        nonlocal percent
        mean = sum(STAGES[step][0] for step in state.steps) / len(state.steps)
        percent = (
            100.0
            if state.is_complete
            else min(max(mean, percent + STRIDE_PERCENT), HIGHEST_UNDER_WAY)
        )
        slowest = min(state.steps, key=lambda step: STAGES[step][0])
        several = len(state.steps) > 1
        play = " of play money" if state.play_money else ""
        cost = f"about ${state.estimated_usd:.2f}{play}"
        head = f"{len(state.steps)} pictures, {cost}: " if several else ""
        words = f"{head}{STAGES[slowest][1]}, {state.elapsed:.0f} s"
        await ctx.report_progress(percent, 100, words)

    return report
