"""A wrong argument, of any kind to any tool, is answered with its name and what it may be."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import refusal
from tests.conftest import Connect

TOOLS = [
    "openai_image_consultation", "openai_conversational_image", "openai_list_conversations",
    "openai_generate_image", "openai_generate_variations", "openai_extract_style",
    "openai_apply_style",
    "openai_rate_image", "openai_search_conversations", "openai_delete_conversation",
    "openai_status",
]  # fmt: skip
STRANGE = ["pydantic", "http", "nput should", "validation", "Traceback", "cannot be used", "None"]
WRONG: dict[str, list[Any]] = {
    "enum": ["zzz", 7],
    "string": [7, ["x"]],
    "boolean": ["zzz", {}],
    "integer": ["zzz", 1.5],
    "array": ["zzz", [7]],
}


def wrong(schema: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Values that a parameter refuses, each with what the answer has to say."""
    if "anyOf" in schema:  # a text or a list
        yield from [(7, " must be "), ({}, " must be "), ([7], " must be ")]
        return
    for value in WRONG["enum" if "enum" in schema else schema["type"]]:
        yield value, " must be "
    if "enum" in schema:
        *others, last = (f"'{value}'" for value in schema["enum"])
        yield "", f" must be {', '.join(others)} or {last}."
    if "minimum" in schema:
        yield schema["minimum"] - 1, f" must be at least {schema['minimum']}"
        yield schema["maximum"] + 1, f" must be at most {schema['maximum']}"
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1), f" at most {schema['maxLength']} characters"
        yield "half an emoji \ud83e", " must be "
    if "minLength" in schema:
        yield "", " must not be empty"


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[Client[Any]]:
    """A client that is offered every tool."""
    async with connect(toolsets=["all"]) as connected:
        yield connected


async def schemas_of(client: Client[Any]) -> dict[str, dict[str, Any]]:
    """What each tool takes."""
    schemas = {listed.name: listed.input_schema for listed in await client.list_tools()}
    assert sorted(name for name in schemas if name.startswith("openai_")) == sorted(TOOLS)
    return {tool: schemas[tool] for tool in TOOLS}


def plain(error: str) -> bool:
    return len(error) < 1000 and "\n" not in error and not any(word in error for word in STRANGE)


def needed_by(schema: dict[str, Any]) -> dict[str, Any]:
    """A value of the right type for each parameter that is required."""
    parts = {name: schema["properties"][name] for name in schema.get("required", [])}
    types = {name: part.get("type", "string") for name, part in parts.items()}
    return {name: ["x"] if type_ == "array" else "x" for name, type_ in types.items()}


async def test_a_wrong_value_is_told_by_its_parameter_and_what_it_may_be(
    client: Client[Any], sandbox: Sandbox
) -> None:
    for tool, schema in (await schemas_of(client)).items():
        needed = needed_by(schema)
        for name, allowed in schema["properties"].items():
            for value, says in wrong(allowed):
                error = await refusal(client, tool, **{**needed, name: value})

                assert error.startswith(name), (tool, name, value, error)
                assert says in error, (tool, name, value, error)
                assert plain(error), error
    assert sandbox.requests == []


async def test_a_parameter_that_is_missing_or_unheard_of_is_named(client: Client[Any]) -> None:
    for tool, schema in (await schemas_of(client)).items():
        needed = needed_by(schema)
        for name in needed:
            others = {other: value for other, value in needed.items() if other != name}
            for given in (others, {**others, name: None}):
                error = await refusal(client, tool, **given)
                assert error.startswith(f"{name} is required"), tool
                assert plain(error)
        error = await refusal(client, tool, **{**needed, "colour\n" + "r" * 5000: "red"})
        takes = ", ".join(schema["properties"])
        assert error.startswith("colourr"), tool
        assert f"is no parameter of this tool, which takes {takes}" in error
        assert plain(error)


async def test_a_megabyte_for_a_name_is_answered_at_once_and_in_few_words(
    client: Client[Any], sandbox: Sandbox
) -> None:
    for tool, schema in (await schemas_of(client)).items():
        needed = needed_by(schema)
        for name, allowed in schema["properties"].items():
            if allowed.get("type") not in {"string", "array"}:
                continue
            text = "*a" * 500_000  # the worst for what removes masked keys
            value = [text] if allowed.get("items") == {"type": "string"} else text
            began = time.process_time()
            error = await refusal(client, tool, **{**needed, name: value})

            assert time.process_time() - began < 1, (tool, name)
            assert len(error) < 1000, (tool, name)
    assert sandbox.requests == []


async def test_null_counts_as_left_out_as_some_clients_send_it_for_every_option(
    client: Client[Any],
) -> None:
    for tool, given in [
        ("openai_image_consultation", {"message": "a fox"}),
        ("openai_conversational_image", {"prompt": "a fox"}),
        ("openai_list_conversations", {}),
    ]:
        schema = (await schemas_of(client))[tool]
        called = await client.call_tool(tool, {**dict.fromkeys(schema["properties"]), **given})

        assert called.structured_content
