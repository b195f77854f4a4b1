"""Call the tools as a client does, and read results the short way."""

from pathlib import Path
from typing import Any

from fastmcp import Client
from fastmcp.client.client import CallToolResult
from mcp.types import TextContent

CONSULT = "openai_image_consultation"
DRAW = "openai_conversational_image"
SKIP = {"dialogue_mode": "skip"}
LOW = {**SKIP, "quality": "low"}
"""Options of a drawing without a dialogue."""

Result = dict[str, Any]


async def consult(client: Client[Any], message: str, **arguments: Any) -> Result:
    """The structured result of one turn of the dialogue."""
    return data_of(await client.call_tool(CONSULT, {"message": message, **arguments}))


async def draw(client: Client[Any], **arguments: Any) -> Result:
    """The structured result of drawing."""
    return data_of(await client.call_tool(DRAW, arguments))


async def refusal(client: Client[Any], tool: str, **arguments: Any) -> str:
    """The text of the error that a call must end in."""
    called = await client.call_tool(tool, arguments, raise_on_error=False)
    assert called.is_error, called.structured_content
    return text_of(called)


def data_of(called: CallToolResult) -> Result:
    """What a client sees that reads only structured content."""
    return dict(called.structured_content or {})


def text_of(called: CallToolResult) -> str:
    """What a client sees that reads only text."""
    return "\n".join(block.text for block in called.content if isinstance(block, TextContent))


def picture(result: Result) -> Path:
    """The file of a result's only picture."""
    (image,) = result["images"]
    return Path(image["path"])


def conversation_of(error: str) -> str:
    """The conversation that an error says the words are kept in."""
    return error.rsplit(" ", 1)[1].rstrip(".")
