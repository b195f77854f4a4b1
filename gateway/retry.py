"""When a failed call is sent again, and when OpenAI is left alone: one policy for every call."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.api_errors import UNREADABLE, GatewayError, explain_exception
from gateway.prices import Charge

ATTEMPTS = 4
"""Their pauses add up to at most 3.5 s: what lasts longer is no passing fault."""

RATE_ATTEMPTS = 8
"""Where OpenAI limits the pace, which it does by the minute: the pauses add up to about one."""

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
    """Send a call, again where that helps. Raises `GatewayError`, with what the attempts cost.

    A wait that would pass the deadline is not begun: the error goes out at once.
    """
    import httpx2
    import openai

    ends = time.monotonic() + policy.deadline
    charges: list[Charge] = []
    attempts = 0
    try:
        async with asyncio.timeout(policy.deadline):
            while True:
                attempts += 1
                try:
                    return CallResult(await once(), attempts)
                except (openai.OpenAIError, httpx2.HTTPError, *UNREADABLE) as fault:
                    error = explain_exception(fault, paid=policy.paid)
                    error.__cause__ = fault
                except GatewayError as failure:
                    error = failure
                    charges.extend(error.charges)
                    if error.charges and policy.on_charge is not None:
                        await policy.on_charge(error.charges)
                pause = _pause(error, attempts)
                if pause is None or time.monotonic() + pause >= ends:
                    raise error
                if policy.on_pause is not None:
                    await policy.on_pause(error, pause)
                await asyncio.sleep(pause)
    except TimeoutError as late:
        error = explain_exception(late, paid=policy.paid)
        error.note_charges(charges)
        raise error from late
    except GatewayError as failure:
        failure.note_charges(charges)
        raise


def _pause(error: GatewayError, attempts: int) -> float | None:
    """Seconds until a call is sent again after so many attempts, as long as OpenAI asks; None where
    it is not."""
    is_rate = error.kind == "rate"
    if not error.retryable or attempts >= (RATE_ATTEMPTS if is_rate else ATTEMPTS):
        return None
    if error.retry_after is None:
        return rate_backoff(attempts) if is_rate else backoff(attempts)
    return error.retry_after + backoff(attempts) * RETRY_AFTER_JITTER


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts, at random from 0, so that several servers on one key
    do not knock together."""
    return random.uniform(0, min(8, 0.5 * 2 ** (attempts - 1)))  # noqa: S311  # no secret


def rate_backoff(attempts: int) -> float:
    """The same, where a limit of pace does not say how long it lasts."""
    return random.uniform(0, min(30, 2**attempts))  # noqa: S311  # no secret
