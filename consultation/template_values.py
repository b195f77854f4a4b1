"""What a person gives for the parameters of a template, and the words each value rests on.

What came by the name of a parameter, or names an option, is taken as it is; what a model read
in other words is taken as far as the words say it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby
from typing import Any

from consultation.provenance import Span, name_of, source_of
from consultation.quotes import find_quote
from consultation.transcript import (
    ConsultationError,
    Transcript,
    brief_entry,
    message_number,
    messages_of,
)
from consultation.turn import BriefEntry, Choice, Filling, QuestionDraft, Quote, SetAside, Value
from consultation.words import (
    SHORTEST,
    SHORTEST_TO_SHARE,
    content,
    letters_of,
    refuses,
    shares,
    words_of,
)
from prompts.library_template import LibraryTemplate
from prompts.source import PromptError
from storage.tables import Conversation, Question, Turn

NOBODY_SAID = "Nobody said what {name} is; {value} stands in its place. Say what it should be."


def name_answers(
    answers: Iterable[Mapping[str, str]], template: LibraryTemplate, questions: Iterable[Question]
) -> list[dict[str, str]]:
    """Answers by the id of their question, or by the parameter where none was put.

    Raises a `Problem` for an answer that belongs nowhere, or does not fit.
    """
    labels = {question.dimension: question.label for question in questions}
    parameters = {label: name for name, label in labels.items()}
    named = []
    for answer in answers:
        place, text = answer["question_id"], answer["answer"]
        name = parameters.get(place, place)
        if not text.strip():
            continue  # as a form sends what was left empty
        if name in template.parameters:
            if place == name:  # given by name: it is the value itself
                template.fit(name, text)
        elif place not in parameters:
            known = [*parameters, *template.parameters]
            raise ConsultationError(
                f"answers names {place[:40]!r}, which is no question here and no parameter of the "
                f"template {template.name}; there are {', '.join(known)}."
            )
        named.append({"question_id": place, "answer": text})
    return named


class TemplateValues:
    """The entries of a template's parameters so far, and wishes that it has no place for.

    Of a conversation whose earlier turns did not follow the template only what was decided counts.
    `fresh` are the refs of the messages that no turn along it has read; `chosen` and `set_aside`
    come of these.
    """

    def __init__(
        self,
        conversation: Conversation,
        template: LibraryTemplate,
        transcript: Transcript,
        *,
        follows: bool,
    ) -> None:
        self.template = template
        self.transcript = transcript
        self.notes: list[str] = []
        self.entries = {
            entry.dimension: entry
            for entry in map(brief_entry, conversation.entries)
            if (entry.said or follows)
            and not entry.open
            and self._fits(entry.dimension, entry.value)
        }
        replies = [turn.reply for turn in conversation.turns if turn.reply] if follows else []
        unused = replies[-1].get("not_used", []) if replies else []
        self.besides = [Quote(**one) for one in unused if one["why"] == "unplaced"]
        self.fresh: list[str] = []
        for turn, messages in messages_of(conversation):
            self.fresh += [one.ref for one in messages]
            if turn.reply and follows:
                self.fresh = []
        self.chosen: list[Choice] = []
        self.set_aside: list[SetAside] = []

    def take_answers(self) -> list[str]:
        """Take the answers that need no reading; returns the refs of those that do.

        An answer by a question's id is read by the model unless it is an option or fits a
        parameter that takes no free text: "you decide" is no value.
        """
        unread = []
        for ref, place in self.transcript.answers.items():
            put = self.transcript.question(place)
            name, text = (put.dimension if put else place), self.transcript.messages[ref]
            if ref not in self.fresh or name not in self.template.parameters:
                continue
            parameter = self.template.parameters[name]
            plain = text.strip().casefold() in {option.casefold() for option in parameter.choices}
            if plain or put is None or (parameter.type != "string" and self._fits(name, text)):
                self.entries[name] = self._entry(name, text, [Quote(ref=ref, quote=text)])
            else:
                unread.append(ref)
        return unread

    def says_more(self, turn: Turn) -> bool:
        """Whether a message says anything besides its answers and what the template is called."""
        answers = [answer["answer"] for answer in turn.answers_given]
        return self._adds(turn.words, answers, SHORTEST_TO_SHARE)

    def take_unread(self, words: Quote) -> None:
        """Take words that nobody read as the one value that is missing, if they fit it."""
        missing = [
            name
            for name, parameter in self.template.parameters.items()
            if parameter.required and name not in self.entries
        ]
        if len(missing) == 1 and self._fits(missing[0], words.quote):
            self.entries[missing[0]] = self._entry(missing[0], words.quote, [words])

    def take_filling(self, filling: Filling) -> None:
        """Take what a model read in the words, as far as the words say it."""
        for value in filling.filled:
            name = value.parameter
            if name not in self.template.parameters or not value.value.strip():
                continue
            if value.seen_in in self.transcript.names:
                said = [Quote(ref=str(value.seen_in), quote=value.value)]
            else:
                said = self._words_for(value.value) or self._words_of_choice(value)
            try:
                entry = self._entry(name, value.value, said)
            except PromptError as error:
                self.notes.append(str(error))
                continue
            if name not in self.entries or self.entries[name].value != entry.value:
                self.entries[name] = entry
        for wish in filter(str.strip, filling.besides):
            self.besides += [quote for quote in self._words_for(wish) if quote not in self.besides]
        for words in self._words_for(filling.left_to_us):
            self.set_aside.append(SetAside(**words.model_dump(), why="left_to_us"))

    def keep_rest(self, *, is_read: bool) -> None:
        """Keep what was said of a value that is another now, and of each new message the clauses of
        which nothing has a place: as talk, unless they refuse something or nobody read them."""
        for old in self.transcript.brief:
            new = self.entries.get(old.dimension)
            if new and new.value != old.value:
                kept = {quote.ref for quote in new.said}
                self.set_aside += [
                    SetAside(**quote.model_dump(), why="replaced")
                    for quote in self.transcript.as_picks(old.said)
                    if message_number(quote.ref) and quote.ref not in kept
                ]
        said = [quote for entry in self.entries.values() for quote in entry.said]
        said += self.besides
        aside = [*self.set_aside, *self.transcript.set_aside]
        picks: list[SetAside | Choice] = [*aside, *self.chosen]
        heard = [*said, *(Quote(ref=one.ref, quote=one.quote) for one in picks)]
        known = [quote.quote for quote in said]
        for words in (quote for ref in self.fresh for quote in self._unheard(ref, heard)):
            if not self._adds(words.quote, known, 1):
                continue
            if is_read and not refuses(words.quote):
                self.set_aside.append(SetAside(**words.model_dump(), why="talk"))
            else:
                self.besides.append(words)

    def _unheard(self, ref: str, heard: Sequence[Quote]) -> list[Quote]:
        """The clauses of a message without a word that was heard; all of it where none was."""
        text = self.transcript.messages[ref]
        quotes = [quote for quote in heard if quote.ref == ref]
        runs = [run for one in quotes for run in find_quote(one.quote, ref, {ref: text})]
        clauses = [[*words] for _, words in groupby(words_of(text), key=lambda word: word.clause)]
        spans = [(words[0].start, words[-1].end) for words in clauses]
        if not quotes:
            spans = [(0, len(text))]
        elif not runs:  # heard in words that are not its own
            spans = []
        return [
            Quote(ref=ref, quote=text[start:end])
            for start, end in spans
            if not any(run.start < end and start < run.end for run in runs)
        ]

    def assume_rest(self) -> None:
        """Settle what nobody decided with the defaults, marked as ours."""
        for name, parameter in self.template.parameters.items():
            if name in self.entries:
                continue
            self.entries[name] = self._entry(name, parameter.fallback, [])
            if parameter.required:
                value = repr(parameter.fallback)
                self.notes.append(NOBODY_SAID.format(name=name, value=value))

    def as_data(self) -> list[dict[str, Any]]:
        """The parameters as a model is told of them, each with what fills it so far."""
        return [
            {
                "name": name,
                "question": parameter.question,
                "takes": parameter.takes,
                "options": parameter.every_choice,
                "optional": parameter.optional,
                "value": self.entries[name].value if name in self.entries else None,
            }
            for name, parameter in self.template.parameters.items()
        ]

    def spans(self) -> list[Span]:
        """The template filled in: its own text, and each value with the words it rests on."""
        texts = {name: entry.value for name, entry in self.entries.items()}
        return [
            self._span(text, self.entries.get(origin))
            for text, origin in self.template.spans(texts)
        ]

    def _span(self, text: str, entry: BriefEntry | None) -> Span:
        if entry is None:
            return Span(text=text, source="template", ref=self.template.name)
        ref = name_of(entry.said[0].ref) if entry.said else None
        return Span(text=text, source=source_of(entry.said), ref=ref, said=entry.said)

    def questions(self) -> list[QuestionDraft]:
        """What is to be asked now: each open parameter once, those first that have no default."""
        if self.transcript.finish:
            return []
        settled = {*self.entries, *(put.dimension for put in self.transcript.questions)}
        still = [
            (name, one) for name, one in self.template.parameters.items() if name not in settled
        ]
        still.sort(key=lambda item: (not item[1].required, item[1].optional))
        return [
            QuestionDraft(
                dimension=name,
                text=parameter.question,
                options=parameter.choices,
                default=parameter.fallback,
            )
            for name, parameter in still[: self.transcript.left]
        ]

    def _entry(self, name: str, text: str, said: Sequence[Quote]) -> BriefEntry:
        """An entry with the value as the template takes it. Raises `PromptError`."""
        value = str(self.template.fit(name, text)) or self.template.parameters[name].fallback
        return BriefEntry(dimension=name, value=value, said=list(said))

    def _words_for(self, text: str) -> list[Quote]:
        """The runs of the newest message that says this, if one does."""
        for ref in reversed(self.transcript.messages):
            if runs := find_quote(text, ref, {ref: self.transcript.messages[ref]}):
                return [run.quote for run in runs]
        return []

    def _words_of_choice(self, value: Value) -> list[Quote]:
        """The words that say a value in others; the option where they pick one by its place."""
        words = self._words_for(value.quote)
        is_own = not words or shares(words_of(value.quote), words_of(value.value))
        for put in () if is_own else self.transcript.questions:
            if put.dimension == value.parameter and value.value in put.options:
                place = put.options.index(value.value) + 1
                pick = Choice(question=put.id, option=place, **words[0].model_dump())
                self.chosen += [pick] if pick not in self.transcript.choices else []
                return [Quote(ref=put.id, quote=value.value)]
        return words

    def _adds(self, text: str, known: Iterable[str], fewest: int) -> bool:
        """Whether a text has so many letters in words that are neither known nor of a name of the
        template; beside such words an article adds nothing."""
        names = [self.template.title, self.template.name, *chain(*self.template.called.values())]
        there = {word.text for word in words_of("\n".join([*names, "template", *known]))}
        words = words_of(text)
        rest = [word for word in words if word.text not in there]
        fewest = fewest if len(rest) == len(words) else SHORTEST
        return bool(content(rest)) or len(letters_of(rest)) >= fewest

    def _fits(self, name: str, text: str) -> bool:
        parameter = self.template.parameters.get(name)
        return parameter is not None and parameter.fit(text) is not None
