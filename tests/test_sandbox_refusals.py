"""What the sandbox refuses before any work, with OpenAI's status, param and code."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from PIL import Image

from sandbox.loopback import Sandbox
from tests import wire

SVG = {"output_format": "svg"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def picture(mode: str = "RGB", size: tuple[int, int] = (1024, 1024)) -> dict[str, str]:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    encoded = base64.b64encode(out.getvalue()).decode()
    return {"type": "input_image", "image_url": f"data:image/png;base64,{encoded}"}


def draw(tool: dict[str, Any], *parts: dict[str, str], **more: object) -> dict[str, Any]:
    said = [{"role": "user", "content": [{"type": "input_text", "text": "A fox"}, *parts]}]
    tools = [{"type": "image_generation", **tool}]
    return {"model": "gpt-6-luna", "input": said, "tools": tools, **more}


def error(sandbox: Sandbox, body: dict[str, Any]) -> tuple[int, str, str | None, str | None]:
    response = wire.post(sandbox, body)
    detail = response.json()["error"]
    assert set(detail) >= {"message", "type", "param", "code"}
    return response.status_code, detail["type"], detail["param"], detail["code"]


def test_a_missing_key_is_401(sandbox: Sandbox) -> None:
    response = httpx2.post(f"{sandbox.base_url}/responses", json={"model": "gpt-4o"})
    assert response.status_code == 401
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("model", ["gpt-image-1", "dall-e-3", "gpt-image-9"])
def test_an_image_model_that_is_gone_is_refused(sandbox: Sandbox, model: str) -> None:
    status, _type, _param, code = error(sandbox, draw({"model": model}))
    assert (status, code) == (400, "model_not_found")


@pytest.mark.parametrize(
    ("tool", "param"),
    [
        ({"quality": "max", "model": "gpt-image-2"}, "quality"),
        ({"background": "transparent", "model": "gpt-image-2"}, "background"),
        ({"background": "transparent", "output_format": "jpeg"}, "background"),
        ({"output_format": "gif", "model": "gpt-image-2.5-flare"}, "output_format"),
        ({"output_compression": 50}, "output_compression"),
        ({"output_format": "gif", "partial_images": 1}, "partial_images"),
    ],
)
def test_what_the_image_model_cannot_do_is_the_users_error(
    sandbox: Sandbox, tool: dict[str, Any], param: str
) -> None:
    assert error(sandbox, draw(tool))[:3] == (400, "image_generation_user_error", param)


@pytest.mark.parametrize(
    ("tool", "param", "code"),
    [
        ({"output_compression": 101}, "output_compression", "integer_above_max_value"),
        ({"partial_images": 4}, "partial_images", "integer_above_max_value"),
        ({"quality": "best"}, "quality", "invalid_value"),
        ({"n": 2}, "n", "unknown_parameter"),
    ],
)
def test_values_out_of_range_are_invalid_requests(
    sandbox: Sandbox, tool: dict[str, Any], param: str, code: str
) -> None:
    expected = (400, "invalid_request_error", f"tools[0].{param}", code)
    assert error(sandbox, draw(tool)) == expected


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"temperature": 0.5}, "temperature", None),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "previous_response_not_found"),
        ({"max_output_tokens": 5}, "max_output_tokens", "integer_below_min_value"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"a": "b" * 513}}, "metadata.a", "string_above_max_length"),
        ({"model": "gpt-3.5-turbo"}, "tools", None),
        ({"model": "gpt-7"}, "model", "model_not_found"),
        ({"prompt_text": "a"}, "prompt_text", "unknown_parameter"),
        ({"tools": "image_generation"}, "tools", "invalid_type"),
        ({"model": None}, "model", "missing_required_parameter"),
        ({"model": "gpt-4o", "temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"model": "gpt-4o", "temperature": -1}, "temperature", "decimal_below_min_value"),
        ({"background": True, "store": False}, "background", None),
        ({"tools": [], "tool_choice": {"type": "image_generation"}}, "tool_choice", None),
    ],
)  # fmt: skip
def test_bad_parameters_are_named(
    sandbox: Sandbox, more: dict[str, Any], param: str, code: str | None
) -> None:
    wanted = (400, "invalid_request_error", param, code)
    assert error(sandbox, draw({}, **more)) == wanted


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "object", "properties": {}}, "'additionalProperties'"),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": [],
             "additionalProperties": False},
            "Missing 'a'",
        ),
        ({"type": "array", "items": {"type": "string"}}, "type: \"object\""),
        (
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/B"}}, "required": ["a"],
             "additionalProperties": False},
            "'#/$defs/B'",
        ),
    ],
)  # fmt: skip
def test_a_schema_that_strict_mode_forbids_is_refused(
    sandbox: Sandbox, schema: dict[str, Any], said: str
) -> None:
    asked = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    body = {"model": "gpt-4o", "input": "Hi", "text": {"format": asked}}
    expected = (400, "invalid_request_error", "text.format.schema", "invalid_json_schema")
    assert error(sandbox, body) == expected
    assert said in wire.post(sandbox, body).json()["error"]["message"]


def test_an_edit_needs_a_picture(sandbox: Sandbox) -> None:
    assert error(sandbox, draw({"action": "edit"}))[0] == 400
    wire.answer(sandbox, draw({"action": "edit", **SVG}, picture()))


@pytest.mark.parametrize("mask", [picture("RGBA", (512, 512)), picture("RGB")])
def test_a_mask_must_have_alpha_and_the_pictures_size(
    sandbox: Sandbox, mask: dict[str, str]
) -> None:
    tool = {"input_image_mask": {"image_url": mask["image_url"]}}
    code = error(sandbox, draw(tool, picture()))
    assert code[1:] == (
        "image_generation_user_error",
        "input_image_mask",
        "invalid_image_file",
    )


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"image_url": "data:image/png;base64,bm8gcGljdHVyZQ=="}, "image_parse_error"),
        ({"image_url": "data:image/png;base64,#"}, "invalid_value"),
        ({"image_url": "https://example.com/a.png"}, "failed_to_download_image"),
        ({"file_id": "file-1"}, "image_file_not_found"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused(
    sandbox: Sandbox, part: dict[str, str], code: str
) -> None:
    assert error(sandbox, draw({}, {"type": "input_image", **part}))[3] == code
