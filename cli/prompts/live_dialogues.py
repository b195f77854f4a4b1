"""Dialogues with a real model, a second model in the person's place: what counts, as numbers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from fastmcp import Client
from fastmcp.exceptions import ToolError

from app import App
from errors import Problem
from gateway.models import answer_form, closed
from gateway.prices import Usage, text_cost
from settings import Settings
from storage.tables import Conversation

MOST_TURNS = 4
"""Turns of one dialogue, the last of which ends the questions."""

USUAL_TURNS = 2.5
"""Turns that a dialogue takes on the average; the written ones take two."""

FACILITATOR_TOKENS = Usage(input_tokens=2_700, cached_tokens=1_800, output_tokens=600)
PERSON_TOKENS = Usage(input_tokens=700, output_tokens=60)
"""Tokens of one call, for the estimate: those of the facilitator are from `bench/dialogue.py`."""

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

    dialogue: str
    ready: bool = False
    turns: int = 0
    calls: int = 0
    sent_back: int = 0
    questions: int = 0
    usd: float = 0.0
    rules: Sequence[str] = ()
    not_used: Sequence[str] = ()
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


async def hold(settings: Settings, openings: Sequence[Opening], person: str) -> list[Talk]:
    """Hold the dialogues, one after another; `person` is the model that plays the person."""
    from server import create_server

    app = App(settings)  # which ends with the server
    async with Client(create_server(settings, app)) as client:
        return [await _hold_one(client, app, person, opening) for opening in openings]


async def _hold_one(client: Client[Any], app: App, person: str, opening: Opening) -> Talk:
    words, result, usd, error = opening.words, {}, 0.0, ""
    talk = [{"role": "assistant", "content": words}]
    arguments: dict[str, Any] = {"mode": opening.mode}
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
            text = "\n".join(getattr(block, "text", "") for block in called.content)
            talk.append({"role": "user", "content": text})
            reply = await app.gateway.talk({
                "model": person,
                "instructions": INSTRUCTIONS.format(persona=opening.persona),
                "input": talk,
                "text": FORM,
                "max_output_tokens": 2_000,
            })  # fmt: skip
            usd += reply.charge.cost.usd
            words = str(json.loads(reply.text)["message"])
            talk.append({"role": "assistant", "content": words})
    except (ToolError, Problem, ValueError, KeyError) as fault:
        error = str(fault)
    if not result:
        return Talk(opening.name, usd=usd, error=error)
    measured = _measure(await app.records.load(result["conversation_id"]), result)
    return measured._replace(dialogue=opening.name, usd=round(measured.usd + usd, 4), error=error)


def _measure(conversation: Conversation, result: dict[str, Any]) -> Talk:
    """What the record of a dialogue says of it."""
    first_answers = [turn.repairs[0] for turn in conversation.turns if turn.repairs]
    sent_back = [answer for answer in first_answers if answer["sent_back"]]
    return Talk(
        dialogue=conversation.id,
        ready=result["status"] == "ready",
        turns=len(conversation.turns),
        calls=len(conversation.spending),
        sent_back=len(sent_back),
        questions=len(conversation.questions),
        usd=sum(row.usd or 0.0 for row in conversation.spending),
        rules=[rule for answer in sent_back for rule in answer["rules"]],
        not_used=[one["quote"] for one in result["not_used"] if one["why"] == "unplaced"],
    )
