"""Failures on demand: what can go wrong at OpenAI, by name, and who is to meet it next."""

import re
from dataclasses import dataclass
from threading import Lock

FAULTS = {
    "invalid_api_key": "401: the key is wrong",
    "key_echo": "401 that repeats part of the caller's key, as OpenAI does",
    "unverified": "403: the organization must be verified to use the model",
    "not_found": "404: no such response",
    "model_not_found": "400: the model does not exist",
    "tool_not_supported": "400: the image tool is not supported with this model",
    "rate_limit": "429 without Retry-After",
    "rate_limit_retry_after": "429 with Retry-After: 1, or =SECONDS",
    "insufficient_quota": "429 that no waiting cures: the money is used up",
    "billing_hard_limit": "400: the billing hard limit is reached",
    "server_error": "500",
    "overloaded": "503",
    "context_length": "400: the input is too long",
    "previous_response_not_found": "400: the earlier response is gone",
    "moderation_http": "400 moderation_blocked with moderation_details",
    "moderation_stream": "a nested error in the stream, then response.failed",
    "moderation_failed": "HTTP 200 whose status is failed",
    "moderation_item": "a completed response whose image item is failed",
    "stream_rate_limit": "a rate limit in mid-stream; 429 without a stream",
    "stream_server_error": "a server error in mid-stream; 500 without a stream",
    "stream_cut_before_image": "the connection drops before the picture; the response completes",
    "stream_cut_after_image": "the connection drops after the picture; the response completes",
    "truncated_json": "status incomplete for max_output_tokens, half of the text",
    "refusal": "the model declines: content of type refusal",
    "text_instead_of_image": "a message in words, no image item",
    "empty_answer": "completed, with neither words nor picture",
    "not_a_picture": "the result is base64, but of no picture",
    "broken_base64": "the result is not base64",
    "no_completed_event": "Azure: no completed event, the item's status stays generating",
    "delay": "works, after =SECONDS (1)",
    "padded": "works; a png result is padded to =BYTES (3000000)",
    "invented_quote": "facilitator: a quote that the person never wrote",
    "cut_refusal": "facilitator: a quote cut out of a refusal, and a prompt that wants it",
    "turned_round": "facilitator: a refusal quoted whole, and a prompt that wants it",
    "stretch_not_in_prompt": "facilitator: a source for words that the prompt has not",
    "lost_words": "facilitator: a wish is in neither prompt nor sources",
    "dumped_as_talk": "facilitator: a wish is set aside as talk",
    "shares_nothing": "facilitator: the quotes of two sources are swapped",
    "long_quote": "facilitator: a whole message is quoted for one stretch",
    "changed_lettering": "facilitator: text for the picture is not kept to the letter",
    "changed_decision": "facilitator: a decision changes without newer words",
    "too_many_questions": "facilitator: more questions than the budget allows",
    "asks_decided": "facilitator: a question whose answer is known",
    "options_alike": "facilitator: options that say the same",
    "wrong_option": "facilitator: another option than the one that was picked",
    "neither_asks_nor_writes": "facilitator: no question and no prompt",
    "not_json": "facilitator: prose instead of JSON",
    "wrong_shape": "facilitator: JSON of another shape",
}

MARKER = re.compile(r"\[\[sandbox:([\w=.]+)\]\]")


@dataclass(frozen=True)
class Failure:
    """One failure, with the number given after its name (`delay=2`)."""

    name: str
    value: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Failure":
        """Read `NAME` or `NAME=VALUE`.

        Raises `ValueError` if there is no such failure, or the value is no number.
        """
        name, _, value = text.strip().partition("=")
        if name not in FAULTS:
            raise ValueError(
                f"The sandbox knows no fault '{name}'. GET /sandbox/faults lists them."
            )
        return cls(name, float(value) if value else None)


@dataclass
class QueueEntry:
    """A failure in the queue: how often it happens, and to which requests."""

    fault: Failure
    times: int
    kind: str | None
    path: str

    def fits(self, path: str, kind: str) -> bool:
        """Whether it is to happen to a request of this kind to this path."""
        return path == self.path and self.kind in (None, kind)


class FaultQueue:
    """The failures waiting to happen."""

    def __init__(self) -> None:
        self._queue: list[QueueEntry] = []
        self._lock = Lock()

    def add(self, name: str, times: int, kind: str | None, path: str = "/v1/responses") -> None:
        """Queue a failure for the next `times` requests of that kind to that path."""
        with self._lock:
            self._queue.append(QueueEntry(Failure.parse(name), times, kind, path))

    def clear(self) -> None:
        """Forget every failure."""
        with self._lock:
            self._queue.clear()

    def next(self, path: str, kind: str, header: str | None, words: str) -> Failure | None:
        """What this request must meet: by header, by marker in its words, by queue."""
        marker = MARKER.search(words)
        if header or marker:
            return Failure.parse(header or (marker[1] if marker else ""))
        with self._lock:
            waiting = next((one for one in self._queue if one.fits(path, kind)), None)
            if waiting is None:
                return None
            waiting.times -= 1
            if waiting.times <= 0:
                self._queue.remove(waiting)
            return waiting.fault


def without_markers(words: str) -> str:
    """The words as the person meant them."""
    if "[[sandbox:" not in words:
        return words
    return re.sub(rf"\s?{MARKER.pattern}", "", words).strip()
