"""What a person gives for the parameters of a template, and where each value comes from.

Plain functions on plain data. Answers that came by id are taken as they are; what a model
read in other words is taken as far as the words say it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consultation.completeness import DECIDED
from consultation.errors import ConsultationError
from consultation.quotes import content, leaves_open, occurs
from consultation.transcript import Said
from consultation.turn import Answered, BriefEntry, Filling, Value
from prompts.library_template import BESIDES, LibraryTemplate
from prompts.source import PromptError
from storage.tables import Conversation, Question, Turn


@dataclass
class Taken:
    """What the person has given so far, by parameter.

    `besides` are wishes that no parameter takes, `left` the parameters whose choice was
    left to us, `answered` the questions that plain words have answered.
    """

    entries: dict[str, BriefEntry] = field(default_factory=dict)
    besides: list[BriefEntry] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    answered: list[Answered] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def name_answers(
    answers: Iterable[Mapping[str, str]], template: LibraryTemplate, questions: Iterable[Question]
) -> list[dict[str, str]]:
    """Answers by the id of their question, or by the parameter where none was put.

    Raises a `Problem` for an answer that belongs nowhere, or does not fit.
    """
    asked = {question.dimension: question.label for question in questions}
    parameters = {label: name for name, label in asked.items()}
    named = []
    for given in answers:
        place, answer = given["question_id"], given["answer"]
        name = parameters.get(place, place)
        if not answer.strip():
            continue  # as a form sends what was left empty
        if name in template.parameters:
            if not leaves_open(answer):
                template.fit(name, answer)
        elif place not in parameters:
            known = [*parameters, *template.parameters]
            raise ConsultationError(
                f"answers names {place[:40]!r}, which is no question here and no parameter of the "
                f"template {template.name}; there are {', '.join(known)}."
            )
        named.append({"question_id": asked.get(name, place), "answer": answer})
    return named


def taken_before(conversation: Conversation, template: LibraryTemplate, *, follows: bool) -> Taken:
    """What earlier turns have settled, as far as it fits this template.

    `follows` says that they followed it already; else only what was decided counts.
    """
    taken = Taken()
    entries = conversation.briefs[-1].entries if conversation.briefs else []
    for entry in (BriefEntry.model_validate(one) for one in entries):
        settled = entry.source in DECIDED or (follows and entry.source == "assumption")
        if entry.dimension == BESIDES:
            taken.besides.append(entry)
        elif settled and _fits(template, entry.dimension, entry.value):
            taken.entries[entry.dimension] = entry
    return taken


def take_given(taken: Taken, turn: Turn, template: LibraryTemplate, said: Said) -> None:
    """Take the answers that came by id or by parameter; no model is needed for them."""
    for given in turn.answers_given:
        place, answer = given["question_id"], given["answer"]
        name = said.asked.get(place, place)
        if name not in template.parameters:
            continue
        if leaves_open(answer):
            taken.left.add(name)
        else:
            taken.entries[name] = entry_of(template, name, answer, "answer", place)


def says_more(turn: Turn, template: LibraryTemplate) -> bool:
    """Whether a message says anything besides its answers and the name of the template."""
    known = " ".join([template.title, "template", *(one["answer"] for one in turn.answers_given)])
    return not leaves_open(turn.words) and bool(set(content(turn.words)) - set(content(known)))


def still_open(taken: Taken, said: Said) -> list[str]:
    """The questions whose parameters nobody has settled, nor left to us."""
    settled = {*taken.entries, *taken.left}
    return [q for q in said.asked if q in said.waiting and said.asked[q] not in settled]


def take_read(taken: Taken, filling: Filling, template: LibraryTemplate, said: Said) -> None:
    """Take what a model read in the words, as far as the words say it."""
    for value in filling.filled:
        if value.parameter not in template.parameters or not value.value.strip():
            continue
        try:
            _take_value(taken, value, template, said)
        except PromptError as error:
            taken.notes.append(str(error))
    taken.besides = [
        BriefEntry(dimension=BESIDES, value=wish.strip(), source="request", ref=ref)
        for wish in filling.besides
        if wish.strip() and (ref := _said_in(wish, said))
    ]


def take_unread(taken: Taken, turn: Turn, template: LibraryTemplate) -> None:
    """Keep words that nobody read: as the one value that is missing, else at the end."""
    missing = [
        name
        for name, parameter in template.parameters.items()
        if parameter.required and name not in taken.entries
    ]
    ref = f"m{turn.number}"
    if len(missing) == 1 and _fits(template, missing[0], turn.words):
        taken.entries[missing[0]] = entry_of(template, missing[0], turn.words, "request", ref)
    else:
        wish = BriefEntry(dimension=BESIDES, value=turn.words.strip(), source="request", ref=ref)
        taken.besides.append(wish)


def entry_of(
    template: LibraryTemplate, name: str, text: str, source: str, ref: str | None
) -> BriefEntry:
    """An entry with the value as the template takes it. Raises `PromptError`."""
    value = str(template.fit(name, text)) or template.parameters[name].fallback
    return BriefEntry.model_validate(
        {"dimension": name, "value": value, "source": source, "ref": ref}
    )


def _take_value(taken: Taken, value: Value, template: LibraryTemplate, said: Said) -> None:
    """Take one value with its source. Raises `PromptError` where it does not fit."""
    name = value.parameter
    entry = entry_of(template, name, value.value, "assumption", None)
    before = taken.entries.get(name)
    if before and before.value == entry.value:
        return
    waiting = next((q for q in still_open(taken, said) if said.asked[q] == name), None)
    if value.seen_in in said.references:
        entry.source, entry.ref = "reference", value.seen_in
    elif waiting and (occurs(entry.value, said.newest) or entry.value in said.options[waiting]):
        entry.source, entry.ref = "answer", waiting
        taken.answered.append(Answered(question_id=waiting, answer=entry.value))
    elif ref := _said_in(entry.value, said):
        entry.source, entry.ref = "request", ref
    taken.entries[name] = entry


def _said_in(text: str, said: Said) -> str | None:
    """The newest message that says something."""
    return next((ref for ref in reversed(said.messages) if occurs(text, said.messages[ref])), None)


def _fits(template: LibraryTemplate, name: str, text: str) -> bool:
    return name in template.parameters and template.parameters[name].fit(text) is not None
