"""A conversation as one JSON document, and back: what is taken in is the same record again."""

import json
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from errors import StorageError
from storage.database import Database
from storage.earlier_rows import (
    earlier_turn_number,
    read_earlier_brief,
    read_earlier_error,
    read_earlier_reply,
)
from storage.export_format import FORMAT, TABLES, VERSION, Document, columns
from storage.full_text import index
from storage.stamps import printable
from storage.tables import UNDER_WAY, Base, Conversation, Image, Job, Spending

Row = dict[str, Any]

LONGEST_REASON = 300
"""Letters: some reasons repeat the value that is wrong, however long it is."""

WAY_OUT = "Nothing was taken in. Export the conversation again, or mend the file."
UNKNOWN_END = "It was under way when this record was exported, so what became of it is not known."
PLAIN_WORDS = {"missing": "it is missing", "extra_forbidden": "there is no such field"}


def as_json(conversation: Conversation) -> str:
    """The whole record."""
    return write(
        {
            "format": FORMAT,
            "version": VERSION,
            "conversation": _row(conversation),
            **{name: [_row(one) for one in getattr(conversation, name)] for name in TABLES},
        }
    )


def write(document: Row) -> str:
    """A document as text: fields sorted, what was recorded as JSON left in its order."""
    ordered: Row = {
        name: _in_order(value) if isinstance(value, dict) else value
        for name, value in sorted(document.items())
    }
    for name in TABLES:
        ordered[name] = [_in_order(row) for row in ordered[name]]
    return json.dumps(ordered, ensure_ascii=False, indent=2) + "\n"


async def import_document(database: Database, text: str, *forms: type[BaseModel]) -> str:
    """Write the record of a document; the conversation's id. Raises `StorageError`.

    `forms` are what its JSON is read as besides. All or nothing. Prices that outlived the
    conversation here are joined to it again, not counted twice. The paths of its pictures are kept
    as they are and never followed.
    """
    document = read(text, *forms)
    conversation_id: str = document["conversation"]["id"]
    document |= {
        "jobs": [
            {"turn_number": earlier_turn_number(job, document["turns"]), **_left(job)}
            for job in document["jobs"]
        ],
        "briefs": [{**brief, **read_earlier_brief(brief)} for brief in document["briefs"]],
        "turns": [{**turn, **read_earlier_reply(turn)} for turn in document["turns"]],
    }
    async with database.write() as session:
        await _refuse_known(session, document)
        await _remove_prices(session, document["spending"])
        session.add(Conversation(**_without_null(document["conversation"])))
        await session.flush()
        for name in sorted(TABLES, key=lambda name: name == Image.__tablename__):
            for row in document[name]:
                session.add(TABLES[name](conversation_id=conversation_id, **_without_null(row)))
                await session.flush()  # one by one: row numbers keep the order
        await index(session, conversation_id)
    return conversation_id


def read(text: str, *forms: type[BaseModel]) -> Row:
    """A document, checked as the forms, too. Raises `StorageError` that names the first field that
    is wrong."""
    try:
        document = json.loads(text, parse_constant=_no_number)
        text.encode()
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise StorageError(f"The document is nested too deeply. {WAY_OUT}") from None
    except ValueError as error:
        raise StorageError(f"The document is no JSON in UTF-8 ({error}). {WAY_OUT}") from None
    _check_kind(document)
    try:
        Document.model_validate(document)
        for form in forms:
            form.model_validate(document)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        message = PLAIN_WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        raise _wrong(_place(fault["loc"]), message) from None
    for place, message in _faults(document):
        raise _wrong(place, message)
    rows: Row = document
    return rows


def _check_kind(document: Any) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _wrong("format", f"it must be '{FORMAT}'")
    version = document.get("version")
    if isinstance(version, int) and version > VERSION:
        raise StorageError(
            f"The document has version {str(version)[:20]}, and this server reads {VERSION}: "
            "update the server. Nothing was taken in."
        )


def _faults(document: Row) -> Iterator[tuple[str, str]]:
    """What no single field can tell: names that stand twice, and links that lead nowhere."""
    for table, name in (("turns", "number"), ("questions", "number"), ("jobs", "id"),
                        ("images", "id")):  # fmt: skip
        names = set()
        for number, row in enumerate(document[table]):
            if row[name] in names:
                yield f"{table}[{number}].{name}", "it stands there twice"
            names.add(row[name])
    jobs = {row["id"] for row in document["jobs"]}
    places = {row["id"]: number for number, row in enumerate(document["images"])}
    for number, row in enumerate(document["images"]):
        if row["job_id"] not in jobs:
            yield f"images[{number}].job_id", "no job of the document has this id"
    parents = {row["id"]: [row.get("parent_image_id")] for row in document["images"]}
    try:
        TopologicalSorter(parents).prepare()
    except CycleError as error:
        place = f"images[{min(places[one] for one in error.args[1])}].parent_image_id"
        yield place, "the picture would be its own ancestor"


async def _refuse_known(session: AsyncSession, document: Row) -> None:
    conversation_id = document["conversation"]["id"]
    if await session.get(Conversation, conversation_id) is not None:
        raise StorageError(
            f"Conversation {printable(conversation_id)} is here already; nothing was taken in. To "
            "replace it, first delete it with `image-consultant conversations delete "
            f"{conversation_id} --confirm`."
        )
    for table in (Job, Image):
        for number, row in enumerate(document[table.__tablename__]):
            if await session.get(table, row["id"]) is not None:
                place = f"{table.__tablename__}[{number}].id"
                raise _wrong(place, "another conversation here has it already")


async def _remove_prices(session: AsyncSession, rows: list[Row]) -> None:
    """Remove the prices that stayed when this conversation was deleted: they come with it now."""
    days = {row["day"] for row in rows}
    orphans = select(Spending).where(Spending.conversation_id.is_(None), Spending.day.in_(days))
    here = list(await session.scalars(orphans))
    for row in rows:
        same = next((one for one in here if _row(one) == row), None)
        if same is not None:
            here.remove(same)
            await session.execute(delete(Spending).where(Spending.id == same.id))


def _left(job: Row) -> Row:
    """A job as nobody works on it here: one with a response id can still be fetched."""
    if job["state"] not in UNDER_WAY:
        return {**job, **read_earlier_error(job)}
    if job.get("response_id"):
        # A key of its own: no two of a document stand in each other's way.
        return {**job, "state": "submitted", "beat_at": "", "request_key": job["id"]}
    error = {"error": UNKNOWN_END, "error_kind": "unknown", "error_charged": "unknown"}
    return {**job, "state": "unknown", **error}


def _row(row: Base) -> Row:
    return {name: getattr(row, name) for name in columns(type(row))}


def _without_null(row: Row) -> Row:
    """Without what is null: set by name, JSON would keep it as a word."""
    return {name: value for name, value in row.items() if value is not None}


def _in_order(row: Row) -> Row:
    return {name: row[name] for name in sorted(row)}


def _place(parts: Iterable[int | str]) -> str:
    steps = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return "".join(steps).removeprefix(".")


def _wrong(place: str, message: str) -> StorageError:
    reason = message[:LONGEST_REASON]
    return StorageError(f"The document is wrong in {printable(place)}: {reason}. {WAY_OUT}")


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON")
