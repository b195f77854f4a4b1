"""A client of our own server, for commands that use the tools as every client does."""

from asyncio import CancelledError
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from fastmcp import Client
from fastmcp.exceptions import ToolError
from mcp.types import ImageContent

from cli import terminal as show
from errors import Problem
from prompts.wording import Wording
from workflow import CHANGE_AGAIN


class Session(NamedTuple):
    """The two tools of the core, with their arguments; each returns the fields of its result.

    Among them `preview`: what is to see of pictures as a JPEG in base64, if anything.
    """

    client: Client[Any]
    is_sandbox: bool

    async def consult(self, **arguments: Any) -> show.Result:
        """One turn of the dialogue."""
        return await self._call("openai_image_consultation", arguments)

    async def draw(self, wording: Wording, again: str = "", **arguments: Any) -> show.Result:
        """Draw or change a picture, and wait until it is there.

        At Ctrl-C it is told what becomes of it, before closing waits for that; `again` says how
        the picture is reached then.
        """
        try:
            return await self._drawn(wording, **arguments)
        except CancelledError:
            show.note(f"{show.interruption(wording, sandbox=self.is_sandbox)} {again}")
            raise

    async def _drawn(self, wording: Wording, **arguments: Any) -> show.Result:
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
async def session(*, sandbox: bool) -> AsyncIterator[Session]:
    """Connect to a server in this process, with the settings of the environment. A refused call
    raises `Problem`."""
    from server import create_server
    from settings import load_settings

    settings = load_settings(sandbox=sandbox)
    async with Client(create_server(settings)) as client:
        try:
            yield Session(client, settings.sandbox)
        except ToolError as error:
            raise Problem(str(error)) from error


def require_key(*, sandbox: bool) -> None:
    """Refuse what would begin a conversation for nothing. Raises a `Problem`."""
    from settings import load_settings
    from tools.status import missing_key

    if way := missing_key(load_settings(sandbox=sandbox)):
        way = f"With --sandbox none is needed. {way}"
        raise Problem("No OpenAI key is set.", way, kind="key", charged="no")
