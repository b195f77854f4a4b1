"""Written dialogues: what they say, where they lie, and how one is held through the tools."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from fastmcp import Client
from fastmcp.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from errors import Problem

MOST_TURNS = 14
DELEGATE = {
    "en": "you decide",
    "de": "egal, entscheide du",
    "ja": "おまかせします",
    "ar": "قرر أنت",
}
RECORDED_TYPE = re.compile(r"^Conversation \S+, mode \w+, (\w+)\.", re.MULTILINE)

Language = Literal["en", "de", "ja", "ar"]
Result = dict[str, Any]


class DialogueError(Problem):
    """A file of dialogues cannot be used."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(_Data):
    """What must and must not happen. Passages are compared letter by letter."""

    asks_about: list[str] = Field([], description="Dimensions.")
    never_asks_about: list[str] = Field([], description="Dimensions.")
    prompt_contains: list[str] = Field([], description="Passages of the last prompt.")
    prompt_lacks: list[str] = Field([], description="Passages, in any case of letters.")
    ready_within: int | None = Field(None, ge=1, description="Messages until ready.")
    questions_at_most: int | None = Field(None, ge=0)
    language: Language | None = Field(None, description="Of the questions.")
    image_type: str | None = None
    completeness_at_least: int | None = Field(None, description="After the first message.")
    completeness_at_most: int | None = Field(None, description="After the first message.")
    assumes: bool | None = Field(None, description="Whether the prompt holds assumptions.")


class Dialogue(_Data):
    """One dialogue: what the person says, and what is promised. The name states the fact."""

    name: str
    idea: str
    mode: Literal["quick", "guided", "explorer", "skip"] = "guided"
    answers: list[str] = Field(
        [], description="Sent in order while it asks; then the choice is left to it."
    )
    then: list[str] = Field([], description="Sent once the prompt is ready.")
    finish: int | None = Field(None, ge=1, description="The message that carries finish=true.")
    expect: Expect = Expect()


@dataclass
class Played:
    """A dialogue as it went. `failed` is the error that ended it early."""

    dialogue: Dialogue
    messages: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    image_type: str = ""
    failed: str = ""

    @property
    def asked(self) -> list[Result]:
        """Every question, in order."""
        return [question for result in self.results for question in result["questions"]]

    @property
    def ready_after(self) -> int | None:
        """The number of the first message that was followed by a prompt."""
        return next((n for n, r in enumerate(self.results, 1) if r["status"] == "ready"), None)


def load_dialogues(folder: Path) -> list[Dialogue]:
    """All dialogues of a folder's YAML files. Raises `DialogueError`."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise DialogueError(f"There are no dialogues in {folder}. Name a folder with --folder.")
    dialogues = [dialogue for file in files for dialogue in _read(file)]
    names = [dialogue.name for dialogue in dialogues]
    if twice := [name for name in names if names.count(name) > 1]:
        raise DialogueError(f"Two dialogues in {folder} have the name {twice[0]!r}. Rename one.")
    return dialogues


def _read(file: Path) -> Iterator[Dialogue]:
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise DialogueError(
            f"{file.name} is no YAML{line}: {str(error).splitlines()[0]}."
        ) from error
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
    """Hold a dialogue as a client does: answers while it asks, then what follows."""
    played = Played(dialogue)
    waiting = list(dialogue.answers)
    delegate = DELEGATE[dialogue.expect.language or "en"]
    try:
        await _say(client, played, dialogue.idea)
        await _answer(client, played, waiting, delegate)
        for message in dialogue.then:
            await _say(client, played, message)
            await _answer(client, played, [], delegate)
        record = await client.read_resource(
            f"conversation://{played.results[0]['conversation_id']}"
        )
        found = RECORDED_TYPE.search("".join(getattr(part, "text", "") for part in record))
        played.image_type = found[1] if found else ""
    except ToolError as error:
        played.failed = str(error)
    return played


async def _answer(client: Client[Any], played: Played, waiting: list[str], delegate: str) -> None:
    for _ in range(MOST_TURNS):
        if played.results[-1]["status"] != "asking":
            return
        await _say(client, played, waiting.pop(0) if waiting else delegate)


async def _say(client: Client[Any], played: Played, message: str) -> None:
    played.messages.append(message)
    arguments: dict[str, Any] = {"message": message, "mode": played.dialogue.mode}
    if played.results:
        arguments["conversation_id"] = played.results[0]["conversation_id"]
    if played.dialogue.finish == len(played.messages):
        arguments["finish"] = True
    called = await client.call_tool("openai_image_consultation", arguments)
    played.results.append(dict(called.structured_content or {}))
