"""Questions as a form: both protocol eras, and every way in which a form fails."""

import asyncio
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from mcp.types import Implementation

from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests.calls import CONSULT, Result, data_of

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
OWN = "own_words"


async def ask(
    settings: Settings,
    mode: str,
    handler: Any,
    *,
    message: str = "a boat",
    client_info: Implementation | None = None,
    **changes: Any,
) -> Result:
    changed = settings.model_copy(update={"elicitation": "on", **changes})
    server = create_server(changed)
    async with Client(
        server, mode=mode, elicitation_handler=handler, client_info=client_info
    ) as client:
        return data_of(await client.call_tool(CONSULT, {"message": message}))


def choices(schema: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Of each choice in a form its options, by what they answer, with what a person reads."""
    return {
        name: {one["const"]: one["title"] for one in field["oneOf"]}
        for name, field in schema["properties"].items()
        if name != OWN
    }


@ERAS
async def test_options_are_choices_with_titles_and_what_is_chosen_answers(
    settings: Settings, mode: str
) -> None:
    shown: list[tuple[str, dict[str, Any]]] = []

    async def choose(text: str, _type: Any, params: Any, _context: Any) -> Any:
        shown.append((text, params.requested_schema))
        return {name: [*options][-1] for name, options in choices(params.requested_schema).items()}

    result = await ask(settings, mode, choose)

    text, schema = shown[0]
    assert result["status"] == "ready"
    for options in choices(schema).values():
        assert [*options][-1] in result["refined_prompt"]
        assert any(title != option for option, title in options.items()), "the default is marked"
    assert all("default" not in field for field in schema["properties"].values())
    assert schema["properties"][OWN] == {"type": "string", "title": "or in your own words"}
    assert text, "the reply to the person stands above the form"


async def test_own_words_answer_what_no_option_says(settings: Settings, sandbox: Sandbox) -> None:
    async def write(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        return {OWN: "pale green, on a lake"}

    result = await ask(settings, "auto", write, message="a boat, in oil, on a card, no text")

    messages = "".join(str(call.body["input"]) for call in sandbox.requests)
    assert "pale green, on a lake" in messages
    assert result["status"] == "ready"


async def test_a_form_is_in_the_language_of_the_person(settings: Settings) -> None:
    shown: list[dict[str, Any]] = []

    async def decline(_text: str, _type: Any, params: Any, _context: Any) -> Any:
        shown.append(params.requested_schema)
        return ElicitResult(action="decline")

    await ask(settings, "auto", decline, message="Ich möchte bitte ein Bild von einem Boot")

    (schema,) = shown
    assert schema["properties"][OWN]["title"] == "oder in eigenen Worten"
    titles = [title for options in choices(schema).values() for title in options.values()]
    assert any(title.endswith("(Vorschlag)") for title in titles)


async def test_a_client_of_before_titled_choices_gets_what_it_knows(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp.client.session.LATEST_HANDSHAKE_VERSION", "2025-06-18")
    fields: list[dict[str, Any]] = []

    async def decline(_text: str, _type: Any, params: Any, _context: Any) -> Any:
        fields.extend(params.requested_schema["properties"].values())
        return ElicitResult(action="decline")

    await ask(settings, "legacy", decline)

    assert "oneOf" not in fields[0]
    assert fields[0]["enum"][0] == "photograph"
    assert fields[0]["enumNames"][0] == "photograph (default)"


@pytest.mark.parametrize(
    ("mode", "name", "shown"),
    [
        ("auto", "claude-code", True),
        ("legacy", "Visual Studio Code", True),
        ("legacy", "claude-ai", False),
    ],
)
async def test_by_itself_a_form_is_shown_where_the_client_is_known_to_show_it(
    settings: Settings, mode: str, name: str, *, shown: bool
) -> None:
    called: list[str] = []

    async def decline(text: str, _type: Any, _params: Any, _context: Any) -> Any:
        called.append(text)
        return ElicitResult(action="decline")

    client = Implementation(name=name, version="1")
    await ask(settings, mode, decline, client_info=client, elicitation="auto")

    assert bool(called) == shown


async def test_a_declined_form_falls_back_to_text(settings: Settings, sandbox: Sandbox) -> None:
    async def decline(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        return ElicitResult(action="decline")

    result = await ask(settings, "auto", decline)

    assert result["status"] == "asking"
    assert result["questions"]
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("mode", "content"),
    [
        ("legacy", None),
        ("legacy", {"q1": ["no", "text"]}),
        ("legacy", {"no field of it": "blue"}),
        ("auto", {"no field of it": "blue"}),
    ],
)
async def test_a_form_that_comes_back_as_an_error_falls_back_to_text(
    settings: Settings, sandbox: Sandbox, mode: str, content: Any
) -> None:
    """`None`: the client fails at it. Otherwise: it accepts with what the form does not take."""

    async def fail(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        if content is None:
            raise RuntimeError("no window to show it in")
        return ElicitResult(action="accept", content=content)

    result = await ask(settings, mode, fail)

    assert result["status"] == "asking"
    assert result["questions"]
    assert len(sandbox.requests) == 1


async def test_a_client_that_hangs_on_forms_gets_text_in_time(settings: Settings) -> None:
    async def hang(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        await asyncio.sleep(30)

    async with asyncio.timeout(15):
        result = await ask(settings, "legacy", hang, wait_seconds=1)

    assert result["status"] == "asking"


async def test_no_form_is_shown_while_the_setting_is_off(settings: Settings) -> None:
    async def never(_text: str, _type: Any, _params: Any, _context: Any) -> Any:
        raise AssertionError("a form was shown")

    result = await ask(settings, "auto", never, elicitation="off")

    assert result["status"] == "asking"
