"""The command `consult`: the dialogue in a terminal, with the same tools as every client."""

from typing import Any, Literal

import anyio

from cli import terminal as show
from cli.session import Session, local_server, session

HELP = "Answer with a number, in own words, or with Enter for the default; back, finish."
BACK, FINISH = {"back", "b"}, {"finish", "f"}
YES = {"y", "yes", "j", "ja"}


class _Exit(Exception):  # noqa: N818  # leaving is no error
    """The person closed the input, or wants no picture."""


def consult(
    idea: str = "",
    *,
    mode: Literal["quick", "guided", "explorer"] | None = None,
    template: str | None = None,
    conversation: str | None = None,
    sandbox: bool = False,
) -> None:
    """Hold the dialogue here, then draw the picture if wanted.

    Args:
        idea: What the picture should show; asked for where it is left out.
        mode: How many questions: quick up to 2, guided (the default) up to 5, explorer up to 10.
            A conversation that goes on keeps its own.
        template: Fill in this template of the library; prompts list names them.
        conversation: Continue this conversation.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    beginning = {"mode": mode, "template": template, "conversation_id": conversation}
    anyio.run(_run, idea, beginning, sandbox)


async def _run(idea: str, beginning: dict[str, Any], sandbox: bool) -> None:
    conversation = beginning["conversation_id"]
    async with session(local_server(sandbox=sandbox)) as tools:
        try:
            message = idea or _ask("What should the picture show?")
            result = await tools.consult(message=message, **beginning)
            conversation = result["conversation_id"]
            while result["status"] == "asking":
                result = await _answer(tools, result)
            show.prompt(result)
            await _offer(tools, result)
        except _Exit:
            if conversation:
                way = f"image-consultant consult --conversation {conversation}"
                show.heading(f"Kept. Go on with: {way}")


async def _answer(tools: Session, result: show.Result) -> show.Result:
    """Put the questions one by one; back returns to the one before.

    Where none is open, what was said last is answered in plain words.
    """
    show.reply(result)
    questions = result["questions"]
    if not questions:
        said = {"message": _ask("What would you say to that?")}
        return await tools.consult(conversation_id=result["conversation_id"], **said)
    answers: list[dict[str, str]] = []
    finish = False
    show.heading("Questions")
    show.line(HELP)
    while len(answers) < len(questions) and not finish:
        question = questions[len(answers)]
        show.question(question)
        words = _ask("").strip()
        if words.lower() in FINISH:
            finish = True
        elif words.lower() in BACK:
            answers = answers[:-1]
        else:
            answers.append({"question_id": question["id"], "answer": _choice(question, words)})
    return await tools.consult(
        message="",
        conversation_id=result["conversation_id"],
        answers=answers,
        finish=finish,
    )


async def _offer(tools: Session, result: show.Result) -> None:
    price = result["estimated_cost_usd"]
    cost = f" for about ${price:.3f}" if price is not None else ""
    if _ask(f"Draw it{cost}? (y/n)").strip().lower() not in YES:
        raise _Exit
    show.picture(await tools.draw(conversation_id=result["conversation_id"]))


def _choice(question: show.Result, words: str) -> str:
    """An option by its number, the default for nothing, else the words as they are."""
    options: list[str] = question["options"]
    if not words:
        return str(question["default"])
    if words.isdecimal() and 1 <= int(words) <= len(options):
        return options[int(words) - 1]
    return words


def _ask(text: str) -> str:
    if text:
        show.heading(text)
    try:
        return show.console.input("> ")
    except (EOFError, KeyboardInterrupt):
        raise _Exit from None
