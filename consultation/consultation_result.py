"""What the consultation tool returns, as data."""

from typing import Literal

from pydantic import BaseModel

from consultation.provenance import Span, SpanSource
from consultation.turn import BriefEntry, OpenQuestion
from prompts.image_type import Assumption
from prompts.wording import NotUsed
from settings import Origin
from styles.strength import StyleShare
from styles.style_use import StyleUse


class Completeness(BaseModel):
    """Per cent of the picture decided after the first turn and now, and what is not."""

    first: int
    now: int
    missing: list[str]


class Entry(BriefEntry):
    """What is known of one dimension, and where that comes from; `open` while half said."""

    source: SpanSource | Literal["open"]
    ref: str | None


class Accounted(BaseModel):
    """How many of the person's words there are, and how many found a place."""

    words: int
    placed: int


class PictureSettings(BaseModel):
    """What to draw with, unless the call says otherwise."""

    size: str
    quality: str
    background: str
    output_format: str


class Consultation(BaseModel):
    """Where a dialogue stands after a turn."""

    conversation_id: str
    status: Literal["asking", "ready"]
    reply: str = ""
    language: str = "en"
    questions: list[OpenQuestion] = []
    brief: list[Entry] = []
    completeness: Completeness | None = None
    refined_prompt: str | None = None
    provenance: list[Span] = []
    assumptions: list[Assumption] = []
    not_used: list[NotUsed] = []
    lettering: list[str] = []
    accounted: Accounted | None = None
    suggested: PictureSettings | None = None
    estimated_cost_usd: float | None = None
    origin: Origin = "openai"
    notes: list[str] = []
    next_step: str = ""


class MixAnswer(BaseModel):
    """What to call again with where the person takes an option of a mix."""

    option: str
    styles: list[StyleShare]


class StyleApplication(Consultation):
    """A dialogue after styles were applied to it: what went along of each, and what of them gave
    way to other words.

    Where two media contradict each other there is a question instead, with what each option comes
    to, and nothing was begun.
    """

    conversation_id: str = ""
    styles: list[StyleUse] = []
    gave_way: list[NotUsed] = []
    question: str = ""
    options: list[str] = []
    choices: list[MixAnswer] = []


SANDBOX_NOTE = "Made by the sandbox, a stand-in for OpenAI: no model was asked, nothing was paid."
