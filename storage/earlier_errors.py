"""Errors of jobs as versions before 0009 recorded them: one text, its money a sentence in it."""

from collections.abc import Mapping
from typing import Any

MONEY = {
    "no": "Nothing was charged.",
    "unknown": "It is unknown whether this was charged.",
    "yes": "The call was charged.",
}
"""As it was worded then, whatever is said today."""
ADVICE = "The same call again only tells this; redraw=true draws it anew, for money."
"""What is told of each failure, and recorded of none any more."""


def read_earlier(job: Mapping[str, Any]) -> dict[str, str]:
    """The columns of an error that stands as one text; none where there is no such error."""
    error = job.get("error") or ""
    if not error or job.get("error_charged"):
        return {}
    error = error.replace(ADVICE, "").strip()
    for charged, words in MONEY.items():
        event, said, step = error.partition(words)
        if said:
            columns = {"error_charged": charged, "error_next_step": step.strip()}
            return {"error": event.strip(), **columns}
    return {"error": error, "error_charged": "unknown"}
