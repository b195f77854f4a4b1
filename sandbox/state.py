"""What the sandbox remembers between requests: responses, files, calls, faults, answers."""

import json
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.errors import ApiError, Json, response_not_found
from sandbox.faults import Fault, Faults
from sandbox.usage import PromptCache

_KEPT = 2000


def mint(prefix: str) -> str:
    """Return a new id that says where it comes from: `resp` gives `resp_sandbox_<hex>`."""
    return f"{prefix}_sandbox_{secrets.token_hex(16)}"


@dataclass
class Call:
    """One request as it came in, and what became of it."""

    method: str
    path: str
    body: Json = field(default_factory=dict)
    stream: bool = False
    kind: str = "other"
    fault: Fault | None = None
    paid: bool = False

    def meets(self, *names: str) -> bool:
        """Return whether this call is to meet one of these faults."""
        return self.fault is not None and self.fault.name in names

    @property
    def delay(self) -> float:
        """How many seconds the answer is held back."""
        return (self.fault.value or 1) if self.fault and self.fault.name == "delay" else 0


@dataclass
class File:
    """An uploaded file: the object that describes it, and its bytes."""

    body: Json
    content: bytes


@dataclass
class Record:
    """One response: what was asked, its first and its final body, and what its stream adds."""

    request: Json
    begun: Json
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

    @property
    def ready(self) -> bool:
        """Whether a caller may already see the final body."""
        return time.monotonic() >= self.ready_at and (
            not self.final["background"] or self.polls > 1
        )

    def poll(self) -> Json:
        """Return what GET shows: a background response is first seen in progress."""
        self.polls += 1
        return self.final if self.ready else {**self.begun, "status": "in_progress"}

    def cancel(self) -> Json:
        """Stop a background response that nobody has seen finished; later calls change nothing."""
        if self.ready or self.final["status"] == "cancelled":
            return self.final
        self.final = {**self.begun, "status": "cancelled"}
        self.ready_at, self.polls = 0, 2
        return self.final


class Answers:
    """Structured answers that a test hands over, in place of those the sandbox would play."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, deque[str]] = defaultdict(deque)

    def add(self, schema_name: str, answers: Iterable[Json | str]) -> None:
        """Queue answers to requests for that schema: a dict as JSON text, a str as it is."""
        self._queues[schema_name].extend(
            answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
            for answer in answers
        )

    def next(self, schema_name: str) -> str | None:
        """The oldest answer to requests for that schema, which is used up by it, or None."""
        queue = self._queues[schema_name]
        return queue.popleft() if queue else None

    def clear(self) -> None:
        """Forget every answer."""
        self._queues.clear()


class State:
    """All memory of one sandbox."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.files: dict[str, File] = {}
        self.calls: deque[Call] = deque(maxlen=_KEPT)
        self.faults = Faults()
        self.answers = Answers()
        self.cache = PromptCache()

    def keep(self, record: Record) -> None:
        """Store a response, forgetting the oldest beyond what is kept."""
        self.records[record.id] = record
        while len(self.records) > _KEPT:
            del self.records[next(iter(self.records))]

    def record(self, response_id: str) -> Record:
        """Return a stored response.

        Raises:
            ApiError: 404, there is none of that id.
        """
        if response_id not in self.records:
            raise response_not_found(response_id)
        return self.records[response_id]
