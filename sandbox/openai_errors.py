"""Errors as OpenAI words them, so that a client meets here what it will meet there.

Made by hand from the facts where no recording exists.
"""

from typing import Any, TypeAlias

from sandbox.faults import Failure

Json: TypeAlias = dict[str, Any]

USER_ERROR = "image_generation_user_error"
REQUEST_ERROR = "invalid_request_error"
CHALLENGE = {"www-authenticate": 'Bearer realm="OpenAI API"'}
MODERATION = {"moderation_stage": "input", "categories": ["violence"]}
BLOCKED = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us "
    "at help.openai.com. safety_violations=[violence]."
)
IN_STREAM = {
    "stream_rate_limit": "rate_limit",
    "stream_server_error": "server_error",
    "moderation_stream": "moderation_http",
}
"""Faults that come inside a stream which began well, by what they are without a stream."""


class ApiError(Exception):
    """A refusal with an HTTP status and OpenAI's error body."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = REQUEST_ERROR,  # noqa: A002 - the wire's own name
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.detail: Json = {
            "message": message, "type": type, "param": param, "code": code, **extra,
        }  # fmt: skip

    @property
    def body(self) -> Json:
        """The JSON that goes over the wire."""
        return {"error": self.detail}


def invalid_key(key: str) -> ApiError:
    """The 401 for a key, which OpenAI repeats with its middle in stars."""
    stars = key[:8] + "*" * max(5, len(key) - 12) + key[-4:]
    return ApiError(
        f"Incorrect API key provided: {stars}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        status=401,
        code="invalid_api_key",
        headers=dict(CHALLENGE),
    )


def missing_key() -> ApiError:
    """The 401 for a request without a bearer key."""
    return ApiError(
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        status=401,
        headers=dict(CHALLENGE),
    )


def model_not_found(model: object, param: str = "model") -> ApiError:
    """The 400 that POST /v1/responses gives for a model it does not know."""
    return ApiError(
        f"The requested model '{model}' does not exist.", param=param, code="model_not_found"
    )


def tool_not_supported(model: object) -> ApiError:
    """The 400 of a model that cannot call the image tool."""
    return ApiError(f"Hosted tool 'image_generation' is not supported with {model}.", param="tools")


def response_not_found(response_id: str) -> ApiError:
    """The 404 for a response that never was, is not stored, or is gone."""
    return ApiError(f"Response with id '{response_id}' not found.", status=404)


def previous_not_found(response_id: object) -> ApiError:
    """The 400 for a chain whose earlier response is gone."""
    return ApiError(
        f"Previous response with id '{response_id}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def http_error(fault: Failure, key: str, body: Json, *, stream: bool) -> ApiError | None:
    """The HTTP error that this failure is, or None if it shows in the answer itself."""
    if fault.name == "key_echo":
        return invalid_key(key)
    if stream and fault.name in IN_STREAM:
        return None
    error = _error(IN_STREAM.get(fault.name, fault.name), body)
    if error and fault.name == "rate_limit_retry_after":
        error.headers["retry-after"] = f"{fault.value or 1:g}"
    return error


def stream_error(fault: Failure, body: Json) -> ApiError | None:
    """The error that arrives inside a stream which began well."""
    return _error(IN_STREAM[fault.name], body) if fault.name in IN_STREAM else None


def item_error() -> Json:
    """The error of an image item that moderation stopped."""
    return {
        "code": "moderation_blocked",
        "message": BLOCKED,
        "type": USER_ERROR,
        "param": None,
        "moderation_details": {**MODERATION, "moderation_stage": "output"},
    }


def _error(name: str, body: Json) -> ApiError | None:
    model = body.get("model")
    match name:
        case "rate_limit" | "rate_limit_retry_after":
            return ApiError(
                f"Rate limit reached for {model} in organization org-sandbox on requests per min "
                "(RPM): Limit 20, Used 20, Requested 1. Please try again in 20ms. Visit "
                "https://platform.openai.com/account/rate-limits to learn more.",
                status=429,
                type="requests",
                code="rate_limit_exceeded",
            )
        case "unverified":
            named = [tool["model"] for tool in body.get("tools") or [] if tool.get("model")]
            return ApiError(
                f"Your organization must be verified to use the model `{[*named, model][0]}`. "
                "Please go to: https://platform.openai.com/settings/organization/general and "
                "click on Verify Organization. If you just verified, it can take up to 15 minutes "
                "for access to propagate.",
                status=403,
            )
    dynamic = {
        "invalid_api_key": invalid_key("sk-sandbox-0000"),
        "not_found": response_not_found("resp_sandbox_gone"),
        "model_not_found": model_not_found(model),
        "tool_not_supported": tool_not_supported(model),
        "previous_response_not_found": previous_not_found(body.get("previous_response_id")),
    }
    return ApiError(**FIXED[name]) if name in FIXED else dynamic.get(name)


FIXED: dict[str, Json] = {
    "insufficient_quota": {
        "message": "You exceeded your current quota, please check your plan and billing details. "
        "For more information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "status": 429, "type": "insufficient_quota", "code": "insufficient_quota",
    },
    "billing_hard_limit": {
        "message": "Billing hard limit has been reached.", "code": "billing_hard_limit_reached",
    },
    "server_error": {
        "message": "The server had an error while processing your request. Sorry about that!",
        "status": 500, "type": "server_error", "code": "server_error",
    },
    "overloaded": {
        "message": "The server is currently overloaded. Please try again later.",
        "status": 503, "type": "service_unavailable_error", "code": "server_is_overloaded",
    },
    "context_length": {
        "message": "Your input exceeds the context window of this model. Please adjust your input "
        "and try again.",
        "param": "input", "code": "context_length_exceeded",
    },
    "moderation_http": {
        "message": BLOCKED, "type": USER_ERROR, "code": "moderation_blocked",
        "moderation_details": MODERATION,
    },
}  # fmt: skip
"""The errors whose words never vary."""
