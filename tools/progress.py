"""Draw for a client, and tell it meanwhile how far that is, in percent and in words."""

from typing import TYPE_CHECKING

from fastmcp import Context
from fastmcp.tools import ToolResult

import workflow
from tools.registration import app_of
from tools.tool_result import outcome_result

if TYPE_CHECKING:
    from generation.image_request import ImageRequest
    from generation.jobs import JobProgress, ReportProgress, TellProgress
    from prompts.store import PromptStore
    from prompts.wording import Wording

STAGES = {
    "": (2, "getting ready"),
    "waiting": (3, "waiting until OpenAI takes more requests"),
    "sending": (5, "sending the request"),
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


async def draw(ctx: Context, request: "ImageRequest") -> ToolResult:
    """What a call for pictures brings. Raises a `Problem`."""
    app = app_of(ctx)
    outcome = await workflow.draw(app, request, progress_of(ctx, app.prompt_store))
    return outcome_result(app, outcome)


def progress_of(ctx: Context, store: "PromptStore") -> "TellProgress":
    """For the language of a conversation, a function that tells the client of a call how far its
    drawings are."""

    def in_language(language: str) -> "ReportProgress":
        percent = 0.0
        wording = store.wording(language or "en")

        async def report(state: "JobProgress") -> None:
            nonlocal percent
            mean = sum(STAGES[step][0] for step in state.steps) / len(state.steps)
            percent = (
                100.0
                if state.is_complete
                else min(max(mean, percent + STRIDE_PERCENT), HIGHEST_UNDER_WAY)
            )
            await ctx.report_progress(percent, 100, progress_words(state, wording))

        return report

    return in_language


def progress_words(state: "JobProgress", wording: "Wording") -> str:
    """How far drawings are, the slowest of them named; of several what they should cost."""
    slowest = min(state.steps, key=lambda step: STAGES[step][0])
    head = ""
    if len(state.steps) > 1:
        usd = wording.number(state.estimated_usd, 2)
        cost = wording.translate(", about ${usd}", usd=usd) + " (sandbox)" * state.play_money
        pictures = wording.translate("Pictures: {pictures}", pictures=len(state.steps))
        head = f"{wording.label(pictures + cost)} "
    return f"{head}{wording.translate(STAGES[slowest][1])}, {state.elapsed:.0f} s"
