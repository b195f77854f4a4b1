"""What is decided, and what may be asked: the person's decisions stay until newer words replace
them; questions are few, with options that differ, about what is still open."""

from collections.abc import Sequence

from consultation.quotes import Evidence, Fault, words_behind
from consultation.transcript import Transcript, message_number
from consultation.turn import (
    BriefEntry,
    Choice,
    FacilitatorTurn,
    OpenQuestion,
    QuestionDraft,
    Quote,
)
from consultation.words import content, fold, share, words_of
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS


def faults_of_changes(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Values of decided dimensions that became something else without newer words."""
    before = {e.dimension: e for e in transcript.brief if e.said and not e.open}
    faults = []
    for index, new in enumerate(turn.brief):
        old = before.get(new.dimension)
        # Rewording is free: what keeps a word of the old value has not changed.
        if old is None or share(words_of(old.value), words_of(new.value)):
            continue
        if not _has_newer_words(old, words_behind(evidence, "brief", index), transcript):
            advice = f'it was "{old.value}" (`{old.said[-1].quote}`) and became "{new.value}" '
            advice += "without newer words. Keep it, or quote what changed it and set the old "
            advice += "words aside as `replaced`."
            faults.append(Fault("changed", f"brief: {old.dimension}", advice, words=old.value))
    return faults


def settle_brief(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    faults: Sequence[Fault],
) -> list[BriefEntry]:
    """The brief that holds after the turn, each value with the person's own runs.

    What changed without leave stands as it was.
    """
    refused = {fault.where.removeprefix("brief: ") for fault in faults if fault.rule == "changed"}
    before = {entry.dimension: entry for entry in transcript.brief}
    brief: dict[str, BriefEntry] = {}
    for index, entry in enumerate(turn.brief):
        said = [*words_behind(evidence, "brief", index)]
        if entry.dimension in refused:
            brief[entry.dimension] = before[entry.dimension]
        elif same := brief.get(entry.dimension):  # two entries on one dimension are one
            brief[entry.dimension] = same.model_copy(
                update={"value": f"{same.value}; {entry.value}", "said": [*same.said, *said]}
            )
        else:
            brief[entry.dimension] = entry.model_copy(update={"said": said})
    return list(brief.values())


def carry_over(turn: FacilitatorTurn, transcript: Transcript) -> list[BriefEntry]:
    """The brief of a turn with what the model left out of the one before, unless all words of
    that were set aside as replaced or withdrawn."""
    gone = [e for e in turn.set_aside if e.why in {"replaced", "withdrawn"}]
    here = {entry.dimension for entry in turn.brief}
    before = [e for e in transcript.brief if e.dimension not in here and not _is_gone(e, gone)]
    return [*turn.brief, *before]


def _has_newer_words(old: BriefEntry, said: Sequence[Quote], transcript: Transcript) -> bool:
    """Whether newer words of the person, or a newly picked option, are quoted for a change."""
    newest = max((message_number(quote.ref) for quote in old.said), default=0)
    known = {choice.question for choice in transcript.choices}
    return any(
        message_number(quote.ref) > newest or (quote.ref[:1] == "q" and quote.ref not in known)
        for quote in said
    )


def _is_gone(entry: BriefEntry, gone: Sequence[Quote]) -> bool:
    """Whether all words that an entry rests on were replaced or withdrawn."""
    return bool(entry.said) and all(
        any(quote.quote in other.quote or other.quote in quote.quote for other in gone)
        for quote in entry.said
    )


def faults_of_questions(turn: FacilitatorTurn, transcript: Transcript) -> list[Fault]:
    """Too many questions, questions about what is decided, options that do not differ."""
    new, decided = new_questions(turn, transcript), _decided_before(transcript)
    open_now = {entry.dimension for entry in turn.brief if entry.open}
    advice = []
    if turn.questions and turn.prompt.strip():
        advice.append(("questions", "Either ask, or write the prompt, not both."))
    if not turn.prompt.strip() and not new and not _waiting(turn, transcript):
        advice.append(("prompt", "Nothing is asked and no prompt is written. Write it."))
    if transcript.finish and turn.questions:
        advice.append(("questions", "Nothing more may be asked. Decide it, write the prompt."))
    elif len(new) > transcript.left:
        advice.append(("questions", f"At most {transcript.left} more may be asked."))
    for index, question in enumerate(turn.questions):
        if fault := _options_fault(question):
            advice.append((f"questions[{index}]", fault))
        if question.dimension in decided - open_now and not _follows(question, transcript):
            fault = f"{question.dimension} is decided. Leave the question out, or name in follows "
            advice.append((f"questions[{index}]", f"{fault}the one whose answer opened it."))
    return [Fault("questions", where, words) for where, words in advice]


def new_questions(turn: FacilitatorTurn, transcript: Transcript) -> list[QuestionDraft]:
    """The questions of a turn that are none of those still open: an open one is shown again."""
    open_dimensions = {put.dimension for put in _waiting(turn, transcript)}
    seen = {fold(put.text) for put in transcript.questions}
    fresh = []
    for question in turn.questions:
        again = question.dimension in open_dimensions and not _follows(question, transcript)
        if not again and fold(question.text) not in seen:
            fresh.append(question)
        seen.add(fold(question.text))
    return fresh


def settle_questions(
    turn: FacilitatorTurn, transcript: Transcript, brief: Sequence[BriefEntry]
) -> list[QuestionDraft]:
    """The new questions that can be put as they are; the code leaves out, and adds nothing."""
    if transcript.finish:
        return []
    decided = _decided_before(transcript) & {e.dimension for e in brief if not e.open}
    fresh = [
        question
        for question in new_questions(turn, transcript)
        if not _options_fault(question)
        and (question.dimension not in decided or _follows(question, transcript))
    ]
    return [_with_default(question) for question in fresh[: transcript.left]]


def faults_of_choices(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Picked options that are not there, or whose words name another one."""
    faults = []
    for index, choice in enumerate(turn.chosen):
        words = " ".join(q.quote for q in words_behind(evidence, "chosen", index)) or choice.quote
        if advice := _choice_fault(choice, words, transcript):
            advice += " Correct the option, or leave it out."
            faults.append(Fault("chosen", f"chosen[{index}]", advice))
    return faults


def settle_choices(turn: FacilitatorTurn, faults: Sequence[Fault]) -> list[Choice]:
    """The picks that hold; a wrong one leaves its question open."""
    wrong = {fault.where for fault in faults if fault.rule == "chosen"}
    return [c for index, c in enumerate(turn.chosen) if f"chosen[{index}]" not in wrong]


def _choice_fault(choice: Choice, words: str, transcript: Transcript) -> str:
    """What is wrong with a pick that rests on these words, empty where nothing is."""
    put = transcript.question(choice.question)
    if put is None or not 0 < choice.option <= len(put.options):
        return f"{choice.question} has no option {choice.option}."
    other = _named(words, put.options, choice.option)
    if other == choice.option:
        return ""
    return f"`{words}` names option {other} of {choice.question}, not option {choice.option}."


def _named(words: str, options: Sequence[str], picked: int) -> int:
    """The option that words name by its number, or more than any other by its own words.

    Words that hold the number of the `picked` option, or tell none apart, name that one.
    """
    said = words_of(words)
    numbers = [word.text for word in said if word.number]
    if str(picked) in numbers:
        return picked
    # "the" names nothing, and "text, yes" does not name the option "no text".
    refusing = any(word.refuses for word in said)
    fits = [
        len(share(content(option), content(said)))
        if any(word.refuses for word in option) == refusing
        else 0
        for option in map(words_of, options)
    ]
    best = max(fits, default=0)
    if not best and len(said) == 1 and numbers in [[str(n)] for n in range(1, len(options) + 1)]:
        return int(numbers[0])
    return fits.index(best) + 1 if best and fits.count(best) == 1 else picked


def _decided_before(transcript: Transcript) -> set[str]:
    """Dimensions that earlier turns decided. One that is decided and asked about in the same
    turn is half said: the model says so by asking."""
    return {entry.dimension for entry in transcript.brief if entry.said and not entry.open}


def _waiting(turn: FacilitatorTurn, transcript: Transcript) -> list[OpenQuestion]:
    return transcript.open_questions(turn.brief, turn.chosen, turn.set_aside)


def _follows(question: QuestionDraft, transcript: Transcript) -> bool:
    return bool(question.follows and transcript.question(question.follows))


def _options_fault(question: QuestionDraft) -> str:
    options = {tuple(word.text for word in words_of(option)) for option in question.options}
    if FEWEST_OPTIONS <= len(options) == len(question.options) <= MOST_OPTIONS:
        return ""
    return f"It needs {FEWEST_OPTIONS} to {MOST_OPTIONS} options that differ."


def _with_default(question: QuestionDraft) -> QuestionDraft:
    if question.default in question.options:
        return question
    return question.model_copy(update={"default": question.options[0]})
