"""The tools as clients list them, by toolset: for their snapshots and for docs/tools.md."""

import asyncio
from collections.abc import Iterator
from typing import Any

from fastmcp import Client

from server import create_server
from settings import TOOLSETS, load_settings
from tests.tool_examples import examples

Tool = dict[str, Any]

FOR_THE_VIEW = {"view_read", "view_keep"}
"""Tools that no person and no model calls, so the documents leave them out."""


def listed(toolset: str) -> list[Tool]:
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
    core = {tool["name"] for tool in listed("core")}
    return [tool for tool in tools if tool["name"] not in core]


def reference() -> str:
    """Every tool with its parameters, what its result holds, and an example, as Markdown."""
    lines: list[str] = []
    played = examples()
    for toolset in TOOLSETS:
        lines += [f"## Toolset {toolset}", ""]
        for tool in listed(toolset):
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
