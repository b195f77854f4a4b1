"""The promises of a turn, kept in code whatever the model says.

Plain functions: a turn and what was said go in; a turn that keeps the promises comes
out, with a sentence for each thing that was mended. `broken` sentences are worth
sending the turn back for, once; `trimmed` ones are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consultation.quotes import (
    content,
    mentions,
    occurs,
    quoted,
    refusals,
    refuses,
    share_said,
    words,
)
from consultation.transcript import Said
from consultation.turn import Answered, Asked, BriefEntry, FacilitatorTurn, Phrase, Source
from prompts.image_type import ImageType

FEWEST_OPTIONS, MOST_OPTIONS = 2, 5
ENTRY_SAID = 0.5
"""A brief may put the person's words its own way; half of its words must be theirs."""
REQUEST_KEPT = 0.75
"""A request that was complete at once: this share of its words must be in the prompt."""


@dataclass
class Mended:
    """A turn that keeps the promises, and what had to be done for it."""

    turn: FacilitatorTurn
    broken: list[str] = field(default_factory=list)
    trimmed: list[str] = field(default_factory=list)


def keep_promises(turn: FacilitatorTurn, said: Said, image_type: ImageType) -> Mended:
    """Hold a turn to every promise."""
    mended = Mended(turn.model_copy(deep=True))
    mended.turn.answered = list(_answers(mended, said))
    mended.turn.brief = [_entry(entry, mended, said) for entry in mended.turn.brief]
    mended.turn.questions = _questions(mended, said, image_type)
    mapped = {item.question_id: item.answer for item in mended.turn.answered}
    answers = said.answers | mapped | said.given
    mended.turn.ready = turn.ready or said.finish or not mended.turn.questions
    if mended.turn.ready:
        mended.turn.questions = []
        mended.turn.phrases = _prompt(mended, said, answers)
    else:
        mended.turn.phrases = []
    return mended


def own_words(said: Said, answers: dict[str, str]) -> list[Phrase]:
    """A prompt made of nothing but the person's words."""
    given = {text.strip() for text in answers.values()}
    unasked = {ref: text for ref, text in said.messages.items() if text.strip() not in given}
    parts: list[tuple[Source, str, str]] = [
        *(("request", ref, text) for ref, text in unasked.items()),
        *(("answer", ref, text) for ref, text in answers.items()),
    ]
    phrases = [
        Phrase(text=f"{_stopped(text)} ", source=source, ref=ref)
        for source, ref, text in parts
        if text.strip()
    ]
    if phrases:
        phrases[-1].text = phrases[-1].text.rstrip()
    return phrases


def _answers(mended: Mended, said: Said) -> Iterable[Answered]:
    """What the newest message answers, in words that it holds."""
    for item in mended.turn.answered:
        if item.question_id not in said.waiting:
            mended.trimmed.append(f"answered names {item.question_id}, which is not open.")
        elif occurs(item.answer, said.newest) or _chosen(item, said):
            yield item
        else:
            mended.broken.append(
                f"answered gives {item.question_id} words that the person did not use."
            )
            yield Answered(question_id=item.question_id, answer=said.newest)


def _chosen(item: Answered, said: Said) -> bool:
    """Whether an answer is an option that was offered: people say "the second one"."""
    return words(item.answer) in [words(option) for option in said.options[item.question_id]]


def _entry(entry: BriefEntry, mended: Mended, said: Said) -> BriefEntry:
    """An entry whose source holds, else marked as our assumption."""
    if entry.source == "template" and not said.template:
        mended.broken.append(f"brief marks {entry.dimension} as template, but none was chosen.")
        return entry.model_copy(update={"source": "assumption", "ref": None})
    if entry.source not in {"request", "answer"} or not entry.value.strip():
        return entry
    if share_said(entry.value, said.everything) >= ENTRY_SAID:
        return entry
    mended.broken.append(
        f"brief marks {entry.dimension} as {entry.source}, but the person never said it."
    )
    return entry.model_copy(update={"source": "assumption", "ref": None})


def _questions(mended: Mended, said: Said, image_type: ImageType) -> list[Asked]:
    """Within the budget, nothing twice, nothing that is decided, two to five real options."""
    before = set(said.asked.values())
    known = {
        entry.dimension
        for entry in mended.turn.brief
        if entry.source in {"request", "answer", "reference", "template"} and entry.value.strip()
    }
    kept: dict[str, Asked] = {}
    for question in mended.turn.questions:
        name = question.dimension
        if name in before or name in kept:
            mended.broken.append(f"questions asks about {name} a second time.")
        elif name in known:
            mended.broken.append(f"questions asks about {name}, which the person has decided.")
        elif (fitted := _with_options(question, mended, image_type)) is not None:
            kept[name] = fitted
    if len(kept) > said.left:
        mended.trimmed.append(f"Of {len(kept)} questions only {said.left} were allowed.")
    return list(kept.values())[: said.left]


def _with_options(question: Asked, mended: Mended, image_type: ImageType) -> Asked | None:
    """A question with real choices; none where neither model nor image type knows two."""
    offered = _distinct(question.options)
    if not FEWEST_OPTIONS <= len(question.options) <= MOST_OPTIONS or len(offered) < len(
        question.options
    ):
        mended.trimmed.append(f"{question.dimension} did not offer two to five distinct options.")
    seeds = image_type.dimensions.get(question.dimension)
    if len(offered) < FEWEST_OPTIONS:
        offered = _distinct([*offered, question.default, *(seeds.options if seeds else [])])
    if len(offered) < FEWEST_OPTIONS:
        mended.broken.append(f"questions offers no real choice for {question.dimension}.")
        return None
    shown = offered[:MOST_OPTIONS]
    default = question.default.strip()
    if default not in shown:
        shown = _distinct([*shown[: MOST_OPTIONS - 1], default])
        default = default if default in shown else shown[0]
    return question.model_copy(update={"options": shown, "default": default})


def _distinct(options: Iterable[str]) -> list[str]:
    """Options without blanks and without those that say the same."""
    found: dict[str, str] = {}
    for option in options:
        if option.strip():
            found.setdefault(" ".join(words(option)) or option.strip(), option.strip())
    return list(found.values())


def _prompt(mended: Mended, said: Said, answers: dict[str, str]) -> list[Phrase]:
    phrases = [_sourced(phrase, mended, said, answers) for phrase in mended.turn.phrases]
    if not "".join(phrase.text for phrase in phrases).strip():
        mended.broken.append("phrases is empty although the dialogue is ready.")
        phrases = own_words(said, answers)
    phrases = _with_request(phrases, mended, said, answers)
    phrases += _lost_text(phrases, mended, said)
    phrases += _lost_refusals(phrases, mended, said)
    return phrases


def _sourced(phrase: Phrase, mended: Mended, said: Said, answers: dict[str, str]) -> Phrase:
    """A phrase whose source says it, else marked as our assumption."""
    grounds = {"request": said.messages, "answer": answers}.get(phrase.source)
    if phrase.source == "assumption":
        return phrase
    if grounds is None:
        known = said.references if phrase.source == "reference" else {said.template or None}
        if phrase.ref is not None and phrase.ref in known:
            return phrase
        problem = f"points to the {phrase.source} {phrase.ref}, which does not exist"
    elif phrase.ref not in grounds:
        problem = f"points to {phrase.source} {phrase.ref}, which does not exist"
    elif occurs(phrase.text, grounds[phrase.ref]):
        return phrase
    else:
        problem = f"is marked {phrase.source} {phrase.ref}, which does not say it"
    mended.broken.append(f"The phrase {phrase.text.strip()!r} {problem}.")
    return Phrase(text=phrase.text, source="assumption", ref=None)


def _with_request(
    phrases: list[Phrase], mended: Mended, said: Said, answers: dict[str, str]
) -> list[Phrase]:
    """A request that needed no question keeps its words; nothing has replaced them.

    A template says in words of its own what the picture is; then only values are kept.
    """
    if len(said.messages) > 1 or not content(said.newest) or said.template:
        return phrases
    prompt = "".join(phrase.text for phrase in phrases)
    if share_said(said.newest, prompt) >= REQUEST_KEPT:
        return phrases
    mended.broken.append("phrases leaves out much of what the person said.")
    added = [phrase for phrase in phrases if phrase.source not in {"request", "answer"}]
    if added:
        added[0] = added[0].model_copy(update={"text": f" {added[0].text.lstrip(' ,.;')}"})
    return [*own_words(said, answers), *added]


def _lost_text(phrases: list[Phrase], mended: Mended, said: Said) -> list[Phrase]:
    """Text to be shown that the prompt does not hold letter by letter."""
    prompt = "".join(phrase.text for phrase in phrases)
    text_entry = next((e.value for e in mended.turn.brief if e.dimension == "text"), "")
    lost = []
    for ref, message in said.messages.items():
        replaced = any(quoted(later) for later in _after(ref, said))
        for text in quoted(message):
            if text not in prompt and (not replaced or text in text_entry):
                mended.broken.append(f"The text {text!r} is not in phrases letter by letter.")
                lost.append(Phrase(text=f" “{text}”", source="request", ref=ref))
    return lost


def _lost_refusals(phrases: list[Phrase], mended: Mended, said: Said) -> list[Phrase]:
    """Wishes of the kind "no people" that the prompt does not hold."""
    prompt = "".join(phrase.text for phrase in phrases)
    lost = []
    for ref, message in said.messages.items():
        for wish in refusals(message):
            taken_back = any(mentions(later, wish) for later in _after(ref, said))
            if not refuses(prompt, wish) and not taken_back:
                mended.broken.append(f"The wish {wish!r} is not in phrases.")
                lost.append(Phrase(text=f", {wish}", source="request", ref=ref))
    return lost


def _after(ref: str, said: Said) -> list[str]:
    """The messages after one."""
    refs = list(said.messages)
    return [said.messages[later] for later in refs[refs.index(ref) + 1 :]]


def _stopped(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "。", "！", "？", "؟")) else f"{text}."
