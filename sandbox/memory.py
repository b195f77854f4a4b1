"""What the sandbox remembers between requests: responses, files, calls, faults, answers."""

import secrets
import time
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.faults import Failure, FaultQueue
from sandbox.openai_errors import ApiError, Json, response_not_found

MOST_RECORDS = 2000
"""Responses and calls that are held: more than a run of the tests makes, few enough for memory."""

CACHE_MINIMUM, CACHE_STEP = 1024, 128
"""OpenAI caches prompts of 1,024 tokens and more, in steps of 128."""

CHARACTERS_PER_TOKEN = 4
"""OpenAI's own rule of thumb for English."""

MOST_PROMPTS = 50
"""Prompts that are compared for a key: a dialogue has ten turns, and each comparison costs."""


def mint(prefix: str) -> str:
    """A new id that says where it comes from: `resp` gives `resp_sandbox_<hex>`."""
    return f"{prefix}_sandbox_{secrets.token_hex(16)}"


@dataclass
class ApiCall:
    """One request as it came in, and what became of it."""

    method: str
    path: str
    body: Json = field(default_factory=dict)
    stream: bool = False
    kind: str = "other"
    fault: Failure | None = None
    has_picture: bool = False

    def meets(self, *names: str) -> bool:
        """Whether this call is to meet one of these faults."""
        return self.fault is not None and self.fault.name in names

    @property
    def delay(self) -> float:
        """How many seconds the answer is held back."""
        return (self.fault.value or 1) if self.fault and self.fault.name == "delay" else 0


@dataclass
class ResponseRecord:
    """One response: its request, its first and its final body, and what its stream adds."""

    request: Json
    opening: Json
    final: Json
    partials: list[str] = field(default_factory=list)
    error: ApiError | None = None
    ready_at: float = 0
    polls: int = 0

    @property
    def id(self) -> str:
        """The response's id."""
        return str(self.final["id"])

    @property
    def output(self) -> list[Json]:
        """The items of the finished response."""
        return list(self.final["output"])

    def poll(self) -> Json:
        """What GET shows: a background response is first in progress, as OpenAI's are."""
        self.polls += 1
        is_late = time.monotonic() >= self.ready_at
        if is_late and (self.polls > 1 or not self.final["background"]):
            return self.final
        return {**self.opening, "status": "in_progress"}


class SandboxMemory:
    """All memory of one sandbox."""

    def __init__(self) -> None:
        self.responses: dict[str, ResponseRecord] = {}
        self.files: dict[str, bytes] = {}
        self.calls: deque[ApiCall] = deque(maxlen=MOST_RECORDS)
        self.faults = FaultQueue()
        self.answers: defaultdict[str, deque[str]] = defaultdict(deque)
        self.prompts: defaultdict[object, deque[str]] = defaultdict(
            lambda: deque(maxlen=MOST_PROMPTS)
        )

    def store(self, record: ResponseRecord) -> None:
        """Hold a response, forgetting the oldest beyond the limit."""
        self.responses[record.id] = record
        while len(self.responses) > MOST_RECORDS:
            del self.responses[next(iter(self.responses))]

    def response(self, response_id: str) -> ResponseRecord:
        """A response by its id. Raises `ApiError` 404 if there is none."""
        if response_id not in self.responses:
            raise response_not_found(response_id)
        return self.responses[response_id]

    def cached_tokens(self, key: object, text: str) -> int:
        """How many leading tokens an earlier prompt of that key shares; this one is remembered."""
        lengths, earlier = range(len(text)), self.prompts[key]
        shared = [bisect_left(lengths, True, key=_differs(text, one)) for one in earlier]
        earlier.append(text)
        tokens = max(shared, default=0) // CHARACTERS_PER_TOKEN
        return tokens // CACHE_STEP * CACHE_STEP if tokens >= CACHE_MINIMUM else 0


def _differs(one: str, other: str) -> Callable[[int], bool]:
    return lambda end: one[: end + 1] != other[: end + 1]
