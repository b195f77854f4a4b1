"""The consultation's result in words, for clients that show the model only text.

The frame is in the person's language where there is wording for it; what is meant for
the client (ids, what to call next) is English.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from consultation.consultation_result import SANDBOX_NOTE, Consultation
from consultation.provenance import Span, source_of
from consultation.turn import OpenQuestion
from consultation.words import Word, near, size, words_of
from prompts.wording import Wording

WORTH_READING = 2
"""Content words of an unsourced stretch; with one it joins two others: "is seen with"."""

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
EDGES = " ,.;:\n"
"""Signs at the ends of a stretch that say nothing where it stands alone."""


def as_text(result: Consultation, wording: Wording) -> str:
    """The whole result, with what a client may call next."""
    state = f"Conversation {result.conversation_id}: {result.status}. {result.next_step}"
    return "\n\n".join([*text_for_person(result, wording), state])


def text_for_person(result: Consultation, wording: Wording) -> list[str]:
    """What a person reads: the reply first, then what is asked or what was written."""
    parts = [
        result.reply,
        *(question_text(question, wording) for question in result.questions),
        *_prompt(result, wording),
        *_doubts(result, wording),
        *_figures(result, wording),
        *notes_for_person(result, wording),
    ]
    return [part for part in parts if part]


def notes_for_person(result: Consultation, wording: Wording) -> list[str]:
    """What else is to be known, the sandbox's own note in their language."""
    return [
        wording.sandbox if note == SANDBOX_NOTE else wording.note(note) for note in result.notes
    ]


def source_words(span: Span, wording: Wording) -> str:
    """Where a stretch comes from, with the person's words beside it."""
    if span.source == "assumed":
        quotes = ", ".join(wording.quote(one.quote, one.ref) for one in span.said)
        return f"{wording.label(wording.after)} {quotes}" if quotes else wording.source.assumed
    if not span.said:
        return f"{getattr(wording.source, span.source)} {span.ref or ''}".strip()
    parts: dict[str, list[str]] = {}
    for quote in span.said:
        parts.setdefault(source_of([quote]), []).append(wording.quote(quote.quote, quote.ref))
    return "; ".join(
        f"{wording.label(getattr(wording.source, source))} {', '.join(quotes)}"
        for source, quotes in parts.items()
    )


def own_stretches(unsourced: Iterable[str], assumptions: Iterable[str]) -> list[str]:
    """Of stretches that rest on nothing the sentences, or the parts of one, that say enough beside
    what is listed as assumed."""
    decided = words_of(" ".join(assumptions))
    parts = [part for text in unsourced for part in SENTENCE_END.split(text)]
    return [part.strip(EDGES) for part in parts if _says_more(part, decided)]


def _says_more(text: str, decided: Sequence[Word]) -> bool:
    new = [word for word in words_of(text) if not any(near(word, known) for known in decided)]
    return size(new) >= WORTH_READING


def question_text(question: OpenQuestion, wording: Wording) -> str:
    """A question with why it is asked and its numbered options."""
    lines = [f"{question.id}. {question.text}"]
    if question.why:
        lines.append(f"   {wording.label(wording.why)} {question.why}")
    lines += [
        f"   {number}) {option}" + (f" ({wording.default})" if option == question.default else "")
        for number, option in enumerate(question.options, start=1)
    ]
    return "\n".join([*lines, f"   {wording.own_words}"])


def _prompt(result: Consultation, wording: Wording) -> Iterator[str]:
    if result.refined_prompt is None:
        return
    yield f"{wording.label(wording.refined_prompt)}\n{result.refined_prompt}"
    if result.lettering:
        texts = "\n".join(f"- {text}" for text in result.lettering)
        yield f"{wording.label(wording.lettering)}\n{texts}"
    spans = [
        f"- {span.text.strip()}\n  {source_words(span, wording)}"
        for span in result.provenance
        if span.said or span.source != "assumed"
    ]
    if spans:
        yield f"{wording.label(wording.sources)}\n" + "\n".join(spans)


def _doubts(result: Consultation, wording: Wording) -> Iterator[str]:
    if result.assumptions:
        lines = [f"- {wording.decision(item.dimension, item.value)}" for item in result.assumptions]
        yield f"{wording.label(wording.assumptions)}\n" + "\n".join(lines)
    unsourced = [s.text for s in result.provenance if s.source == "assumed" and not s.said]
    if ours := own_stretches(unsourced, [item.value for item in result.assumptions]):
        yield f"{wording.label(wording.added)}\n" + "\n".join(f"- {text}" for text in ours)
    if result.refined_prompt is not None:
        yield wording.unused(result.not_used)


def _figures(result: Consultation, wording: Wording) -> Iterator[str]:
    if result.completeness and result.completeness.now:  # "0 %" says nothing to who said much
        known = result.completeness
        since = wording.since.format(first=known.first) if known.first != known.now else ""
        missing = ", ".join(map(wording.name_of, known.missing)) or wording.nothing
        yield wording.decided.format(now=known.now, since=since, missing=missing)
    accounted = result.accounted
    if accounted and accounted.words and result.refined_prompt is not None:
        yield wording.accounted.format(**accounted.model_dump())
    if result.suggested:
        chosen = result.suggested
        line = wording.settings.format(
            size=chosen.size,
            quality=chosen.quality,
            background=chosen.background,
            format=chosen.output_format,
        )
        if result.estimated_cost_usd is not None:
            line += " " + wording.price.format(usd=wording.number(result.estimated_cost_usd))
        yield line
