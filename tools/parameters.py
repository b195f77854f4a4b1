"""The parameters that several tools share, as a client sees them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from errors import Problem

LONGEST = 32_000

Strategy = Literal["color", "composition", "style", "mixed"]
Mode = Literal["quick", "guided", "explorer", "skip"]
Words = Annotated[str, Field(max_length=LONGEST)]
ConversationId = Annotated[
    str | None, Field(description="Continue this conversation. Without it a new one begins.")
]


class GivenAnswer(BaseModel):
    """One answer by the id of its question."""

    question_id: str
    answer: str


Size = Annotated[
    str | None, Field(description="WIDTHxHEIGHT in multiples of 16, such as 1536x1024.")
]
Background = Literal["auto", "opaque", "transparent"]
Format = Literal["png", "jpeg", "webp", "gif", "svg"]
FromImage = Annotated[
    str | None,
    Field(description="image_id to start from instead of the last: undo, redo, branch."),
]


def require_words(text: str, name: str) -> None:
    """Raise a `Problem` for a parameter that says nothing."""
    if not text.strip():
        raise Problem(f"{name} is empty. Put what the picture should show into it, in any words.")
