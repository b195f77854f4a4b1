"""Dialogues with a real model, a second model in the person's place: what counts, as numbers."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import yaml
from fastmcp import Client
from fastmcp.exceptions import ToolError

from app import App
from errors import Problem
from gateway.models import answer_form, closed
from gateway.prices import Usage, text_cost
from settings import Settings

MOST_TURNS = 4
"""Turns of one dialogue, the last of which ends the questions."""

USUAL_TURNS = 2.5
"""Turns that a dialogue takes on the average; the written ones take two."""

FACILITATOR_TOKENS = Usage(input_tokens=2_700, cached_tokens=1_800, output_tokens=600)
PERSON_TOKENS = Usage(input_tokens=700, output_tokens=60)
"""Tokens of one call, for the estimate: those of the facilitator are from `bench/dialogue.py`."""

AT_ONCE = 4
"""Dialogues held side by side; a new account's limit of calls a minute still holds."""

PERSON_SCHEMA = "person_message"
INSTRUCTIONS = """\
You play a person who would like a picture and chats with an art director. Write that person's \
next message, in the language of their first one: short, as people type, sometimes an option by \
its number, sometimes not answering every question. You know what you would like: {persona} What \
you have no wish about, you leave to the art director. Never write a prompt, never play the art \
director."""
FORM = answer_form(PERSON_SCHEMA, closed({"message": {"type": "string"}}))


class Opening(NamedTuple):
    """How a dialogue begins, and what the person has in mind besides."""

    name: str
    words: str
    persona: str
    mode: str


class Talk(NamedTuple):
    """How one dialogue went. `not_used` are words that found no place in the prompt, `rules`
    those by which an answer was sent back."""

    opening: str
    ready: bool
    turns: int
    calls: int
    sent_back: int
    rules: list[str]
    not_used: list[str]
    questions: int
    usd: float
    error: str = ""


def load_openings(file: Path) -> list[Opening]:
    """The openings of a YAML file."""
    return [Opening(**one) for one in yaml.safe_load(file.read_text(encoding="utf-8"))]


def estimate(settings: Settings, person: str, dialogues: int) -> str:
    """What so many dialogues take: calls, and dollars where the prices are known."""
    turns, answers = round(dialogues * USUAL_TURNS), round(dialogues * (USUAL_TURNS - 1))
    facilitator = text_cost(settings.facilitator_model, FACILITATOR_TOKENS).usd
    other = text_cost(person, PERSON_TOKENS).usd
    known = facilitator and other
    usd = f"about ${turns * facilitator + answers * other:.2f}" if known else "an unknown price"
    most = dialogues * (3 * MOST_TURNS - 1)
    return f"about {turns + answers} calls, at most {most}, for {usd} (estimate)"


async def hold(settings: Settings, openings: list[Opening], person: str) -> list[Talk]:
    """Hold all dialogues, a few at a time; the results stand in the order of the openings."""
    from server import create_server

    talks: dict[int, Talk] = {}
    limit = anyio.CapacityLimiter(AT_ONCE)
    app = App(settings)  # which ends with the server

    async def one(number: int, opening: Opening) -> None:
        async with limit:
            talks[number] = await _hold_one(client, _Person(app, person, opening))

    async with Client(create_server(settings, app)) as client, anyio.create_task_group() as group:
        for number, opening in enumerate(openings):
            group.start_soon(one, number, opening)
    return [talks[number] for number in sorted(talks)]


class _Person:
    """Writes what the person says next."""

    def __init__(self, app: App, model: str, opening: Opening) -> None:
        self.app = app
        self._model = model
        self.opening = opening
        self.talk = [{"role": "assistant", "content": opening.words}]
        self.usd = 0.0

    async def answer(self, text: str) -> str:
        """The answer to what the art director wrote."""
        self.talk.append({"role": "user", "content": text})
        reply = await self.app.gateway.talk({
            "model": self._model,
            "instructions": INSTRUCTIONS.format(persona=self.opening.persona),
            "input": self.talk,
            "text": FORM,
            "max_output_tokens": 2_000,
        })  # fmt: skip
        self.usd += reply.charge.cost.usd
        words = str(json.loads(reply.text)["message"])
        self.talk.append({"role": "assistant", "content": words})
        return words


async def _hold_one(client: Client[Any], person: _Person) -> Talk:
    words, result, error = person.opening.words, {}, ""
    arguments: dict[str, Any] = {"mode": person.opening.mode}
    try:
        for turn in range(1, MOST_TURNS + 1):
            # A person with nothing left to say leaves the rest to the facilitator.
            finish = turn == MOST_TURNS or not words.strip()
            arguments |= {"message": words, "finish": finish}
            called = await client.call_tool("openai_image_consultation", arguments)
            result = dict(called.structured_content or {})
            if result["status"] == "ready" or turn == MOST_TURNS:
                break
            arguments = {"conversation_id": result["conversation_id"]}
            words = await person.answer("\n".join(getattr(b, "text", "") for b in called.content))
    except (ToolError, Problem, ValueError, KeyError) as fault:
        error = str(fault)
    if not result:
        return Talk(person.opening.name, False, 0, 0, 0, [], [], 0, person.usd, error)
    return await _measure(person, result, error)


async def _measure(person: _Person, result: dict[str, Any], error: str) -> Talk:
    """What the record of a dialogue says of it."""
    conversation = await person.app.records.load(result["conversation_id"])
    calls = conversation.spending
    first_answers = [turn.repairs[0] for turn in conversation.turns if turn.repairs]
    sent_back = [answer for answer in first_answers if answer["sent_back"]]
    return Talk(
        opening=person.opening.name,
        ready=result["status"] == "ready",
        turns=len(conversation.turns),
        calls=len(calls),
        sent_back=len(sent_back),
        rules=[rule for answer in sent_back for rule in answer["rules"]],
        not_used=[one["quote"] for one in result["not_used"] if one["why"] == "unplaced"],
        questions=len(conversation.questions),
        usd=sum(row.usd or 0.0 for row in calls) + person.usd,
        error=error,
    )
