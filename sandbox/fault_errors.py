"""The error bodies behind the faults; made by hand from the facts where no recording exists."""

from sandbox import reading
from sandbox.errors import (
    USER_ERROR,
    ApiError,
    Json,
    invalid_key,
    model_not_found,
    previous_not_found,
    response_not_found,
    tool_not_supported,
)
from sandbox.faults import Fault

_MODERATION = {"moderation_stage": "input", "categories": ["violence"]}
BLOCKED = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us "
    "at help.openai.com. safety_violations=[violence]."
)

_IN_STREAM = {
    "stream_rate_limit": "rate_limit",
    "stream_server_error": "server_error",
    "moderation_stream": "moderation_http",
}


def http_error(fault: Fault, key: str, body: Json, *, stream: bool) -> ApiError | None:
    """Return the HTTP error this failure is, or None if it shows in the answer itself."""
    if fault.name == "key_echo":
        return invalid_key(key)
    if stream and fault.name in _IN_STREAM:
        return None
    error = _error(_IN_STREAM.get(fault.name, fault.name), body)
    if error and fault.name == "rate_limit_retry_after":
        error.headers["retry-after"] = f"{fault.value or 1:g}"
    return error


def stream_error(fault: Fault, body: Json) -> ApiError | None:
    """Return the error that arrives inside a stream which began well."""
    return _error(_IN_STREAM[fault.name], body) if fault.name in _IN_STREAM else None


def item_error() -> Json:
    """Return the error of an image item that moderation stopped."""
    return {
        "code": "moderation_blocked",
        "message": BLOCKED,
        "type": USER_ERROR,
        "param": None,
        "moderation_details": {**_MODERATION, "moderation_stage": "output"},
    }


def _error(name: str, body: Json) -> ApiError | None:
    tool = reading.image_tool(body) or {}
    model = body.get("model")
    if name in ("rate_limit", "rate_limit_retry_after"):
        return _rate_limit(model)
    if name == "unverified":
        return _unverified(tool.get("model") or model)
    return {
        **_fixed(),
        "not_found": response_not_found("resp_sandbox_gone"),
        "model_not_found": model_not_found(model),
        "tool_not_supported": tool_not_supported(model),
        "previous_response_not_found": previous_not_found(body.get("previous_response_id")),
    }.get(name)


def _rate_limit(model: object) -> ApiError:
    return ApiError(
        f"Rate limit reached for {model} in organization org-sandbox on requests per min "
        "(RPM): Limit 20, Used 20, Requested 1. Please try again in 1s. Visit "
        "https://platform.openai.com/account/rate-limits to learn more.",
        status=429,
        type="requests",
        code="rate_limit_exceeded",
    )


def _unverified(model: object) -> ApiError:
    return ApiError(
        f"Your organization must be verified to use the model `{model}`. Please go to: "
        "https://platform.openai.com/settings/organization/general and click on Verify "
        "Organization. If you just verified, it can take up to 15 minutes for access to "
        "propagate.",
        status=403,
    )


def _fixed() -> dict[str, ApiError]:
    """Return the errors whose words never vary."""
    return {
        "invalid_api_key": invalid_key("sk-sandbox-0000"),
        "insufficient_quota": ApiError(
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            status=429,
            type="insufficient_quota",
            code="insufficient_quota",
        ),
        "billing_hard_limit": ApiError(
            "Billing hard limit has been reached.", code="billing_hard_limit_reached"
        ),
        "server_error": ApiError(
            "The server had an error while processing your request. Sorry about that!",
            status=500,
            type="server_error",
            code="server_error",
        ),
        "overloaded": ApiError(
            "The server is currently overloaded. Please try again later.",
            status=503,
            type="service_unavailable_error",
            code="server_is_overloaded",
        ),
        "context_length": ApiError(
            "Your input exceeds the context window of this model. Please adjust your input and "
            "try again.",
            param="input",
            code="context_length_exceeded",
        ),
        "moderation_http": ApiError(
            BLOCKED, type=USER_ERROR, code="moderation_blocked", moderation_details=_MODERATION
        ),
    }
