"""What each flow sends to OpenAI, and what the sandbox answers, held against the SDK's types."""

import json
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from fastmcp import Client
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from PIL import Image
from pydantic import TypeAdapter
from typing_extensions import get_type_hints

from sandbox.loopback import Sandbox
from tests.calls import consult, draw
from tests.conftest import Connect

Json = dict[str, Any]


def wrong(value: Any, hint: Any, at: str = "body") -> list[str]:
    """Where a value is not what a type of the SDK says, keys that the type lacks among them."""
    options, origin = get_args(hint), str(get_origin(hint))
    if hasattr(hint, "__required_keys__"):
        return _wrong_fields(value, hint, at)
    if "Required" in origin or "Annotated" in origin:
        return wrong(value, options[0], at)
    if "Union" in origin:
        return min((wrong(value, one, at) for one in options), key=len)
    if any(name in origin for name in ("list", "Iterable", "Sequence")):
        parts = value if isinstance(value, list) else [value]
        faults = [wrong(one, options[0], f"{at}[{n}]") for n, one in enumerate(parts)]
        return [f"{at}: no list"] * (parts is not value) + [one for some in faults for one in some]
    return _wrong_value(value, hint, at)


def _wrong_value(value: Any, hint: Any, at: str) -> list[str]:
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValueError:
        return [f"{at}: {value!r:.80} is no {hint}"]
    return []


def _wrong_fields(value: Any, hint: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: no object", f"{at}: no object"]
    hints = get_type_hints(hint)
    faults = [f"{at}.{key}: no such key" for key in value.keys() - hints.keys()]
    faults += [f"{at}.{key}: missing" for key in hint.__required_keys__ - value.keys()]
    for key in value.keys() & hints.keys():
        faults += wrong(value[key], hints[key], f"{at}.{key}")
    return faults


def test_the_check_itself_finds_what_is_wrong() -> None:
    body = {"model": "gpt-5", "stream": True, "input": "A fox", "tools": [
        {"type": "image_generation", "size": "1024x1024", "quality": "best", "n": 1}]}  # fmt: skip

    faults = "; ".join(wrong(body, ResponseCreateParamsStreaming))
    assert "quality" in faults
    assert "n: no such key" in faults
    assert wrong({**body, "tools": []}, ResponseCreateParamsStreaming) == []


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "images" / "photo.png"
    path.parent.mkdir()
    Image.new("RGBA", (1024, 1024), (0, 128, 128, 0)).save(path)
    return path


async def every_flow(client: Client[Any], photo: Path) -> None:
    """A dialogue, pictures with everything that can be set, a change, variations, a look."""
    asked = await consult(client, "a fox", reference_images=[str(photo)])
    await consult(client, "", conversation_id=asked["conversation_id"], finish=True)
    first = await draw(client, conversation_id=asked["conversation_id"], verify=True)
    assert first["status"] == "done"
    await draw(client, prompt="now in winter", conversation_id=first["conversation_id"])
    inputs = {"input_images": [str(photo)], "mask": str(photo), "dialogue_mode": "skip"}
    await draw(client, prompt="a sofa there", **inputs)
    options = {"size": "1536x1024", "quality": "low", "output_format": "jpeg", "compression": 50}
    await draw(client, prompt="a fox", dialogue_mode="skip", variations=2, **options)


async def test_each_request_is_one_that_the_types_allow(
    connect: Connect, sandbox: Sandbox, photo: Path
) -> None:
    async with connect() as client:
        await every_flow(client, photo)
    async with connect(background_mode=True) as client:  # of pictures alone, each in one way
        await draw(client, prompt="a hen", dialogue_mode="skip", output_format="webp")

    bodies = [call.body for call in sandbox.requests if call.path == "/v1/responses"]
    assert len(bodies) >= 9
    assert bodies[-1]["background"]
    for body in bodies:
        # A plain request differs from a streamed one in this key alone.
        streamed = {**body, "stream": True}
        assert wrong(streamed, ResponseCreateParamsStreaming) == [], json.dumps(body)[:2000]
