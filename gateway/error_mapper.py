"""Every failure of OpenAI, wherever it stands, as one of our errors."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from errors import Charged, redact
from gateway.api_errors import GatewayError, failure

DETAIL_LENGTH = 300
"""Characters of OpenAI's own sentence that are repeated: it may quote a whole prompt."""

CODES_BY_CASE = {
    "key": ("invalid_api_key",),
    "model": ("model_not_found",),
    "rate_limit": ("rate_limit_exceeded", "slow_down"),
    "overloaded": ("server_is_overloaded",),
    "server": ("server_error",),
    "too_long": ("context_length_exceeded",),
    "previous_response": ("previous_response_not_found",),
    "quota": (
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
    ),
    "moderation": (
        "moderation_blocked", "content_policy_violation", "image_content_policy_violation",
        "bio_policy", "misalignment_policy_violation",
    ),
    "input_image": (
        "invalid_image_file", "invalid_image", "invalid_image_format", "invalid_base64_image",
        "invalid_image_url", "invalid_image_mode", "image_too_large", "image_too_small",
        "image_parse_error", "image_file_too_large", "unsupported_image_media_type",
        "empty_image_file", "failed_to_download_image", "image_file_not_found",
    ),
}  # fmt: skip
CASE_BY_CODE = {code: case for case, codes in CODES_BY_CASE.items() for code in codes}

CASE_BY_STATUS = {
    400: "request", 401: "key", 403: "permission", 404: "not_found", 408: "server",
    409: "server", 413: "request", 422: "request", 429: "rate_limit", 503: "overloaded",
}  # fmt: skip

SERVER_ERROR = 500

DETAILED = {"request", "model", "input_image", "not_found", "unknown"}
"""Cases of which OpenAI's own sentence helps: it names the parameter or the model."""


@dataclass(frozen=True)
class ApiFault:
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
    def read(cls, error: Any, **context: Any) -> "ApiFault":  # bodies and SDK objects
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
            **context,
        )


def explain(fault: ApiFault, *, paid: bool) -> GatewayError:
    """Our error for a failure; `paid` says whether the call was to buy a picture."""
    case = _case(fault)
    charged: Charged | None = None
    if case == "moderation" and fault.stage == "output" and paid:
        charged = "unknown"  # it was drawn before it was refused
    return failure(
        case,
        detail=_detail(case, fault),
        charged=charged,
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
    import openai

    if isinstance(error, openai.APIStatusError):
        fault = ApiFault.read(
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
    fault = ApiFault.read(error.body or error)
    return explain(replace(fault, response_id=response_id), paid=paid)


def _case(fault: ApiFault) -> str:
    message = fault.message.lower()
    signs = (
        ("verification", "must be verified" in message),
        ("quota", fault.type == "insufficient_quota"),
        (CASE_BY_CODE.get(fault.code or ""), True),
        ("moderation", "safety_violations" in message or "safety system" in message),
        ("no_image_tool", fault.param == "tools" and "not supported" in message),
        (CASE_BY_STATUS.get(fault.status or 0), True),
        ("server", bool(fault.status and fault.status >= SERVER_ERROR)),
    )
    return next((case for case, holds in signs if case and holds), "unknown")


def _detail(case: str, fault: ApiFault) -> str:
    """OpenAI's own words, where they help and are safe to repeat."""
    if case == "moderation" and fault.stage in {"input", "output"}:
        where = "the request" if fault.stage == "input" else "the finished picture"
        return f"It stopped at {where}."
    if case == "rate_limit" and fault.retry_after:
        return f"It asks to wait {fault.retry_after:g} seconds."
    if case not in DETAILED or not fault.message:
        return ""
    message = re.sub(r"\s+", " ", redact(fault.message)).strip()[:DETAIL_LENGTH]
    name = f" (parameter {fault.param})" if fault.param and fault.param not in message else ""
    return f"It said{name}: {message}"


def _retry_after(headers: Any) -> float | None:  # httpx2 headers
    """Seconds from a Retry-After header, which holds seconds or a date."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        delay = parsedate_to_datetime(value) - datetime.now(UTC)
    except ValueError:
        return None
    return max(0.0, delay.total_seconds())


def _never_sent(error: BaseException) -> bool:
    """Whether the connection failed before the request left."""
    import httpx2

    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
    return isinstance(error, before) or isinstance(error.__cause__, before)
