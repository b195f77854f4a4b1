"""The request for one facilitator turn, built from the record alone.

The order keeps the prefix stable from turn to turn, so that OpenAI's prompt cache
hits: instructions, then the dialogue as it grew, then the state that changes.
"""

import json
from typing import Any

from consultation.modes import questions_left
from consultation.preferences import Liking
from consultation.references import reference_parts
from consultation.turn import response_format
from prompts.template import Rendering
from storage.input_files import InputFiles
from storage.tables import Conversation, Turn

TEMPLATE = "consultation/facilitator"
LONGEST_ANSWER = 6_000
"""Tokens of one turn; a prompt of 120 words with its sources takes under a thousand."""


def build_request(
    conversation: Conversation,
    *,
    model: str,
    told: Rendering,
    templates: dict[str, str],
    finish: bool,
    inputs: InputFiles,
    likings: list[Liking],
) -> dict[str, Any]:
    """The body of the call. The person's words travel as input, never as instructions."""
    return {
        "model": model,
        "instructions": told.text,
        "input": [*dialogue(conversation, inputs), _state(conversation, likings, finish=finish)],
        "text": response_format(),
        "temperature": 0.3,
        "max_output_tokens": LONGEST_ANSWER,
        "prompt_cache_key": f"{told.name}@{told.fingerprint}/{conversation.mode}",
        "metadata": {
            "conversation": conversation.id,
            "templates": " ".join(f"{name}@{mark}" for name, mark in templates.items()),
        },
    }


def send_back(request: dict[str, Any], answer: str, broken: list[str]) -> dict[str, Any]:
    """The same request, with the broken answer and what is wrong with it at its end."""
    wrong = json.dumps({"broken": broken}, ensure_ascii=False)
    items = [
        {"role": "assistant", "content": answer},
        {"role": "developer", "content": wrong},
    ]
    return {**request, "input": [*request["input"], *items]}


def open_questions(conversation: Conversation) -> list[dict[str, str]]:
    """The questions that still wait for an answer, as the facilitator is told of them."""
    answered = {answer.question for answer in conversation.answers}
    return [
        {"id": question.label, "dimension": question.dimension}
        for question in conversation.questions
        if question.label not in answered
    ]


def dialogue(conversation: Conversation, inputs: InputFiles) -> list[dict[str, Any]]:
    """The turns so far as input items: the person's words, then the facilitator's answer."""
    items: list[dict[str, Any]] = []
    for turn in conversation.turns:
        items.append({"role": "user", "content": _said(turn, inputs)})
        if turn.reply:
            items.append(
                {"role": "assistant", "content": json.dumps(turn.reply, ensure_ascii=False)}
            )
    return items


def _said(turn: Turn, inputs: InputFiles) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "input_text", "text": turn.words}]
    if turn.answers_given:
        answers = json.dumps({"answers": turn.answers_given}, ensure_ascii=False)
        parts.append({"type": "input_text", "text": answers})
    return [*parts, *reference_parts(turn, inputs)]


def _state(conversation: Conversation, likings: list[Liking], *, finish: bool) -> dict[str, str]:
    state: dict[str, Any] = {
        "mode": conversation.mode,
        "questions_left": questions_left(conversation.mode, len(conversation.questions)),
        "finish": finish,
        "open_questions": open_questions(conversation),
    }
    if likings:
        state["likings"] = [liking.as_data for liking in likings]
    return {"role": "developer", "content": json.dumps(state, ensure_ascii=False)}
