"""The command `demo`: the whole job on the sandbox, through a real server and client."""

import tempfile
from typing import Any

import anyio
from fastmcp import Client
from fastmcp.exceptions import ToolError
from rich.console import Console
from rich.markup import escape

from cli.child import server_process
from problems import Problem

IDEA = "a lighthouse in a storm"
CHANGE = "Make it a calm evening, with warm light in the windows."
MOST_TURNS = 8

SOURCES = {"request": "said", "answer": "answered", "assumption": "assumed"}

console = Console(highlight=False, soft_wrap=True)


def demo(idea: str = IDEA) -> None:
    """Play the whole job on the sandbox: questions, answers, prompt, picture, refinement.

    Args:
        idea: What the picture should show, in any words.
    """
    anyio.run(_play, idea)


async def _play(idea: str) -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        client = Client(server_process("--sandbox", log=log), progress_handler=_progress)
        try:
            async with client:
                await _whole_job(client, idea)
        except ToolError as error:
            raise Problem(str(error)) from error


async def _whole_job(client: Client[Any], idea: str) -> None:
    console.print("[bold]The sandbox plays OpenAI: no key, no cost, placeholder pictures.[/bold]")
    _heading("The idea")
    console.print(f"  {escape(idea)}")
    consultation = await _consult(client, idea)
    _show_prompt(consultation)
    conversation = consultation["conversation_id"]
    _heading("Drawing")
    first = await _call(client, "openai_conversational_image", conversation_id=conversation)
    _show_picture(first)
    _heading(f"Changing it: {CHANGE}")
    second = await _call(
        client, "openai_conversational_image", conversation_id=conversation, prompt=CHANGE
    )
    _show_picture(second)
    _show_end(conversation, [*first["images"], *second["images"]])


async def _consult(client: Client[Any], idea: str) -> dict[str, Any]:
    """Hold the dialogue; the demo answers each question with its first option."""
    result = await _call(client, "openai_image_consultation", message=idea)
    for _ in range(MOST_TURNS):
        if result["status"] == "ready":
            break
        _heading("The facilitator asks")
        for question in result["questions"]:
            console.print(f"  {question['id']}. {escape(question['text'])}")
            console.print(f"      [dim]{escape(question['why'])}[/dim]")
            console.print(f"      {escape(' / '.join(question['options']))}")
        answer = "; ".join(question["options"][0] for question in result["questions"])
        _heading("The demo answers, in plain words")
        console.print(f"  {escape(answer)}")
        result = await _call(
            client,
            "openai_image_consultation",
            message=answer,
            conversation_id=result["conversation_id"],
        )
    return result


async def _call(client: Client[Any], tool: str, **arguments: str) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    return dict(result.structured_content or {})


async def _progress(done: float, _total: float | None, message: str | None) -> None:
    console.print(f"  {done:3.0f} % {message or ''}")


def _heading(text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/bold]")


def _show_prompt(consultation: dict[str, Any]) -> None:
    _heading("The refined prompt")
    console.print(f"  {escape(consultation['refined_prompt'])}")
    _heading("Where each phrase comes from")
    for span in consultation["provenance"]:
        source = SOURCES.get(span["source"], span["source"])
        ref = f" {span['ref']}" if span["ref"] else ""
        console.print(f"  {source + ref:14} {escape(span['text'].strip())}")


def _show_picture(result: dict[str, Any]) -> None:
    for image in result["images"]:
        console.print(f"  {escape(image['path'])}")
        console.print(f"  {image['width']}x{image['height']} {image['format']}, sandbox")
    console.print(f"  OpenAI would charge about ${result['cost_usd']:.3f}; nothing was paid.")


def _show_end(conversation: str, images: list[dict[str, Any]]) -> None:
    _heading("Saved, made by the sandbox")
    for image in images:
        console.print(f"  {escape(image['path'])}")
    console.print(
        f"\nThe record is conversation {conversation}. With an OpenAI key the same dialogue runs "
        "with GPT-4o: see the README for Claude Desktop."
    )
