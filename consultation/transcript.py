"""What was said and decided so far: the ground that every claim of the model stands on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from consultation.turn import BriefEntry, Choice, FacilitatorTurn, QuestionDraft, SetAside
from consultation.words import share, words_of

LONG_WORD = 5
"""Letters of a word that can tell one option from another by itself."""


@dataclass(frozen=True)
class PutQuestion:
    """A question that was put: its id, what it offers, and how many messages were there then."""

    id: str
    draft: QuestionDraft
    after: int = 0

    @property
    def dimension(self) -> str:
        """What it is about."""
        return self.draft.dimension

    @property
    def options(self) -> list[str]:
        """What it offers."""
        return self.draft.options


@dataclass(frozen=True)
class Transcript:
    """A dialogue up to its newest message, as plain data.

    `messages` maps m1, m2, ... to the person's words in their order, `answers` those that
    were given to a question by its id. `choices`, `set_aside` and `brief` are those that
    earlier turns left. `names` are references, templates and styles that may be quoted;
    `left` is how many questions may still be put.
    """

    messages: Mapping[str, str]
    questions: tuple[PutQuestion, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    brief: tuple[BriefEntry, ...] = ()
    names: frozenset[str] = frozenset()
    left: int = 0
    finish: bool = False

    @property
    def newest(self) -> str:
        """The ref of the newest message."""
        return next(reversed(self.messages), "m0")

    def question(self, label: str) -> PutQuestion | None:
        """The question of an id, if there was one."""
        return next((one for one in self.questions if one.id == label), None)

    def choices_with(self, turn: FacilitatorTurn) -> dict[str, int]:
        """The options picked so far by question."""
        return {c.question: c.option for c in (*self.choices, *turn.chosen)}

    def understood(self, turn: FacilitatorTurn) -> dict[str, int]:
        """The picks, and options that later words name although the turn does not list them."""
        picks = self.choices_with(turn)
        for put in self.questions:
            if put.id not in picks and (option := self._understood(put)):
                picks[put.id] = option
        return picks

    def _understood(self, put: PutQuestion) -> int:
        """The one option whose long words a message after the question holds, else 0."""
        later = [w for text in list(self.messages.values())[put.after :] for w in words_of(text)]
        fits = [
            number
            for number, option in enumerate(put.options, start=1)
            if share([w for w in words_of(option) if len(w.text) >= LONG_WORD], later)
        ]
        return fits[0] if len(fits) == 1 else 0

    def option_texts(self, turn: FacilitatorTurn) -> dict[str, str]:
        """The text of each picked option by its question."""
        texts = {}
        for label, option in self.understood(turn).items():
            put = self.question(label)
            if put and 0 < option <= len(put.options):
                texts[label] = put.options[option - 1]
        return texts

    def open_questions(self, brief: Iterable[BriefEntry], choices: Iterable[str]) -> list[PutQuestion]:
        """Those that wait: nothing picked, no answer by id, and their dimension is not decided."""
        decided = {entry.dimension for entry in brief if not entry.open}
        answered = {*choices, *self.answers.values()}
        return [
            put for put in self.questions if put.id not in answered and put.dimension not in decided
        ]


def message_number(ref: str) -> int:
    """The number of a message by its ref, 0 for what is none."""
    return int(ref[1:]) if ref[:1] == "m" and ref[1:].isdecimal() else 0
