"""The request that has a person's words read into a template's parameters, and its answer."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from consultation.facilitator_request import MOST_TOKENS, dialogue
from consultation.turn import FILLING_NAME, Filling, response_format
from prompts.library_template import LibraryTemplate
from prompts.template import Rendering
from storage.input_files import InputFiles
from storage.tables import Conversation

FILL = "consultation/fill"


def build_filling(
    conversation: Conversation,
    *,
    model: str,
    instructions: Rendering,
    templates: dict[str, str],
    template: LibraryTemplate,
    values: Mapping[str, str],
    waiting: list[dict[str, str]],
    answers: Mapping[str, str],
    input_files: InputFiles,
) -> dict[str, Any]:
    """The body of the call.

    `values` are those that parameters have so far, `waiting` the questions that are open,
    `answers` the messages that were given to a question by its id.
    """
    state = {
        "template": template.name,
        "about": template.description,
        "parameters": _parameters(template, values),
        "open_questions": waiting,
        "answers": dict(answers),
    }
    content = json.dumps(state, ensure_ascii=False)
    return {
        "model": model,
        "instructions": instructions.text,
        "input": [
            *dialogue(conversation, input_files),
            {"role": "developer", "content": content},
        ],
        "text": response_format(Filling, FILLING_NAME),
        "temperature": 0,
        "max_output_tokens": MOST_TOKENS,
        "prompt_cache_key": f"{instructions.name}@{instructions.fingerprint}",
        "metadata": {
            "conversation": conversation.id,
            "templates": " ".join(f"{name}@{mark}" for name, mark in templates.items()),
        },
    }


def parse_filling(text: str) -> Filling | None:
    """What the model read, or nothing where its answer cannot be used."""
    try:
        return Filling.model_validate_json(text)
    except ValidationError:
        return None


def _parameters(template: LibraryTemplate, values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "question": parameter.question,
            "takes": parameter.takes,
            "options": parameter.choices,
            "optional": parameter.optional,
            "value": values.get(name),
        }
        for name, parameter in template.parameters.items()
    ]
