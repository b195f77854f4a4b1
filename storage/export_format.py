"""What an exported conversation looks like, field by field, so that a wrong one can be named.

The fields of a row are read off its table: a column that is added later is exported and
checked without a word here. Only what other code relies on inside JSON is spelled out.
"""

import re
from datetime import datetime
from types import GenericAlias, UnionType
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model
from typing_extensions import TypedDict

from errors import Charged, ProblemKind
from settings import Origin
from storage.tables import (
    UNDER_WAY,
    Answer,
    Base,
    Brief,
    Conversation,
    Image,
    Job,
    Question,
    Spending,
    Turn,
)

FORMAT = "image-consultant/conversation"
VERSION = 1
"""Raised only where a server of the version before would read a document wrongly."""

TABLES: dict[str, type[Base]] = {
    table.__tablename__: table for table in (Answer, Brief, Image, Job, Question, Spending, Turn)
}
"""The tables whose rows belong to a conversation, by their name in the document."""

OPTIONS = ("image_model", "assistant_model", "size", "quality", "background", "output_format")
SUGGESTED = ["background", "output_format", "quality", "size"]
LARGEST = 2**63 - 1
"""Of SQLite's integers."""

# Rows are closed: a field that no table has would be lost. Objects within them are open: a
# later version may say more of an entry or a phrase, and what it says is brought in with it.
OPEN = ConfigDict(extra="allow", strict=True)
CLOSED = ConfigDict(extra="forbid", strict=True)


def columns(table: type[Base]) -> list[str]:
    """The columns that a document holds, sorted: all but row numbers, which are minted anew."""
    return sorted(
        column.name
        for column in table.__table__.columns
        if column.name != "conversation_id"
        and not (column.primary_key and column.type.python_type is int)
    )


def _moment(stamp: str) -> str:
    if stamp and datetime.fromisoformat(stamp).tzinfo is None:
        raise ValueError("it must say its time zone")
    return stamp


def _complete(suggested: dict[str, str]) -> dict[str, str]:
    if suggested and sorted(suggested) != SUGGESTED:
        raise ValueError(f"it must be empty or hold {', '.join(SUGGESTED)}, and nothing else")
    return suggested


def _record(name: str, **fields: Any) -> Any:
    """A JSON object with at least these fields."""
    typed: Any = TypedDict  # its fields are known only here
    record = typed(name, fields)
    record.__pydantic_config__ = OPEN
    return record


def _list(kind: Any) -> Any:
    return GenericAlias(list, (kind,))


Id = Annotated[str, StringConstraints(pattern=re.compile(r"\A[\w-]{1,80}\Z", re.ASCII))]
Moment = Annotated[str, AfterValidator(_moment)]
Whole = Annotated[int, Field(ge=0, le=LARGEST)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Source = Literal[
    "said", "chosen", "reference", "template", "style", "assumed",
    "request", "answer", "assumption",
]  # fmt: skip
"""The last three are those of documents of version 0.1."""

SAID = _list(_record("Said", ref=str, quote=str))
ENTRY = _record(
    "Entry",
    dimension=str,
    value=str,
    source=Literal[Source, "open"],
    ref=NotRequired[str | None],
    said=NotRequired[SAID],
    open=NotRequired[bool],
)
PHRASE = _record(
    "Phrase", text=str, source=Source, ref=NotRequired[str | None], said=NotRequired[SAID]
)
FINDING = _record(
    "Finding",
    item=str,
    verdict=Literal["met", "not_met", "cannot_tell"],
    seen=str,
    source=Literal["model", "bytes"],
)
VERIFICATION = _record(
    "Verification", findings=_list(FINDING), confidence=float | None, model=str, notes=list[str]
)

SHAPES: dict[tuple[str, str], Any] = {
    ("conversations", "id"): Id,
    ("conversations", "mode"): Literal["quick", "guided", "explorer", "skip"],
    ("turns", "answers_given"): _list(_record("GivenAnswer", question_id=str, answer=str)),
    ("turns", "templates"): dict[str, str],
    ("turns", "notes"): list[str],
    ("turns", "repairs"): _list(_record("Repair", broken=list[str])),
    ("turns", "references"): _list(_record("Reference", id=str, given=str, file=str)),
    ("questions", "options"): list[str],
    ("briefs", "entries"): _list(ENTRY),
    ("briefs", "completeness"): Annotated[int, Field(ge=0, le=100)],
    ("briefs", "phrases"): _list(PHRASE),
    ("briefs", "suggested"): Annotated[dict[str, str], AfterValidator(_complete)],
    ("jobs", "id"): Id,
    ("jobs", "state"): Literal[*UNDER_WAY, "kept", "failed", "unknown"],
    ("jobs", "error_kind"): Literal["", *get_args(ProblemKind)],
    ("jobs", "error_charged"): Literal["", *get_args(Charged)],
    ("jobs", "options"): _record("Options", **dict.fromkeys(OPTIONS, str)),
    ("jobs", "templates"): dict[str, str],
    ("jobs", "inputs"): _list(_record("Input", given=str, use=str)),
    ("images", "id"): Id,
    ("images", "verification"): VERIFICATION | None,
    ("images", "rating"): Annotated[int, Field(ge=1, le=5)] | None,
    ("spending", "day"): Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")],
    ("spending", "origin"): Origin,
}
"""What is stricter than the column's own type."""

PLAIN: dict[Any, Any] = {int: Whole, float: Usd}


def _shape(table: type[Base], name: str) -> Any:
    if (table.__tablename__, name) in SHAPES:
        return SHAPES[table.__tablename__, name]
    (kind,) = get_args(table.__annotations__[name])
    if name.endswith("_at"):
        return Moment
    if isinstance(kind, UnionType):
        first, _ = get_args(kind)
        return PLAIN.get(first, first) | None
    return PLAIN.get(kind, kind)


def _row(table: type[Base]) -> Any:
    """A row as a dict; what has a default may be left out."""
    fields = {}
    for name in columns(table):
        column = table.__table__.columns[name]
        needed = column.default is None and not column.nullable
        fields[name] = _shape(table, name) if needed else NotRequired[_shape(table, name)]
    row = _record(table.__name__, **fields)
    row.__pydantic_config__ = CLOSED
    return row


Document: type[BaseModel] = create_model(
    "Document",
    __config__=CLOSED,
    format=(Literal["image-consultant/conversation"], ...),
    version=(Literal[1], ...),
    conversation=(_row(Conversation), ...),
    **{name: (_list(_row(table)), ...) for name, table in TABLES.items()},  # type: ignore[call-overload]  # pydantic's own way to name fields at run time
)
"""A whole conversation; its rows are dicts by the name of their table."""
