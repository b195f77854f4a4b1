"""How a live call finds the recorded one that answers it, and what no longer fits is named.

It matches on everything but prose, so that a prompt author without a key replays an
edited template, and hears that the recording is stale.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from vcr.cassette import Cassette
from vcr.request import Request

from tests.recording import body_of, templates_of
from tests.tiny import DATA_URL

PROSE = {"instructions", "prompt_cache_key", "metadata"}
"""Parts of a request that are wording, or made of it."""

Difference = tuple[str, Any, Any]
"""Where two bodies differ, what stood there, and what stands there now; None for nothing."""


def same_call(live: Request, recorded: Request) -> None:
    """Raises `AssertionError` naming the fields that differ, prose left out."""
    changes = [*map(_words, differences(_structure(body_of(recorded)), _structure(body_of(live))))]
    assert not changes, "; ".join(changes)


def differences(then: Any, now: Any, where: str = "") -> Iterator[Difference]:
    """Where two bodies differ, each place as the keys that lead to it."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from differences(then.get(key), now.get(key), f"{where}.{key}".lstrip("."))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from differences(one, other, f"{where}.{number}")
    elif then != now:
        yield where, then, now


class Playing:
    """One cassette being played: what the test asked for and did not get, and what it left over.

    vcrpy would do but for this: the product turns its exception into a sentence about OpenAI, and
    variations, which ask at the same time, must get their own answers in whatever order they come.
    """

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._templates: set[str] = set()
        self.unknown: list[str] = []
        self._fitting = cassette._responses
        cassette._responses = self._unplayed

    @property
    def stale(self) -> list[str]:
        """Templates whose wording moved on since the recording, by name."""
        calls, counts = self._cassette.requests, self._cassette.play_counts
        before = [templates_of(body_of(call)) for n, call in enumerate(calls) if counts[n]]
        return sorted({one.split("@")[0] for one in self._templates ^ set().union(*before)})

    @property
    def unused(self) -> list[str]:
        """Recorded calls that the test did not make."""
        calls = self._cassette.requests
        return [
            f"call {number + 1} of {len(calls)} ({call_name(request)})"
            for number, request in enumerate(calls)
            if not self._cassette.play_counts[number]
        ]

    def _unplayed(self, live: Request) -> list[tuple[int, Any]]:
        """The recorded calls that fit and are not used up, that with the nearest prose first."""
        live = self._cassette.filter_request(live)
        counts = self._cassette.play_counts
        fitting = [found for found in self._fitting(live) if not counts[found[0]]]
        if fitting:
            self._templates |= templates_of(body_of(live))
        elif (why := self._why(live)) not in self.unknown:
            self.unknown.append(why)
        return sorted(fitting, key=lambda found: self._distance(live, found[0]))

    def _distance(self, live: Request, number: int) -> int:
        recorded = _plain(body_of(self._cassette.requests[number]))
        return len(list(differences(recorded, _plain(body_of(live)))))

    def _why(self, live: Request) -> str:
        """What sets a call apart from the most similar recorded one that is still unplayed."""
        reasons: list[str] = []
        for number, recorded in enumerate(self._cassette.requests):
            alike = (recorded.method, recorded.path) == (live.method, live.path)
            if alike and not self._cassette.play_counts[number]:
                try:
                    same_call(live, recorded)
                except AssertionError as fields:
                    reasons.append(str(fields))
        if not reasons:
            return f"{call_name(live)} is not in the recording"
        return f"{call_name(live)} is not as recorded: {min(reasons, key=len)}"


def call_name(request: Request) -> str:
    """A call for people; ids are left out, they are others in each recording."""
    return f"{request.method} {re.sub(r'/(resp|file)[-_][^/]+', '/...', request.path)}"


def _structure(body: dict[str, Any]) -> dict[str, Any]:
    structure: dict[str, Any] = _plain({key: body[key] for key in body if key not in PROSE})
    if "input" in body:
        structure["input"] = [_shape(item) for item in structure["input"]]
    return structure


def _shape(item: Any) -> Any:
    """An input item without its words; the state of the dialogue is data and stays."""
    if isinstance(item, str):
        return "text"
    if item["role"] == "developer":
        return {"role": "developer", "content": json.loads(item["content"])}
    if isinstance(item["content"], str):
        return {"role": item["role"], "content": "text"}
    parts = [{k: v for k, v in part.items() if k != "text"} for part in item["content"]]
    return {"role": item["role"], "content": parts}


def _plain(value: Any) -> Any:
    """Data without its pictures, of which only the format stays."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return DATA_URL.sub(r"\1...", value) if isinstance(value, str) else value


def _words(difference: Difference) -> str:
    """A difference in words: `tools.0.quality was 'low' and is 'high'`."""
    where, then, now = difference
    before, after = (f"{one!r:.80}" for one in (then, now))
    if then is None:
        return f"{where} is new: {after}"
    return (
        f"{where} is gone, it was {before}"
        if now is None
        else f"{where} was {before} and is {after}"
    )
