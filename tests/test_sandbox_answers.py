"""Structured answers that a test hands to the sandbox, in place of the model it plays."""

import json
from typing import Any

import pytest

from sandbox.loopback import Sandbox
from tests import wire


def request(name: str, **more: Any) -> dict[str, Any]:
    schema = {
        "type": "object", "properties": {"verdict": {"type": "string"}},
        "required": ["verdict"], "additionalProperties": False,
    }  # fmt: skip
    asked = {"type": "json_schema", "name": name, "schema": schema, "strict": True}
    return {"model": "gpt-4o", "input": "Look", "text": {"format": asked}, **more}


def text(sandbox: Sandbox, name: str = "look", **headers: str) -> str:
    body = wire.answer(sandbox, request(name), **headers)
    return str(body["output"][0]["content"][0]["text"])


def test_answers_are_given_in_order_and_then_the_sandbox_plays_on(sandbox: Sandbox) -> None:
    sandbox.answer("look", {"verdict": "größer"}, "no JSON at all")

    assert text(sandbox) == '{"verdict": "größer"}'
    assert text(sandbox) == "no JSON at all"
    assert json.loads(text(sandbox)) == {"verdict": "sandbox verdict"}


def test_an_answer_keeps_the_wire_format_and_is_counted(sandbox: Sandbox) -> None:
    sandbox.answer("look", "word " * 400, "word " * 400)

    (*_, last) = wire.events(sandbox, request("look"))
    plain = wire.answer(sandbox, request("look"))

    assert not wire.differences(last["response"], plain)
    assert plain["usage"]["output_tokens"] >= 400
    assert [call.body["text"]["format"]["name"] for call in sandbox.requests] == ["look"] * 2


@pytest.mark.parametrize("fault", ["server_error", "moderation_failed", "refusal", "empty_answer"])
def test_a_request_that_fails_uses_no_answer_up(sandbox: Sandbox, fault: str) -> None:
    sandbox.answer("look", "kept for the next")
    wire.post(sandbox, request("look"), **{"x-sandbox-fault": fault})

    assert text(sandbox) == "kept for the next"


def test_answers_come_over_http_too(sandbox: Sandbox) -> None:
    with wire.http(sandbox) as plain:
        asked = {"name": "look", "answers": [{"verdict": "one"}, "two"]}
        assert plain.post("/sandbox/answers", json=asked).json() == {"name": "look", "answers": 2}
        assert (text(sandbox), text(sandbox)) == ('{"verdict": "one"}', "two")


@pytest.mark.parametrize("body", [{"name": "look"}, {"name": "look", "answers": [3]}, []])
def test_answers_of_another_shape_are_refused(sandbox: Sandbox, body: object) -> None:
    with wire.http(sandbox) as plain:
        assert plain.post("/sandbox/answers", json=body).status_code == 400
