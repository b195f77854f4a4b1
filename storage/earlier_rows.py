"""What earlier versions wrote into rows, as it is written today: read by migrations and imports."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = dict[str, Any]

EARLIER_MONEY = {
    "no": "Nothing was charged.",
    "unknown": "It is unknown whether this was charged.",
    "yes": "The call was charged.",
}
"""As it was worded then, whatever is said today."""
EARLIER_ADVICE = "The same call again only tells this; redraw=true draws it anew, for money."
"""What is told of each failure, and recorded of none any more."""

RENAMED = {"request": "said", "answer": "chosen", "assumption": "assumed"}
"""What version 0.1 called sources that have other names now."""

UNQUOTED = ("open", "assumed")
"""Sources without words of the person, or of a picture, behind them."""


def read_earlier_error(job: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a job's error that stands as one text, its money a sentence in it, as before
    0009; none where there is no such error."""
    error = job.get("error") or ""
    if not error or job.get("error_charged"):
        return {}
    error = error.replace(EARLIER_ADVICE, "").strip()
    for charged, words in EARLIER_MONEY.items():
        event, said, step = error.partition(words)
        if said:
            columns = {"error_charged": charged, "error_next_step": step.strip()}
            return {"error": event.strip(), **columns}
    return {"error": error, "error_charged": "unknown"}


def read_earlier_brief(brief: Mapping[str, Any]) -> Row:
    """The JSON of a brief as before 0010: sources by other names, entries without quotes."""
    phrases = [{**one, "source": _source(one)} for one in brief["phrases"]]
    return {"entries": _entries(brief["entries"]), "phrases": phrases}


def read_earlier_reply(turn: Mapping[str, Any]) -> Row:
    """The reply of a turn as before 0010; none where it has no brief."""
    reply = turn.get("reply")
    if not isinstance(reply, dict) or "brief" not in reply:
        return {}
    brief = _entries(reply["brief"])
    return {} if brief == reply["brief"] else {"reply": {**reply, "brief": brief}}


def earlier_turn_number(job: Mapping[str, Any], turns: Sequence[Mapping[str, Any]]) -> int:
    """The newest turn that a job knew of, as before 0011: the clock told."""
    known = (one["number"] for one in turns if one["created_at"] <= job["created_at"])
    return max(known, default=0)


def _entries(entries: list[Row]) -> list[Row]:
    """Entries of a brief. Those of version 0.1 name where a value comes from, and not the words:
    the value stands for them."""
    return [one if "said" in one else _with_quotes(one) for one in entries]


def _with_quotes(one: Row) -> Row:
    source = _source(one)
    quote = {"ref": one.get("ref") or "m1", "quote": one["value"]}
    said = [] if source in UNQUOTED else [quote]
    return {**one, "source": source, "said": said, "open": source == "open"}


def _source(one: Mapping[str, Any]) -> str:
    source = str(one.get("source") or "assumed")
    return RENAMED.get(source, source)
