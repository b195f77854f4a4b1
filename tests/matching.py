"""How a live call finds the recorded one that answers it, and what no longer fits is told.

It matches on everything but prose, so that a prompt author without a key replays an
edited template, and is told that the recording is stale.
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

Difference = tuple[str, Any, Any]
"""Where two bodies differ, what stood there, and what stands there now; None for nothing."""


def same_call(live: Request, recorded: Request) -> None:
    """Match on everything but prose; an `AssertionError` names the fields that differ."""
    told = [told_of(one) for one in differing(recorded, live)]
    assert not told, f"the request changed since it was recorded: {'; '.join(told)}"


def differing(then: Request, now: Request) -> list[Difference]:
    """The fields in which a request differs from a recorded one, prose left out."""
    return list(differences(_structure(body_of(then)), _structure(body_of(now))))


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


def distance(one: dict[str, Any], other: dict[str, Any]) -> int:
    """In how many places two bodies differ, prose counted, pictures left out."""
    return len(list(differences(plain(one), plain(other))))


def told_of(difference: Difference) -> str:
    """A difference in words: `tools.0.quality was 'low' and is 'high'`."""
    where, then, now = difference
    if then is None:
        return f"{where} is new: {short(now)}"
    if now is None:
        return f"{where} is gone, it was {short(then)}"
    return f"{where} was {short(then)} and is {short(now)}"


class Playing:
    """One cassette being played: which recorded call answers which live one.

    Of those that fit, the one whose prose is nearest: calls made at the same time, such as
    variations, get their own answers in whatever order they come.
    """

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette
        self._found: dict[int, Request] = {}
        self.unknown: list[str] = []
        self._fitting = cassette._responses
        cassette._responses = self._nearest

    @property
    def stale(self) -> list[str]:
        """Templates whose wording moved on since the recording, by name."""
        moved: set[str] = set()
        for number, live in self._found.items():
            moved |= templates_of(body_of(live)) ^ templates_of(body_of(self._recorded(number)))
        return sorted({one.split("@")[0] for one in moved})

    @property
    def unused(self) -> list[str]:
        """Recorded calls that the test did not make."""
        calls = self._cassette.requests
        return [
            f"call {number + 1} of {len(calls)} ({told_call(request.method, request.path)})"
            for number, request in enumerate(calls)
            if not self._cassette.play_counts[number]
        ]

    def _nearest(self, live: Request) -> list[tuple[int, Any]]:
        live = self._cassette.filter_request(live)
        played = self._cassette.play_counts
        fitting = [found for found in self._fitting(live) if not played[found[0]]]
        if not fitting:
            if (why := self._why(live)) not in self.unknown:
                self.unknown.append(why)
            return []
        fitting.sort(key=lambda found: self._distance(live, found[0]))
        self._found[fitting[0][0]] = live
        return fitting

    def _distance(self, live: Request, number: int) -> int:
        recorded = plain(body_of(self._recorded(number)))
        return len(list(differences(recorded, plain(body_of(live)))))

    def _why(self, live: Request) -> str:
        """What sets a call apart from the most similar recorded one that is still unplayed."""
        open_ = [
            request
            for number, request in enumerate(self._cassette.requests)
            if not self._cassette.play_counts[number]
            and (request.method, request.path) == (live.method, live.path)
        ]
        call = told_call(live.method, live.path)
        if not open_:
            return f"{call} is not in the recording"
        fewest = min((differing(request, live) for request in open_), key=len)
        return f"{call} is not as recorded: {'; '.join(map(told_of, fewest))}"

    def _recorded(self, number: int) -> Request:
        request: Request = self._cassette.requests[number]
        return request


def told_call(method: str, path: str) -> str:
    """A call for people; ids are left out, they are others in each recording."""
    return f"{method} {re.sub(r'/(resp|file)[-_][^/]+', '/...', path)}"


def _structure(body: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = plain({key: body[key] for key in body if key not in PROSE})
    if "input" in body:
        kept["input"] = [_shape(item) for item in kept["input"]]
    return kept


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


def plain(value: Any) -> Any:
    """Data without its pictures, of which only the format stays."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return DATA_URL.sub(r"\1...", value) if isinstance(value, str) else value


def short(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= 80 else f"{told[:76]}..."
