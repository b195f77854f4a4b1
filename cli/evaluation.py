"""Play written dialogues through the tools, and check what the product promises of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from fastmcp import Client
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consultation.modes import BUDGETS
from consultation.promises import FEWEST_OPTIONS, MOST_OPTIONS
from consultation.words import words
from problems import Problem

MOST_TURNS = 14
DELEGATE = {"de": "egal, entscheide du", "ja": "おまかせ", "ar": "قرر أنت"}
SCRIPTS = {"ja": ("\u3040", "\u30ff"), "ar": ("\u0600", "\u06ff")}

Result = dict[str, Any]


class DialogueError(Problem):
    """A file of dialogues cannot be used."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(_Data):
    """What must and must not happen. Dimensions and passages of the prompt, as written."""

    asks_about: list[str] = []
    never_asks_about: list[str] = []
    prompt_contains: list[str] = []
    prompt_lacks: list[str] = []
    ready_within: int | None = Field(None, ge=1, description="Messages until ready.")
    questions_at_most: int | None = Field(None, ge=0)
    language: Literal["en", "de", "ja", "ar"] | None = None
    completeness_at_least: int | None = Field(None, description="After the first message.")
    completeness_at_most: int | None = Field(None, description="After the first message.")
    assumes: bool | None = Field(None, description="Whether the prompt holds assumptions.")


class Dialogue(_Data):
    """One dialogue: what the person says, and what is promised."""

    name: str
    idea: str
    mode: Literal["quick", "guided", "explorer", "skip"] = "guided"
    answers: list[str] = Field([], description="Sent in order while it asks.")
    then: list[str] = Field([], description="Sent once the prompt is ready.")
    finish: int | None = Field(None, description="The message that carries finish=true.")
    expect: Expect = Expect()


class Check(NamedTuple):
    """One promise: its name, whether it was kept, and what was seen."""

    name: str
    kept: bool
    seen: str


class Played(NamedTuple):
    """A dialogue as it went: every result in order, and the checks."""

    dialogue: Dialogue
    results: list[Result]
    checks: list[Check]


def load_dialogues(folder: Path) -> list[Dialogue]:
    """All dialogues of a folder's YAML files. Raises `DialogueError`."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise DialogueError(f"There are no dialogues in {folder}. Name a folder with --folder.")
    return [dialogue for file in files for dialogue in _read(file)]


def _read(file: Path) -> Iterator[Dialogue]:
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DialogueError(f"{file.name} is no YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(entries, list):
        raise DialogueError(f"{file.name} must be a list of dialogues.")
    for number, entry in enumerate(entries, start=1):
        try:
            yield Dialogue.model_validate(entry)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(map(str, fault["loc"])) or "the whole"
            raise DialogueError(
                f"{file.name}, dialogue {number}: {where}: {fault['msg']}."
            ) from error


async def play(client: Client[Any], dialogue: Dialogue) -> Played:
    """Hold a dialogue as a client does."""
    results: list[Result] = []
    waiting = list(dialogue.answers)

    async def say(message: str) -> None:
        arguments: dict[str, Any] = {"message": message, "mode": dialogue.mode}
        if results:
            arguments["conversation_id"] = results[0]["conversation_id"]
        arguments["finish"] = dialogue.finish == len(results) + 1
        called = await client.call_tool("openai_image_consultation", arguments)
        results.append(dict(called.structured_content or {}))

    await say(dialogue.idea)
    delegated = DELEGATE.get(dialogue.expect.language or "en", "you decide")
    while results[-1]["status"] == "asking" and len(results) < MOST_TURNS:
        await say(waiting.pop(0) if waiting else delegated)
    for message in dialogue.then:
        await say(message)
    return Played(dialogue, results, list(_checks(dialogue, results)))


def _checks(dialogue: Dialogue, results: list[Result]) -> Iterator[Check]:
    yield from _promises(dialogue, results)
    yield from _on_questions(dialogue.expect, results)
    yield from _on_prompt(dialogue.expect, results[-1])


def _promises(dialogue: Dialogue, results: list[Result]) -> Iterator[Check]:
    """What holds for every dialogue."""
    asked = [question for result in results for question in result["questions"]]
    about = [question["dimension"] for question in asked]
    last = results[-1]
    joined = "".join(span["text"] for span in last["provenance"])
    refs = {span["ref"] for span in last["provenance"] if span["source"] == "answer"}
    yield Check("ends with a prompt", last["status"] == "ready", last["status"])
    yield Check("within its budget", len(asked) <= BUDGETS[dialogue.mode], f"{len(asked)} asked")
    yield Check("asks nothing twice", len(about) == len(set(about)), ", ".join(about))
    yield Check("phrases make the prompt", joined == (last["refined_prompt"] or ""), joined)
    yield Check("answers were asked for", refs <= {question["id"] for question in asked}, str(refs))
    for question in asked:
        options = [" ".join(words(option)) or option for option in question["options"]]
        distinct = FEWEST_OPTIONS <= len(set(options)) == len(options) <= MOST_OPTIONS
        yield Check("options are real choices", distinct, ", ".join(question["options"]))


def _on_questions(expect: Expect, results: list[Result]) -> Iterator[Check]:
    asked = [question for result in results for question in result["questions"]]
    about = {question["dimension"] for question in asked}
    seen = ", ".join(sorted(about)) or "nothing asked"
    for name in expect.asks_about:
        yield Check(f"asks about {name}", name in about, seen)
    for name in expect.never_asks_about:
        yield Check(f"never asks about {name}", name not in about, seen)
    if expect.questions_at_most is not None:
        yield Check("asks few questions", len(asked) <= expect.questions_at_most, seen)
    if expect.ready_within is not None:
        turns = next((n for n, r in enumerate(results, 1) if r["status"] == "ready"), None)
        soon = turns is not None and turns <= expect.ready_within
        yield Check("ready soon enough", soon, f"after {turns} messages")
    if expect.language in SCRIPTS and asked:
        first, last = SCRIPTS[expect.language]
        text = " ".join(question["text"] for question in asked)
        yield Check("asks in their language", any(first <= c <= last for c in text), text[:80])
    first_turn = results[0]["completeness"] or {"now": 0}
    if expect.completeness_at_least is not None:
        enough = first_turn["now"] >= expect.completeness_at_least
        yield Check("counts what is decided", enough, f"{first_turn['now']} %")
    if expect.completeness_at_most is not None:
        little = first_turn["now"] <= expect.completeness_at_most
        yield Check("does not count words", little, f"{first_turn['now']} %")


def _on_prompt(expect: Expect, last: Result) -> Iterator[Check]:
    prompt = last["refined_prompt"] or ""
    for passage in expect.prompt_contains:
        yield Check(f"keeps {passage!r}", passage in prompt, prompt)
    for passage in expect.prompt_lacks:
        yield Check(f"leaves out {passage!r}", passage.lower() not in prompt.lower(), prompt)
    if expect.assumes is not None:
        seen = "; ".join(last["assumptions"]) or "no assumption"
        yield Check("marks assumptions", bool(last["assumptions"]) == expect.assumes, seen)
