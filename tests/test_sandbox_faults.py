"""Every failure on demand does what the facts say, seen through the SDK's exceptions."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from sandbox.faults import FAULTS
from sandbox.loopback import Sandbox
from tests import wire

TOOL = {"type": "image_generation", "quality": "low", "size": "1024x1024"}
DRAW: dict[str, Any] = {"model": "gpt-6-luna", "input": "A fox", "tools": [TOOL]}

HTTP = {
    "invalid_api_key": (openai.AuthenticationError, 401, "invalid_api_key"),
    "key_echo": (openai.AuthenticationError, 401, "invalid_api_key"),
    "unverified": (openai.PermissionDeniedError, 403, None),
    "not_found": (openai.NotFoundError, 404, None),
    "model_not_found": (openai.BadRequestError, 400, "model_not_found"),
    "tool_not_supported": (openai.BadRequestError, 400, None),
    "rate_limit": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "rate_limit_retry_after": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "insufficient_quota": (openai.RateLimitError, 429, "insufficient_quota"),
    "billing_hard_limit": (openai.BadRequestError, 400, "billing_hard_limit_reached"),
    "server_error": (openai.InternalServerError, 500, "server_error"),
    "overloaded": (openai.InternalServerError, 503, "server_is_overloaded"),
    "context_length": (openai.BadRequestError, 400, "context_length_exceeded"),
    "previous_response_not_found": (
        openai.BadRequestError,
        400,
        "previous_response_not_found",
    ),
    "moderation_http": (openai.BadRequestError, 400, "moderation_blocked"),
    "moderation_stream": (openai.BadRequestError, 400, "moderation_blocked"),
    "stream_rate_limit": (openai.RateLimitError, 429, "rate_limit_exceeded"),
    "stream_server_error": (openai.InternalServerError, 500, "server_error"),
}


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[openai.AsyncOpenAI]:
    async with wire.client(sandbox) as made:
        yield made


def fault(name: str) -> dict[str, str]:
    return {"x-sandbox-fault": name}


@pytest.mark.parametrize("name", HTTP)
async def test_a_refused_call_raises_the_sdks_exception(
    client: openai.AsyncOpenAI, sandbox: Sandbox, name: str
) -> None:
    kind, status, code = HTTP[name]
    with pytest.raises(openai.APIStatusError) as caught:
        await client.responses.create(**DRAW, extra_headers=fault(name))
    assert type(caught.value) is kind
    assert caught.value.status_code == status
    assert caught.value.code == code
    assert caught.value.request_id
    assert sandbox.count("image") == 0


def test_a_wrong_key_is_echoed_in_part(sandbox: Sandbox) -> None:
    message = wire.post(sandbox, DRAW, **fault("key_echo")).json()["error"]["message"]
    assert wire.KEY[:8] in message
    assert wire.KEY[-4:] in message
    assert wire.KEY not in message


def test_faults_are_listed_and_queued_over_http(sandbox: Sandbox) -> None:
    with wire.http(sandbox) as plain:
        assert plain.get("/sandbox/faults").json()["faults"] == FAULTS
        plain.post("/sandbox/faults", json={"fault": "server_error", "path": "/v1/models"})
        statuses = [plain.get("/v1/models").status_code for _call in range(2)]
    assert statuses == [500, 200]


def test_an_unknown_fault_is_told_so(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="knows no fault"):
        sandbox.fail("no_such")
    with wire.http(sandbox) as plain:
        assert plain.post("/sandbox/faults", json={"fault": "no_such"}).status_code == 400
    assert wire.post(sandbox, DRAW, **fault("no_such")).status_code == 400
