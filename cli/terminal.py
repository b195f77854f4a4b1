"""Show a dialogue and its pictures in a terminal, or in a pipe."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from consultation.consultation_result import SOURCES

Result = dict[str, Any]
"""The fields of a tool's result, or of one question in it."""

console = Console(highlight=False, soft_wrap=True)
"""It breaks no line: paths and ids must stay whole."""


def heading(text: str) -> None:
    """A line that opens a part."""
    console.print(f"\n[bold]{escape(text)}[/bold]")


def line(text: str) -> None:
    """A line of plain text within a part."""
    console.print(f"  {escape(text)}")


def reply(consultation: Result) -> None:
    """What the facilitator says to the person, and what it notes."""
    for words in filter(None, [consultation["reply"], *consultation["notes"]]):
        line(words)


def question(entry: Result) -> None:
    """A question with why it is asked and its numbered options."""
    line(f"{entry['id']}. {entry['text']}")
    if entry["why"]:
        console.print(f"      [dim]{escape(entry['why'])}[/dim]")
    for number, option in enumerate(entry["options"], start=1):
        default = " [dim](default)[/dim]" if option == entry["default"] else ""
        console.print(f"      {number} {escape(option)}{default}")


def prompt(consultation: Result) -> None:
    """The refined prompt, where each stretch comes from, what we decided, what is left out."""
    reply(consultation)
    heading("The refined prompt")
    line(consultation["refined_prompt"])
    heading("Where it comes from")
    for span in consultation["provenance"]:
        if not any(sign.isalnum() for sign in span["text"]):
            continue  # what joins two stretches
        label = SOURCES[span["source"]] + (f" {span['ref']}" if span["ref"] else "")
        line(f"{label:14} {span['text'].strip()}")
    if consultation["assumptions"]:
        heading("Decided by us")
        for item in consultation["assumptions"]:
            line(f"{item['dimension']}: {item['value']}")
    if unused := [one for one in consultation["not_used"] if one["why"] != "talk"]:
        heading("Not in the prompt")
        for one in unused:
            line(f"“{one['quote']}” ({one['ref']}): {one['why'].replace('_', ' ')}")


def picture(result: Result) -> None:
    """What was drawn: where it lies, what it is, what it cost."""
    for image in result["images"]:
        line(image["path"])
        line(f"{image['width']}x{image['height']} {image['format']}, {image['bytes']:,} bytes")
    usd = result["cost_usd"]
    if result["origin"] == "sandbox":
        price = "an unknown price" if usd is None else f"about ${usd:.3f}"
        line(f"Sandbox: OpenAI would charge {price}; nothing was paid.")
    else:
        about = " (estimate)" if result["cost_is_estimate"] else ""
        price = "Price not known" if usd is None else f"${usd:.4f}{about}"
        line(f"{price}, ${result['spent_today_usd']:.4f} today")


async def progress(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001  # fixed by FastMCP
    """A step of a drawing."""
    console.print(f"  {progress:3.0f} % {message or ''}")
