"""When a failed call is sent again, and when OpenAI is left alone: one policy for every call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from gateway.api_errors import UNREADABLE, GatewayError, explain_exception
from gateway.prices import Charge

ATTEMPTS = 4
"""Their pauses add up to at most 3.5 s: what lasts longer is no passing fault."""

RATE_ATTEMPTS = 8
"""Where OpenAI limits the pace, which it does by the minute: the pauses add up to about one."""

BACKOFF = wait_random_exponential(multiplier=0.5, max=8)
"""Seconds; at random from 0, so that several servers on one key do not knock together."""

RATE_BACKOFF = wait_random_exponential(multiplier=2, max=30)
"""Seconds, where a limit of pace does not say how long it lasts."""

RETRY_AFTER_JITTER = 0.25
"""Part of the backoff on top of Retry-After: all who were told the same second come apart."""

MOST_FAULTS = 5
"""Calls in a row; each has had four attempts by then, so it is no passing fault."""

REST_SECONDS = 30.0
"""Long enough to spare OpenAI and the person's patience, short enough to notice its return."""

T = TypeVar("T")

OnPause = Callable[[GatewayError, float], Awaitable[None]]
"""Called before each pause, with what it follows and its seconds."""

OnCharge = Callable[[list[Charge]], Awaitable[None]]
"""Called as soon as an attempt has failed that was charged all the same: whoever asks books it
then, since a call may end in more ways than an answer or an error."""


@dataclass(frozen=True)
class Policy:
    """How long a call may take with all its attempts, in seconds, whether it buys a picture, and
    whom to tell of what happens in between."""

    deadline: float
    paid: bool = False
    on_pause: OnPause | None = None
    on_charge: OnCharge | None = None


@dataclass
class CallResult(Generic[T]):
    """The result of a call, and what it took to get it."""

    result: T
    attempts: int
    notes: list[str] = field(default_factory=list)


class Breaker:
    """Counts calls that failed in a row, each after its own retries.

    Our own: of the libraries for this, those that are maintained neither let a single call
    through when the rest is over nor say when that is.
    """

    def __init__(self) -> None:
        self._faults = 0
        self._opened_at = 0.0
        self._trying = False

    def __enter__(self) -> None:
        """Let a call through, or raise `GatewayError` saying when the next one is tried."""
        if self._faults < MOST_FAULTS:
            return
        left = self._opened_at + REST_SECONDS - time.monotonic()
        if left > 0 or self._trying:
            left = max(left, 1)
            raise GatewayError(
                "resting", detail=f"The next try is in {left:.0f} seconds.", retry_after=left
            )
        self._trying = True

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Note how a call that was let through has ended."""
        self._trying = False
        if isinstance(error, GatewayError) and error.outage:
            self._faults += 1
            self._opened_at = time.monotonic()
        elif error is None or isinstance(error, GatewayError):
            self._faults = 0


async def attempt(once: Callable[[], Awaitable[T]], policy: Policy) -> CallResult[T]:
    """Send a call, again where that helps. Raises `GatewayError`, with what the attempts cost."""
    import httpx2
    import openai

    attempts = 0
    charges: list[Charge] = []

    async def explain_failure() -> T:
        nonlocal attempts
        attempts += 1
        try:
            return await once()
        except (openai.OpenAIError, httpx2.HTTPError, *UNREADABLE) as error:
            raise explain_exception(error, paid=policy.paid) from error
        except GatewayError as error:
            if error.charges:
                charges.extend(error.charges)
                if policy.on_charge is not None:
                    await policy.on_charge(error.charges)
            raise

    try:
        async with asyncio.timeout(policy.deadline):
            retrying = _retrying(policy)
            return CallResult(await retrying(explain_failure), attempts)
    except TimeoutError as error:
        late = explain_exception(error, paid=policy.paid)
        late.note_charges(charges)
        raise late from error
    except GatewayError as error:
        error.note_charges(charges)
        raise


def _retrying(policy: Policy) -> AsyncRetrying:
    """Retry what `GatewayError.retryable` allows, as long as the deadline permits.

    Waits as long as OpenAI asks; where it does not, exponentially with full jitter. A
    wait that would pass the deadline is not begun: the error goes out at once.
    """

    async def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if policy.on_pause is not None and isinstance(error, GatewayError):
            await policy.on_pause(error, state.upcoming_sleep)

    return AsyncRetrying(
        retry=retry_if_exception(_is_retryable),
        wait=_pause,
        stop=lambda state: _is_last(state) or stop_before_delay(policy.deadline)(state),
        before_sleep=tell,
        reraise=True,
    )


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, GatewayError) and error.retryable


def _is_rate(error: BaseException | None) -> bool:
    return isinstance(error, GatewayError) and error.kind == "rate"


def _is_last(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return state.attempt_number >= (RATE_ATTEMPTS if _is_rate(error) else ATTEMPTS)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    retry_after = error.retry_after if isinstance(error, GatewayError) else None
    if retry_after is None:
        return (RATE_BACKOFF if _is_rate(error) else BACKOFF)(state)
    return retry_after + BACKOFF(state) * RETRY_AFTER_JITTER
