"""Questions as a form: both protocol eras, and every way in which a form fails."""

import asyncio
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult

from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests.calls import CONSULT, Result, data_of

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


async def ask(settings: Settings, mode: str, handler: Any, **changes: Any) -> Result:
    changed = settings.model_copy(update={"elicitation": "on", **changes})
    async with Client(create_server(changed), mode=mode, elicitation_handler=handler) as client:
        return data_of(await client.call_tool(CONSULT, {"message": "a boat"}))


@ERAS
async def test_a_filled_form_answers_the_questions(settings: Settings, mode: str) -> None:
    forms: list[dict[str, Any]] = []

    async def fill(_text: str, _type: Any, params: Any, _context: Any) -> Any:
        forms.append(params.requested_schema)
        return dict.fromkeys(params.requested_schema["properties"], "pale green")

    result = await ask(settings, mode, fill)

    assert result["status"] == "ready"
    assert "pale green" in result["refined_prompt"]
    assert all("title" in field for form in forms for field in form["properties"].values())


@ERAS
async def test_a_declined_form_falls_back_to_text(
    settings: Settings, sandbox: Sandbox, mode: str
) -> None:
    async def decline(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        return ElicitResult(action="decline")

    result = await ask(settings, mode, decline)

    assert result["status"] == "asking"
    assert result["questions"]
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("content", [None, {"q1": ["no", "text"]}])
async def test_a_form_that_comes_back_as_an_error_falls_back_to_text(
    settings: Settings, sandbox: Sandbox, content: Any
) -> None:
    """`None`: the client fails at it. Otherwise: it accepts with what the form does not take."""

    async def fail(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        if content is None:
            raise RuntimeError("no window to show it in")
        return ElicitResult(action="accept", content=content)

    result = await ask(settings, "legacy", fail)

    assert result["status"] == "asking"
    assert result["questions"]
    assert len(sandbox.requests) == 1


async def test_a_client_that_hangs_on_forms_gets_text_in_time(settings: Settings) -> None:
    async def hang(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        await asyncio.sleep(30)

    async with asyncio.timeout(15):
        result = await ask(settings, "legacy", hang, wait_seconds=1)

    assert result["status"] == "asking"


@ERAS
async def test_no_form_is_shown_while_the_setting_is_off(settings: Settings, mode: str) -> None:
    async def never(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        raise AssertionError("a form was shown")

    result = await ask(settings, mode, never, elicitation="off")

    assert result["status"] == "asking"


@ERAS
async def test_a_client_without_forms_gets_text(settings: Settings, mode: str) -> None:
    result = await ask(settings, mode, None)

    assert result["status"] == "asking"
