"""A recording read from its file: where it comes from, what it is made of, what it cost."""

import json
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
from prompts.wording import VARIATIONS
from tests.recording import Loader


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
    def stale(self) -> list[str]:
        """Templates whose shipped wording is another one than when this was recorded."""
        marks = [one.rpartition("@") for one in self.data["recorded"]["templates"]]
        return sorted({name for name, _, mark in marks if mark not in shipped(name)})

    @property
    def usd(self) -> float:
        """What all calls cost, or would have cost at OpenAI, by the tokens they report."""
        return sum(_usd(answer_of(call["response"]["body"])) for call in self.data["interactions"])


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


def events(stream: str) -> list[dict[str, Any]]:
    """The data of each event of a stream."""
    lines = [line for line in stream.splitlines() if line.startswith("data: {")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def answer_of(body: dict[str, Any]) -> dict[str, Any]:
    """The answer in a recorded body; of a stream the response as its last event has it."""
    if "json" in body:
        answer: dict[str, Any] = body["json"]
        return answer
    responses = [event["response"] for event in events(body["string"]) if "response" in event]
    return responses[-1] if responses else {}


def _usd(answer: dict[str, Any]) -> float:
    """What one call cost: its text, and the picture where there is one."""
    from openai.types.responses import Response

    usage = answer.get("usage") or {}
    if not usage:
        return 0.0
    if "prompt_tokens" in usage:  # of embeddings
        answer = {"model": answer["model"], "usage": {"input_tokens": usage["total_tokens"]}}
    spending = read_usage(Response.construct(**answer))
    usd = text_cost(answer["model"], spending).usd
    for tool in answer.get("tools", []):
        if tool["type"] == "image_generation" and spending.image_reported:
            options = {"size": tool["size"], "quality": tool["quality"]}
            usd += image_cost(tool["model"], spending, **options).usd
    return usd
