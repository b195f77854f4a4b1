"""What making a style of pictures comes to, as data and in words."""

from typing import Any, Literal

from pydantic import BaseModel

from styles.strength import Aspect


class ExtractedAspect(BaseModel):
    """An aspect in words, and what was measured of it where pictures agree."""

    aspect: Aspect
    words: str
    measured: dict[str, Any] | None = None


class Omission(BaseModel, frozen=True):
    """Words that are not taken into a style: where they stood, and the subject or name in them."""

    aspect: str
    words: str
    because: str


class PictureChoice(BaseModel):
    """What to call again with where the person takes an option."""

    option: str
    images: list[str]
    aspects: list[Aspect]


class StyleExtraction(BaseModel):
    """What was made of pictures: a question where they disagree, else their style."""

    status: Literal["asking", "described", "saved"]
    name: str = ""
    question: str = ""
    options: list[str] = []
    answers: list[PictureChoice] = []
    note: str = ""
    aspects: list[ExtractedAspect] = []
    colours: list[str] = []
    avoid: list[str] = []
    left_out: list[Omission] = []
    uri: str = ""
    cost_usd: float | None = 0.0
    notes: list[str] = []
    next_step: str = ""


def as_text(result: StyleExtraction) -> str:
    """All of it in words."""
    if result.status == "asking":
        lines = [result.question, *(f"- {option}" for option in result.options)]
        return "\n".join([*lines, "", result.next_step])
    lines = [f"Style {result.name}, kept as {result.uri}." if result.uri else "The look:"]
    lines += [result.note, "", *(f"{one.aspect}: {one.words}" for one in result.aspects)]
    lines += [f"Colours: {' '.join(result.colours)}"] * bool(result.colours)
    lines += [f"Avoid: {'; '.join(result.avoid)}"] * bool(result.avoid)
    lines += [
        f'Not taken: "{one.words}" ({one.aspect}), for "{one.because}".' for one in result.left_out
    ]
    price = "not known" if result.cost_usd is None else f"${result.cost_usd:.4f}"
    return "\n".join([*lines, f"Cost: {price}.", *result.notes, result.next_step]).strip()
