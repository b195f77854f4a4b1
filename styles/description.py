"""What a model says of a look, and what of it is not taken: subjects, and names of anybody's work.

No list of names is held: the template asks for lower case, so that a capital letter gives a name
away, and the model lists the names and subjects that came to its mind.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.models import answer_form, closed
from prompts.template import Rendering
from prompts.template_names import says
from styles.extraction_result import Omission
from styles.strength import ASPECTS, Aspect
from styles.style_file import LONGEST_SENTENCE

TEMPLATE = "styles/describe"
SCHEMA_NAME = "style_description"
MOST_TOKENS = 3_000
"""Seven lines of thirty words take about 600; the rest is for a model that reasons."""

CLAUSE = re.compile(r"[,;:.–—]\s+|\.$")
NAME = re.compile(r"(?<!\w)[^\W\d_a-zß-öø-ÿ]\w*(?:[\s-]+[^\W\d_a-zß-öø-ÿ]\w*)*")
"""A run of words with a capital; scripts without capitals have none, and English is asked for."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class AspectDescription(_Lenient):
    """One aspect in words."""

    aspect: str
    words: str


class Description(_Lenient):
    """What a model said of pictures."""

    aspects: list[AspectDescription]
    note: str = ""
    avoid: list[str] = []
    subjects: list[str] = []
    names: list[str] = []


def description_request(
    pictures: Sequence[str], measured: Mapping[Aspect, Any], *, model: str, rendering: Rendering
) -> dict[str, Any]:
    """The body of the call; `pictures` are data URLs."""
    task = json.dumps({"measured": measured}, ensure_ascii=False)
    images = [{"type": "input_image", "image_url": url, "detail": "auto"} for url in pictures]
    return {
        "model": model,
        "instructions": rendering.text,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": task}, *images]}],
        "text": answer_form(SCHEMA_NAME, SCHEMA),
        "temperature": 0,
        "max_output_tokens": MOST_TOKENS,
        "metadata": {"templates": f"{rendering.name}@{rendering.fingerprint}"},
    }  # fmt: skip


def complaints(omissions: Sequence[Omission]) -> list[str]:
    """What is said of an answer that has clauses of which nothing is to be kept."""
    return [
        f'{one.aspect}: "{one.because}" is what the pictures show, or a name, or has a capital '
        "letter. Say what one sees instead, in lower case."
        for one in omissions
    ]


def parse_description(text: str) -> Description | None:
    """What the model said, or nothing where its answer cannot be used."""
    try:
        description = Description.model_validate_json(text)
    except ValidationError:
        return None
    known = [one for one in description.aspects if one.aspect in ASPECTS and one.words.strip()]
    return description.model_copy(update={"aspects": known}) if known else None


def omissions_of(description: Description) -> list[Omission]:
    """Each clause that names what the pictures show, or anybody's work."""
    return [
        Omission(aspect=where, words=clause, because=because)
        for where, text in _texts(description)
        for clause in _clauses(text)
        if (because := _reason(clause, description))
    ]


def without(description: Description, omissions: Sequence[Omission]) -> Description:
    """The description without those clauses; an aspect of which nothing is left is left out."""
    out = {(one.aspect, one.words) for one in omissions}

    def rest(where: str, text: str) -> str:
        clauses = [*_clauses(text)]
        left = [clause for clause in clauses if (where, clause) not in out]
        return text.strip() if left == clauses else ", ".join(left)

    aspects = [
        one.model_copy(update={"words": words})
        for one in description.aspects
        if (words := rest(one.aspect, one.words))
    ]
    avoid = [words for text in description.avoid if (words := rest("avoid", text))]
    note = rest("note", description.note)
    return description.model_copy(update={"aspects": aspects, "avoid": avoid, "note": note})


def words_of_aspects(description: Description, wanted: Sequence[Aspect]) -> dict[Aspect, str]:
    """The wanted aspects in one line each; the first word on one counts."""
    words: dict[Aspect, str] = {}
    for aspect in wanted:
        said = [one.words for one in description.aspects if one.aspect == aspect]
        if line := one_line(said[0]) if said else "":
            words[aspect] = line
    return words


def one_line(text: str) -> str:
    """A text as a style's file takes it."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:LONGEST_SENTENCE]


def _texts(description: Description) -> Iterator[tuple[str, str]]:
    yield from ((one.aspect, one.words) for one in description.aspects)
    yield "note", description.note
    yield from (("avoid", text) for text in description.avoid)


def _clauses(text: str) -> Iterator[str]:
    return (clause for part in CLAUSE.split(text) if (clause := part.strip()))


def _reason(clause: str, description: Description) -> str:
    """The name or subject in a clause; empty where there is none."""
    if name := NAME.search(clause):
        return name[0]
    listed = [word.strip() for word in (*description.names, *description.subjects)]
    # `says` knows plurals from four letters on only: of three, most longer words are others.
    forms = [(word, form) for word in listed if word for form in (word, f"{word}s", f"{word}es")]
    return next((word for word, form in forms if says(clause, form)), "")


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
SCHEMA = closed({
    # What must not be said comes first, so that it is known while the rest is written.
    "subjects": _TEXTS,
    "names": _TEXTS,
    "aspects": {
        "type": "array",
        "items": closed({"aspect": {"type": "string", "enum": [*ASPECTS]}, "words": _TEXT}),
    },
    "note": _TEXT,
    "avoid": _TEXTS,
})  # fmt: skip
