"""The command `consult`: the dialogue in a terminal, with the same tools as every client."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
from cyclopts import Parameter

from app import App
from cli import Interruption
from cli import terminal as show
from cli.data_folder import given_picture, id_of
from cli.session import Session, require_key, session
from consultation.consultation_result import Consultation
from consultation.consultation_text import question_text
from consultation.turn import OpenQuestion
from consultation.words import QUESTION_MARKS, fold
from prompts.store import PromptStore
from prompts.wording import Wording
from settings import load_settings

FEW_WORDS = 3
"""As "yes please", "ja, mach mal" and "I don't know" have: whether so few are a wish is asked."""

Control = Literal["back", "finish", "yes", "no", "draw_it"]
"""What is typed in place of an answer: fields of `TerminalWords`, and English themselves."""

SENT = "What you answered before was sent already. Say in your own words what should be different."

UNHEARD = (
    "Stopped before the first answer. Nothing was kept; if it had reached OpenAI, the turn is "
    "charged all the same, about a cent."
)


class _Exit(Exception):  # noqa: N818  # leaving is no error
    """The person closed the input, or wants no picture."""


def consult(
    idea: str = "",
    *,
    mode: Literal["quick", "guided", "explorer"] | None = None,
    template: str | None = None,
    references: Annotated[list[Path] | None, Parameter(name="--reference")] = None,
    conversation: str | None = None,
    sandbox: bool = False,
) -> None:
    """Hold the dialogue here, then draw the picture if wanted.

    Args:
        idea: What the picture should show; asked for where it is left out.
        mode: How many questions: quick up to 2, guided (the default) up to 5, explorer up to 10.
            A conversation that goes on keeps its own.
        template: Fill in this template of the library; `image-consultant prompts list`
            names them.
        references: Pictures that the idea speaks of ("like this, but in winter"): ids, or files in
            Pictures, Downloads, Desktop or INPUT_DIRS.
        conversation: Continue this conversation.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    if not conversation:
        require_key(sandbox=sandbox)
    conversation = conversation and id_of(conversation)
    beginning: dict[str, Any] = {"mode": mode, "template": template}
    if references:
        beginning["reference_images"] = [given_picture(path) for path in references]
    if template:  # an unknown one is told before anything is asked
        PromptStore(load_settings().templates_dir).library_template(template)
    dialogue = _Dialogue(conversation, sandbox=sandbox)
    try:
        with suppress(_Exit):
            anyio.run(dialogue.hold, idea, beginning)
        dialogue.say_how_to_go_on()
    except KeyboardInterrupt as stop:
        try:
            dialogue.say_how_to_go_on()
        finally:  # where a second Ctrl-C cuts these words off, too
            raise stop if dialogue.state == "starting" else Interruption from None


class _Dialogue:
    """One dialogue with the person at the keyboard, and where it stands."""

    def __init__(self, conversation: str | None, *, sandbox: bool) -> None:
        self.state: Literal["starting", "asking", "drawing", "drawn"] = "starting"
        self._conversation = conversation
        self._sandbox = sandbox
        self._template = ""
        self._shown: set[str] = set()
        self._answered: set[str] = set()
        self._store = PromptStore(load_settings().templates_dir)
        self.wording: Wording = self._store.wording("en")

    async def hold(self, idea: str, beginning: dict[str, Any]) -> None:
        """Ask what is open, show the prompt, draw. Raises `_Exit` where the person leaves."""
        recalled = await self._recall()
        template = beginning["template"] or self._template
        is_other = template != self._template
        self._template = template
        is_new = bool(idea or beginning.get("reference_images") or is_other)
        result = None if is_new else recalled
        has_words = idea or result or (recalled and is_other)  # of the dialogue so far
        message = idea if has_words else _ask_words("What should the picture show?")
        async with session(sandbox=self._sandbox) as tools:
            result = result or await self._turn(tools, message=message, **beginning)
            while wish := await self._lead(tools, result):
                result = await self._turn(tools, message=wish)
            self.state = "drawing"
            drawn = await tools.draw(self.wording, conversation_id=self._conversation)
            show.picture(drawn, self.wording)
            self.state = "drawn"

    def say_how_to_go_on(self) -> None:
        """The command that goes on with the conversation, where one was begun."""
        if not self._conversation:
            if self.state == "asking":
                show.note(UNHEARD)
            return
        if self.state == "drawn":
            show.how_to_change(self._conversation, self.wording, sandbox=self._sandbox)
            return
        # Without words `generate` brings a picture that is under way.
        command = "generate" if self.state == "drawing" else "consult"
        lead = self.wording.label(self.wording.terminal.goes_on)
        show.how_to_go_on(lead, command, self._conversation, sandbox=self._sandbox)

    async def _recall(self) -> Consultation | None:
        """Where the conversation stands, if it has begun."""
        app = App(load_settings())
        try:
            record = self._conversation and await app.records.load(self._conversation)
            self._template = record.template if record else ""
            return self._take(app.consultant.recall(record)) if record and record.briefs else None
        finally:
            await app.close()

    async def _turn(self, tools: Session, **arguments: Any) -> Consultation:
        self.state = "asking"
        answers = arguments.get("answers") or []
        # A number that no option has is refused: the question stands as before.
        self._answered.update(a["question_id"] for a in answers if not a["answer"].isdecimal())
        fields = await tools.consult(conversation_id=self._conversation, **arguments)
        show.forget_typing()
        return self._take(Consultation.model_validate(fields))

    def _take(self, result: Consultation) -> Consultation:
        self._conversation = result.conversation_id
        self.wording = self._store.wording(result.language)
        return result

    def _answer(self, result: Consultation) -> dict[str, Any]:
        """What the person says to the open questions, put one by one; back returns to the last.

        Own words end the round, since they may say more than their question asks: that somebody
        else is to decide the rest, or what a word means. Where no question is open, what was said
        last is answered in plain words.
        """
        words = self.wording.terminal
        for remark in filter(None, [result.reply, *self._news(show.remarks(result, self.wording))]):
            show.line(remark)
        if not result.questions:
            message = _ask_words(words.anything)
            ends = self._control(message, "finish")
            return {"message": "", "finish": True} if ends else {"message": message}
        for instruction in self._news([words.help.format(back=words.back, finish=words.finish)]):
            show.heading(instruction)
        answers: list[dict[str, str]] = []
        while len(answers) < len(result.questions):
            question = result.questions[len(answers)]
            is_again = question.id in self._answered
            # What somebody has answered, our own proposal takes the place of in no case.
            default = "" if is_again else question.default
            question = question.model_copy(update={"default": default})
            show.line(question_text(question, self.wording))
            answer = _ask_words("") if is_again else _ask("").strip()
            option = _option(question, answer)
            control = "" if option else self._control(answer, "back", "finish")
            if control == "finish":
                return {"message": "", "answers": answers, "finish": True}
            # What asks back answers no question by its id: that one stays open.
            if answer.endswith(tuple(QUESTION_MARKS)):
                return {"message": answer, "answers": answers}
            if control == "back":
                if not answers:
                    show.line(self.wording.translate(SENT))
                answers = answers[:-1]
                continue
            answers.append({"question_id": question.id, "answer": option or answer})
            if not option:
                break
        return {"message": "", "answers": answers}

    def _news(self, sentences: list[str]) -> list[str]:
        """Those that were not shown in this dialogue yet: whoever reads one anew looks for why."""
        news = [sentence for sentence in sentences if sentence not in self._shown]
        self._shown.update(news)
        return news

    async def _lead(self, tools: Session, result: Consultation) -> str:
        """What the person wishes otherwise of the prompt at the end, nothing where it is right.

        Raises `_Exit` where no picture is wanted.
        """
        while result.status == "asking":
            result = await self._turn(tools, **self._answer(result))
        show.consultation(result, self.wording)
        words = self.wording.terminal
        while True:
            answer = _ask_words(f"{words.draw} ({words.yes}, {words.draw_it}/{words.no})")
            control = self._control(answer, "no", "yes", "draw_it")
            if control == "no":
                raise _Exit
            if control or len(answer.split()) > FEW_WORDS:
                return "" if control else answer
            change = words.change.format(words=answer)  # a turn of it costs
            reply = _ask_words(f"{change} ({words.yes}/{words.no}, {words.draw_it})")
            control = self._control(reply, "no", "yes", "draw_it")
            if control != "no":
                return {"yes": answer, "draw_it": ""}.get(control, reply)

    def _control(self, words: str, *controls: Control) -> str:
        """Which of these control words somebody typed: whole in any language of ours, since the
        dialogue's is a guess at first, in English and in the dialogue's its first letters, too."""
        letters = fold(words.strip(" .!"))
        for control in controls if letters else ():
            near = (control.replace("_", " "), getattr(self.wording.terminal, control))
            if any(fold(word).startswith(letters) for word in near):
                return control
        known = self._store.wordings() if letters else []
        spoken = {fold(getattr(one.terminal, name)): name for one in known for name in controls}
        return spoken.get(letters, "")


def _option(question: OpenQuestion, words: str) -> str:
    """The option that a number or its own text names, the default for no words; else nothing."""
    if not words:
        return question.default
    if words.isdecimal() and 1 <= int(words) <= len(question.options):
        return question.options[int(words) - 1]
    return next((option for option in question.options if fold(option) == fold(words)), "")


def _ask_words(text: str) -> str:
    """A line that says something: asked for again while it is empty. Raises `_Exit`."""
    while not (words := _ask(text).strip()):
        pass
    return words


def _ask(text: str) -> str:
    """A line that the person types. Raises `_Exit` where there is none, or Ctrl-C at once."""
    if text:
        show.heading(text)
    try:
        with _interruptible():
            return show.console.input("> ")
    except EOFError:
        raise _Exit from None


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a question: the event loop's own handler waits for the line to be typed."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
