"""Errors as OpenAI words them, so that a client meets here what it will meet there."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

USER_ERROR = "image_generation_user_error"
REQUEST_ERROR = "invalid_request_error"


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
            "message": message,
            "type": type,
            "param": param,
            "code": code,
            **extra,
        }

    @property
    def body(self) -> Json:
        """The JSON that goes over the wire."""
        return {"error": self.detail}


def invalid_key(key: str) -> ApiError:
    """Return the 401 for a key, which OpenAI repeats with its middle starred out."""
    masked = key[:8] + "*" * max(5, len(key) - 12) + key[-4:]
    return ApiError(
        f"Incorrect API key provided: {masked}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        status=401,
        code="invalid_api_key",
        headers={"www-authenticate": 'Bearer realm="OpenAI API"'},
    )


def missing_key() -> ApiError:
    """Return the 401 for a request without a bearer key."""
    return ApiError(
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        status=401,
        headers={"www-authenticate": 'Bearer realm="OpenAI API"'},
    )


def model_not_found(model: object, param: str = "model") -> ApiError:
    """Return the 400 that POST /v1/responses gives for a model it does not know."""
    return ApiError(
        f"The requested model '{model}' does not exist.", param=param, code="model_not_found"
    )


def tool_not_supported(model: object) -> ApiError:
    """Return the 400 of a model that cannot call the image tool."""
    return ApiError(f"Hosted tool 'image_generation' is not supported with {model}.", param="tools")


def response_not_found(response_id: str) -> ApiError:
    """Return the 404 for a response that was never made, not stored, or deleted."""
    return ApiError(f"Response with id '{response_id}' not found.", status=404)


def previous_not_found(response_id: object) -> ApiError:
    """Return the 400 for a chain whose earlier response is gone."""
    return ApiError(
        f"Previous response with id '{response_id}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


def file_not_found(file_id: str) -> ApiError:
    """Return the 404 for an unknown file."""
    return ApiError(f"No such File object: {file_id}", status=404, param="id")
