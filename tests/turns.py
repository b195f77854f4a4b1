"""A facilitator's turn in few words, for the sandbox to give, and one that leaves nothing open."""

from typing import Any

from tests.dialogues import FACILITATOR

__all__ = [
    "COMPLETE", "DECISIONS", "FACILITATOR", "PROMPT", "TURN", "Json", "aside", "entry", "question",
    "source", "turn",
]  # fmt: skip

Json = dict[str, Any]


def turn(**fields: Any) -> Json:
    """A turn with every field of the schema; what is not given is empty."""
    empty: Json = {
        "language": "en", "title": "A picture", "image_type": "general", "reply": "Understood.",
        "brief": [], "chosen": [], "questions": [], "prompt": "", "sources": [],
        "lettering": [], "set_aside": [],
    }  # fmt: skip
    return {**empty, **fields}


def source(stretch: str, *said: tuple[str, str]) -> Json:
    """A stretch of the prompt with the words that it rests on, as (ref, quote)."""
    return {"prompt": stretch, "said": _quotes(said)}


def entry(dimension: str, value: str, *said: tuple[str, str], is_open: bool = False) -> Json:
    """What is known of a dimension, with the words that it rests on."""
    return {"dimension": dimension, "value": value, "said": _quotes(said), "open": is_open}


def aside(ref: str, quote: str, why: str) -> Json:
    """Words that do not go into the picture."""
    return {"ref": ref, "quote": quote, "why": why}


def question(dimension: str, text: str, *options: str, follows: str | None = None) -> Json:
    """A question whose first option is the default."""
    told = {"dimension": dimension, "text": text, "why": "It changes the picture."}
    return {**told, "options": list(options), "default": options[0], "follows": follows}


def _quotes(said: tuple[tuple[str, str], ...]) -> list[Json]:
    return [{"ref": ref, "quote": quote} for ref, quote in said]


COMPLETE = "A flat vector illustration of a red fox for a website, in warm autumn colours, no text"
"""A request in which nothing is open; below the facilitator's answer to it."""
DECISIONS = {
    "subject": "a red fox",
    "style": "flat vector illustration",
    "use": "for a website",
    "palette": "in warm autumn colours",
    "text": "no text",
}
PROMPT = "A flat vector illustration of a red fox for a website, in warm autumn colours. No text."
TURN = turn(
    image_type="illustration",
    brief=[entry(dimension, words, ("m1", words)) for dimension, words in DECISIONS.items()],
    prompt=PROMPT,
    sources=[source(PROMPT, ("m1", COMPLETE))],
)
