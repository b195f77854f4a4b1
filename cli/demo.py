"""The command `demo`: the whole job on the sandbox, through a real server and client."""

import tempfile
from typing import Any

import anyio
from fastmcp import Client
from fastmcp.exceptions import ToolError

from cli import terminal as show
from cli.launch import server_process
from errors import Problem

IDEA = "a lighthouse in a storm"
CHANGE = "Make it evening, with warm light from one side."
MOST_TURNS = 8


def demo(idea: str = IDEA) -> None:
    """Play the whole job on the sandbox: questions, answers, prompt, picture, refinement.

    Args:
        idea: What the picture should show, in any words.
    """
    anyio.run(_play, idea)


async def _play(idea: str) -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        client = Client(server_process("--sandbox", log=log), progress_handler=show.progress)
        try:
            async with client:
                await _whole_job(client, idea)
        except ToolError as error:
            raise Problem(str(error)) from error


async def _whole_job(client: Client[Any], idea: str) -> None:
    show.heading("The sandbox plays OpenAI: no key, no cost, placeholder pictures.")
    show.heading("The idea")
    show.line(idea)
    consultation = await _consult(client, idea)
    show.prompt(consultation)
    conversation = consultation["conversation_id"]
    show.heading("Drawing")
    first = await _call(client, "openai_conversational_image", conversation_id=conversation)
    show.picture(first)
    show.heading(f"Changing it: {CHANGE}")
    second = await _call(
        client, "openai_conversational_image", conversation_id=conversation, prompt=CHANGE
    )
    show.picture(second)
    show.heading("Saved, made by the sandbox")
    for image in [*first["images"], *second["images"]]:
        show.line(image["path"])
    show.heading(f"The record is conversation {conversation}.")
    show.line("With an OpenAI key the same dialogue runs with GPT-4o: see the README.")


async def _consult(client: Client[Any], idea: str) -> show.Result:
    """Hold the dialogue; the demo answers each question with its first option."""
    result = await _call(client, "openai_image_consultation", message=idea)
    for _ in range(MOST_TURNS):
        if result["status"] == "ready":
            break
        show.heading("The facilitator asks")
        for question in result["questions"]:
            show.question(question)
        answer = "; ".join(question["options"][0] for question in result["questions"])
        show.heading("The demo answers, in plain words")
        show.line(answer)
        result = await _call(
            client,
            "openai_image_consultation",
            message=answer,
            conversation_id=result["conversation_id"],
        )
    return result


async def _call(client: Client[Any], tool: str, **arguments: str) -> show.Result:
    result = await client.call_tool(tool, arguments)
    return dict(result.structured_content or {})
