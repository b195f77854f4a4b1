"""Every kind of client finds in a result what it needs, whichever part of it the model is shown."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from fastmcp import Client
from fastmcp.client.client import CallToolResult
from jsonschema import Draft202012Validator
from mcp.types import TextContent

from tests.calls import CONSULT, DRAW, SKIP, Result, data_of, draw, text_of
from tests.conftest import Connect
from tests.turns import COMPLETE

LIST = "openai_list_conversations"

OF_THE_FOX = "of the fox"


def leaves(value: Any) -> Iterator[str]:
    """Everything that a client reads in structured content."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield str(value)


def structured_of(called: CallToolResult) -> str:
    return "\n".join(leaves(data_of(called)))


def first_text_of(called: CallToolResult) -> str:
    return next(block.text for block in called.content if isinstance(block, TextContent))


SHAPES: dict[str, Callable[[CallToolResult], str]] = {
    "text alone, pictures and links dropped": text_of,
    "the first text alone": first_text_of,
    "structured content alone": structured_of,
    "both": lambda called: f"{text_of(called)}\n{structured_of(called)}",
}

RESULTS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "asking": (CONSULT, {"message": "a lighthouse"}, "asking"),
    "ready": (CONSULT, {"message": COMPLETE, "finish": True}, "ready"),
    "finished": (CONSULT, {"message": "a lighthouse", "finish": True}, "ready"),
    "skip": (CONSULT, {"message": "a lighthouse", "mode": "skip"}, "ready"),
    "asking before drawing": (DRAW, {"prompt": "a lighthouse"}, "asking"),
    "done": (DRAW, {"prompt": "a hen", **SKIP}, "done"),
    "shown again": (DRAW, {"conversation_id": OF_THE_FOX}, "done"),
    "changed": (DRAW, {"conversation_id": OF_THE_FOX, "prompt": "bluer"}, "done"),
    "working": (DRAW, {"prompt": "a hen [[sandbox:delay=1]]", **SKIP}, "working"),
    "variations": ("openai_generate_variations", {"prompt": "a hen", "variations": 2}, "done"),
    "drawn quickly": ("openai_generate_image", {"prompt": "a hen"}, "done"),
    "list": (LIST, {}, None),
    "record": (LIST, {"conversation_id": OF_THE_FOX}, None),
    "search": ("openai_search_conversations", {"query": "fox"}, None),
    "rating": ("openai_rate_image", {"image_id": OF_THE_FOX, "rating": "5"}, None),
    "deletion": ("openai_delete_conversation", {"conversation_id": OF_THE_FOX}, None),
    "status": ("openai_status", {}, None),
}
"""Each kind of result: the tool, its arguments, and the status it comes with if any."""


def needed(data: dict[str, Any]) -> list[str]:
    """The facts of a result without which the work cannot go on."""
    facts = [data["next_step"], data.get("conversation_id"), data.get("refined_prompt")]
    for image in data.get("images", []):
        facts += [image[name] for name in ("path", "image_id", "format", "width", "height")]
    for question in data.get("questions", []):
        facts += [question["text"], *question["options"]]
    facts += [one["conversation_id"] for one in data.get("conversations", [])]
    # That the sandbox made it stands beside the money, in the words of the dialogue's language.
    notes = [
        "sandbox" if "the sandbox, a stand-in" in note else note for note in data.get("notes", [])
    ]
    facts += [*data.get("done", []), *notes]
    facts += [data.get("record"), data.get("images_folder")]
    return [str(fact) for fact in facts if fact]


def closed(schema: Any) -> Any:
    """The same schema, allowing only what it names, at every level."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    return {**inner, "additionalProperties": False} if "properties" in schema else inner


async def faults(client: Client[Any], tool: str, data: Result) -> list[str]:
    """Where a result departs from the output schema of its tool."""
    schemas = {listed.name: listed.output_schema for listed in await client.list_tools()}
    validator = Draft202012Validator(closed(schemas[tool]))
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(data)]


def is_told(usd: float, seen: str) -> bool:
    return any(cost in seen for cost in (f"${usd:.3f} ", f"${usd:.4f}", str(usd)))


async def test_each_part_of_each_result_is_alone_enough_to_go_on(connect: Connect) -> None:
    """In the era that clients speak today; nearly all other tests speak the newer one."""
    all_tools = connect("legacy", toolsets=["all"])
    async with all_tools as client, connect("legacy", wait_seconds=0.1) as hasty:
        fox = await draw(client, prompt="a fox", **SKIP)
        known = {
            "conversation_id": fox["conversation_id"],
            "image_id": fox["images"][0]["image_id"],
        }
        for kind, (tool, arguments, status) in RESULTS.items():
            given = {
                name: known[name] if it == OF_THE_FOX else it for name, it in arguments.items()
            }
            asked = hasty if status == "working" else client
            called = await asked.call_tool(tool, given)
            data = data_of(called)

            assert data.get("status") == status, kind
            assert await faults(client, tool, data) == [], kind
            for shape, read in SHAPES.items():
                seen = read(called)
                assert [fact for fact in needed(data) if fact not in seen] == [], (kind, shape)
                usd = data.get("cost_usd" if status == "done" else "estimated_cost_usd")
                assert usd is None or is_told(usd, seen), (kind, shape, usd)


async def test_the_server_shows_itself_with_an_icon_and_each_tool_with_a_title(
    client: Client[Any],
) -> None:
    assert client.server_info
    (icon,) = client.server_info.icons or []
    assert icon.mime_type == "image/svg+xml"
    assert len(icon.src) < 300
    head, _, drawing = icon.src.partition(",")
    assert head == "data:image/svg+xml"
    assert ElementTree.fromstring(unquote(drawing)).tag.endswith("svg")
