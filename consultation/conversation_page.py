"""A conversation as Markdown that reads well: who said what, and what came of it."""

from collections import defaultdict
from collections.abc import Iterator

from consultation.consultation_result import SOURCES
from consultation.turn_rows import recorded_span
from storage.tables import Brief, Conversation, Image, Question, Turn

DEEPEST = 12
"""A longer chain of changes is not set further in: each step says what it was changed from."""


def as_markdown(conversation: Conversation) -> str:
    """The whole record, newest turn last."""
    lines = [
        f"# {conversation.title or 'Untitled'}",
        "",
        f"Conversation {conversation.id}, mode {conversation.mode}"
        + (f", {conversation.image_type}" if conversation.image_type else "")
        + (f", template {conversation.template}" if conversation.template else "")
        + f". Begun {_moment(conversation.created_at)}, last changed "
        f"{_moment(conversation.changed_at)} (UTC).",
    ]
    for turn in conversation.turns:
        lines += ["", *_turn(conversation, turn)]
    if conversation.images:
        lines += ["", "## Pictures", ""]
        lines += _pictures(conversation)
    return "\n".join(lines) + "\n"


def _turn(conversation: Conversation, turn: Turn) -> Iterator[str]:
    yield f"## Turn {turn.number}"
    yield ""
    yield "**The person:**"
    yield from _quoted(turn.words)
    for given in turn.answers_given:
        yield f"> {given['question_id']}: {given['answer']}"
    for reference in turn.references:
        yield f"> (picture {reference['id']}: {reference['given']})"
    asked = {question.label: question for question in conversation.questions}
    answers = [a for a in conversation.answers if a.turn_number == turn.number]
    if answers:
        yield ""
        yield "Taken as answers:"
        for answer in answers:
            about = (
                asked[answer.question].dimension if answer.question in asked else "given by name"
            )
            yield f"- {answer.question} ({about}): {answer.text}"
    yield from _questions([q for q in conversation.questions if q.turn_number == turn.number])
    for brief in conversation.briefs:
        if brief.turn_number == turn.number:
            yield from _brief(brief)
    yield from _origin(turn)


def _questions(questions: list[Question]) -> Iterator[str]:
    if not questions:
        return
    yield ""
    yield "**The facilitator asked:**"
    for question in questions:
        yield f"- {question.label} ({question.dimension}): {question.text}"
        yield f"  - why: {question.why}"
        yield f"  - offered: {', '.join(question.options)}; default {question.default}"


def _brief(brief: Brief) -> Iterator[str]:
    decided = [entry for entry in brief.entries if entry["source"] != "open" and entry["value"]]
    if decided:
        yield ""
        yield f"Brief ({brief.completeness} % decided by the person):"
        for entry in decided:
            source = _source(entry["source"], entry["ref"])
            yield f"- {entry['dimension']}: {entry['value']} ({source})"
    if brief.phrases:
        phrases = [recorded_span(phrase) for phrase in brief.phrases]
        yield ""
        yield "**Refined prompt:**"
        yield from _quoted("".join(phrase.text for phrase in phrases))
        yield ""
        yield "Where each phrase comes from:"
        for phrase in phrases:
            yield f"- {_source(phrase.source, phrase.ref)}: {phrase.text.strip()}"


def _origin(turn: Turn) -> Iterator[str]:
    for note in turn.notes:
        yield ""
        yield f"Note: {note}"
    broken = [sentence for repair in turn.repairs for sentence in repair["broken"]]
    if broken:
        yield ""
        yield "Not kept by the facilitator, and put right:"
        yield from (f"- {sentence}" for sentence in broken)
    if turn.model:
        written = ", ".join(f"{name}@{mark}" for name, mark in turn.templates.items())
        yield ""
        yield f"Written by {turn.model} with {written}."


def _pictures(conversation: Conversation) -> Iterator[str]:
    """The pictures as a tree: each stands below the one it was changed from."""
    known = {image.id for image in conversation.images}
    below: defaultdict[str | None, list[Image]] = defaultdict(list)
    for image in conversation.images:
        below[image.parent_image_id if image.parent_image_id in known else None].append(image)
    waiting = [(image, 0) for image in reversed(below[None])]
    while waiting:
        image, depth = waiting.pop()
        yield from (f"{'  ' * min(depth, DEEPEST)}{line}" for line in _picture(conversation, image))
        waiting += [(child, depth + 1) for child in reversed(below[image.id])]


def _picture(conversation: Conversation, image: Image) -> Iterator[str]:
    start = f", changed from {image.parent_image_id}" if image.parent_image_id else ""
    size = f"{image.width}x{image.height} " if image.width else ""
    yield f"- {image.id}{start}: {size}{image.format}, {image.path}"
    yield f"  - prompt: {' '.join(image.prompt.split())}"
    if image.variation:
        yield f"  - varied on purpose: {image.variation}"
    job = next(job for job in conversation.jobs if job.id == image.job_id)
    for source in job.inputs:
        yield f"  - started from the {source['use']} {source['given']}"
    if image.verification:
        met = [f for f in image.verification["findings"] if f["verdict"] == "met"]
        yield f"  - looked at: {len(met)} of {len(image.verification['findings'])} items met"


def _quoted(text: str) -> list[str]:
    return [f"> {line}" for line in text.splitlines()]


def _source(source: str, ref: str | None) -> str:
    return f"{SOURCES[source]} {ref}" if ref else SOURCES[source]


def _moment(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
