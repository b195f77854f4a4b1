"""What is decided, and what may be asked: the person's decisions stay until newer words replace
them; questions are few, with options that differ, about what is still open.

Each function gives what holds of a turn, and what is wrong with the rest.
"""

from collections.abc import Sequence

from consultation.quotes import Fault, Statement
from consultation.transcript import Transcript, message_number
from consultation.turn import BriefEntry, Choice, FacilitatorTurn, QuestionDraft, Quote
from consultation.words import among, content, fold, refuses, shares, words_of
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS
from styles.style_use import STYLE


def carry_over(turn: FacilitatorTurn, transcript: Transcript) -> list[BriefEntry]:
    """The brief of a turn with what the model left out of the one before, unless all words of
    that were set aside as replaced or withdrawn."""
    here = {entry.dimension for entry in turn.brief}
    before = [entry for entry in transcript.brief if entry.dimension not in here]
    return [*turn.brief, *(e for e in before if not e.said or not _all_gone(e.said, turn))]


def _all_gone(said: Sequence[Quote], turn: FacilitatorTurn) -> bool:
    gone = [e.quote for e in turn.set_aside if e.why in {"replaced", "withdrawn"}]
    return all(any(q.quote in other or other in q.quote for other in gone) for q in said)


def judge_brief(
    turn: FacilitatorTurn, transcript: Transcript, statements: Sequence[Statement]
) -> tuple[list[BriefEntry], list[Fault]]:
    """The brief that holds after the turn, each value with the person's own runs.

    What was decided and became something else without newer words stands as it was.
    """
    decided = {e.dimension: e for e in transcript.brief if e.said and not e.open}
    brief = []
    faults = []
    for entry, one in zip(turn.brief, statements, strict=True):
        old = decided.get(entry.dimension)
        if old and _is_changed(old, entry.value, one.said, turn):
            advice = f'it was "{old.value}" (`{old.said[-1].quote}`) and became "{entry.value}" '
            advice += "without newer words. Keep it, or quote what changed it and set the old "
            advice += "words aside as `replaced`."
            faults.append(Fault("changed", f"brief: {old.dimension}", advice))
            brief.append(old)
        else:
            brief.append(entry.model_copy(update={"said": one.said}))
    return brief, faults


def _is_changed(old: BriefEntry, value: str, said: Sequence[Quote], turn: FacilitatorTurn) -> bool:
    """Whether a decision became another, with no newer words on it or picked option behind it.

    Rewording is free: what keeps its quotes or a word of the old value has not changed, such as
    one in another language.
    """
    newest = max(message_number(quote.ref) for quote in old.said)
    new = [quote for quote in said if quote not in old.said]
    newer = [quote.quote for quote in new if message_number(quote.ref) > newest]
    # "Leave the lettering out" has no word of "no text".
    on_it = newer and _all_gone(old.said, turn)
    on_it = on_it or any(shares(words_of(words), words_of(value)) for words in newer)
    is_picked = any(quote.ref[:1] == "q" for quote in new)
    is_kept = all(quote in said for quote in old.said)
    return not (is_kept or is_picked or on_it or shares(words_of(old.value), words_of(value)))


def judge_choices(
    turn: FacilitatorTurn, transcript: Transcript
) -> tuple[list[Choice], list[Fault]]:
    """The picks that hold; one of an option that is not there, or whose words name another, leaves
    its question open."""
    choices, faults = [], []
    for index, choice in enumerate(turn.chosen):
        put = transcript.question(choice.question)
        options = put.options if put else []
        named = _named(choice.quote, options) or range(1, len(options) + 1)
        if choice.option in named:
            choices.append(choice)
        else:
            advice = f"`{choice.quote}` picks no option {choice.option} of {choice.question}. "
            advice += "Correct the option, or leave it out."
            faults.append(Fault("chosen", f"chosen[{index}]", advice))
    return choices, faults


def _named(words: str, options: Sequence[str]) -> list[int]:
    """The options that words name by a number, or by nothing but words of theirs: "text, yes" does
    not name "no text"."""
    numbers = [str(number) for number in range(1, len(options) + 1)]
    number = words.strip(" .)")
    if number in numbers:
        return [int(number)]
    said = content(words_of(words))
    return [
        place
        for place, option in enumerate(options, start=1)
        if said and not refuses(option) and all(among(one, words_of(option)) for one in said)
    ]


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
    left = 0 if transcript.finish else transcript.left
    advice, new, sound = [], 0, []
    for index, question in enumerate(turn.questions):
        follows = transcript.question(question.follows or "") is not None
        options = {fold(option) for option in question.options}
        fault = ""
        if not FEWEST_OPTIONS <= len(options) == len(question.options) <= MOST_OPTIONS:
            fault = f"It needs {FEWEST_OPTIONS} to {MOST_OPTIONS} options that differ."
        elif question.dimension in decided and not follows:
            fault = f"{question.dimension} is decided. Leave the question out, or name in follows "
            fault += "the one whose answer opened it."
        advice += [(f"questions[{index}]", fault)] if fault else []
        if fold(question.text) not in seen and (follows or question.dimension not in again):
            new += 1
            sound += [] if fault else [_with_default(question)]
        seen.add(fold(question.text))
    if turn.questions and turn.prompt.strip():
        advice.append(("questions", "Either ask, or write the prompt, not both."))
    if not turn.prompt.strip() and not new and not waiting:
        advice.append(("prompt", "Nothing is asked and no prompt is written. Write it."))
    if new > left:
        advice.append(("questions", f"At most {left} more may be asked. Decide the rest."))
    return sound[:left], [Fault("questions", where, words) for where, words in advice]


def _with_default(question: QuestionDraft) -> QuestionDraft:
    if question.default in question.options:
        return question
    return question.model_copy(update={"default": question.options[0]})
