"""The one mapper from every failure of OpenAI to our errors."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import openai

from errors import redact
from gateway.api_errors import GatewayError, Spent, failure

DETAIL_LENGTH = 300

KIND_BY_CODE = {
    "invalid_api_key": "key",
    "model_not_found": "model",
    "rate_limit_exceeded": "rate_limit",
    "slow_down": "rate_limit",
    "server_is_overloaded": "overloaded",
    "server_error": "server",
    "moderation_blocked": "moderation",
    "content_policy_violation": "moderation",
    "image_content_policy_violation": "moderation",
    "bio_policy": "moderation",
    "misalignment_policy_violation": "moderation",
    "context_length_exceeded": "too_long",
    "previous_response_not_found": "previous_response",
    "invalid_image_file": "input_image",
    "invalid_image": "input_image",
    "invalid_image_format": "input_image",
    "invalid_base64_image": "input_image",
    "invalid_image_url": "input_image",
    "invalid_image_mode": "input_image",
    "image_too_large": "input_image",
    "image_too_small": "input_image",
    "image_parse_error": "input_image",
    "image_file_too_large": "input_image",
    "unsupported_image_media_type": "input_image",
    "empty_image_file": "input_image",
    "failed_to_download_image": "input_image",
    "image_file_not_found": "input_image",
    **dict.fromkeys(
        (
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "billing_hard_limit_reached",
        ),
        "quota",
    ),
}

KIND_BY_STATUS = {
    400: "request", 401: "key", 403: "permission", 404: "not_found", 408: "server",
    409: "server", 413: "request", 422: "request", 429: "rate_limit", 503: "overloaded",
}  # fmt: skip

SERVER_ERROR = 500

DETAILED = {"request", "model", "input_image", "not_found", "unknown"}


@dataclass(frozen=True)
class Fault:
    """A failure as the API words it, wherever it stood: body, stream, response or item."""

    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    message: str = ""
    retry_after: float | None = None
    stage: str | None = None
    response_id: str | None = None

    @classmethod
    def read(cls, error: Any, **known: Any) -> "Fault":  # bodies and SDK objects
        """Take the fields from an error body or from an SDK object."""
        body = error if isinstance(error, dict) else getattr(error, "__dict__", {})
        details = body.get("moderation_details") or {}
        stage = getattr(details, "moderation_stage", None) or (
            details.get("moderation_stage") if isinstance(details, dict) else None
        )
        return cls(
            code=body.get("code"),
            type=body.get("type"),
            param=body.get("param"),
            message=str(body.get("message") or ""),
            stage=stage,
            **known,
        )


def explain(fault: Fault, *, paid: bool) -> GatewayError:
    """Our error for a failure; `paid` says whether the call was to buy a picture."""
    kind = _kind(fault)
    spent: Spent | None = None
    if kind == "moderation" and fault.stage == "output" and paid:
        spent = "maybe"  # it was drawn before it was refused
    return failure(
        kind,
        detail=_detail(kind, fault),
        spent=spent,
        retry_after=fault.retry_after,
        response_id=fault.response_id,
    )


def explain_exception(
    error: BaseException, *, paid: bool, response_id: str | None = None
) -> GatewayError:
    """Our error for what the SDK, or the transport below it, raised.

    A call that broke off after it was sent may have bought a picture, so it is
    never marked for retry when `paid`.
    """
    if isinstance(error, openai.APIStatusError):
        fault = Fault.read(
            error.body,
            status=error.status_code,
            retry_after=_retry_after(error.response.headers),
        )
        return explain(fault, paid=paid)
    if isinstance(error, openai.APIConnectionError) or not isinstance(error, openai.APIError):
        if response_id is None and _never_sent(error):
            return failure("connection")
        if response_id is not None:
            return failure("cut", response_id=response_id)
        return failure("unclear", retryable=not paid)
    fault = Fault.read(error.body or error)
    return explain(replace(fault, response_id=response_id), paid=paid)


def _kind(fault: Fault) -> str:
    message = fault.message.lower()
    told = (
        ("verification", "must be verified" in message),
        ("quota", fault.type == "insufficient_quota"),
        (KIND_BY_CODE.get(fault.code or ""), True),
        ("moderation", "safety_violations" in message or "safety system" in message),
        ("no_image_tool", fault.param == "tools" and "not supported" in message),
        (KIND_BY_STATUS.get(fault.status or 0), True),
        ("server", bool(fault.status and fault.status >= SERVER_ERROR)),
    )
    return next((kind for kind, holds in told if kind and holds), "unknown")


def _detail(kind: str, fault: Fault) -> str:
    """What OpenAI said, where that helps and is safe to repeat."""
    if kind == "moderation" and fault.stage in {"input", "output"}:
        where = "the request" if fault.stage == "input" else "the finished picture"
        return f"It stopped at {where}."
    if kind == "rate_limit" and fault.retry_after:
        return f"It asks to wait {fault.retry_after:g} seconds."
    if kind not in DETAILED or not fault.message:
        return ""
    said = re.sub(r"\s+", " ", redact(fault.message)).strip()[:DETAIL_LENGTH]
    named = f" (parameter {fault.param})" if fault.param and fault.param not in said else ""
    return f"It said{named}: {said}"


def _retry_after(headers: Any) -> float | None:  # httpx2 headers
    """Seconds from a Retry-After header, which holds seconds or a date."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        asked = parsedate_to_datetime(value) - datetime.now(UTC)
    except ValueError:
        return None
    return max(0.0, asked.total_seconds())


def _never_sent(error: BaseException) -> bool:
    """Whether the connection failed before the request left."""
    import httpx2

    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
    return isinstance(error, before) or isinstance(error.__cause__, before)
