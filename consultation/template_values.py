"""What a person gives for the parameters of a template, and the words each value rests on.

Plain functions on plain data. What came by the name of a parameter, or names an option, is
taken as it is; what a model read in other words is taken as far as the words say it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consultation.provenance import Span, name_of, source_of
from consultation.quotes import find_quote
from consultation.transcript import ConsultationError, Transcript, brief_entry
from consultation.turn import BriefEntry, Filling, QuestionDraft, Quote, Value
from consultation.words import content, words_of
from prompts.library_template import LibraryTemplate
from prompts.parameter import Parameter
from prompts.source import PromptError
from storage.tables import Conversation, Question, Turn

NOBODY_SAID = "Nobody said what {name} is; {value} stands in its place. Say what it should be."


@dataclass
class TemplateValues:
    """The entries of a template's parameters so far, and wishes that it has no place for."""

    entries: dict[str, BriefEntry] = field(default_factory=dict)
    besides: list[Quote] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def name_answers(
    answers: Iterable[Mapping[str, str]], template: LibraryTemplate, questions: Iterable[Question]
) -> list[dict[str, str]]:
    """Answers by the id of their question, or by the parameter where none was put.

    Raises a `Problem` for an answer that belongs nowhere, or does not fit.
    """
    labels = {question.dimension: question.label for question in questions}
    parameters = {label: name for name, label in labels.items()}
    named = []
    for answer in answers:
        place, text = answer["question_id"], answer["answer"]
        name = parameters.get(place, place)
        if not text.strip():
            continue  # as a form sends what was left empty
        if name in template.parameters:
            if place == name:  # given by name: it is the value itself
                template.fit(name, text)
        elif place not in parameters:
            known = [*parameters, *template.parameters]
            raise ConsultationError(
                f"answers names {place[:40]!r}, which is no question here and no parameter of the "
                f"template {template.name}; there are {', '.join(known)}."
            )
        named.append({"question_id": place, "answer": text})
    return named


def values_before(
    conversation: Conversation, template: LibraryTemplate, *, follows: bool
) -> TemplateValues:
    """What earlier turns have settled, as far as it fits this template.

    `follows` says that they followed it already; else only what was decided counts.
    """
    entries = [brief_entry(row) for row in conversation.entries]
    replies = [turn.reply for turn in conversation.turns if turn.reply] if follows else []
    unused = replies[-1].get("not_used", []) if replies else []
    besides = [Quote(**one) for one in unused if one["why"] == "unplaced"]
    return TemplateValues(
        {
            entry.dimension: entry
            for entry in entries
            if (entry.said or follows)
            and not entry.open
            and fits(template, entry.dimension, entry.value)
        },
        besides,
    )


def take_answers(
    values: TemplateValues, template: LibraryTemplate, transcript: Transcript
) -> list[str]:
    """Take the answers that need no reading; returns the refs of those that do.

    An answer by a question's id is read by the model unless it is an option or fits a
    parameter that takes no free text: "you decide" is no value.
    """
    unread = []
    for ref, place in transcript.answers.items():
        put = transcript.question(place)
        name, text = (put.dimension if put else place), transcript.messages[ref]
        if name not in template.parameters:
            continue
        parameter = template.parameters[name]
        plain = text.strip().casefold() in {option.casefold() for option in parameter.choices}
        if plain or put is None or (parameter.type != "string" and fits(template, name, text)):
            values.entries[name] = entry_of(template, name, text, [Quote(ref=ref, quote=text)])
        else:
            unread.append(ref)
    return unread


def says_more(turn: Turn, template: LibraryTemplate) -> bool:
    """Whether a message says anything besides its answers and the name of the template."""
    answers = (answer["answer"] for answer in turn.answers_given)
    known = words_of(" ".join([template.title, template.name, "template", *answers]))
    return bool({w.text for w in content(words_of(turn.words))} - {w.text for w in known})


def take_unread(values: TemplateValues, words: Quote, template: LibraryTemplate) -> None:
    """Keep words that nobody read: as the one value that is missing, else beside the prompt."""
    missing = [
        name
        for name, parameter in template.parameters.items()
        if parameter.required and name not in values.entries
    ]
    if len(missing) == 1 and fits(template, missing[0], words.quote):
        values.entries[missing[0]] = entry_of(template, missing[0], words.quote, [words])
    else:
        values.besides.append(words)


def take_filling(
    values: TemplateValues, filling: Filling, template: LibraryTemplate, transcript: Transcript
) -> None:
    """Take what a model read in the words, as far as the words say it."""
    for value in filling.filled:
        if value.parameter in template.parameters and value.value.strip():
            try:
                _take(values, value, template, transcript)
            except PromptError as error:
                values.notes.append(str(error))
    for wish in filter(str.strip, filling.besides):
        quote = said_in(wish, transcript)
        if quote and quote not in values.besides:
            values.besides.append(quote)


def assume_rest(values: TemplateValues, template: LibraryTemplate) -> None:
    """Settle what nobody decided with the defaults, marked as ours."""
    for name, parameter in template.parameters.items():
        if name in values.entries:
            continue
        values.entries[name] = entry_of(template, name, parameter.fallback, [])
        if parameter.required:
            values.notes.append(NOBODY_SAID.format(name=name, value=repr(parameter.fallback)))


def entry_of(template: LibraryTemplate, name: str, text: str, said: Sequence[Quote]) -> BriefEntry:
    """An entry with the value as the template takes it. Raises `PromptError`."""
    value = str(template.fit(name, text)) or template.parameters[name].fallback
    return BriefEntry(dimension=name, value=value, said=list(said))


def said_in(text: str, transcript: Transcript) -> Quote | None:
    """The run of the newest message that says something."""
    for ref in reversed(transcript.messages):
        if found := find_quote(text, ref, {ref: transcript.messages[ref]}):
            return found[0].quote
    return None


def fits(template: LibraryTemplate, name: str, text: str) -> bool:
    """Whether a parameter of the template takes a value."""
    return name in template.parameters and template.parameters[name].fit(text) is not None


def _take(
    values: TemplateValues, value: Value, template: LibraryTemplate, transcript: Transcript
) -> None:
    """Take one value with what it rests on. Raises `PromptError` where it does not fit."""
    before = values.entries.get(value.parameter)
    said: list[Quote] = []
    if value.seen_in in transcript.names:
        said = [Quote(ref=str(value.seen_in), quote=value.value)]
    elif quote := said_in(value.value, transcript):
        said = [quote]
    entry = entry_of(template, value.parameter, value.value, said)
    if before is None or before.value != entry.value:
        values.entries[value.parameter] = entry


def parameters_as_data(values: TemplateValues, template: LibraryTemplate) -> list[dict[str, Any]]:
    """The parameters as a model is told of them, each with what fills it so far."""
    return [
        {
            "name": name,
            "question": parameter.question,
            "takes": parameter.takes,
            "options": parameter.every_choice,
            "optional": parameter.optional,
            "value": values.entries[name].value if name in values.entries else None,
        }
        for name, parameter in template.parameters.items()
    ]


def spans_of(values: TemplateValues, template: LibraryTemplate) -> list[Span]:
    """The template filled in: its own text, and each value with the words it rests on."""
    texts = {name: entry.value for name, entry in values.entries.items()}
    return [
        _span(text, values.entries.get(origin), template) for text, origin in template.spans(texts)
    ]


def _span(text: str, entry: BriefEntry | None, template: LibraryTemplate) -> Span:
    if entry is None:
        return Span(text=text, source="template", ref=template.name)
    ref = name_of(entry.said[0].ref) if entry.said else None
    return Span(text=text, source=source_of(entry.said), ref=ref, said=entry.said)


def questions_of(
    values: TemplateValues, template: LibraryTemplate, transcript: Transcript
) -> list[QuestionDraft]:
    """What is to be asked now: each open parameter once, those first that have no default."""
    if transcript.finish:
        return []
    settled = {*values.entries, *(put.dimension for put in transcript.questions)}
    still = [name for name in template.parameters if name not in settled]
    still.sort(key=lambda name: _urgency(template.parameters[name]))
    return [
        QuestionDraft(
            dimension=name,
            text=parameter.question,
            why=_why(parameter),
            options=parameter.choices,
            default=parameter.fallback,
        )
        for name in still[: transcript.left]
        for parameter in [template.parameters[name]]
    ]


def _urgency(parameter: Parameter) -> int:
    return 0 if parameter.required else 2 if parameter.optional else 1


def _why(parameter: Parameter) -> str:
    if parameter.required:
        return "The template needs it."
    if parameter.optional:
        return "It may stay out."
    return f"Without an answer it is {parameter.default}."
