"""Dialogues written by a language model that knew nothing of our checks, as tests read them.

`natural.json` has ten with a free prompt and its quotes, `turns.json` eight with every
turn's answer, `sloppy.json` a sloppy, a lazy and an overeager answer to each of the ten.
`strangers.json` has nineteen as they were held: a model that had nothing but our requests led
people of its own, in eleven languages; each turn has its first answer, slips and all.
`unseen.yaml` has twelve of which nobody had read the checks, each with two bad answers.
`refusals.yaml` has sixteen, each in another language, that refuse in ways of their own; its three
bad answers each turn a refusal round, forget one, or call one talk. `changes.yaml` has ten of two
messages that take back what was said first; their bad answers draw that all the same, or as above.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from fastmcp import Client

from sandbox.loopback import Sandbox
from tests.calls import consult

Json = dict[str, Any]
FACILITATOR = "facilitator_turn"

WHY = {"occasion, not visible": "not_visible", "not visible": "not_visible",
    "what the slide says, not drawn": "not_visible", "replaced by m2": "replaced",
    "talk": "talk"}  # fmt: skip
"""The free reasons of natural.json as the four words of the contract."""

QUOTED = re.compile('[“„«「"]([^“”„«»「」"]+)[”“»」"]')


class Case(NamedTuple):
    """One answer of a model: what was said, asked and decided before it, and the answer."""

    name: str
    messages: dict[str, str]
    questions: list[Json]
    before: list[Json]
    turn: Json


@cache
def read(name: str) -> list[Json]:
    """The dialogues of a file."""
    file = next(Path(__file__).parent.glob(f"{name}.*"))
    text = file.read_text(encoding="utf-8")
    return list(json.loads(text) if file.suffix == ".json" else yaml.safe_load(text))


def natural() -> Iterator[Case]:
    """Each natural dialogue with its last answer; lettering is what its prompt quotes."""
    for one in read("natural"):
        turn = {
            "language": one.get("language", "en"),
            "title": one["name"],
            "image_type": "general",
            "reply": "Here is the prompt.",
            "brief": [],
            "chosen": [],
            "questions": [],
            "prompt": one["prompt"],
            "sources": one["sources"],
            "lettering": QUOTED.findall(one["prompt"]),
            "set_aside": [{**entry, "why": WHY[entry["why"]]} for entry in one["set_aside"]],
        }
        yield Case(one["name"], one["messages"], one["questions"], [], turn)


def sloppy(kind: str) -> Iterator[Case]:
    """The answers of one kind: sloppy (and honest), lazy or overeager."""
    for one in read("sloppy"):
        if one["kind"] == kind:
            turn = {**one["turn"], "chosen": [{"ref": "", **c} for c in one["turn"]["chosen"]]}
            yield Case(one["id"], one["messages"], one["questions"], one["before"], turn)


def first_turn(case: Case) -> Json:
    """The turn that put a case's questions, for playing the dialogue from its beginning."""
    known = next(iter(case.messages))
    return {
        "language": case.turn["language"],
        "title": case.name,
        "image_type": case.turn["image_type"],
        "reply": "A few questions.",
        "brief": case.before
        or [
            {
                "dimension": "subject",
                "value": case.messages[known],
                "said": [{"ref": known, "quote": case.messages[known]}],
                "open": True,
            }
        ],
        "chosen": [],
        "questions": [
            {"why": "", "follows": None, **{k: v for k, v in q.items() if k != "id"}}
            for q in case.questions
        ],
        "prompt": "",
        "sources": [],
        "lettering": [],
        "set_aside": [],
    }


async def play(client: Client[Any], sandbox: Sandbox, case: Case, *answers: Json) -> list[Json]:
    """The results of a dialogue's calls; its newest message is answered with `answers`."""
    *before, newest = case.messages.values()
    results: list[Json] = []
    mode = "explorer" if len(case.questions) > 5 else "guided"
    for number, message in enumerate([*before, newest]):
        sandbox.clear()
        last = number == len(before)
        asking = first_turn(case) if number == 0 else _waiting(case)
        sandbox.answer(FACILITATOR, *(answers if last else [asking, asking]))
        begun = {"conversation_id": results[-1]["conversation_id"]} if results else {"mode": mode}
        results.append(await consult(client, message, **begun))
    return results


def _waiting(case: Case) -> Json:
    """A turn in between, in which nothing new is asked: the questions still wait."""
    turn = first_turn(case)
    said = [{"ref": ref, "quote": text} for ref, text in list(case.messages.items())[:-1]]
    subject = {"dimension": "subject", "value": "so far", "said": said, "open": True}
    return {**turn, "questions": [], "brief": [subject]}
