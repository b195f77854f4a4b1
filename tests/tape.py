"""A recording read from its file: where it comes from, what was said, what that cost."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from gateway.prices import image_cost, text_cost
from gateway.response_items import read_usage
from prompts.image_type import fingerprint_of
from prompts.prompt_files import SHIPPED, SUFFIX, recognise
from prompts.source import PromptError, fingerprint
from prompts.store import PromptStore
from prompts.word_lists import VARIATIONS
from tests.matching import told_call
from tests.recording import Loader

ROOT = Path(__file__).parent.parent
CASSETTES = ROOT / "cassettes"


@dataclass(frozen=True)
class Call:
    """One call: how it is told, what was asked, and the body of the answer, a stream's last."""

    told: str
    asked: dict[str, Any]
    status: int
    answered: dict[str, Any]
    streamed: Counter[str]  # how often which event came

    @property
    def usd(self) -> float:
        """What the call cost, or would have cost at OpenAI, by the tokens it reports."""
        from openai.types.responses import Response

        usage = self.answered.get("usage") or {}
        if "prompt_tokens" in usage:
            response = Response.construct(usage={"input_tokens": usage["total_tokens"]})
            return text_cost(self.answered["model"], read_usage(response)).usd
        if not usage:
            return 0.0
        response = Response.construct(**self.answered)
        usd = text_cost(str(response.model), read_usage(response)).usd
        for tool in self.answered.get("tools", []):
            if tool["type"] == "image_generation" and read_usage(response).image_reported:
                said = {"size": tool["size"], "quality": tool["quality"]}
                usd += image_cost(tool["model"], read_usage(response), **said).usd
        return usd


@dataclass(frozen=True)
class Tape:
    """A recording; `name` is that of its test."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "Tape":
        """The recording in a file."""
        return cls(path.stem, path.read_text(encoding="utf-8"))

    @cached_property
    def data(self) -> dict[str, Any]:
        """The file as it lies there."""
        data: dict[str, Any] = yaml.load(self.text, Loader=Loader)  # a safe one
        return data

    @property
    def origin(self) -> str:
        """Who answered: `openai` or the `sandbox`."""
        return str(self.data["recorded"]["origin"])

    @property
    def templates(self) -> dict[str, set[str]]:
        """The fingerprints of each template that the requests were made of."""
        found: dict[str, set[str]] = {}
        for one in self.data["recorded"]["templates"]:
            name, _, mark = one.rpartition("@")
            found.setdefault(name, set()).add(mark)
        return found

    @property
    def stale(self) -> list[str]:
        """Templates whose shipped wording is another one than when this was recorded."""
        return [name for name, marks in self.templates.items() if not marks <= shipped(name)]

    @cached_property
    def calls(self) -> list[Call]:
        """The calls in their order."""
        return [_call(one) for one in self.data["interactions"]]

    @property
    def usd(self) -> float:
        """What all calls cost together."""
        return sum(call.usd for call in self.calls)


@lru_cache
def shipped(name: str) -> frozenset[str]:
    """The fingerprints that a template may have as it is shipped now; none where it is gone."""
    store = PromptStore()
    if name == "image_types":
        return frozenset({fingerprint_of(store.image_types())})
    if name == VARIATIONS:
        ways = store.ways()
        every = (*ways.color, *ways.composition, *ways.style)
        return frozenset(fingerprint(one.say) for one in every)
    place = recognise(name) or recognise(f"{name}{SUFFIX}")
    try:
        read = place.read(SHIPPED) if place else None
    except PromptError:
        return frozenset()
    match read:
        case None:
            return frozenset()
        case _ if place and place.kind == "library":
            return frozenset({read.text.fingerprint})
        case _:
            return frozenset({read.fingerprint})


def events(stream: str) -> Iterator[dict[str, Any]]:
    """The data of each event of a stream."""
    for line in stream.splitlines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def _call(interaction: dict[str, Any]) -> Call:
    request, response = interaction["request"], interaction["response"]
    told = told_call(request["method"], "/" + request["uri"].split("/", 3)[3])
    body = response["body"]
    came = [] if "json" in body else list(events(body["string"]))
    answered = body["json"] if "json" in body else _last(came)
    streamed = Counter(event["type"] for event in came if "type" in event)
    return Call(told, request["body"] or {}, response["status"]["code"], answered, streamed)


def _last(came: list[dict[str, Any]]) -> dict[str, Any]:
    """The response as the last event has it that holds one, or the error in its place."""
    holding = [event for event in came if "response" in event or "error" in event]
    last = holding[-1] if holding else {}
    response: dict[str, Any] = last.get("response") or last
    return response
