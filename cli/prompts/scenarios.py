"""Scenarios: what a person says, what a model answers, what the person must notice."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from fastmcp import Client
from fastmcp.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from consultation.transcript import QUESTIONS_OF_MODE
from errors import Problem
from prompts.source import read_text
from sandbox.loopback import Sandbox
from settings import Mode

SCHEMA = "facilitator_turn"

Result = dict[str, Any]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expectation(_Data):
    """What a person would notice after a turn. Words are compared to the letter."""

    status: Literal["asking", "ready"]
    calls_at_most: int = Field(1, description="Calls of the model; 2 where an answer goes back.")
    calls_at_least: int = 0
    asks: list[str] | None = Field(None, description="Dimensions of all open questions.")
    prompt_has: list[str] = []
    prompt_lacks: list[str] = []
    text_has: list[str] = Field([], description="Of the text that the person reads.")
    text_lacks: list[str] = []
    said: list[str] = Field([], description="Their words, shown beside a stretch of the prompt.")
    not_used: list[str] | None = Field(
        None, description="Their words, shown as not in the prompt; an empty list: none are."
    )
    lettering: list[str] | None = None
    assumes: list[str] = Field([], description="Dimensions that are shown as ours.")


class Exchange(_Data):
    """A message, the answers that a model gives to it, and what comes of them."""

    message: str = ""
    answers: dict[str, str] = Field({}, description="Answers by the question's id.")
    finish: bool = False
    model: list[Result] = Field([], description="Turns of the facilitator; the last one repeats.")
    expect: Expectation


class Scenario(_Data):
    """One dialogue. Its name states the promise."""

    name: str
    mode: Mode = "guided"
    turns: list[Exchange] = Field(min_length=1)


SCENARIOS = TypeAdapter(list[Scenario])


class Breach(NamedTuple):
    """A promise that was not kept: in which scenario and turn, and what was seen instead."""

    scenario: str
    turn: int
    promise: str
    seen: str


def load_scenarios(folder: Path) -> list[Scenario]:
    """All scenarios of a folder's YAML files. Raises a `Problem`."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise Problem(f"There are no scenarios in {folder}. Name a folder with --folder.")
    return [scenario for file in files for scenario in _read(file)]


def _read(file: Path) -> list[Scenario]:
    try:
        return SCENARIOS.validate_python(yaml.safe_load(read_text(file, file.name)))
    except yaml.YAMLError as error:
        raise Problem(f"{file.name} is no YAML: {error}.") from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the whole"  # scenarios count from 0
        raise Problem(f"{file.name}: {where}: {fault['msg']}.") from error


async def play(client: Client[Any], sandbox: Sandbox, scenario: Scenario) -> list[Breach]:
    """Hold a dialogue with its answers handed to the sandbox; the promises that broke."""
    breaches: list[Breach] = []
    conversation: Result = {"mode": scenario.mode}
    for number, exchange in enumerate(scenario.turns, start=1):
        sandbox.clear()
        sandbox.answer(SCHEMA, *exchange.model, *exchange.model[-1:])
        answers = [{"question_id": name, "answer": text} for name, text in exchange.answers.items()]
        arguments = {"message": exchange.message, "answers": answers, "finish": exchange.finish}
        try:
            called = await client.call_tool(
                "openai_image_consultation", {**arguments, **conversation}
            )
        except ToolError as error:
            return [*breaches, Breach(scenario.name, number, "goes on", str(error))]
        result: Result = dict(called.structured_content or {})
        text = "\n".join(getattr(block, "text", "") for block in called.content)
        conversation = {"conversation_id": result["conversation_id"]}
        faults = [
            *_always(scenario, exchange, result),
            *_exact(exchange.expect, result, len(sandbox.requests)),
            *_words(exchange.expect, result, text),
        ]
        breaches += [Breach(scenario.name, number, *fault) for fault in faults]
    return breaches


def _always(scenario: Scenario, exchange: Exchange, result: Result) -> Iterator[tuple[str, str]]:
    """What holds for every turn of every dialogue."""
    prompt = result["refined_prompt"] or ""
    words = "\n".join(one.message for one in scenario.turns)
    prompts = [turn.get("prompt", "") for turn in exchange.model]
    if prompt and prompt not in (words if scenario.mode == "skip" else prompts):
        yield "the prompt is as it was written", prompt
    if (joined := "".join(span["text"] for span in result["provenance"])) != prompt:
        yield "the stretches make the prompt", joined
    if len(result["questions"]) > QUESTIONS_OF_MODE[scenario.mode]:
        yield "within its budget", f"{len(result['questions'])} questions"


def _exact(expect: Expectation, result: Result, calls: int) -> Iterator[tuple[str, str]]:
    """What this turn promises to be, and is not: the promise, and what was seen."""
    dimensions = sorted(question["dimension"] for question in result["questions"])
    if result["status"] != expect.status:
        yield f"is {expect.status}", result["status"]
    if not expect.calls_at_least <= calls <= expect.calls_at_most:
        yield f"{expect.calls_at_least} to {expect.calls_at_most} calls", str(calls)
    if expect.asks is not None and dimensions != sorted(expect.asks):
        yield f"asks about {expect.asks}", str(dimensions)
    if expect.lettering is not None and result["lettering"] != expect.lettering:
        yield f"letters {expect.lettering}", str(result["lettering"])
    if expect.not_used == [] and result["not_used"]:
        yield "uses all words", _joined(result["not_used"], "quote")


def _words(expect: Expectation, result: Result, text: str) -> Iterator[tuple[str, str]]:
    """What this turn promises to hold or to lack."""
    prompt = result["refined_prompt"] or ""
    quotes = [quote for span in result["provenance"] for quote in span["said"]]
    promises = [
        ("the prompt has", expect.prompt_has, prompt, True),
        ("the text has", expect.text_has, text, True),
        ("shows as said", expect.said, _joined(quotes, "quote"), True),
        ("shows as not used", expect.not_used or [], _joined(result["not_used"], "quote"), True),
        ("shows as ours", expect.assumes, _joined(result["assumptions"], "dimension"), True),
        ("the prompt lacks", expect.prompt_lacks, prompt, False),
        ("the text lacks", expect.text_lacks, text, False),
    ]
    for promise, words, seen, wanted in promises:
        for word in words:
            is_there = word in seen if wanted else word.casefold() in seen.casefold()
            if is_there is not wanted:
                yield f"{promise} {word!r}", seen


def _joined(entries: list[Result], name: str) -> str:
    return " | ".join(entry[name] for entry in entries)
