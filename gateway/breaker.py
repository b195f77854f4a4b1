"""Leave OpenAI alone for a while when it fails again and again.

Small and our own: of the libraries for this, those that are kept neither let a single
call through when the rest is over nor say when that is.
"""

import time

from gateway.api_errors import GatewayError, failure

MOST_FAULTS = 5
REST_SECONDS = 30.0

OUTAGES = {"overloaded", "server", "connection", "unclear", "cut"}
"""Failures that say something of OpenAI or the way to it, not of one request."""


class Breaker:
    """Counts calls that failed in a row, each after its own retries."""

    def __init__(self) -> None:
        self._faults = 0
        self._opened_at = 0.0
        self._trying = False

    def enter(self) -> None:
        """Let a call through, or raise `GatewayError` saying when the next one is tried."""
        if self._faults < MOST_FAULTS:
            return
        left = self._opened_at + REST_SECONDS - time.monotonic()
        if left > 0 or self._trying:
            raise failure("resting", detail=f"The next try is in {max(left, 1):.0f} seconds.")
        self._trying = True

    def leave(self, error: BaseException | None) -> None:
        """Note how a call that was let through has ended."""
        self._trying = False
        if isinstance(error, GatewayError) and error.kind in OUTAGES:
            self._faults += 1
            self._opened_at = time.monotonic()
        elif error is None or isinstance(error, GatewayError):
            self._faults = 0
