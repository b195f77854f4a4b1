"""How a body is held against the SDK's types and against recorded traffic of the real API."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from sandbox.loopback import Sandbox
from tests.openai_answers import ANSWERS

RECORDINGS = Path(__file__).parents[2] / "shared" / "wire"
"""Recorded traffic of the real API, where it lies beside the checkout, as it does in CI."""

RECORDED_AS = {
    "background": "pydantic-ai__test_background_mode_vcr",
    "context_length": "ruby_llm__chat_real_error_scenarios_openai_gpt-5-nano_handles_context_length"
    "_exceeded_errors",
    "cut_short": "mirascope__test_max_tokens.async",
    "delete": "openai-dotnet__ResponsesTests_CanDeleteResponse",
    "edit_with_mask": "openai-dotnet__ImageGenToolInputMaskWithFileId",
    "insufficient_quota": "vercel-ai__openai__openai-error.1",
    "invalid_key": "mirascope__test_authentication_error",
    "model_not_found": "mirascope__test_model_not_found",
    "picture_not_stored": "pydantic-ai-newer__image_generation_store_false.transcribed",
    "picture_stream": "vercel-ai__openai__openai-image-generation-tool.1.chunks",
    "picture_with_schema": "pydantic-ai__test_openai_responses_image_generation_with_native_output",
    "rate_limit_in_stream": "prism__stream-rate-limited-1",
    "refusal": "mirascope__test_refusal.async",
    "stream_cut_short": "dd-trace-py__response_stream_incomplete",
    "structured_output": "mirascope__test_structured_output.strict.async",
    "text_of_autumn_2026": "vercel-ai-newer__gpt-6-luna-reasoning-none-sampling",
}
"""The recordings that our own answers are shaped like."""
KEY = "sk-test-0123456789abcdef"

# Keys that OpenAI sends and its SDK does not type; seen in the recordings of autumn 2026.
UNDOCUMENTED = {
    "Response": {"billing", "frequency_penalty", "presence_penalty", "store"},
    "ImageGeneration": {"n"},
    "ResponseTextDeltaEvent": {"obfuscation"},
    "ResponseRefusalDeltaEvent": {"obfuscation"},
}

# Keys that came to the API after the older recordings were made.
LATER = {
    "access_programs", "billing", "completed_at", "frequency_penalty", "presence_penalty",
    "moderation", "prompt_cache_key", "prompt_cache_retention", "safety_identifier",
    "tool_usage", "max_tool_calls", "metadata", "top_logprobs",
    "usage.input_tokens_details.cache_write_tokens", "text.verbosity",
    "reasoning.context", "reasoning.mode", "output[].action", "output[].content",
    "output[].encrypted_content", "output[].content[].logprobs", "tools[].model",
    "item.action", "item.content", "item.encrypted_content", "obfuscation",
}  # fmt: skip


UNPUBLISHED = {
    *(f"-{at}{key}" for at in ("", "response.") for key in ("user", "usage")), "+item.result",
}  # fmt: skip
"""Where the traffic differs from OpenAI's published schema, which the sandbox keeps to."""


def client(sandbox: Sandbox) -> AsyncOpenAI:
    """The SDK's client, which never retries."""
    return AsyncOpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0)


def http(sandbox: Sandbox) -> httpx2.Client:
    """A plain HTTP client with a key."""
    return httpx2.Client(
        base_url=sandbox.url, headers={"authorization": f"Bearer {KEY}"}, timeout=30
    )


def post(sandbox: Sandbox, body: dict[str, Any], **headers: str) -> httpx2.Response:
    """POST a body to /v1/responses."""
    with http(sandbox) as plain:
        return plain.post("/v1/responses", json=body, headers=headers)


def answer(sandbox: Sandbox, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """The checked body of a response."""
    response = post(sandbox, body, **headers)
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    check(made)
    return made


def events(sandbox: Sandbox, body: dict[str, Any], **headers: str) -> list[dict[str, Any]]:
    """The checked events of a streamed response."""
    response = post(sandbox, {**body, "stream": True}, **headers)
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    told = [json.loads(line[6:]) for line in response.text.splitlines() if line[:6] == "data: "]
    names = [line[7:] for line in response.text.splitlines() if line.startswith("event: ")]
    assert names == [event["type"] for event in told]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    for event in told:
        # The wire nests the error where the SDK declares it flat (facts 3.5).
        if event["type"] != "error":
            check(event, ResponseStreamEvent)
    return told


def check(body: object, model: Any = Response) -> None:
    """Fail unless a body satisfies the SDK's type, with no key that the type does not know."""
    _check_known(_adapter(model).validate_python(body, strict=True))


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    """Made once: to build the one of all events takes seconds."""
    return TypeAdapter(model)


def _check_known(value: object) -> None:
    if isinstance(value, BaseModel):
        allowed = UNDOCUMENTED.get(type(value).__name__, set())
        assert set(value.model_extra or {}) <= allowed, (type(value), value.model_extra)
        for name in type(value).model_fields:
            _check_known(getattr(value, name))
    elif isinstance(value, list):
        for child in value:
            _check_known(child)


class Tapes:
    """What OpenAI answers: written by hand, or as recorded, where the recordings are."""

    def __init__(self, *, recorded: bool) -> None:
        self._recorded = recorded

    def __call__(self, name: str) -> list[dict[str, Any]]:
        """The requests and answers of one tape."""
        if not self._recorded:
            return copy.deepcopy(ANSWERS[name])
        text = (RECORDINGS / f"{RECORDED_AS[name]}.json").read_text(encoding="utf-8")
        found: list[dict[str, Any]] = json.loads(text)["interactions"]
        return found

    def compare(self, ours: Any, theirs: Any, *, later: bool = False) -> None:
        """Fail unless two bodies have the same keys and kinds.

        Written by hand, theirs have only the fields that matter: any other may be ours alone.
        With `later`, so may keys that came after the recording.
        """
        found = differences(ours, theirs) - UNPUBLISHED
        if not self._recorded:
            found = {one for one in found if not one.startswith("+")}
        if later:
            found -= {f"+{key}" for key in LATER} | {f"+response.{key}" for key in LATER}
        assert not found, found


def differences(ours: Any, theirs: Any, at: str = "") -> set[str]:
    """Where two bodies differ in keys: `+path` only we send, `-path` only OpenAI does."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        here = f"{at}." if at else ""
        found = {f"+{here}{key}" for key in ours.keys() - theirs.keys()}
        found |= {f"-{here}{key}" for key in theirs.keys() - ours.keys()}
        for key in ours.keys() & theirs.keys():
            found |= differences(ours[key], theirs[key], f"{here}{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        found = set() if len(ours) == len(theirs) else {f"length of {at}"}
        for our, their in zip(ours, theirs, strict=False):
            found |= differences(our, their, f"{at}[]")
        return found
    return set() if _kind(ours) == _kind(theirs) else {f"{at}: {_kind(ours)}, {_kind(theirs)}"}


def _kind(value: object) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def order(told: list[dict[str, Any]]) -> list[str]:
    """The event types in order, runs of deltas as one."""
    types = [event["type"] for event in told]
    return [t for n, t in enumerate(types) if not (t.endswith(".delta") and t == types[n - 1])]
