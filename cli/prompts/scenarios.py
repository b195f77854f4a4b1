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


class Scene(NamedTuple):
    """How one turn went: its result, the text beside it, and how often a model was called."""

    result: Result
    text: str
    calls: int


def load_scenarios(folder: Path) -> list[Scenario]:
    """All scenarios of a folder's YAML files. Raises a `Problem`."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise Problem(f"There are no scenarios in {folder}. Name a folder with --folder.")
    scenarios = [scenario for file in files for scenario in _read(file)]
    names = [scenario.name for scenario in scenarios]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Problem(f"Two scenarios in {folder} have the name {twice[0]!r}. Rename one.")
    return scenarios


def _read(file: Path) -> list[Scenario]:
    try:
        return SCENARIOS.validate_python(yaml.safe_load(read_text(file, file.name)))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        fault = str(error).splitlines()[0]
        raise Problem(f"{file.name} is no YAML{line}: {fault}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if not first["loc"]:
            raise Problem(f"{file.name} must be a list of scenarios.") from error
        number, *keys = first["loc"]
        where = ".".join(map(str, keys)) or "the whole"
        sentence = f"{file.name}, scenario {int(number) + 1}: {where}: {first['msg']}."
        raise Problem(sentence) from error


async def play(client: Client[Any], sandbox: Sandbox, scenario: Scenario) -> list[Breach]:
    """Hold a dialogue with its answers handed to the sandbox; the promises that broke."""
    breaches: list[Breach] = []
    conversation: Result = {"mode": scenario.mode}
    question_ids: set[str] = set()
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
        text = "\n".join(getattr(block, "text", "") for block in called.content)
        scene = Scene(dict(called.structured_content or {}), text, len(sandbox.requests))
        conversation = {"conversation_id": scene.result["conversation_id"]}
        question_ids |= {question["id"] for question in scene.result["questions"]}
        faults = [
            *_always(scenario, exchange, scene, question_ids),
            *_expected(exchange.expect, scene),
        ]
        breaches += [Breach(scenario.name, number, *fault) for fault in faults]
    return breaches


def _always(
    scenario: Scenario, exchange: Exchange, scene: Scene, question_ids: set[str]
) -> Iterator[tuple[str, str]]:
    """What holds for every turn of every dialogue."""
    result = scene.result
    prompt = result["refined_prompt"] or ""
    words = "\n".join(one.message for one in scenario.turns)
    prompts = [turn.get("prompt", "") for turn in exchange.model]
    if prompt and prompt not in (words if scenario.mode == "skip" else prompts):
        yield "the prompt is as it was written", prompt
    if (joined := "".join(span["text"] for span in result["provenance"])) != prompt:
        yield "the stretches make the prompt", joined
    if len(question_ids) > QUESTIONS_OF_MODE[scenario.mode]:
        yield "within its budget", f"{len(question_ids)} questions"
    for question in result["questions"]:
        if len(set(question["options"])) != len(question["options"]):
            yield "options differ", ", ".join(question["options"])


def _expected(expect: Expectation, scene: Scene) -> Iterator[tuple[str, str]]:
    """What this turn promises and does not keep: the promise, and what was seen."""
    result = scene.result
    prompt = result["refined_prompt"] or ""
    dimensions = sorted(question["dimension"] for question in result["questions"])
    unused = " | ".join(entry["quote"] for entry in result["not_used"])
    quotes = " | ".join(q["quote"] for span in result["provenance"] for q in span["said"])
    ours = ", ".join(one["dimension"] for one in result["assumptions"])
    if result["status"] != expect.status:
        yield f"is {expect.status}", result["status"]
    if not expect.calls_at_least <= scene.calls <= expect.calls_at_most:
        yield f"{expect.calls_at_least} to {expect.calls_at_most} calls", str(scene.calls)
    if expect.asks is not None and dimensions != sorted(expect.asks):
        yield (
            f"asks about {', '.join(expect.asks) or 'nothing'}",
            ", ".join(dimensions) or "nothing",
        )
    if expect.lettering is not None and result["lettering"] != expect.lettering:
        yield f"letters {expect.lettering}", str(result["lettering"])
    if expect.not_used == [] and unused:
        yield "uses all words", unused
    required = [
        ("the prompt has", expect.prompt_has, prompt),
        ("the text has", expect.text_has, scene.text),
        ("shows as said", expect.said, quotes),
        ("shows as not used", expect.not_used or [], unused),
        ("shows as ours", expect.assumes, ours),
    ]
    for promise, words, seen in required:
        yield from ((f"{promise} {word!r}", seen) for word in words if word not in seen)
    unwanted = [
        ("the prompt lacks", expect.prompt_lacks, prompt.casefold()),
        ("the text lacks", expect.text_lacks, scene.text.casefold()),
    ]
    for promise, words, seen in unwanted:
        yield from ((f"{promise} {word!r}", seen) for word in words if word.casefold() in seen)
