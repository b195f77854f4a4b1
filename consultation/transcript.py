"""What the person has said so far: the ground that every claim of the model stands on."""

from dataclasses import dataclass, field

from consultation.modes import questions_left
from storage.tables import Conversation, Turn


@dataclass(frozen=True)
class Said:
    """A dialogue up to its newest message, as plain data.

    `messages` maps m1, m2, ... to words, `answers` question ids to recorded answers,
    `given` to those that the newest message carries by id, `asked` to their dimensions
    and `options` to what was offered; `waiting` are the ids without an answer. `left` is
    how many questions may still be put, `template` the one that the dialogue follows.
    """

    messages: dict[str, str]
    answers: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    given: dict[str, str] = field(default_factory=dict)
    references: frozenset[str] = frozenset()
    left: int = 0
    finish: bool = False
    template: str = ""

    @property
    def newest(self) -> str:
        """The words of the newest message."""
        return list(self.messages.values())[-1] if self.messages else ""

    @property
    def everything(self) -> str:
        """All words of the person."""
        return "\n".join([*self.messages.values(), *self.answers.values()])


def said_in(conversation: Conversation, *, finish: bool) -> Said:
    """What a recorded conversation holds, its newest turn included."""
    answers = {answer.question: answer.text for answer in conversation.answers}
    asked = {question.label: question.dimension for question in conversation.questions}
    left = questions_left(conversation.mode, len(asked))
    return Said(
        messages={f"m{turn.number}": _words(turn) for turn in conversation.turns},
        answers=answers,
        asked=asked,
        options={question.label: list(question.options) for question in conversation.questions},
        waiting=frozenset(asked) - frozenset(answers),
        given={
            item["question_id"]: item["answer"] for item in conversation.turns[-1].answers_given
        },
        references=frozenset(
            reference["id"] for turn in conversation.turns for reference in turn.references
        ),
        left=left,
        finish=finish or left == 0,
        template=conversation.template,
    )


def _words(turn: Turn) -> str:
    return "\n".join([turn.words, *(given["answer"] for given in turn.answers_given)])
