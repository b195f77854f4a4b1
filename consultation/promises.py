"""What a turn must keep, whatever the model says, and the repairs where it does not.

Plain functions: a turn and what is known go in, a turn that keeps the promises and the
notes on what was mended come out.
"""

from collections.abc import Collection, Sequence

from consultation.turn import Asked, FacilitatorTurn, Phrase

MOST_OPTIONS = 5


def keep_to_budget(
    questions: Sequence[Asked], *, left: int, asked_before: Collection[str]
) -> list[Asked]:
    """The questions that may be put: within the budget, no dimension twice, options distinct."""
    kept: dict[str, Asked] = {}
    for question in questions:
        if question.dimension not in asked_before and question.text.strip():
            kept.setdefault(question.dimension, _with_distinct_options(question))
    return list(kept.values())[:left]


def mark_unfounded(
    phrases: Sequence[Phrase], *, answers: Collection[str], messages: int
) -> tuple[list[Phrase], list[str]]:
    """Phrases whose source exists as they are; the others marked as assumptions, and notes."""
    refs = {
        "request": {f"m{number + 1}" for number in range(messages)},
        "answer": set(answers),
    }
    kept, notes = [], []
    for phrase in phrases:
        if phrase.source in refs and phrase.ref not in refs[phrase.source]:
            notes.append(f"A phrase pointed to {phrase.source} {phrase.ref}, which does not exist.")
            kept.append(Phrase(text=phrase.text, source="assumption", ref=None))
        else:
            kept.append(phrase)
    return kept, notes


def own_words(messages: Sequence[str], answers: Sequence[tuple[str, str]]) -> list[Phrase]:
    """A prompt made of nothing but the person's words, for when the model wrote none.

    `answers` are pairs of question id and text.
    """
    phrases = [
        Phrase(text=f"{_stop(words)} ", source="request", ref=f"m{number}")
        for number, words in enumerate(messages, start=1)
        if words.strip()
    ]
    phrases += [Phrase(text=f"{_stop(text)} ", source="answer", ref=ref) for ref, text in answers]
    if phrases:
        phrases[-1].text = phrases[-1].text.rstrip()
    return phrases


def is_done(turn: FacilitatorTurn, questions: Sequence[Asked]) -> bool:
    """Whether the dialogue ends here: the model says so, or nothing is left to ask."""
    return turn.ready or not questions


def _with_distinct_options(question: Asked) -> Asked:
    options = list(dict.fromkeys(option.strip() for option in question.options if option.strip()))
    return question.model_copy(update={"options": options[:MOST_OPTIONS]})


def _stop(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "。", "؟")) else f"{text}."
