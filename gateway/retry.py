"""When a failed call is sent again: one tenacity policy for every call to OpenAI."""

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from gateway.api_errors import GatewayError

ATTEMPTS = 4

_backoff = wait_random_exponential(multiplier=0.5, max=8)


def retrying(deadline: float) -> AsyncRetrying:
    """Retry what `GatewayError.retryable` allows, as long as `deadline` seconds permit.

    Waits as long as Retry-After asks; without it, exponentially with full jitter. A
    wait that would pass the deadline is not begun: the error goes out at once.
    """
    return AsyncRetrying(
        retry=retry_if_exception(_may_be_sent_again),
        wait=_pause,
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(deadline),
        reraise=True,
    )


def _may_be_sent_again(error: BaseException) -> bool:
    return isinstance(error, GatewayError) and error.retryable


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, GatewayError) else None
    return _backoff(state) if asked is None else asked + _backoff(state) / 4
