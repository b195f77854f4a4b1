"""The command `consult`: the dialogue in a terminal, with the same tools as every client."""

from typing import Any, Literal

import anyio
from fastmcp import Client
from fastmcp.exceptions import ToolError

from cli import terminal as show
from errors import Problem
from settings import load_settings

HOW = "Answer with a number, in own words, or with Enter for the default; back, finish."
BACK, FINISH = {"back", "b"}, {"finish", "f"}
YES = {"y", "yes", "j", "ja"}


class _Left(Exception):  # noqa: N818  # leaving is no error
    """The person closed the input."""


def consult(
    idea: str = "",
    *,
    mode: Literal["quick", "guided", "explorer"] = "guided",
    template: str | None = None,
    conversation: str | None = None,
    sandbox: bool = False,
) -> None:
    """Hold the dialogue here, then draw the picture if wanted.

    Args:
        idea: What the picture should show; asked for where it is left out.
        mode: How many questions: quick up to 2, guided up to 5, explorer up to 10.
        template: Fill in this template of the library; prompts list names them.
        conversation: Continue this conversation.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    anyio.run(_hold, idea, mode, template, conversation, sandbox)


async def _hold(
    idea: str, mode: str, template: str | None, conversation: str | None, sandbox: bool
) -> None:
    from server import create_server

    settings = load_settings(sandbox=True) if sandbox else load_settings()
    async with Client(create_server(settings), progress_handler=show.progress) as client:
        known = conversation
        try:
            words = idea or _ask("What should the picture show?")
            result = await _turn(client, words, mode=mode, template=template, conversation_id=known)
            known = result["conversation_id"]
            while result["status"] == "asking":
                result = await _answer(client, result)
            show.prompt(result)
            await _offer(client, result)
        except ToolError as error:
            raise Problem(str(error)) from error
        except _Left:
            if known:
                show.heading(f"Kept. Go on with: image-consultant consult --conversation {known}")


async def _answer(client: Client[Any], result: show.Result) -> show.Result:
    """Put the questions one by one; back returns to the one before."""
    questions = result["questions"]
    answers: list[dict[str, str]] = []
    show.heading("Questions")
    show.line(HOW)
    while len(answers) < len(questions):
        question = questions[len(answers)]
        show.question(question)
        given = _ask("").strip()
        if given.lower() in FINISH:
            return await _turn(
                client,
                _as_message(answers) or "finish",
                conversation_id=result["conversation_id"],
                answers=answers,
                finish=True,
            )
        if given.lower() in BACK:
            answers = answers[:-1]
            continue
        answers.append({"question_id": question["id"], "answer": _chosen(question, given)})
    return await _turn(
        client,
        _as_message(answers),
        conversation_id=result["conversation_id"],
        answers=answers,
    )


async def _offer(client: Client[Any], result: show.Result) -> None:
    price = result["estimated_cost_usd"]
    cost = f" for about ${price:.3f}" if price is not None else ""
    if _ask(f"Draw it{cost}? (y/n)").strip().lower() not in YES:
        raise _Left
    drawn = await client.call_tool(
        "openai_conversational_image", {"conversation_id": result["conversation_id"]}
    )
    show.picture(dict(drawn.structured_content or {}))


async def _turn(client: Client[Any], message: str, **arguments: Any) -> show.Result:
    called = await client.call_tool("openai_image_consultation", {"message": message, **arguments})
    return dict(called.structured_content or {})


def _chosen(question: show.Result, given: str) -> str:
    """An option by its number, the default for nothing, else the words as they are."""
    options: list[str] = question["options"]
    if not given:
        return str(question["default"])
    if given.isdecimal() and 1 <= int(given) <= len(options):
        return options[int(given) - 1]
    return given


def _as_message(answers: list[dict[str, str]]) -> str:
    return "; ".join(answer["answer"] for answer in answers)


def _ask(text: str) -> str:
    if text:
        show.heading(text)
    try:
        return show.console.input("> ")
    except (EOFError, KeyboardInterrupt):
        raise _Left from None
