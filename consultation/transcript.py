"""What was said and decided so far: the ground that every claim of the model stands on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from consultation.modes import questions_left
from consultation.turn import BriefEntry, Choice, FacilitatorTurn, QuestionDraft, Quote, SetAside
from consultation.words import LONG, fold, share, words_of
from errors import Problem
from storage.tables import Conversation, Turn


class ConsultationError(Problem):
    """The dialogue cannot go on as it was called."""


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


class Pick(NamedTuple):
    """Words of a message that picked an option, and the option's own words."""

    ref: str
    words: str
    option: str

    def stands_in(self, quote: Quote) -> bool:
        """Whether a quote holds the words that picked."""
        return self.ref == quote.ref and fold(self.words) in fold(quote.quote)


@dataclass(frozen=True)
class Transcript:
    """A dialogue up to its newest message, as plain data.

    `messages` maps m1, m2, ... to the person's words in their order, `answers` those that
    were given to a question by its id. `choices`, `set_aside` and `brief` are those that
    earlier turns left. `names` are references, templates and styles that may be quoted;
    `left` is how many questions may still be put.
    """

    messages: dict[str, str]
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
            if share([w for w in words_of(option) if len(w.text) >= LONG], later)
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

    def picks(self, turn: FacilitatorTurn) -> list["Pick"]:
        """The words that picked an option, with what it says."""
        texts = self.option_texts(turn)
        return [
            Pick(choice.ref, choice.quote, texts[choice.question])
            for choice in (*self.choices, *turn.chosen)
            if choice.question in texts
        ]

    def open_questions(
        self, brief: Iterable[BriefEntry], choices: Iterable[str]
    ) -> list[PutQuestion]:
        """Those that wait: nothing picked, no answer by id, and their dimension is not decided."""
        decided = {entry.dimension for entry in brief if entry.said and not entry.open}
        answered = {*choices, *self.answers.values()}
        return [
            put for put in self.questions if put.id not in answered and put.dimension not in decided
        ]


def message_number(ref: str) -> int:
    """The number of a message by its ref, 0 for what is none."""
    return int(ref[1:]) if ref[:1] == "m" and ref[1:].isdecimal() else 0


def transcript_of(conversation: Conversation, *, finish: bool) -> Transcript:
    """A recorded conversation as the checks read it, its newest turn included."""
    messages: dict[str, str] = {}
    answers: dict[str, str] = {}
    until: dict[int, int] = {}
    for turn in conversation.turns:
        for text, question in timeline_of(turn):
            ref = f"m{len(messages) + 1}"
            messages[ref] = text
            if question:
                answers[ref] = question
        until[turn.number] = len(messages)
    replies = [turn.reply for turn in conversation.turns if turn.reply]
    left = questions_left(conversation.mode, len(conversation.questions))
    return Transcript(
        messages=messages,
        questions=tuple(
            PutQuestion(
                row.label,
                QuestionDraft(
                    dimension=row.dimension,
                    text=row.text,
                    why=row.why,
                    options=row.options,
                    default=row.default,
                ),
                until.get(row.turn_number, 0),
            )
            for row in conversation.questions
        ),
        answers=answers,
        choices=tuple(Choice(**one) for reply in replies for one in reply.get("chosen", [])),
        set_aside=tuple(SetAside(**one) for reply in replies for one in reply.get("set_aside", [])),
        brief=tuple(brief_entry(one) for one in conversation.entries),
        names=frozenset(
            reference["id"] for turn in conversation.turns for reference in turn.references
        ),
        left=left,
        finish=finish or left == 0,
    )


def timeline_of(turn: Turn) -> list[tuple[str, str]]:
    """The messages of a turn with the question that each answers by its id, if it does.

    Answers come in their order, before the message; an empty one says nothing.
    """
    given = [(answer["answer"], answer["question_id"]) for answer in turn.answers_given]
    return [(text, question) for text, question in [*given, (turn.words, "")] if text.strip()]


def brief_entry(row: dict[str, Any]) -> BriefEntry:
    """An entry as a brief keeps it; those of the version before name no words they rest on."""
    return BriefEntry(
        dimension=row["dimension"],
        value=row["value"],
        said=row.get("said", []),
        open=row.get("open", row.get("source") == "open"),
    )
