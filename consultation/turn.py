"""One turn of the facilitator, as the strict schema that the model answers in.

The schema is part of every request: a changed field or description here changes the
request, and recordings of it no longer match. That is right. What is read is read with
patience: a field that a weaker model leaves out is empty, one that nobody asked for is
passed over.
"""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic.json_schema import GenerateJsonSchema

from errors import Problem
from gateway.capabilities import edges_of
from gateway.models import answer_form
from prompts.wording import Reason
from storage.tables import FORMAT

SCHEMA_NAME = "facilitator_turn"
FILLING_NAME = "template_filling"

AVOID = "avoid"
"""The dimension of what the person refuses."""


class UnusableAnswerError(Problem):
    """What the model answered is no turn."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Quote(_Part):
    """Words of the person: the message, option, picture, template or style they stand in."""

    ref: str
    quote: str


class BriefEntry(_Part):
    """What is known of one dimension of the picture, and the words that it rests on."""

    dimension: str
    value: str
    said: list[Quote] = []
    open: bool = False


class Choice(_Part):
    """An option that was picked, counted from 1, with the words that picked it."""

    question: str
    option: int
    ref: str = ""
    quote: str = ""


class QuestionDraft(_Part):
    """A question to put to the person, with two to five options."""

    dimension: str
    text: str
    why: str = ""
    options: list[str]
    default: str = ""
    follows: str | None = None


class OpenQuestion(QuestionDraft):
    """A question that was put to the person, with its id."""

    id: str


class Source(_Part):
    """A stretch of the prompt, and the words that it rests on."""

    prompt: str
    said: list[Quote] = []


class SetAside(Quote):
    """Words that do not go into the picture, and why not."""

    why: Reason

    @field_validator("why", mode="before")
    @classmethod
    def _known(cls, value: Any) -> Any:
        """A reason in other words is taken for the one it names, else for `not_visible`."""
        words = str(value).replace(" ", "_")
        return next((reason for reason in get_args(Reason) if reason in words), "not_visible")


class FacilitatorTurn(_Part):
    """Everything that one turn decides."""

    language: str = "en"
    title: str = ""
    image_type: str = "general"
    reply: str = ""
    brief: list[BriefEntry] = []
    chosen: list[Choice] = []
    questions: list[QuestionDraft] = []
    prompt: str = ""
    sources: list[Source] = []
    lettering: list[str] = []
    set_aside: list[SetAside] = []

    @property
    def is_ready(self) -> bool:
        """Whether it has a prompt and nothing to ask."""
        return bool(self.prompt.strip()) and not self.questions

    def decided(self, dimension: str) -> BriefEntry | None:
        """What the brief says of a dimension; None while that is open."""
        return next((e for e in self.brief if e.dimension == dimension and not e.open), None)

    @property
    def edges(self) -> tuple[int, int] | None:
        """The edges in pixels that the format asks for, where one is decided that has some."""
        if (shape := self.decided(FORMAT)) is None:
            return None
        return edges_of(shape.value, "; ".join(quote.quote for quote in shape.said))

    @field_validator("lettering", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        """Some models describe each text; the text is what counts."""
        if not isinstance(value, list):
            return value
        return [item.get("text", "") if isinstance(item, dict) else item for item in value]


class Value(_Part):
    """A parameter of a template, what fills it, and the person's words that say so."""

    parameter: str
    value: str
    quote: str = ""
    seen_in: str | None


class Filling(_Part):
    """What the person's words say for a template."""

    language: str
    title: str
    reply: str = ""
    left_to_us: str = ""
    filled: list[Value]
    besides: list[str]


class _Strict(GenerateJsonSchema):
    """Schemas as strict structured outputs want them: no titles, no defaults, all required."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # fixed by pydantic
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: Any) -> dict[str, Any]:
        plain = super().model_schema(schema)
        plain.pop("title", None)  # titles and docstrings cost tokens in every request
        plain.pop("description", None)
        plain["required"] = list(plain.get("properties", {}))
        plain["additionalProperties"] = False
        return plain


def response_format(
    answer: type[BaseModel] = FacilitatorTurn, name: str = SCHEMA_NAME
) -> dict[str, Any]:
    """The `text` field of a request."""
    schema = answer.model_json_schema(schema_generator=_Strict)
    return answer_form(name, schema)


def parse_turn(text: str) -> FacilitatorTurn:
    """Read the facilitator's answer. Raises `UnusableAnswerError` if it is not a turn."""
    try:
        turn = FacilitatorTurn.model_validate_json(text)
    except ValidationError as error:
        raise UnusableAnswerError("The answer is not a turn.") from error
    if not turn.reply and not turn.questions and not turn.prompt.strip():
        raise UnusableAnswerError("The answer says nothing: no reply, no question, no prompt.")
    return turn
