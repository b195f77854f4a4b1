"""A client of our own server, for commands that use the tools as every client does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from fastmcp import Client
from fastmcp.exceptions import ToolError
from mcp.types import ImageContent

from cli import terminal as show
from errors import Problem
from prompts.wording import Wording
from workflow import CHANGE_AGAIN

if TYPE_CHECKING:
    from fastmcp import FastMCP


class Session(NamedTuple):
    """The two tools of the core, with their arguments; each returns the fields of its result.

    Among them `preview`: what is to see of pictures as a JPEG in base64, if anything.
    """

    client: Client[Any]

    async def consult(self, **arguments: Any) -> show.Result:
        """One turn of the dialogue."""
        return await self._call("openai_image_consultation", arguments)

    async def draw(self, wording: Wording, **arguments: Any) -> show.Result:
        """Draw or change a picture, and wait until it is there."""
        result = await self._call("openai_conversational_image", arguments)
        while result["status"] == "working":
            seconds = round(result["elapsed_seconds"])
            show.note(wording.translate("Still being drawn after {seconds} s.", seconds=seconds))
            if result["next_step"] != CHANGE_AGAIN:
                arguments = {"conversation_id": result["conversation_id"]}
            result = await self._call("openai_conversational_image", arguments)
        return result

    async def _call(self, tool: str, arguments: dict[str, Any]) -> show.Result:
        with show.progress() as report:
            result = await self.client.call_tool(tool, arguments, progress_handler=report)
        fields = dict(result.structured_content or {})
        previews = [block.data for block in result.content if isinstance(block, ImageContent)]
        return {
            **fields,
            "reply": show.in_commands(fields.get("reply") or ""),
            "preview": previews[0] if previews else None,
        }


@asynccontextmanager
async def session(server: "FastMCP") -> AsyncIterator[Session]:
    """Connect to a server in this process. A refused call raises `Problem`."""
    async with Client(server) as client:
        try:
            yield Session(client)
        except ToolError as error:
            raise Problem(str(error)) from error


def local_server(*, sandbox: bool) -> "FastMCP":
    """A server in this process, with the settings of the environment."""
    from server import create_server
    from settings import load_settings

    return create_server(load_settings(sandbox=sandbox))


def require_key(*, sandbox: bool) -> None:
    """Refuse what would begin a conversation for nothing. Raises a `Problem`."""
    from settings import load_settings
    from tools.status import missing_key

    if way := missing_key(load_settings(sandbox=sandbox)):
        way = f"With --sandbox none is needed. {way}"
        raise Problem("No OpenAI key is set.", way, kind="key", charged="no")
