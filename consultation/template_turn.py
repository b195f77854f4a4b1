"""What comes of a template: its open parameters as questions, its text as the prompt."""

from consultation.template_values import Taken, entry_of
from consultation.transcript import Said
from consultation.turn import (
    Asked,
    BriefEntry,
    FacilitatorTurn,
    Filling,
    Phrase,
    Suggestion,
)
from prompts.library_template import LibraryTemplate
from prompts.parameter import Parameter
from storage.tables import Conversation

STOPS = (".", "!", "?", "。", "！", "？", "؟")
LONGEST_TITLE = 60


def draft_turn(
    conversation: Conversation,
    template: LibraryTemplate,
    taken: Taken,
    said: Said,
    filling: Filling | None,
) -> FacilitatorTurn:
    """The turn as a facilitator would give it: questions, or all that makes the prompt."""
    asking = [] if conversation.mode == "skip" else _questions(taken, template, said)
    if not asking:
        _assume_rest(taken, template)
    known = filling.title.strip() if filling else ""
    return FacilitatorTurn(
        language=(filling.language if filling else "") or conversation.language,
        title=(known or conversation.title or conversation.turns[0].words)[:LONGEST_TITLE],
        image_type=template.image_type,
        brief=_brief(taken, template),
        answered=taken.answered,
        questions=asking,
        ready=not asking,
        phrases=[] if asking else phrases(taken, template),
        suggested=Suggestion(size="", quality="", background="", output_format=""),
    )


def phrases(taken: Taken, template: LibraryTemplate) -> list[Phrase]:
    """The template filled in: its own text, the values, and what was wished besides."""
    values = {name: entry.value for name, entry in taken.entries.items()}
    made = []
    for text, origin in template.spans(values):
        entry = taken.entries.get(origin)
        if entry is None or entry.source == "open":
            made.append(Phrase(text=text, source="template", ref=template.name))
        else:
            made.append(Phrase(text=text, source=entry.source, ref=entry.ref))
    told = "".join(phrase.text for phrase in made).casefold()
    for wish in taken.besides:
        if wish.value.casefold() not in told:
            stop = "" if wish.value.endswith(STOPS) else "."
            text = f" {wish.value[0].upper()}{wish.value[1:]}{stop}"
            made.append(Phrase(text=text, source="request", ref=wish.ref))
    return made


def _questions(taken: Taken, template: LibraryTemplate, said: Said) -> list[Asked]:
    """What is to be asked now: each open parameter once, those first that have no default."""
    if said.finish:
        return []
    settled = {*taken.entries, *taken.left, *said.asked.values()}
    still = [name for name in template.parameters if name not in settled]
    still.sort(key=lambda name: _urgency(template.parameters[name]))
    return [
        Asked(
            dimension=name,
            text=parameter.question,
            why=_why(parameter),
            options=parameter.choices,
            default=parameter.fallback,
        )
        for name in still[: said.left]
        for parameter in [template.parameters[name]]
    ]


def _assume_rest(taken: Taken, template: LibraryTemplate) -> None:
    """Settle what nobody decided with the defaults, marked as ours."""
    for name, parameter in template.parameters.items():
        if name in taken.entries:
            continue
        taken.entries[name] = entry_of(template, name, parameter.fallback, "assumption", None)
        if parameter.required:
            taken.notes.append(
                f"Nobody said what {name} is; {parameter.fallback!r} stands in its place. Say in "
                "message what it should be."
            )


def _brief(taken: Taken, template: LibraryTemplate) -> list[BriefEntry]:
    """An entry for each parameter, decided or open, and one for each wish besides."""
    return [
        *(
            taken.entries.get(name) or BriefEntry(dimension=name, value="", source="open", ref=None)
            for name in template.parameters
        ),
        *taken.besides,
    ]


def _urgency(parameter: Parameter) -> int:
    return 0 if parameter.required else 2 if parameter.optional else 1


def _why(parameter: Parameter) -> str:
    if parameter.required:
        return "The template needs it."
    if parameter.optional:
        return "It may stay out."
    return f"Without an answer it is {parameter.default}."
