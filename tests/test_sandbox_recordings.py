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


def test_gpt_6_luna_answers_with_the_fields_of_autumn_2026(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("text_of_autumn_2026")
    ours = wire.answer(
        sandbox,
        {
            "model": "gpt-6-luna",
            "input": "Say ok",
            "max_output_tokens": 32,
            "reasoning": {"effort": "none"},
            "temperature": 0,
            "top_p": 0.9,
            "store": False,
        },
    )
    recorded.compare(ours, theirs[0]["response"]["json"])


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


@pytest.mark.parametrize("index", [0, 1])
def test_a_second_turn_without_store_keeps_the_fields(
    sandbox: Sandbox, recorded: Tapes, index: int
) -> None:
    theirs = recorded("picture_not_stored")[index]
    forced = "text_instead_of_image" if index else "delay=0.01"
    ours = wire.answer(sandbox, theirs["request"]["json"], **{"x-sandbox-fault": forced})
    recorded.compare(ours, theirs["response"]["json"])


def test_an_image_stream_has_the_recorded_events(sandbox: Sandbox, recorded: Tapes) -> None:
    theirs = recorded("picture_stream")
    told = theirs[0]["response"]["sse"]
    tool = {**TOOL, "output_format": "webp", "partial_images": 1}
    ours = wire.events(
        sandbox, {"model": "gpt-5", "input": "A wide picture of an echidna", "tools": [tool]}
    )
    assert wire.order(ours) == wire.order(told)
    for our, their in zip(ours, told, strict=True):
        recorded.compare(our, their, later=True)


def test_a_picture_with_a_schema_has_both_items(sandbox: Sandbox, recorded: Tapes) -> None:
    theirs = recorded("picture_with_schema")[0]
    ours = wire.answer(sandbox, _without_nulls(theirs["request"]["json"]))
    recorded.compare(ours, theirs["response"]["json"], later=True)


def test_a_structured_output_has_the_recorded_fields(sandbox: Sandbox, recorded: Tapes) -> None:
    theirs = recorded("structured_output")[0]
    ours = wire.answer(sandbox, theirs["request"]["json"])
    recorded.compare(ours, theirs["response"]["json"], later=True)
    assert ours["text"] == theirs["response"]["json"]["text"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("refusal", "refusal"),
        ("cut_short", "truncated_json"),
    ],
)
def test_a_refused_or_truncated_answer_has_the_recorded_fields(
    sandbox: Sandbox, recorded: Tapes, name: str, fault: str
) -> None:
    theirs = recorded(name)[0]
    ours = wire.answer(sandbox, theirs["request"]["json"], **{"x-sandbox-fault": fault})
    recorded.compare(ours, theirs["response"]["json"], later=True)
    assert ours["status"] == theirs["response"]["json"]["status"]
    assert ours["incomplete_details"] == theirs["response"]["json"]["incomplete_details"]


def test_a_truncated_stream_has_the_recorded_events(sandbox: Sandbox, recorded: Tapes) -> None:
    theirs = recorded("stream_cut_short")[0]
    told = theirs["response"]["sse"]
    ours = wire.events(sandbox, theirs["request"]["json"], **{"x-sandbox-fault": "truncated_json"})
    assert wire.order(ours) == wire.order(told)
    by_type = {event["type"]: event for event in told}
    for event in ours:
        recorded.compare(event, by_type[event["type"]], later=True)


def test_a_rate_limit_in_mid_stream_has_the_recorded_events(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    told = recorded("rate_limit_in_stream")[0]["response"]["sse"]
    request = {"model": "gpt-4o", "input": "Hello", "max_output_tokens": 2048}
    ours = wire.events(sandbox, request, **{"x-sandbox-fault": "stream_rate_limit"})
    assert wire.order(ours) == wire.order(told)
    for our, their in zip(ours, told, strict=True):
        recorded.compare(our, their, later=True)


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


def test_a_response_is_retrieved_deleted_and_gone_as_recorded(
    sandbox: Sandbox, recorded: Tapes
) -> None:
    theirs = recorded("delete")
    made = wire.answer(sandbox, theirs[0]["request"]["json"])
    place = f"/v1/responses/{made['id']}"
    with wire.http(sandbox) as plain:
        answers = [plain.get(place), plain.delete(place), plain.get(place)]
    for our, their in zip(answers, theirs[1:], strict=True):
        assert our.status_code == their["response"]["status"]
        recorded.compare(our.json(), their["response"]["json"], later=True)
    gone = theirs[3]["response"]["json"]["error"]["message"]
    assert answers[2].json()["error"]["message"] == gone.replace(
        theirs[0]["response"]["json"]["id"], made["id"]
    )


def test_a_check_notices_a_key_that_no_type_knows(sandbox: Sandbox) -> None:
    made = wire.answer(sandbox, {"model": "gpt-4o", "input": "Hello"})
    made["output"][0]["surprise"] = 1
    with pytest.raises(AssertionError, match="surprise"):
        wire.check(made)


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}
