"""What the consultation tool returns, as data and as text that stands alone."""

from typing import Literal

from pydantic import BaseModel

Origin = Literal["openai", "sandbox"]


class Question(BaseModel):
    """A question that waits for the person, with its choices and what we would pick."""

    id: str
    dimension: str
    text: str
    why: str
    options: list[str]
    default: str


class Entry(BaseModel):
    """What is known of one dimension of the picture."""

    dimension: str
    value: str
    source: str
    ref: str | None


class Span(BaseModel):
    """A piece of the refined prompt and where it comes from."""

    text: str
    source: str
    ref: str | None


class Completeness(BaseModel):
    """Percent of the picture decided before and after this turn, and what is not."""

    before: int
    now: int
    missing: list[str]


class Settings(BaseModel):
    """What to draw with, unless the call says otherwise."""

    size: str
    quality: str
    background: str
    output_format: str


class Consultation(BaseModel):
    """Where a dialogue stands after a turn."""

    conversation_id: str
    status: Literal["asking", "ready"]
    questions: list[Question] = []
    brief: list[Entry] = []
    completeness: Completeness | None = None
    refined_prompt: str | None = None
    provenance: list[Span] = []
    assumptions: list[str] = []
    suggested: Settings | None = None
    estimated_cost_usd: float | None = None
    origin: Origin = "openai"
    notes: list[str] = []
    next_step: str


SANDBOX_NOTE = "Made by the sandbox, a stand-in for OpenAI: no model was asked, nothing was paid."

SOURCES = {
    "request": "said",
    "answer": "answer to",
    "reference": "seen in",
    "template": "template",
    "assumption": "assumed",
}


def as_text(result: Consultation) -> str:
    """The whole result in words, for clients that show the model only text."""
    parts = [f"Conversation {result.conversation_id}: {result.status}."]
    if result.questions:
        parts.append("\n".join(_question_lines(result)))
    if result.refined_prompt is not None:
        parts.append(f"Refined prompt:\n{result.refined_prompt}")
        sources = [f"- {_source(span)}: {span.text.strip()}" for span in result.provenance]
        parts.append("Where each phrase comes from:\n" + "\n".join(sources))
    if result.completeness:
        parts.append(_decided_line(result))
    if result.suggested:
        parts.append(_settings_line(result.suggested, result.estimated_cost_usd))
    parts += result.notes
    parts.append(result.next_step)
    return "\n\n".join(parts)


def _question_lines(result: Consultation) -> list[str]:
    lines = []
    for question in result.questions:
        lines.append(f"{question.id}. {question.text}")
        if question.why:
            lines.append(f"   Why: {question.why}")
        choices = [
            f"{option} (default)" if option == question.default else option
            for option in question.options
        ]
        lines.append(f"   Options: {'; '.join([*choices, 'or own words'])}")
    return lines


def _source(span: Span) -> str:
    return f"{SOURCES[span.source]} {span.ref}" if span.ref else SOURCES[span.source]


def _decided_line(result: Consultation) -> str:
    if result.completeness is None:
        return ""
    missing = set(result.completeness.missing)
    known = [e.dimension for e in result.brief if e.source != "open" and e.dimension not in missing]
    return (
        f"Decided by the person: {result.completeness.now} % (before: "
        f"{result.completeness.before} %): {', '.join(dict.fromkeys(known)) or 'nothing'}; "
        f"open or assumed: {', '.join(result.completeness.missing) or 'nothing'}."
    )


def _settings_line(suggested: Settings, usd: float | None) -> str:
    line = (
        f"Suggested: {suggested.size}, {suggested.quality} quality, {suggested.background} "
        f"background, {suggested.output_format}."
    )
    return line if usd is None else f"{line} A picture costs about ${usd:.3f} (estimate)."
