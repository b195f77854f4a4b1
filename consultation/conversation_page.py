"""A conversation as Markdown: the dialogue turn by turn, then the pictures as a tree.

What a row holds as JSON may be of a version before or after this one: what is missing is left
out, what is unknown is passed over.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from consultation.consultation_text import EDGES, own_stretches
from consultation.provenance import name_of
from consultation.transcript import Message, messages_of
from gateway.connection import is_sandbox
from prompts.wording import met_items
from storage.tables import Brief, Conversation, Image, Question, Spending, Turn

SOURCES = {
    "said": "said",
    "chosen": "chosen",
    "reference": "seen in",
    "template": "template",
    "style": "style",
    "assumed": "assumed",
}
"""Sources in the words of an English record."""

DEEPEST = 12
"""A longer chain of changes is not set further in: each step says what it was changed from."""


def as_markdown(conversation: Conversation, links: Mapping[str, str] | None = None) -> str:
    """The whole record, newest turn last; `links` stand for the paths of pictures, by their ids."""
    cost = sum(one.usd or 0.0 for one in conversation.spending)
    lines = [
        f"# {conversation.title or 'Untitled'}",
        "",
        f"Conversation {conversation.id}, mode {conversation.mode}"
        + (f", {conversation.image_type}" if conversation.image_type else "")
        + (f", template {conversation.template}" if conversation.template else "")
        + f". Begun {moment(conversation.created_at)}, last changed "
        f"{moment(conversation.changed_at)} (UTC). Cost in all: ${cost:.4f}"
        f"{_estimate(conversation.spending)}.",
    ]
    for turn, messages in messages_of(conversation):
        lines += ["", *_turn(conversation, turn, messages)]
    if conversation.images:
        lines += ["", "## Pictures", ""]
        lines += _pictures(conversation, links or {})
    if undrawn := conversation.jobs_without_picture:
        lines += ["", "## Not drawn", ""]
        lines += [f"- {' '.join(job.prompt.split())} ({job.error or job.state})" for job in undrawn]
    return "\n".join(lines) + "\n"


def _turn(conversation: Conversation, turn: Turn, messages: list[Message]) -> Iterator[str]:
    yield f"## {', '.join(message.ref for message in messages) or 'Without further words'}"
    questions = {question.label: question for question in conversation.questions}

    def answered(label: str, text: str) -> str:
        question = questions.get(label)
        if question is None:
            return f"{label} (given by name): {text}"
        options = question.options
        choice = f", option {options.index(text) + 1}" if text in options else ""
        return f"{label} ({question.dimension}){choice}: {text}"

    for message in messages:
        words = answered(message.question, message.text) if message.question else message.text
        yield from ("", f"**The person, {message.ref}:**", *_quoted(words))
    for row, reference in zip(turn.references, fields(turn.references, "id", "given"), strict=True):
        kind = "style" if reference["id"].startswith("style:") else f"picture {reference['id']}"
        yield f"> ({kind}: {reference['given']}{_strength(row)})"
    named = {message.question for message in messages}
    read = [one for one in conversation.answers if one.turn_number == turn.number]
    if read := [answer for answer in read if answer.question not in named]:
        yield from ("", "Taken as answers:")
        yield from (f"- {answered(answer.question, answer.text)}" for answer in read)
    if said := reply_of(turn):
        yield from ("", "**The facilitator:**", *_quoted(said))
    yield from _questions([q for q in conversation.questions if q.turn_number == turn.number])
    # The newest holds what earlier ones decided and still counts.
    for brief in conversation.briefs[-1:]:
        if brief.turn_number == turn.number:
            yield from _brief(brief)
    yield from _origin(turn)


def reply_of(turn: Turn) -> str:
    """What the facilitator said to the person in a turn, besides its questions."""
    return str((turn.reply or {}).get("reply") or "")


def _questions(questions: list[Question]) -> Iterator[str]:
    if questions:
        yield from ("", "**The facilitator asked:**")
    for question in questions:
        yield f"- {question.label} ({question.dimension}): {question.text}"
        if question.why:
            yield f"  - why: {question.why}"
        yield f"  - offered: {', '.join(question.options)}; default {question.default}"


def _brief(brief: Brief) -> Iterator[str]:
    entries = _with_sources(brief.entries, "dimension", "value")
    decisions = [entry for entry in entries if entry["source"] != "open" and entry["value"]]
    if decisions:
        yield from ("", f"Brief ({brief.completeness} % decided by the person):")
        yield from (f"- {one['dimension']}: {one['value']} ({one['from']})" for one in decisions)
    phrases = _with_sources(brief.phrases, "text")
    if phrases:
        prompt = "".join(phrase["text"] for phrase in phrases)
        yield from ("", "**Refined prompt:**", *_quoted(prompt))
        yield from ("", "Where each phrase comes from:")
    for phrase in phrases:
        # "The palette is" only joins two others.
        if phrase["from"] != SOURCES["assumed"] or own_stretches([phrase["text"]], []):
            yield f"- {phrase['from']}: {phrase['text'].strip(EDGES)}"


def _origin(turn: Turn) -> Iterator[str]:
    for note in turn.notes:
        yield from ("", f"Note: {note}")
    sentences = [sentence for repair in turn.repairs for sentence in repair.get("broken", [])]
    if sentences:
        yield from ("", "Not kept by the facilitator, and put right:")
        yield from (f"- {sentence}" for sentence in sentences)
    if turn.model:
        templates = ", ".join(f"{name}@{mark}" for name, mark in turn.templates.items())
        yield from ("", f"Written by {_maker(turn)} with {templates}.")


def _maker(made: Turn | Image) -> str:
    """The model that wrote or drew something, or what stood in for it."""
    stand_in = "the sandbox in place of " if is_sandbox(made.response_id) else ""
    return f"{stand_in}{made.model}"


def picture_tree(conversation: Conversation) -> Iterator[tuple[Image, int]]:
    """The pictures, each before those that were changed from it, with its depth; those of one call
    in the order of their numbers."""
    images = [image for sheet in conversation.sheets for image in sheet]
    ids = {image.id for image in images}
    below: defaultdict[str | None, list[Image]] = defaultdict(list)
    for image in images:
        below[image.parent_image_id if image.parent_image_id in ids else None].append(image)
    waiting = [(image, 0) for image in reversed(below[None])]
    while waiting:  # by hand: a chain of changes may be longer than Python's stack
        image, depth = waiting.pop()
        yield image, depth
        waiting += [(child, depth + 1) for child in reversed(below[image.id])]


def _pictures(conversation: Conversation, links: Mapping[str, str]) -> Iterator[str]:
    for image, depth in picture_tree(conversation):
        indent = "  " * min(depth, DEEPEST)
        lines = _picture(conversation, image, links.get(image.id, image.path))
        yield from (f"{indent}{line}" for line in lines)


def _picture(conversation: Conversation, image: Image, place: str) -> Iterator[str]:
    start = f", changed from {image.parent_image_id}" if image.parent_image_id else ""
    size = f"{image.width}x{image.height} " if image.width else ""
    current = conversation.current_image
    number, count = conversation.numbers.get(image.id, (0, 0))
    marks = [f"{number} of {count}"] * bool(count) + ["current"] * (current is image)
    mark = f" ({', '.join(marks)})" if marks else ""
    yield f"- {image.id}{mark}{start}: {size}{image.format}, {place}"
    yield f"  - {_making(conversation, image)}"
    yield f"  - prompt: {' '.join(image.prompt.split())}"
    revised = " ".join(image.revised_prompt.split())
    if revised and revised != " ".join(image.prompt.split()):
        yield f"  - as the assistant model put it: {revised}"
    if image.variation:
        yield f"  - varied on purpose: {image.variation}"
    inputs = [row for job in conversation.jobs if job.id == image.job_id for row in job.inputs]
    for row, source in zip(inputs, fields(inputs, "use", "given"), strict=True):
        how = "in" if source["use"] == "style" else "started from"
        yield f"  - {how} the {source['use']} {source['given']}{_strength(row)}"
    if items := met_items(verdicts_of(image)):
        yield f"  - looked at: {items}"
    if opinion := rating_words(image):
        yield f"  - {opinion}"


def _strength(row: dict[str, Any]) -> str:
    """Of a style that was chosen, how strong it is."""
    return f" at {row['style']['strength']}" if row.get("style") else ""


def _making(conversation: Conversation, image: Image) -> str:
    """When a picture was drawn, by which model, how well and for how much."""
    costs = [one for one in conversation.spending if one.job_id == image.job_id]
    cost = conversation.cost_of(image)
    parts = [
        f"drawn {moment(image.created_at)} (UTC) by {_maker(image)}",
        f"quality {image.quality}" if image.quality else "",
        "" if cost is None else f"${cost:.4f}{_estimate(costs)}",
        f"response {image.response_id}" if image.response_id else "",
    ]
    return ", ".join(part for part in parts if part)


def _estimate(costs: list[Spending]) -> str:
    """What is said of a sum with more in it than a drawing, or with a guess or play money."""
    looks = any(one.purpose == "verification" for one in costs)
    marks = [
        "with its verification" if looks else "",
        "without a part whose price is not known" if any(one.usd is None for one in costs) else "",
        "partly an estimate" if any(one.estimated for one in costs) else "",
        "play money" if any(one.origin == "sandbox" for one in costs) else "",
    ]
    words = ", ".join(mark for mark in marks if mark)
    return f" ({words})" if words else ""


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in text.splitlines()]


def fields(rows: list[Any], *names: str) -> list[dict[str, str]]:
    """These fields of JSON objects as text, empty where one is missing."""
    return [
        {name: str(row.get(name) or "") for name in names} for row in rows if isinstance(row, dict)
    ]


def _with_sources(rows: list[Any], *names: str) -> list[dict[str, str]]:
    """These fields of entries or stretches, their `source`, and in words where they come `from`,
    such as `said m2 "as a woodcut"`: what names their source first."""
    parts = []
    for row in filter(lambda row: isinstance(row, dict), rows):
        (part,) = fields([row], *names, "source", "ref")
        said: dict[str, dict[str, None]] = {part["ref"]: {}} if part["ref"] else {}
        for one in fields(row.get("said") or [], "ref", "quote"):
            said.setdefault(name_of(one["ref"]), {})[f'"{one["quote"]}"'] = None
        words = ", ".join(f"{ref} {', '.join(quotes)}".strip() for ref, quotes in said.items())
        label = SOURCES.get(part["source"], part["source"])
        parts.append({**part, "from": f"{label} {words}".strip()})
    return parts


def verdicts_of(image: Image) -> list[str]:
    """What its verification found of each item; what the bytes say is no item."""
    findings = fields((image.verification or {}).get("findings", []), "verdict", "source")
    return [finding["verdict"] for finding in findings if finding["source"] == "model"]


def rating_words(image: Image) -> str:
    """What the person thinks of it in one line, such as `rated 4 of 5; liked: the light`."""
    parts = [
        f"rated {image.rating} of 5" if image.rating else "",
        f"liked: {' '.join(image.liked.split())}" if image.liked else "",
        f"disliked: {' '.join(image.disliked.split())}" if image.disliked else "",
    ]
    return "; ".join(part for part in parts if part)


def moment(stamp: str) -> str:
    """A moment of a record for people, to the minute."""
    return stamp[:16].replace("T", " ")
