"""The tools as clients list them, by toolset: for their snapshots and for docs/tools.md.

The page shows a call of each and its result, played on the sandbox; what differs from one run to
the next is written there as in the first of a quiet year.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

from fastmcp import Client

from server import create_server
from settings import TOOLSETS, Settings, load_settings
from tests.calls import data_of, text_of

Tool = dict[str, Any]

FOR_THE_VIEW = {"view_read", "view_keep"}
"""Tools that no person and no model calls, so the documents leave them out."""

FOLDER = "/home/you/Downloads/images"
PASSING = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "2026-01-31 12:00 UTC"),
    (r"openai_image_\d{8}_\d{6}_[0-9a-f]{8}", "openai_image_20260131_120000_01234567"),
    (r"resp_sandbox_[0-9a-f]{32}", "resp_sandbox_0123456789abcdef0123456789abcdef"),
    (r"in \d+\.\d s\b", "in 1.0 s"),
    (r"[\d,]+ bytes\b", "40,000 bytes"),
    (r"\d+\.\d MB\b", "0.2 MB"),
    (r"(?m)^(ok|warning|Models that can be set for \w+): .*\n", ""),
]
"""Times and sizes, and what `openai_status` says of models, which ends on a day."""
SUM = re.compile(r"((?:this conversation|today:?|pictures?,) \$)(\d+\.\d{4})")
"""What a word more in a template changes: told to the cent."""
ID = re.compile(r"\b(conv|img)_[0-9a-f]{16}\b")


def tools_of(toolset: str) -> list[Tool]:
    """What a toolset adds to the list, as it travels; `core` is always there."""

    async def ask(chosen: str) -> list[Tool]:
        settings = load_settings().model_copy(update={"toolsets": [chosen]})
        async with Client(create_server(settings)) as client:
            listing = await client.list_tools_mcp()
        return [
            tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"meta"})
            for tool in listing.tools
        ]

    tools = asyncio.run(ask(toolset))
    if toolset == "core":
        return tools
    core = {tool["name"] for tool in tools_of("core")}
    return [tool for tool in tools if tool["name"] not in core]


def reference() -> str:
    """Every tool with its parameters, what its result holds, and an example, as Markdown."""
    lines: list[str] = []
    played = examples()
    for toolset in TOOLSETS:
        lines += [f"## Toolset {toolset}", ""]
        for tool in tools_of(toolset):
            if tool["name"] in FOR_THE_VIEW:
                continue
            lines += _tool(tool)
            lines += ["A call and its result on the sandbox:", "", played[tool["name"]], ""]
    return "\n".join(lines).rstrip()


def _tool(tool: Tool) -> Iterator[str]:
    yield from (f"### `{tool['name']}`", "", f"**{tool['title']}.** {tool['description']}", "")
    yield from (_hints(tool["annotations"]), "")
    properties = tool["inputSchema"]["properties"]
    if properties:
        yield from ("| parameter | what it takes | meaning |", "| --- | --- | --- |")
        required = tool["inputSchema"].get("required", [])
        for name, schema in properties.items():
            needed = " (required)" if name in required else ""
            meaning = schema.get("description", "").replace("|", "\\|")
            yield f"| `{name}`{needed} | {_taken(schema)} | {meaning} |"
        yield ""
    fields = ", ".join(f"`{name}`" for name in tool["outputSchema"]["properties"])
    yield from (f"Result: {fields}.", "")


def _hints(hints: dict[str, bool]) -> str:
    effect = "Changes nothing" if hints["readOnlyHint"] else "Adds to what is kept"
    if hints.get("destructiveHint"):
        effect = "May delete"
    return f"{effect}; {'asks OpenAI' if hints['openWorldHint'] else 'stays on this machine'}."


def _taken(schema: dict[str, Any]) -> str:
    """The values of a parameter, in words."""
    if "enum" in schema:
        told = ", ".join(f"`{value}`" for value in schema["enum"])
    elif "anyOf" in schema:
        told = " or ".join(map(_taken, schema["anyOf"]))
    elif schema.get("type") == "array":
        told = f"list of {_taken(schema['items'])}"
    elif schema.get("type") == "object":
        told = "{" + ", ".join(f"`{name}`" for name in schema["properties"]) + "}"
    else:
        told = {"string": "text", "integer": "whole number"}.get(schema["type"], schema["type"])
    if "minimum" in schema:
        told += f", {schema['minimum']}-{schema['maximum']}"
    if "maxLength" in schema:
        told += f", up to {schema['maxLength']:,} characters"
    if "default" in schema:
        told += f"; default `{str(schema['default']).lower()}`"
    return told


def examples() -> dict[str, str]:
    """By tool: the call and the text of its result, as a block of Markdown."""
    return asyncio.run(_play())


async def _play() -> dict[str, str]:
    played: dict[str, str] = {}
    ids: dict[str, str] = {}

    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder, "images")
        settings = Settings(
            sandbox=True,
            data_dir=Path(folder, "data"),
            images_dir=images,
            input_dirs=[images],
            toolsets=["all"],
        )
        async with Client(create_server(settings)) as client:

            async def call(tool: str, **arguments: Any) -> dict[str, Any]:
                result = await client.call_tool(tool, arguments)
                text = f"{tool} {json.dumps(arguments)}\n\n{text_of(result)}"
                text = text.replace(str(images), FOLDER).replace(folder, "/home/you")
                for pattern, usual in PASSING:
                    text = re.sub(pattern, usual, text)
                text = SUM.sub(lambda found: f"{found[1]}{float(found[2]):.2f}", text)
                text = ID.sub(lambda found: _usual_id(found, ids), text)
                played[tool] = indent(text, "    ")
                return data_of(result)

            idea = "a paper boat on a stormy sea, in watercolour, no people please"
            ready = await call("openai_image_consultation", message=idea, finish=True)
            conversation = ready["conversation_id"]
            drawn = await call("openai_conversational_image", conversation_id=conversation)
            (image,) = drawn["images"]
            await call("openai_list_conversations")
            await call("openai_rate_image", image_id=image["image_id"], rating="5")
            await call("openai_search_conversations", query="a ship in bad weather", limit=1)
            await call("openai_generate_image", prompt="A red kite over a lake.", quality="low")
            await call("openai_generate_variations", conversation_id=conversation, variations=2)
            await call("openai_extract_style", images=[image["image_id"]], name="paper_boat")
            await call("openai_apply_style", style="linocut", to="an old red tractor in a field")
            await call("openai_delete_conversation", conversation_id=conversation)
            await call("openai_status")
    return played


def _usual_id(found: re.Match[str], ids: dict[str, str]) -> str:
    """Ids in the order in which they are first seen."""
    return ids.setdefault(found[0], f"{found[1]}_{len(ids) + 1:016x}")
