"""What was said and decided so far: the ground that every claim of the model stands on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from consultation.turn import (
    BriefEntry,
    Choice,
    FacilitatorTurn,
    OpenQuestion,
    QuestionDraft,
    Quote,
    SetAside,
)
from consultation.words import QUESTION_MARKS, fold
from errors import Problem
from storage.tables import Conversation, Question, Turn
from styles.style_use import REF, StyleUse


class ConsultationError(Problem):
    """The dialogue cannot go on as it was called."""


QUESTIONS_OF_MODE: dict[str, int] = {"quick": 2, "guided": 5, "explorer": 10, "skip": 0}
"""Questions in all. The code keeps them, whatever the model would like to ask."""


@dataclass(frozen=True)
class Transcript:
    """A dialogue up to its newest message, as plain data.

    `messages` maps m1, m2, ... to the person's words in their order, `answers` those that
    were given to a question by its id; those in `unplaced` found no place. `choices`, `set_aside`
    and `brief` are those that earlier turns left. `names` are references and templates that may be
    quoted in any words, and `styles` what those that count say, a line each; `languages` are those
    of earlier turns, and `left` is how many questions may still be put.
    """

    messages: dict[str, str]
    questions: tuple[OpenQuestion, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    unplaced: frozenset[str] = frozenset()
    choices: tuple[Choice, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    brief: tuple[BriefEntry, ...] = ()
    names: frozenset[str] = frozenset()
    styles: tuple[StyleUse, ...] = ()
    languages: frozenset[str] = frozenset()
    left: int = 0
    finish: bool = False

    @property
    def newest(self) -> str:
        """The ref of the newest message."""
        return next(reversed(self.messages), "m0")

    def question(self, label: str) -> OpenQuestion | None:
        """The question of an id, if there was one."""
        return next((one for one in self.questions if one.id == label), None)

    def option_texts(self, turn: FacilitatorTurn) -> dict[str, str]:
        """The text of the picked options by their question, a line for each.

        A turn that picks of a question anew names all that hold of it.
        """
        anew = {choice.question for choice in turn.chosen}
        earlier = [choice for choice in self.choices if choice.question not in anew]
        texts = {}
        for put in self.questions:
            picked = {one.option for one in (*earlier, *turn.chosen) if one.question == put.id}
            lines = [text for at, text in enumerate(put.options, start=1) if at in picked]
            if lines:
                texts[put.id] = "\n".join(lines)
        return texts

    def as_picks(self, said: Iterable[Quote]) -> list[Quote]:
        """Quotes, the option in place of an answer by id that is nothing but its text: who presses
        it, types its number or takes the default has not said it."""
        quotes: dict[tuple[str, str], Quote] = {}
        for quote in said:
            put = self.question(self.answers.get(quote.ref, ""))
            text = fold(self.messages.get(quote.ref, "").strip())
            option = next((one for one in put.options if fold(one) == text), "") if put else ""
            one = Quote(ref=put.id, quote=option) if put and option else quote
            quotes[one.ref, one.quote] = one
        return [*quotes.values()]

    def _answers(self, ref: str, set_aside: Sequence[SetAside]) -> bool:
        """Whether a message found its place and is no question back, and says more than a number
        that no option of its question has, and more than what the facilitator took as talk."""
        put, text = self.question(self.answers[ref]), self.messages[ref].strip()
        places = range(1, len(put.options) + 1) if put else ()
        if text.isdecimal() and text not in map(str, places):
            return False
        if ref in self.unplaced or text.endswith(tuple(QUESTION_MARKS)):
            return False
        for aside in set_aside:
            if (aside.ref, aside.why) == (ref, "talk"):
                text = text.replace(aside.quote, "")
        return any(map(str.isalnum, text))

    def open_questions(
        self,
        brief: Iterable[BriefEntry],
        choices: Iterable[Choice] = (),
        set_aside: Iterable[SetAside] = (),
    ) -> list[OpenQuestion]:
        """Those that wait: nothing picked, no answer by id, and their dimension is not decided.

        `choices` and `set_aside` are what the newest turn adds to those of earlier ones.
        """
        decided = {entry.dimension for entry in brief if entry.said and not entry.open}
        aside = [*self.set_aside, *set_aside]
        answered = {id_ for ref, id_ in self.answers.items() if self._answers(ref, aside)}
        answered |= {choice.question for choice in (*self.choices, *choices)}
        return [
            put for put in self.questions if put.id not in answered and put.dimension not in decided
        ]


class Message(NamedTuple):
    """Words of the person: m1, m2 and so on, and the question that they answer by its id."""

    ref: str
    text: str
    question: str


def message_number(ref: str) -> int:
    """The number of a message by its ref, 0 for what is none."""
    return int(ref[1:]) if ref[:1] == "m" and ref[1:].isdecimal() else 0


def transcript_of(conversation: Conversation, *, finish: bool) -> Transcript:
    """A recorded conversation as the checks read it, its newest turn included."""
    messages: dict[str, str] = {}
    answers: dict[str, str] = {}
    for _, said in messages_of(conversation):
        messages |= {one.ref: one.text for one in said}
        answers |= {one.ref: one.question for one in said if one.question}
    styles = tuple(StyleUse.model_validate(row) for row in conversation.style_uses)
    replies = [turn.reply for turn in conversation.turns if turn.reply]
    aside = [SetAside(**one) for reply in replies for one in reply.get("set_aside", [])]
    unused = replies[-1].get("not_used", []) if replies else []
    entries = [brief_entry(row) for row in conversation.entries]
    left = max(0, QUESTIONS_OF_MODE[conversation.mode] - len(conversation.questions))
    transcript = Transcript(
        messages=messages,
        questions=tuple(map(question_of, conversation.questions)),
        answers=answers,
        unplaced=frozenset(one["ref"] for one in unused if one["why"] == "unplaced"),
        choices=tuple(Choice(**one) for reply in replies for one in reply.get("chosen", [])),
        set_aside=tuple(one for one in aside if _counts(one, styles)),
        brief=tuple(one for entry in entries if (one := _with_styles(entry, styles))),
        names=frozenset(picture["id"] for turn in conversation.turns for picture in turn.pictures),
        styles=styles,
        languages=frozenset(str(reply.get("language", "")) for reply in replies),
        left=left,
    )
    # A question back, or an answer to one of two, leaves a question open: that is no end yet.
    # Those that stood open when a prompt was written are decided.
    is_ready = bool(replies and replies[-1].get("prompt"))
    waits = not is_ready and bool(transcript.open_questions(transcript.brief))
    return replace(transcript, finish=finish or (left == 0 and not waits))


def _counts(quote: Quote, styles: Sequence[StyleUse]) -> bool:
    """Whether a quote is not of a style that counts no more, or says something else now."""
    is_there = any(use.ref == quote.ref and quote.quote in use.text for use in styles)
    return is_there or not quote.ref.startswith(REF)


def _with_styles(entry: BriefEntry, styles: Sequence[StyleUse]) -> BriefEntry | None:
    """An entry without words of styles that count no more; None where it rested on those alone."""
    said = [quote for quote in entry.said if _counts(quote, styles)]
    return None if entry.said and not said else entry.model_copy(update={"said": said})


def question_of(row: Question) -> OpenQuestion:
    """A recorded question as results and checks have it."""
    names = set(QuestionDraft.model_fields) - {"follows"}
    return OpenQuestion(id=row.label, **{name: getattr(row, name) for name in names})


def messages_of(conversation: Conversation) -> Iterator[tuple[Turn, list[Message]]]:
    """Each turn with what was said in it, counted through the whole conversation."""
    count = 0
    for turn in conversation.turns:
        said = timeline_of(turn)
        yield turn, [Message(f"m{count + at}", *one) for at, one in enumerate(said, start=1)]
        count += len(said)


def timeline_of(turn: Turn) -> list[tuple[str, str]]:
    """The messages of a turn with the question that each answers by its id, if it does.

    Answers come in their order, before the message; an empty one says nothing.
    """
    rows = [row for row in turn.answers_given if isinstance(row, dict)]
    given = [(str(row.get("answer") or ""), str(row.get("question_id") or "")) for row in rows]
    return [(text, question) for text, question in [*given, (turn.words, "")] if text.strip()]


def brief_entry(row: dict[str, Any]) -> BriefEntry:
    """An entry as a brief keeps it."""
    return BriefEntry(**{name: row[name] for name in BriefEntry.model_fields})
