"""What is decided, and what may be asked: the person's decisions stay until newer words replace
them; questions are few, with options that differ, about what is still open.

Each function gives what holds of a turn, and what is wrong with the rest.
"""

from collections.abc import Collection, Sequence

from consultation.quotes import Fault, Statements
from consultation.transcript import Transcript, message_number
from consultation.turn import BriefEntry, Choice, FacilitatorTurn, QuestionDraft, Quote
from consultation.words import content, fold, share, words_of
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS
from styles.style_use import STYLE


def carry_over(turn: FacilitatorTurn, transcript: Transcript) -> list[BriefEntry]:
    """The brief of a turn with what the model left out of the one before, unless all words of
    that were set aside as replaced or withdrawn."""
    gone = [e.quote for e in turn.set_aside if e.why in {"replaced", "withdrawn"}]
    here = {entry.dimension for entry in turn.brief}
    before = [entry for entry in transcript.brief if entry.dimension not in here]
    return [*turn.brief, *(e for e in before if not e.said or not _all_gone(e.said, gone))]


def _all_gone(said: Sequence[Quote], gone: Sequence[str]) -> bool:
    return all(any(q.quote in other or other in q.quote for other in gone) for q in said)


def judge_brief(
    turn: FacilitatorTurn, transcript: Transcript, statements: Statements
) -> tuple[list[BriefEntry], list[Fault]]:
    """The brief that holds after the turn, each value with the person's own runs.

    What was decided and became something else without newer words stands as it was.
    """
    decided = {e.dimension: e for e in transcript.brief if e.said and not e.open}
    brief: dict[str, BriefEntry] = {}
    faults = []
    for statement in statements["brief"]:
        entry, said = turn.brief[statement.index], statement.said
        old = decided.get(entry.dimension)
        if old and _is_changed(old, entry.value, said, transcript):
            advice = f'it was "{old.value}" (`{old.said[-1].quote}`) and became "{entry.value}" '
            advice += "without newer words. Keep it, or quote what changed it and set the old "
            advice += "words aside as `replaced`."
            faults.append(Fault("changed", f"brief: {old.dimension}", advice, words=old.value))
            brief[entry.dimension] = old
        elif same := brief.get(entry.dimension):  # two entries on one dimension are one
            both = {"value": f"{same.value}; {entry.value}", "said": [*same.said, *said]}
            brief[entry.dimension] = same.model_copy(update=both)
        else:
            brief[entry.dimension] = entry.model_copy(update={"said": said})
    return [*brief.values()], faults


def _is_changed(old: BriefEntry, value: str, said: Sequence[Quote], transcript: Transcript) -> bool:
    """Whether a decision became another, with no newer words or newly picked option behind it.

    Rewording is free: what keeps a word of the old value has not changed.
    """
    newest = max(message_number(quote.ref) for quote in old.said)
    known = {choice.question for choice in transcript.choices}
    newer = (
        message_number(quote.ref) > newest or (quote.ref[:1] == "q" and quote.ref not in known)
        for quote in said
    )
    return not share(words_of(old.value), words_of(value)) and not any(newer)


def judge_choices(
    turn: FacilitatorTurn, transcript: Transcript, statements: Statements
) -> tuple[list[Choice], list[Fault]]:
    """The picks that hold; one of an option that is not there, or whose words name another,
    leaves its question open."""
    choices, faults = [], []
    # Those of earlier turns follow.
    for choice, statement in zip(turn.chosen, statements["chosen"], strict=False):
        words = statement.words or choice.quote
        put = transcript.question(choice.question)
        offered = put.options if put else []
        other = _named(words, offered, choice.option)
        if not 0 < choice.option <= len(offered):
            advice = f"{choice.question} has no option {choice.option}."
        elif other != choice.option:
            advice = f"`{words}` names option {other} of {choice.question}, not option "
            advice += f"{choice.option}."
        else:
            choices.append(choice)
            continue
        advice += " Correct the option, or leave it out."
        faults.append(Fault("chosen", statement.where, advice))
    return choices, faults


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


def judge_questions(
    turn: FacilitatorTurn, transcript: Transcript, brief: Sequence[BriefEntry]
) -> tuple[list[QuestionDraft], list[Fault]]:
    """The new questions that can be put as they are: one that is still open is shown again.

    `brief` is what holds after the turn.
    """
    before = {entry.dimension for entry in transcript.brief if entry.said and not entry.open}
    decided = before & {entry.dimension for entry in brief if not entry.open}
    decided |= {STYLE} if transcript.styles else set()
    waiting = transcript.open_questions(turn.brief, turn.chosen, turn.set_aside)
    again = {put.dimension for put in waiting}
    seen = {fold(put.text) for put in transcript.questions}
    advice, new, sound = [], 0, []
    for index, question in enumerate(turn.questions):
        follows = transcript.question(question.follows or "") is not None
        if fault := _question_fault(question, () if follows else decided):
            advice.append((f"questions[{index}]", fault))
        if fold(question.text) not in seen and (follows or question.dimension not in again):
            new += 1
            sound += [] if fault else [_with_default(question)]
        seen.add(fold(question.text))
    if turn.questions and turn.prompt.strip():
        advice.append(("questions", "Either ask, or write the prompt, not both."))
    if not turn.prompt.strip() and not new and not waiting:
        advice.append(("prompt", "Nothing is asked and no prompt is written. Write it."))
    if transcript.finish and turn.questions:
        advice.append(("questions", "Nothing more may be asked. Decide it, write the prompt."))
    elif new > transcript.left:
        advice.append(("questions", f"At most {transcript.left} more may be asked."))
    faults = [Fault("questions", where, words) for where, words in advice]
    return sound[: 0 if transcript.finish else transcript.left], faults


def _question_fault(question: QuestionDraft, decided: Collection[str]) -> str:
    """What is wrong with a question by itself, empty where nothing is."""
    options = {tuple(word.text for word in words_of(option)) for option in question.options}
    if not FEWEST_OPTIONS <= len(options) == len(question.options) <= MOST_OPTIONS:
        return f"It needs {FEWEST_OPTIONS} to {MOST_OPTIONS} options that differ."
    if question.dimension in decided:
        advice = f"{question.dimension} is decided. Leave the question out, or name in follows "
        return f"{advice}the one whose answer opened it."
    return ""


def _with_default(question: QuestionDraft) -> QuestionDraft:
    if question.default in question.options:
        return question
    return question.model_copy(update={"default": question.options[0]})
