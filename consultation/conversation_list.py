"""What the tools that find and keep conversations return, as data and as text."""

import re
from dataclasses import replace

from pydantic import BaseModel

from consultation.conversation_page import as_markdown, moment
from consultation.transcript import ConsultationError
from storage.list_pages import Filter
from storage.search import ConversationSummary, SearchPage
from storage.stamps import megabytes
from storage.tables import Conversation

LONGEST_RECORD = 20_000
"""Letters of a record in one result; the rest comes with its cursor."""
OFFSET = re.compile(r"[0-9]{1,9}")
"""A cursor: how many letters of the record have been read."""

OPEN = (
    "Pass a conversation_id here for its whole record, or to openai_conversational_image to go on "
    "with its current picture."
)
BY_MEANING = "openai_search_conversations finds by meaning, whatever the words."
MORE = "There is more: call again with the same filters and this cursor."


class ConversationList(BaseModel):
    """A page of conversations, or of one record."""

    conversations: list[ConversationSummary] = []
    total: int = 0
    record: str | None = None
    cursor: str | None = None
    notes: list[str] = []
    next_step: str = ""


class RecordChange(BaseModel):
    """What was done with a record, and what that gives reason to offer."""

    conversation_id: str
    done: list[str]
    offer: str = ""
    next_step: str = "openai_list_conversations shows what there is."


def listing(
    page: SearchPage, criteria: Filter, *, notice: str | None = None, by_meaning: bool = False
) -> ConversationList:
    """A page of what fits the criteria as a result; `notice` is said with it, and that one can
    search `by_meaning` where not all words were found."""
    notes = [notice] if notice else []
    steps = [OPEN] if page.items else []
    if by_meaning and criteria.query and (page.loosened or not page.items):
        steps.append(BY_MEANING)
    if page.cursor:
        steps.append(MORE)
    if page.loosened:
        notes.append("No conversation holds all these words; these hold some of them.")
    if not page.items:
        filters = replace(criteria, query="") != Filter()
        notes.append(
            f"No conversation {'fits' if criteria.query or filters else 'is there yet'}."
            + " Use other or fewer words." * bool(criteria.query)
            + " Use fewer filters." * filters
        )
    return ConversationList(
        conversations=page.items,
        total=page.total,
        cursor=page.cursor,
        notes=notes,
        next_step=" ".join(steps),
    )


def record_page(conversation: Conversation, cursor: str | None) -> ConversationList:
    """A record in full, or as much of it as a result takes, from where the cursor says."""
    text = as_markdown(conversation)
    if cursor and not OFFSET.fullmatch(cursor):
        raise ConsultationError(
            "cursor is not one of this record. Leave it out to start at the beginning."
        )
    start = int(cursor or 0)
    end = start + LONGEST_RECORD
    return ConversationList(
        total=1,
        record=text[start:end],
        cursor=str(end) if end < len(text) else None,
        next_step=(
            "The record goes on: call again with this conversation_id and cursor."
            if end < len(text)
            else "openai_conversational_image goes on with its current picture, "
            "openai_image_consultation with the dialogue."
        ),
    )


def as_text(result: ConversationList) -> str:
    """The whole result in words."""
    parts = [*result.notes]
    if result.record is not None:
        parts.append(result.record)
    if result.conversations:
        shown, noun = len(result.conversations), f"conversation{'s' * (result.total != 1)}"
        of_all = f" of {result.total}" if shown < result.total else ""
        parts.append(f"{shown}{of_all} {noun}:")
        parts += [_line(one) for one in result.conversations]
    if result.cursor:
        parts.append(f"cursor: {result.cursor}")
    return "\n\n".join(filter(None, [*parts, result.next_step]))


def removal_sentence(removal: Conversation, *, pictures: bool, confirm: bool) -> str:
    """What deleting takes away, in a sentence."""
    goes = "Deleted" if confirm else "This would delete"
    count, size = len(removal.images), sum(image.bytes for image in removal.images)
    files = f"{count} picture file{'s' if count > 1 else ''} ({megabytes(size)} MB)"
    stays = f"while {files} stay{'' if count > 1 else 's'} on disk" if count else ""
    fate = f"and {files} with it" if pictures and count else stays
    turns = f"{len(removal.turns)} turn{'s' * (len(removal.turns) != 1)}"
    title = removal.title or "Untitled"
    return f"{goes} the conversation '{title}', {turns}, {fate}".rstrip(", ") + "."


def facts_of(one: ConversationSummary) -> str:
    """What a list says of a conversation beside its title, its id and its date."""
    facts = [
        "no dialogue" if one.mode == "skip" else f"mode {one.mode}",
        one.image_type,
        one.style,
        *(f"in {name} at {strength}" for name, strength in one.drawn_in.items()),
        "1 picture" if one.pictures == 1 else f"{one.pictures} pictures",
        f"${one.cost_usd:.4f}{' play money' if one.play_money else ''}",
        f"rated {one.rating} of 5" if one.rating else "",
        "bookmarked" if one.bookmarked else "",
    ]
    return ", ".join(fact for fact in facts if fact)


def _line(one: ConversationSummary) -> str:
    current = f", current picture {one.newest_image_id}" if one.newest_image_id else ""
    line = f"- {one.title or 'Untitled'} ({one.conversation_id}): {facts_of(one)}, changed "
    line += f"{moment(one.changed_at)} UTC{current}"
    return f"{line}\n  {one.matches}" if one.matches else line
