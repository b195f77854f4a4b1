"""One turn of the facilitator, as the strict schema that GPT-4o answers in.

The schema is part of every request: a changed field or description here changes the
request, and recordings of it no longer match. That is right.
"""

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from consultation.errors import ConsultationError

SCHEMA_NAME = "facilitator_turn"
FILLING_NAME = "template_filling"

Source = Literal["request", "answer", "reference", "template", "assumption"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BriefEntry(_Part):
    """One dimension of the picture, decided or open."""

    dimension: str
    value: str
    source: Literal[Source, "open"]
    ref: str | None


class Answered(_Part):
    """An open question that the newest message answers, in the person's words."""

    question_id: str
    answer: str


class Asked(_Part):
    """A question to put to the person, with two to five options."""

    dimension: str
    text: str
    why: str
    options: list[str]
    default: str


class Phrase(_Part):
    """A piece of the prompt; the pieces joined as they are make the prompt."""

    text: str
    source: Source
    ref: str | None


class Suggestion(_Part):
    """What to draw the picture with."""

    size: str
    quality: str
    background: str
    output_format: str


class FacilitatorTurn(_Part):
    """Everything that one turn decides."""

    language: str
    title: str
    image_type: str
    brief: list[BriefEntry]
    answered: list[Answered]
    questions: list[Asked]
    ready: bool
    phrases: list[Phrase]
    suggested: Suggestion


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that pydantic makes of names: they cost tokens and say nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # fixed by pydantic
        return False


class Value(_Part):
    """A parameter of a template, and the person's words that fill it."""

    parameter: str
    value: str
    seen_in: str | None


class Filling(_Part):
    """What the person's words say for a template."""

    language: str
    title: str
    filled: list[Value]
    besides: list[str]


def response_format(
    answer: type[BaseModel] = FacilitatorTurn, name: str = SCHEMA_NAME
) -> dict[str, Any]:
    """The `text` field of a request."""
    schema = answer.model_json_schema(schema_generator=_Untitled)
    return {"format": {"type": "json_schema", "name": name, "schema": schema, "strict": True}}


def parse_turn(text: str) -> FacilitatorTurn:
    """Read the facilitator's answer. Raises `ConsultationError` if it is not a turn."""
    try:
        return FacilitatorTurn.model_validate(json.loads(text))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:5]
        told = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in faults)
        raise ConsultationError(f"The answer is not a turn: {told}.") from error
    except ValueError as error:
        raise ConsultationError("The answer is not JSON.") from error
