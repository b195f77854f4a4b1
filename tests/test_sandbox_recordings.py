"""The sandbox held against recorded real traffic: the same keys, the same order of events."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types import FileObject
from PIL import Image

from sandbox.loopback import Sandbox
from tests import wire
from tests.wire import Tapes

TOOL = {"type": "image_generation", "quality": "low", "size": "1024x1024"}


@pytest.fixture
def recorded() -> Tapes:
    """Reads what OpenAI answers: from recordings where they are, else from our own tapes."""
    return Tapes(recorded=wire.RECORDINGS.is_dir())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


REQUESTS: dict[str, dict[str, Any]] = {
    "text_of_autumn_2026": {
        "model": "gpt-6-luna", "input": "Say ok", "max_output_tokens": 32,
        "reasoning": {"effort": "none"}, "temperature": 0, "top_p": 0.9, "store": False,
    },
    "picture_stream": {
        "model": "gpt-5", "input": "A wide picture of an echidna",
        "tools": [{**TOOL, "output_format": "webp", "partial_images": 1}],
    },
    "rate_limit_in_stream": {"model": "gpt-4o", "input": "Hello", "max_output_tokens": 2048},
}  # fmt: skip
"""What is asked where a recording does not tell it."""


@pytest.mark.parametrize(
    ("name", "index", "fault"),
    [
        ("text_of_autumn_2026", 0, ""),
        ("picture_not_stored", 1, "text_instead_of_image"),
        ("picture_with_schema", 0, ""),
        ("structured_output", 0, ""),
        ("refusal", 0, "refusal"),
        ("cut_short", 0, "truncated_json"),
    ],
)
def test_an_answer_has_the_recorded_fields(
    sandbox: Sandbox, recorded: Tapes, name: str, index: int, fault: str
) -> None:
    theirs = recorded(name)[index]
    asked = REQUESTS.get(name) or theirs["request"]["json"]
    body = {key: value for key, value in asked.items() if value is not None}
    ours = wire.answer(sandbox, body, **({"x-sandbox-fault": fault} if fault else {}))
    recording = theirs["response"]["json"]
    recorded.compare(
        ours, recording, later=name not in {"text_of_autumn_2026", "picture_not_stored"}
    )
    assert ours["status"] == recording["status"]
    assert ours["incomplete_details"] == recording["incomplete_details"]
    if name == "structured_output":
        assert ours["text"] == recording["text"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("picture_stream", ""),
        ("stream_cut_short", "truncated_json"),
        ("rate_limit_in_stream", "stream_rate_limit"),
    ],
)
def test_a_stream_has_the_recorded_events(
    sandbox: Sandbox, recorded: Tapes, name: str, fault: str
) -> None:
    theirs = recorded(name)[0]
    told = theirs["response"]["sse"]
    asked = REQUESTS.get(name) or theirs["request"]["json"]
    ours = wire.events(sandbox, asked, **({"x-sandbox-fault": fault} if fault else {}))
    assert wire.order(ours) == wire.order(told)
    by_type = {event["type"]: event for event in told}
    for number, event in enumerate(ours):  # a text may come in more pieces than the recorded one
        their = told[number] if len(ours) == len(told) else by_type[event["type"]]
        recorded.compare(event, their, later=True)


def test_a_picture_has_the_fields_of_autumn_2026(sandbox: Sandbox, recorded: Tapes) -> None:
    theirs = recorded("picture_not_stored")[0]
    ours = wire.answer(sandbox, theirs["request"]["json"])
    recording = theirs["response"]["json"]
    recorded.compare(ours, recording)
    assert ours["tools"] == [recording["tools"][0] | {"model": "gpt-image-2.6-sunburst"}]
    picture, recorded_picture = ours["output"][1], recording["output"][1]
    for key in ("status", "action", "background", "output_format", "quality", "size"):
        assert picture[key] == recorded_picture[key]


def test_a_low_picture_on_gpt_image_2_uses_the_recorded_tokens(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("picture_not_stored")[0]
    request = theirs["request"]["json"]
    request["tools"][0]["model"] = "gpt-image-2"
    used = wire.answer(sandbox, request)["tool_usage"]["image_gen"]
    expected = theirs["response"]["json"]["tool_usage"]["image_gen"]
    assert used["output_tokens"] == expected["output_tokens"] == 196


@pytest.mark.parametrize(
    ("name", "fault", "request_body"),
    [
        ("invalid_key", "invalid_api_key", None),
        ("model_not_found", None, None),
        ("insufficient_quota", "insufficient_quota", {"input": "Hello"}),
        ("context_length", "context_length", None),
    ],
)
def test_an_error_equals_the_recorded_one(
    sandbox: Sandbox,
    recorded: Tapes,
    name: str,
    fault: str | None,
    request_body: dict[str, Any] | None,
) -> None:
    theirs = recorded(name)[0]
    body = {"model": "gpt-4o", **(request_body or theirs["request"]["json"])}
    ours = wire.post(sandbox, body, **({"x-sandbox-fault": fault} if fault else {}))
    expected = theirs["response"]["json"]["error"]
    assert ours.status_code == theirs["response"]["status"]
    assert ours.headers["x-request-id"]
    got = ours.json()["error"]
    if fault == "invalid_api_key":
        assert "*****" in got["message"]
        assert "*****" in expected["message"]
        got["message"] = expected["message"]
    assert got == expected


def test_a_background_response_is_queued_then_in_progress_then_completed(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("background")
    ours = [wire.answer(sandbox, theirs[0]["request"]["json"])]
    with wire.http(sandbox) as plain:
        for _poll in range(2):
            response = plain.get(f"/v1/responses/{ours[0]['id']}?stream=false")
            ours.append(response.json())
    for our, their in zip(ours, theirs, strict=True):
        wire.check(our)
        assert our["status"] == their["response"]["json"]["status"]
        recorded.compare(our, their["response"]["json"], later=True)


def test_an_uploaded_file_and_an_edit_with_its_mask_have_the_recorded_fields(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("edit_with_mask")
    room, mask = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (64, 64), "beige").save(room, "PNG")
    Image.new("RGBA", (64, 64)).save(mask, "PNG")
    ours = []
    with wire.http(sandbox) as plain:
        for content in (room, mask):
            upload = {"file": ("a.png", content.getvalue())}
            sent = plain.post("/v1/files", files=upload, data={"purpose": "user_data"})
            ours.append(sent.json())
            recorded.compare(ours[-1], theirs[0]["response"]["json"])
            wire.check(ours[-1], FileObject)
    request = theirs[2]["request"]["json"]
    request["input"][1]["content"][0]["file_id"] = ours[0]["id"]
    request["tools"][0]["input_image_mask"]["file_id"] = ours[1]["id"]
    edited = wire.answer(sandbox, request)
    recorded.compare(edited, theirs[2]["response"]["json"], later=True)
    assert edited["tools"] == theirs[2]["response"]["json"]["tools"]


def test_a_response_is_retrieved_and_an_unknown_one_is_not_found_as_recorded(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("delete")
    made = wire.answer(sandbox, theirs[0]["request"]["json"])
    gone = theirs[3]["response"]["json"]["error"]["message"].replace(
        theirs[0]["response"]["json"]["id"], "resp_gone"
    )
    with wire.http(sandbox) as plain:
        answers = [plain.get(f"/v1/responses/{one}") for one in (made["id"], "resp_gone")]
    for our, their in zip(answers, theirs[1::2], strict=True):
        assert our.status_code == their["response"]["status"]
        recorded.compare(our.json(), their["response"]["json"], later=True)
    assert answers[1].json()["error"]["message"] == gone
